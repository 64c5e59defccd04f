"""``doctor`` against wrong configurations: each is named with setting and cause, the right one passes.

The services are real where they run here: a strict S3 stand-in with an IAM user, PostgreSQL, the hub as
Ably's stand-in under the real SDK. A store of another kind is that stand-in behind a server that changes
its answers.
"""

import asyncio
import base64
import json
import os
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID
from jwt.algorithms import RSAAlgorithm

from app.adapters.ably import AblySignals
from app.checks.every import checks_of
from app.checks.finding import Finding, run_checks
from app.checks.machine import LEAST_BYTES, try_disk, try_keys
from app.config.settings import read_settings
from app.main import Backends, Overrides, SignalsBackend
from tests.checks.servers import Ask, Asked, Said, altered, answering
from tests.contract.hub_running import HOST, RunningHub, utc_now
from tests.support import postgres
from tests.support.ministack import BUCKET, Ministack, running_ministack

pytestmark = pytest.mark.xdist_group("stores")

PAGE = "http://localhost:8000"
ENCRYPTED = "x-amz-server-side-encryption"


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ministack]:
    with running_ministack(tmp_path_factory.mktemp("ministack"), page=PAGE) as server:
        yield server


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, str]]:
    """Settings of a clinic in a folder of its own; what botocore reads is put where it looks."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))

    def put(**variables: str) -> dict[str, str]:
        for name, value in variables.items():
            if name.startswith("AWS_"):
                monkeypatch.setenv(name, value)
        return {"DATA_DIR": str(tmp_path / "data"), "KEY_DIR": str(tmp_path / "keys"), **variables}

    return put


@pytest.fixture
def in_the_cloud(bucket: Ministack, environ: Callable[..., dict[str, str]]) -> Callable[..., dict[str, str]]:
    """A clinic whose photos lie in the bucket, with these changes."""

    def put(**changes: str) -> dict[str, str]:
        keys = {"AWS_ACCESS_KEY_ID": bucket.access_key, "AWS_SECRET_ACCESS_KEY": bucket.secret_key}
        return environ(**{**bucket.environment(), **keys, **changes})

    return put


async def diagnosed(
    variables: dict[str, str], parts: Overrides | None = None, api: str = ""
) -> list[Finding]:
    """What doctor finds with these settings."""
    async with Backends(read_settings(variables), parts).opened() as backends:
        return await run_checks(checks_of(backends, api) if api else checks_of(backends))


def wrong(found: list[Finding]) -> list[Finding]:
    """Those that failed."""
    return [one for one in found if one.state == "wrong"]


def assert_named(found: list[Finding], setting: str, cause: str) -> None:
    """Some failure says which setting and why, and each says what to change."""
    failed = wrong(found)
    assert any(setting in one.change and cause in one.why for one in failed), failed
    assert all(one.why.endswith(".") and one.change for one in failed)


async def test_the_right_configuration_is_content(in_the_cloud: Any, bucket: Ministack) -> None:
    """The control: every way of a photo was tried and nothing is wrong; and nothing is left in the bucket."""
    found = await diagnosed(in_the_cloud())

    assert wrong(found) == []
    tried = " ".join(one.what for one in found)
    for what in ("stored through", "overwritten", "HEAD", "can be seen", "may send", "nobody without", "gone",
                 "takes what is written", "clock", "room"):  # fmt: skip
        assert what in tried
    assert objects(bucket) == []


async def test_the_embedded_edition_is_content(environ: Any) -> None:
    """The same trial without a network, through the built-in store's own handler."""
    found = await diagnosed(environ())

    assert wrong(found) == []
    assert any("overwritten" in one.what for one in found)


def objects(bucket: Ministack) -> list[str]:
    client = bucket.session().client("s3", endpoint_url=bucket.endpoint)
    listed = [one["Key"] for one in client.list_objects_v2(Bucket=BUCKET).get("Contents", [])]
    client.close()
    return listed


