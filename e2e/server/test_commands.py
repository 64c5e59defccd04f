"""The command line: what it prints, how it stops, and how it reports what is wrong."""

import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from app.server.serving import ONLY_HERE
from e2e.support.clinic import ROOT, Clinic, first_start
from e2e.support.startup_output import code_of, lines, printed_code
from e2e.support.verbs import sign_in
from e2e.support.watch import Watch
from tests.support.ports import free_port

FORGOTTEN = "Forgotten? .venv/bin/python -m app user reset clinician"


@pytest.fixture
def bare(tmp_path: Path) -> Clinic:
    """A clinic that has never been started."""
    return Clinic(tmp_path / "clinic")


@pytest.fixture
def used(bare: Clinic) -> Clinic:
    """A clinic with data and keys of an earlier start."""
    bare.adopt(first_start())
    return bare


def sentence(done: "subprocess.CompletedProcess[str]") -> str:
    """The one sentence with which a command refused; log lines in JSON may stand before it."""
    printed = [line for line in done.stderr.splitlines() if not line.startswith("{")]
    assert done.returncode == 1, done
    assert len(printed) == 1, done.stderr
    assert printed[0].startswith("clinicpro-capture: ")
    assert printed[0].endswith(".")
    return printed[0].removeprefix("clinicpro-capture: ")


def test_the_first_start_says_where_to_go_and_who_may_sign_in(bare: Clinic) -> None:
    """Addresses, name, password and QR, each on lines of its own; the password signs in."""
    bare.serve()
    answer = httpx.post(
        f"{bare.url}/api/session",
        json={"name": bare.name, "password": bare.generated},
        headers={"x-cp-client": "1", "origin": bare.url},
    )
    bare.stop()

    assert answer.status_code == 200
    said = lines(bare)
    assert f"Desktop: {bare.url}/desktop" in said
    assert f"Phone: {bare.url}/mobile" in said
    assert said[said.index(f"Phone: {bare.url}/mobile") + 1] == ONLY_HERE
    assert not [line for line in said if "First time on a phone" in line]
    assert f"Sign in: clinician / {bare.generated}" in said
    code = code_of(f"{bare.url}/mobile")
    assert printed_code(bare, len(code)) == code
    assert code != code_of(f"{bare.url}/desktop")


def test_later_starts_never_print_the_password_again(used: Clinic) -> None:
    """They print how to get a new one, and that command works."""
    used.start()
    used.stop()

    assert f"Sign in: as clinician with your password. {FORGOTTEN}" in lines(used)
    assert used.generated not in "".join(used.log)
    command = FORGOTTEN.partition("-m app ")[2]
    reset = used.run(*command.split())
    assert reset.returncode == 0
    assert reset.stdout.startswith("Sign in: clinician / ")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_it_stops_cleanly_with_a_page_open(
    clinic: Clinic, desktop: Page, watch: Watch, number: signal.Signals
) -> None:
    """A page with an open WebSocket delays nothing; no error is logged."""
    watch.allow("ERR_", "WebSocket", "Failed to fetch")
    sign_in(desktop, clinic, "/desktop")
    expect(desktop.get_by_text("Live", exact=True)).to_be_visible()

    begun = time.monotonic()
    code = clinic.end(number)

    assert code == 0
    assert time.monotonic() - begun < 5
    assert [line for line in lines(clinic) if "Traceback" in line or "ERROR" in line] == []


@pytest.mark.parametrize("name", ["PORT", "HTTPS_PORT"])
def test_a_port_in_use_is_named(bare: Clinic, name: str) -> None:
    """What uses it goes on undisturbed."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])

        said = sentence(bare.run("serve", **{"LAN": "1", "HTTPS_PORT": str(free_port()), name: port}))

    assert said == f"{name} {port} is in use on this computer. Stop what uses it, or set {name} to another."


@pytest.mark.parametrize("command", [["serve"], ["doctor"], ["user", "list"]], ids=" ".join)
def test_a_wrong_setting_is_named(bare: Clinic, command: list[str]) -> None:
    """Whatever the command; the value is not shown."""
    said = sentence(bare.run(*command, DATABASE_URL="mysql://secret@host/x"))

    assert said.startswith("DATABASE_URL must start with postgresql://")
    assert "secret" not in said


LOOKING = [["doctor"], ["reconcile"], ["sweep"], ["user", "list"], ["user", "reset", "clinician"]]


@pytest.mark.parametrize("command", LOOKING, ids=" ".join)
def test_a_mistyped_folder_is_named_and_not_made(used: Clinic, command: list[str]) -> None:
    """An empty clinic would look as if every photo and account were gone, and all were well."""
    wrong = used.folder / "mistyped"

    no_data = sentence(used.run(*command, DATA_DIR=str(wrong)))
    no_keys = sentence(used.run(*command, KEY_DIR=str(wrong)))

    assert no_data == f"There is no database at {wrong}/capture.sqlite3; DATA_DIR names it."
    assert no_keys == f"There is no folder of keys at {wrong}; KEY_DIR names it."
    assert not wrong.exists()


@pytest.mark.parametrize("command", [["migrate"], ["user", "add", "Dr Ada"]], ids=" ".join)
def test_a_clinic_can_begin_with_a_command(bare: Clinic, command: list[str]) -> None:
    """A new version's database is made before it serves, and accounts may come before the first start."""
    assert bare.run(*command).returncode == 0
    assert (bare.folder / "data" / "capture.sqlite3").exists()


