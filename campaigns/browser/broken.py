"""Builds of the program with one known fault each: what the checker must find, or its zeros mean nothing."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec

from e2e.support.clinic import ROOT
from tests.support.bundles import bundle

FOLDERS = ("app", "pwa", "service_worker")


class Build(msgspec.Struct, frozen=True, kw_only=True):
    """A fault as replacements in one file, the kind of finding it must lead to, and where to look for it.

    ``point`` names the kill or the cell that brings it out.
    """

    name: str
    file: str
    changes: tuple[tuple[str, str], ...]
    kind: str
    point: str = ""


class CannotBreak(Exception):
    """The program no longer has the text that a fault replaces."""


KILLED = (
    Build(
        name="erases a photo before it is sent",
        file="pwa/queue/replay/queue-store.js",
        changes=(
            (
                'return bytes ? { record, bytes } : { refused: "record-damaged" };',
                'await this.#database.write(["photos", "bytes"], (tx) => deletePhoto(tx, photoId));\n'
                '    return bytes ? { record, bytes } : { refused: "record-damaged" };',
            ),
        ),
        kind="lost",
        point="PUT half",
    ),
    Build(
        name="writes the bytes in a transaction of their own and reads nothing back",
        file="pwa/queue/photo-store.js",
        changes=(
            (
                'tx.objectStore("bytes").put(bytes, draft.photoId),',
                "late.set(draft.photoId, bytes),",
            ),
            (
                "export async function verifyStored(database, record) {",
                "const late = new Map();\nexport async function verifyStored(database, record) {\n"
                '  await database.write(["bytes"], (tx) =>\n'
                '    tx.objectStore("bytes").put(late.get(record.photoId), record.photoId));\n  return;',
            ),
        ),
        kind="lost",
        point="commit complete",
    ),
    Build(
        name="forgets what a killed replay left on its way",
        file="pwa/queue/replay/queue-store.js",
        changes=(('state: /** @type {const} */ ("queued"),', 'state: /** @type {const} */ ("parked"),'),),
        kind="stuck",
        point="PUT half",
    ),
    Build(
        name="binds the consultation when it sends",
        file="pwa/queue/replay/queue-store.js",
        changes=(
            (
                "const wanted = found.filter((record) => record?.owner === owner && mayLeave(record));",
                "const wanted = found.filter((record) => record?.owner === owner && mayLeave(record));\n"
                '      const { known } = await tx.objectStore("meta").get("consultation");\n'
                "      const consultationId = (known.current ?? known.unfiled).id;",
            ),
            ("({ ...record, everSigned: true })", "({ ...record, consultationId, everSigned: true })"),
        ),
        kind="misfiled",
        point="read-back done",
    ),
    Build(
        name="lets the store take a key twice",
        file="app/embedded/store/files.py",
        changes=(("os.link(temporary, target)", "os.replace(temporary, target)"),),
        kind="doubled",
        point="PUT answered",
    ),
)

STOPPED = tuple(build for build in KILLED if build.point.startswith("PUT") and build.kind != "stuck")

CELLS_BROKEN = (
    Build(
        name="takes any 2xx for a receipt",
        file="pwa/queue/replay/effects.js",
        changes=(
            (
                "const outcome = await sending;",
                "const outcome = await sending;\n"
                '  const said = { ...claim.record, state: /** @type {const} */ ("stored"), late: false };\n'
                "  const receipt = { ...said, filedIn: said.consultationId, receivedAt: null };\n"
                "  const stored = outcome.status >= 200 && outcome.status < 300;\n"
                "  if (stored) await queueStore.settlePhoto(photoId, receipt);",
            ),
        ),
        kind="lost",
        point="F19 p3 portal 200",
    ),
    Build(
        name="counts a missing sign-in against the photo",
        file="pwa/queue/errors.js",
        changes=(('  "sign-in-refused": SIGN_IN,', '  "sign-in-refused": photo("retry"),'),),
        kind="broken",
        point="F29 p5 401",
    ),
)


def broken_text(build: Build) -> str:
    """The file with the fault in it; raises ``CannotBreak``."""
    text = (ROOT / build.file).read_text()
    for old, new in build.changes:
        if text.count(old) != 1:
            raise CannotBreak(f"{build.file} has {text.count(old)} times {old!r}")
        text = text.replace(old, new)
    return text


@contextlib.contextmanager
def broken_copy(build: Build) -> Iterator[Path]:
    """A copy of the program with the fault in it."""
    with tempfile.TemporaryDirectory(prefix="broken-") as folder:
        root = Path(folder)
        for name in FOLDERS:
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        (root / build.file).write_text(broken_text(build))
        bundle(root)
        yield root