@pytest.mark.parametrize(
    ("changes", "setting", "cause"),
    [
        ({"S3_BUCKET": "another-bucket"}, "S3_BUCKET", "no bucket of this name"),
        ({"S3_REGION": "us-east-1"}, "S3_REGION=eu-west-2", "lies in eu-west-2"),
        ({"AWS_ACCESS_KEY_ID": "AKIANOBODY"}, "AWS_ACCESS_KEY_ID", "does not know"),
        ({"AWS_SECRET_ACCESS_KEY": "wrong"}, "AWS_SECRET_ACCESS_KEY", "does not belong"),
        ({"S3_ENDPOINT": "http://127.0.0.1:1"}, "S3_ENDPOINT", "connection refused"),
        (
            {"S3_ENDPOINT": "https://store.invalid", "S3_ADDRESSING": "virtual"},
            "S3_ADDRESSING=path",
            "leads nowhere",
        ),
        ({"PUBLIC_ORIGINS": f"{PAGE},http://localhost:9000"}, "PUBLIC_ORIGINS", "http://localhost:9000"),
        ({"PUBLIC_ORIGINS": "https://capture.example.org"}, "S3_ENDPOINT", "this computer's own"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
async def test_a_wrong_setting_of_the_store_is_named(
    in_the_cloud: Any, bucket: Ministack, changes: dict[str, str], setting: str, cause: str
) -> None:
    """One setting is changed at a time."""
    assert_named(await diagnosed(in_the_cloud(**changes)), setting, cause)
    assert objects(bucket) == []


@pytest.mark.parametrize(
    ("methods", "setting", "cause"),
    [(("GET",), "S3_BUCKET", "lacks PUT"), (("PUT",), "S3_BUCKET", "lacks GET")],
)
async def test_a_rule_of_the_bucket_that_lacks_a_method_is_named(
    in_the_cloud: Any, bucket: Ministack, methods: tuple[str, ...], setting: str, cause: str
) -> None:
    """Without PUT no photo arrives, without GET none is downloaded; the finding contains the whole rule."""
    bucket.set_cors(PAGE, *methods)
    try:
        found = await diagnosed(in_the_cloud())
    finally:
        bucket.set_cors(PAGE, "PUT", "GET")

    assert_named(found, setting, cause)
    rule = json.loads("{" + wrong(found)[0].change.split("{", 1)[1])
    assert rule["CORSRules"][0]["AllowedOrigins"] == [PAGE]


def no_encryption(_: Asked, ask: Ask) -> Said:
    answer = ask()
    return answer._replace(
        headers={name: value for name, value in answer.headers.items() if name != ENCRYPTED}
    )


def overwrites(_: Asked, ask: Ask) -> Said:
    answer = ask()
    return Said(200, {}) if answer.status == 412 else answer


def public_bucket(asked: Asked, ask: Ask) -> Said:
    signed = "X-Amz-Signature" in asked.path or "authorization" in asked.headers
    return ask() if signed or asked.method == "OPTIONS" else Said(200, {}, b"<ListBucketResult/>")


def other_owner(asked: Asked, ask: Ask) -> Said:
    return DENIED if "x-amz-expected-bucket-owner" in asked.headers else ask()


def elsewhere(asked: Asked, ask: Ask) -> Said:
    moved = error(301, "PermanentRedirect", "The bucket must be addressed elsewhere")
    return moved._replace(headers={"x-amz-bucket-region": "eu-central-1"}) if asked.method == "PUT" else ask()


def ended_role(asked: Asked, ask: Ask) -> Said:
    return error(400, "ExpiredToken", "The provided token has expired.") if asked.method == "PUT" else ask()


def no_store(asked: Asked, _: Ask) -> Said:
    return Said(200 if asked.method == "GET" else 405, {"content-type": "text/html"}, b"<html>Welcome</html>")


def fewer_headers(asked: Asked, ask: Ask) -> Said:
    asks = asked.headers.get("access-control-request-headers", "")
    return Said(403, {}) if asked.method == "OPTIONS" and "if-none-match" in asks else ask()


def unable(asked: Asked, ask: Ask) -> Said:
    return error(501, "NotImplemented", "Not a header we know") if asked.method == "PUT" else ask()


def undeletable(asked: Asked, ask: Ask) -> Said:
    return DENIED if asked.method == "DELETE" else ask()


def unlistable(asked: Asked, ask: Ask) -> Said:
    answer = ask()
    return DENIED if answer.status == 404 and asked.method == "GET" else answer


def full(asked: Asked, ask: Ask) -> Said:
    return error(507, "XMinioStorageFull", "No space") if asked.method == "PUT" else ask()


def error(status: int, code: str, message: str) -> Said:
    body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Said(status, {"content-type": "application/xml"}, body.encode())


DENIED = error(403, "AccessDenied", "Access Denied")


@pytest.mark.parametrize(
    ("change", "settings", "setting", "cause"),
    [
        (no_encryption, {}, "S3_BUCKET", "does not encrypt"),
        (overwrites, {}, "S3_ENDPOINT", "instead of 412"),
        (public_bucket, {}, "S3_BUCKET", "anybody may"),
        (other_owner, {"S3_EXPECTED_OWNER": "999999999999"}, "S3_EXPECTED_OWNER", "another account"),
        (elsewhere, {}, "S3_REGION=eu-central-1", "eu-central-1"),
        (ended_role, {}, "AWS_SESSION_TOKEN", "have ended"),
        (no_store, {}, "S3_ENDPOINT", "no S3 store"),
        (fewer_headers, {}, "PUBLIC_ORIGINS", "lacks in AllowedHeaders: if-none-match"),
        (unable, {}, "S3_ENDPOINT", "does not know something"),
        (undeletable, {}, "iam-policy.json", "AccessDenied"),
        (unlistable, {}, "s3:ListBucket", "AccessDenied"),
        (full, {}, "S3_ENDPOINT", "no room"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
async def test_a_store_that_is_not_as_it_must_be_is_named(
    in_the_cloud: Any, bucket: Ministack, change: Any, settings: dict[str, str], setting: str, cause: str
) -> None:
    """A bucket, an account or a product whose answers differ from what a photo needs."""
    with altered(bucket.endpoint, change) as endpoint:
        found = await diagnosed(in_the_cloud(S3_ENDPOINT=endpoint, **settings))

    assert_named(found, setting, cause)


async def test_a_store_with_an_authority_of_its_own_is_trusted_where_botocore_trusts_it(
    in_the_cloud: Any, bucket: Ministack, tmp_path: Path
) -> None:
    """As hospitals run it: unknown, then named in AWS_CA_BUNDLE, then in a file that is none."""
    authority, tls = certificate(tmp_path)
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("nothing")
    with altered(bucket.endpoint, lambda _, ask: ask(), tls) as endpoint:
        unknown = await diagnosed(in_the_cloud(S3_ENDPOINT=endpoint))
        known = await diagnosed(in_the_cloud(S3_ENDPOINT=endpoint, AWS_CA_BUNDLE=str(authority)))
        unread = await diagnosed(in_the_cloud(S3_ENDPOINT=endpoint, AWS_CA_BUNDLE=str(nonsense)))

    assert_named(unknown, "AWS_CA_BUNDLE", "not trusted here")
    assert wrong(known) == []
    assert_named(unread, "AWS_CA_BUNDLE", "cannot be used")


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A self-signed certificate for this machine, and a server context with it."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "store")])
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    begun = datetime.now(UTC) - timedelta(days=1)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(begun).not_valid_after(begun + timedelta(days=2))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = folder / "store.pem"
    path.write_bytes(made.public_bytes(Encoding.PEM))
    secret = folder / "store.key"
    secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(path, secret)
    return path, tls


def test_several_machines_get_what_to_compare(environ: Any, tmp_path: Path) -> None:
    """Only where one database is shared and accounts are local; one machine cannot see another's folder."""
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "session-signing-key.pem").write_bytes(b"one key")
    shared = read_settings(environ(DATABASE_URL="postgresql://db.example/x"))

    findings = try_keys(shared)

    assert [one.state for one in findings] == ["open"]
    assert "fingerprint is " in findings[0].why
    assert try_keys(read_settings(environ())) == []


@pytest.mark.parametrize(
    ("ahead", "cause"), [(timedelta(hours=1), "3600 s ahead"), (timedelta(hours=-1), "3600 s behind")]
)
async def test_a_wrong_clock_is_named(in_the_cloud: Any, ahead: timedelta, cause: str) -> None:
    """By the store's own clock, which comes with each of its answers."""
    found = await diagnosed(in_the_cloud(), Overrides(clock=lambda: datetime.now(UTC) + ahead))

    clock = [one for one in wrong(found) if one.part == "clock"]
    assert len(clock) == 1
    assert "NTP" in clock[0].change
    assert abs(float(clock[0].why.split(" s ")[0].rsplit(" ", 1)[1]) - 3600) < 60
    assert clock[0].why.endswith(f"{cause.rsplit(' ', 1)[1]}.")


async def test_a_database_that_may_only_be_read_is_named(environ: Any) -> None:
    """A standby answers every question and keeps no photo."""
    found = await diagnosed_read_only(environ, await postgres.migrated_database())

    assert_named(found, "DATABASE_URL", "only be read")


async def diagnosed_read_only(environ: Any, address: str) -> list[Finding]:
    """As a standby is met: every transaction of the session is read-only from its start."""
    options = f"{address}{'&' if '?' in address else '?'}default_transaction_read_only=on"
    async with Backends(read_settings(environ(DATABASE_URL=options))).opened(migrate=False) as backends:
        return await run_checks(checks_of(backends))


async def test_a_database_without_the_right_name_is_named(environ: Any) -> None:
    """The server answers and has no such database."""
    address = await postgres.empty_database()
    other = address.replace(urlsplit(address).path, "/no_such_database", 1)
    async with Backends(read_settings(environ(DATABASE_URL=other))).opened(migrate=False) as backends:
        found = await run_checks(checks_of(backends))

    assert_named(found, "DATABASE_URL", "no database of")


def test_a_full_disk_is_named(environ: Any) -> None:
    """With the folder's setting and what is left; with enough space it is content."""
    settings = read_settings(environ())

    assert_named(try_disk(settings, lambda _: LEAST_BYTES // 2), "DATA_DIR", "250 MB are free")
    assert wrong(try_disk(settings, lambda _: LEAST_BYTES)) == []


class Line:
    """A running hub as Ably's stand-in, and the program's own adapter in front of it."""

    def __init__(self, environ: Any, hub: RunningHub) -> None:
        self._settings = read_settings(environ(ABLY_API_KEY="app.key:secret", ABLY_ENDPOINT="localhost"))
        self.hub = hub

    async def diagnosed(self, api_key: str, signing_key: str = "", port: int = 0) -> list[Finding]:
        ably = AblySignals(
            api_key, signing_key, utc_now, endpoint=HOST, port=port or self.hub.port, tls=False
        )
        backends = Backends(self._settings)

        async def start() -> None:
            await ably.start()

        backends.signalling = SignalsBackend(signals=ably, start=start, close=ably.close, cloud=ably)
        async with backends.opened():
            return [one for one in await run_checks(checks_of(backends)) if one.part == "signals"]


@pytest.fixture
async def line(environ: Any) -> Any:
    hub = await RunningHub().start()
    yield Line(environ, hub)
    await hub.stop()


async def test_signals_with_the_right_keys_are_content(line: Line) -> None:
    """The control: published, received with a subscriber's token, which may not publish itself."""
    found = await line.diagnosed(line.hub.key.text)

    assert wrong(found) == []
    assert [one.what for one in found] == [
        "the server may publish signals",
        "a page's token may listen to its own signals",
        "a page's token may not publish",
        "what the server publishes reaches the page",
    ]


async def test_a_wrong_key_of_ably_is_named(line: Line) -> None:
    """Each of the two, by its setting."""
    name, _, secret = line.hub.key.text.partition(":")
    turned = f"{name}:{secret[::-1]}"

    assert_named(await line.diagnosed(turned, line.hub.key.text), "ABLY_API_KEY", "does not accept")
    signing = await line.diagnosed(line.hub.key.text, turned)
    assert_named(signing, "ABLY_SIGNING_KEY", "does not accept")
    assert [one.state for one in signing] == ["ok", "wrong"]


async def test_an_endpoint_of_ably_without_an_answer_is_named(line: Line) -> None:
    """Reported once, with the setting."""
    found = await line.diagnosed(line.hub.key.text, port=1)

    assert_named(found, "ABLY_ENDPOINT", "refused")
    assert len(found) == 1


class ClerkDouble:
    """The parts of Clerk's servers that list its keys: in public, and by its server API to a valid secret."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.other_instance = False

    def answer(self, asked: Asked) -> Said:
        own = asked.path == "/.well-known/jwks.json"
        if asked.path == "/v1/jwks" and asked.headers.get("authorization") != "Bearer sk_live_right":
            return Said(401, {}, b'{"errors":[{"code":"clerk_key_invalid"}]}')
        if not own and asked.path != "/v1/jwks":
            return Said(404, {}, b"{}")
        kid = "ins_other" if self.other_instance and not own else "ins_one"
        jwk = json.loads(RSAAlgorithm.to_jwk(self.key.public_key()))
        listed = {"keys": [{**jwk, "kid": kid, "use": "sig", "alg": "RS256"}]}
        return Said(200, {"content-type": "application/json"}, json.dumps(listed).encode())

    def pem(self) -> str:
        return self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.fixture
def clerk() -> Iterator[tuple[ClerkDouble, str]]:
    double = ClerkDouble()
    with answering(double.answer) as address:
        yield double, address


def with_clerk(environ: Any, address: str, **changes: str) -> dict[str, str]:
    host = base64.b64encode(b"clerk.clinic.example$").decode()
    settings = {"CLERK_PUBLISHABLE_KEY": f"pk_test_{host}", "CLERK_ISSUER": address}
    return dict(environ(**{**settings, "CLERK_SECRET_KEY": "sk_live_right", **changes}))


async def test_clerk_with_the_right_keys_is_content(clerk: tuple[ClerkDouble, str], environ: Any) -> None:
    """The control, with the fixed key and the secret."""
    double, address = clerk
    found = await diagnosed(with_clerk(environ, address, CLERK_JWT_KEY=double.pem()), api=address)

    assert wrong(found) == []
    assert sum(one.part == "sign-in" and one.state == "ok" for one in found) == 3


@pytest.mark.parametrize(
    ("changes", "setting", "cause"),
    [
        ({"CLERK_ISSUER": "https://clerk.invalid"}, "CLERK_ISSUER", "leads nowhere"),
        ({"CLERK_ISSUER": "{address}/elsewhere"}, "CLERK_ISSUER", "404"),
        ({"CLERK_JWKS_URL": "{address}/elsewhere"}, "CLERK_JWKS_URL", "404"),
        ({"CLERK_SECRET_KEY": "sk_live_wrong"}, "CLERK_SECRET_KEY", "does not accept"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
async def test_a_wrong_setting_of_clerk_is_named(
    clerk: tuple[ClerkDouble, str], environ: Any, changes: dict[str, str], setting: str, cause: str
) -> None:
    """One setting is changed at a time."""
    address = clerk[1]
    changed = {name: value.format(address=address) for name, value in changes.items()}

    assert_named(await diagnosed(with_clerk(environ, address, **changed), api=address), setting, cause)


async def test_keys_of_another_instance_of_clerk_are_named(
    clerk: tuple[ClerkDouble, str], environ: Any
) -> None:
    """A secret of another instance opens another key set, and a fixed key signs nothing here."""
    double, address = clerk
    stranger = ClerkDouble().pem()
    double.other_instance = True
    found = await diagnosed(with_clerk(environ, address, CLERK_JWT_KEY=stranger), api=address)

    assert_named(found, "CLERK_SECRET_KEY", "another instance")
    assert_named(found, "CLERK_JWT_KEY", "none that fits")


async def test_a_check_that_hangs_ends_and_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that accepts and never answers delays no other check, and hides no other finding."""
    monkeypatch.setattr("app.checks.finding.CHECK_S", 0.05)

    async def hang() -> list[Finding]:
        await asyncio.Event().wait()
        return []

    async def broken() -> list[Finding]:
        raise ZeroDivisionError

    found = await run_checks([("store", hang), ("signals", broken)])

    assert [(one.part, one.state) for one in found] == [("store", "wrong"), ("signals", "wrong")]
    assert "did not come to an end" in found[0].why


async def test_what_an_earlier_trial_left_is_removed_and_never_compared(
    in_the_cloud: Any, bucket: Ministack
) -> None:
    """A trial that was cut off leaves an object: reconcile ignores it, and the next trial removes it."""
    with ExitStack() as stack:
        endpoint = stack.enter_context(altered(bucket.endpoint, undeletable))
        await diagnosed(in_the_cloud(S3_ENDPOINT=endpoint))
    assert len(objects(bucket)) >= 1
    later = Overrides(clock=lambda: datetime.now(UTC) + timedelta(minutes=11))

    async with Backends(read_settings(in_the_cloud())).opened() as backends:
        report = await backends.reconciler.run(adopt=False)
    await diagnosed(in_the_cloud(), later)

    assert (report.objects, report.differences) == (0, [])
    assert objects(bucket) == []
