"""A copy of the program beside this one, which a test can turn into another version."""

import asyncio
import contextlib
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

from e2e.doubles.proxy import Fault, Proxy, Writer, open_proxy
from e2e.doubles.request import Request
from e2e.support.clinic import ROOT, Clinic
from tests.support.bundles import bundle
from tests.support.ports import free_port

MIGRATION = '''"""A column that only the next version knows."""

import sqlalchemy as sa
from alembic import op

revision = "{next}"
down_revision = "{last}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One more column; what is there stays."""
    op.add_column("photos", sa.Column("of_the_next_version", sa.String(16), nullable=True))
'''


@contextlib.contextmanager
def open_copy(folder: Path) -> Iterator[tuple[Clinic, Proxy]]:
    """A clinic that runs a copy of the program, behind a link that can delay a photo."""
    root = copy_program(folder / "program")
    port = free_port()
    with open_proxy(port) as link:
        origins = f"http://localhost:{port},http://localhost:{link.port}"
        clinic = Clinic(folder / "clinic", port, root, PUBLIC_ORIGINS=origins)
        clinic.start()
        try:
            yield clinic, link
        finally:
            clinic.kill()


def hold_a_photo(proxy: Proxy) -> tuple[Fault, threading.Event]:
    """Delay the next PUT until the event is set."""
    released = threading.Event()

    async def hold(_: Proxy, request: Request, writer: Writer) -> None:
        await asyncio.to_thread(released.wait, 60)
        await proxy.send(writer, await proxy.upstream(request))

    return proxy.fault("PUT", r"^/photos/", hold, times=1), released


def copy_program(root: Path) -> Path:
    """The parts of the program that run, under ``root``."""
    for folder in ("app", "pwa", "service_worker"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return root


def change_the_page(root: Path, remark: str) -> None:
    """Change one file of the phone's shell, which makes another version of it."""
    words = root / "pwa" / "page" / "words" / "phone.js"
    words.write_text(f"{words.read_text()}\nglobalThis.remark = {remark!r};\n")
    bundle(root)


def change_the_schema(root: Path) -> str:
    """Add a migration; the revision that the database will have."""
    versions = root / "app" / "adapters" / "database" / "migrations" / "versions"
    last = max(path.name[1:5] for path in versions.glob("r*.py"))
    following = f"{int(last) + 1:04}"
    (versions / f"r{following}_next.py").write_text(MIGRATION.format(next=following, last=last))
    return following


def restart(clinic: Clinic, root: Path | None = None) -> None:
    """Stop the program and start it again, from another folder if one is given."""
    clinic.stop()
    clinic.root = root or clinic.root
    clinic.start()