def test_a_folder_with_other_keys_is_left_as_it_is(used: Clinic) -> None:
    """What refuses a wrong KEY_DIR makes no keys in it."""
    other = used.folder / "other"
    other.mkdir()

    assert sentence(used.run("doctor", KEY_DIR=str(other))).startswith("KEY_DIR has no store.key")
    assert list(other.iterdir()) == []


@pytest.mark.parametrize("host", ["nonsense.invalid", "203.0.113.9"])
def test_an_address_that_is_not_ours_is_named(bare: Clinic, host: str) -> None:
    """A name that does not resolve, and the address of another computer."""
    assert sentence(bare.run("serve", HOST=host)).startswith("HOST ")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("store.key", b"damaged\n"),
        ("store.key", b"\xff\xfe\x00"),
        ("store-signing.key", b""),
        ("signals.key", b"damaged\n"),
        ("signals.key", b"\xff\xfe\x00"),
        ("session-signing-key.pem", b"damaged\n"),
    ],
)
def test_a_damaged_key_is_named(used: Clinic, name: str, content: bytes) -> None:
    """The key stays as it is, so that a backup can be put in its place."""
    key = used.folder / "keys" / name
    key.write_bytes(content)

    said = sentence(used.run("serve"))

    assert name in said
    assert "KEY_DIR" in said
    assert key.read_bytes() == content


def test_a_missing_store_key_is_not_replaced(used: Clinic) -> None:
    """A new one would hide that every photo has become unreadable."""
    key = used.folder / "keys" / "store.key"
    key.unlink()

    said = sentence(used.run("serve"))

    assert said.startswith("KEY_DIR has no store.key")
    assert not key.exists()


@pytest.mark.parametrize("command", ["serve", "doctor"])
def test_a_damaged_database_is_named_and_left_alone(used: Clinic, command: str) -> None:
    """Nothing is written over what a specialist may still read."""
    database = used.folder / "data" / "capture.sqlite3"
    database.write_bytes(b"not a database" * 500)

    said = sentence(used.run(command))

    assert said.startswith("The database file in DATA_DIR is damaged.")
    assert database.read_bytes() == b"not a database" * 500


def test_a_database_of_a_newer_version_is_not_touched(used: Clinic) -> None:
    """After a downgrade the sentence says to upgrade again."""
    with sqlite3.connect(used.folder / "data" / "capture.sqlite3") as database:
        database.execute("UPDATE alembic_version SET version_num = 'r9999'")
    database.close()

    assert sentence(used.run("serve")).startswith("The database was last used by a newer version")


def test_a_folder_that_cannot_be_used_is_named(bare: Clinic) -> None:
    """A file lies where the folder should be."""
    bare.folder.mkdir()
    (bare.folder / "data").write_text("")

    assert str(bare.folder / "data") in sentence(bare.run("serve"))


def test_missing_bundles_are_named(tmp_path: Path) -> None:
    """Started by hand before set-up: the sentence says to set up."""
    root = tmp_path / "program"
    leave_out = shutil.ignore_patterns("__pycache__", "bundles")
    for folder in ("app", "pwa", "service_worker"):
        shutil.copytree(ROOT / folder, root / folder, ignore=leave_out)

    said = sentence(Clinic(tmp_path / "clinic", None, root).run("serve"))

    assert "pwa/bundles/graph.json is missing or damaged. Start with make run" in said


def test_accounts_are_kept_by_commands(used: Clinic) -> None:
    """List, add, reset; a name that is taken or unknown is refused with a sentence."""
    added = used.run("user", "add", "Dr Ada")
    listed = used.run("user", "list")

    assert added.stdout.startswith("Sign in: Dr Ada / ")
    assert listed.stdout.splitlines() == ["clinician", "Dr Ada"]
    assert sentence(used.run("user", "add", "Dr Ada")) == "There is already an account of this name."
    assert sentence(used.run("user", "reset", "nobody")) == "There is no account of this name."
    first, second = (used.run("user", "reset", "clinician").stdout for _ in range(2))
    assert first.startswith("Sign in: clinician / ")
    assert first != second


@pytest.mark.parametrize("action", ["add", "reset"])
def test_an_account_without_a_name_is_asked_for_its_name(bare: Clinic, action: str) -> None:
    """Forgotten or blank; and nothing has been made by then."""
    for name in ([], [" "]):
        assert sentence(bare.run("user", action, *name)) == f"Name the account: user {action} NAME."
    assert not bare.folder.exists()


def test_commands_work_beside_a_running_server(clinic: Clinic) -> None:
    """An account made while the server runs can sign in at once; sweep and migrate disturb nothing."""
    password = clinic.add_account("ada")
    swept, migrated = clinic.run("sweep"), clinic.run("migrate")

    answer = httpx.post(
        f"{clinic.url}/api/session",
        json={"name": "ada", "password": password},
        headers={"x-cp-client": "1", "origin": clinic.url},
    )

    assert answer.status_code == 200
    assert (swept.returncode, swept.stdout) == (0, "stored 0, waiting 0, refused 0, failed 0, erased 0\n")
    assert (migrated.returncode, migrated.stdout) == (0, "The database is up to date.\n")
    assert swept.stderr == migrated.stderr == ""


def states(done: "subprocess.CompletedProcess[str]") -> dict[str, str]:
    """The parts that doctor prints, up to the first empty line."""
    return dict(line.split() for line in done.stdout.partition("\n\n")[0].splitlines())


def test_doctor_finds_nothing_wrong_with_a_healthy_clinic(used: Clinic) -> None:
    """Each part with its state, then in sentences what waits."""
    done = used.run("doctor")

    assert done.returncode == 0
    assert states(done) == dict.fromkeys(("database", "store", "signals", "sign-in"), "ok")
    assert "No upload is under way.\n" in done.stdout
    assert "_" not in done.stdout


@pytest.mark.parametrize(
    ("part", "settings"),
    [
        ("database", lambda port: {"DATABASE_URL": f"postgresql://127.0.0.1:{port}/x"}),
        ("signals", lambda _: {"ABLY_API_KEY": "app.key:secret", "ABLY_ENDPOINT": "localhost"}),
        (
            "store",
            lambda port: {
                "S3_BUCKET": "photos",
                "S3_ENDPOINT": f"http://127.0.0.1:{port}",
                "S3_ADDRESSING": "path",
                "AWS_ACCESS_KEY_ID": "key",
                "AWS_SECRET_ACCESS_KEY": "secret",
            },
        ),
    ],
)
def test_doctor_names_the_part_that_is_down(
    used: Clinic, part: str, settings: Callable[[int], dict[str, str]]
) -> None:
    """Its exit code is 1, and the other parts are printed as well."""
    done = used.run("doctor", **settings(free_port()))

    assert done.returncode == 1
    assert states(done)[part] == "down"
    assert "ok" in states(done).values()
    assert re.search(
        rf"^WRONG  {part}: .+\n +Why: .+\.\n +Change: .*[A-Z0-9]+_[A-Z]+", done.stdout, re.MULTILINE
    )
    assert "Traceback" not in done.stderr


def test_doctor_prints_what_it_tried_and_leaves_nothing_behind(used: Clinic) -> None:
    """A trial photo took every path through the built-in store and is gone; nothing waits or is missing."""
    tried = used.run("doctor").stdout
    compared = used.run("reconcile")

    assert "ok     store: a photo is stored through a signed address\n" in tried
    assert "ok     store: no photo can be overwritten\n" in tried
    assert "ok     database: the database takes what is written\n" in tried
    assert "WRONG" not in tried
    assert "0 objects, 0 rows, 0 differences" in compared.stdout
    assert list((used.folder / "data").rglob("*00000000-0000-0000-0000-000000000000/*.jpg")) == []


def test_a_start_beside_services_that_are_away_serves_and_names_each(bare: Clinic) -> None:
    """What is away comes back; until then the log and the terminal name what to check, once each."""
    port = free_port()
    away = {
        "S3_BUCKET": "photos", "S3_ENDPOINT": f"http://127.0.0.1:{port}", "S3_ADDRESSING": "path",
        "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret",
        "ABLY_API_KEY": "app.key:secret", "ABLY_ENDPOINT": "localhost",
    }  # fmt: skip
    clinic = Clinic(bare.folder, bare.port, **away)
    clinic.start()
    try:
        wait_until_logged(clinic, "Check failed: store", "Check failed: signals")
        assert httpx.get(f"{clinic.url}/health/live").status_code == 200
        assert httpx.get(f"{clinic.url}/desktop").status_code == 200
    finally:
        clinic.kill()
    logged = [line for line in clinic.log if '"check.failed"' in line]
    assert len(logged) == 2
    assert any("S3_ENDPOINT" in line and '"part":"store"' in line for line in logged)
    assert any("ABLY_ENDPOINT" in line and '"part":"signals"' in line for line in logged)


def wait_until_logged(clinic: Clinic, *texts: str) -> None:
    """Wait until the program has printed each of these."""
    clinic.until(lambda: all(any(text in line for line in list(clinic.log)) for text in texts))


@pytest.fixture
def clinic(bare: Clinic) -> Iterator[Clinic]:
    """A running clinic."""
    bare.start()
    yield bare
    bare.kill()
