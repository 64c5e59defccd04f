"""One value for the store's address: the policy of pages and worker names the host of every signed URL.

Both are asked of the whole program, wired as it serves, over what regions, buckets, endpoints and the
variables that botocore reads by itself can make of the address.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.exceptions import NoCredentialsError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.adapters.s3.signer import S3Signer
from app.adapters.s3.sigv4 import FixedKeys
from app.adapters.s3.store import bucket_address, build_client, build_signer
from app.config.settings import Settings, SettingsError, read_settings
from app.domain.errors import StoreUnavailable
from app.domain.ports.storage import UploadSigner
from app.main import Backends, create_app
from app.web.site.policy import build_policy
from tests.support.pictures import jpeg
from tests.support.stores import now, row
from tests.web.conftest import client_of
from tests.web.test_policy import directive

KEYS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}
BODY = jpeg(32, 24)
FILES = {
    "accelerate": "s3 =\n  use_accelerate_endpoint = true\n",
    "dualstack": "s3 =\n  use_dualstack_endpoint = true\n",
    "style": "s3 =\n  addressing_style = path\n  payload_signing_enabled = true\n",
    "old-signature": "s3 =\n  signature_version = s3\n",
    "endpoint": "endpoint_url = https://all.store.example\n",
    "fips": "use_fips_endpoint = true\n",
}
REGIONS = (
    "us-east-1", "us-east-2", "eu-west-2", "ap-southeast-7", "cn-north-1", "us-gov-west-1", "us-iso-east-1",
    "eu-isoe-west-1", "aws-global", "fips-us-gov-west-1", "s3-external-1", "eu-nowhere-9",
)  # fmt: skip
BUCKETS = ("photos", "clinic.photos.example", "192.168.5.4", "some-name-s3alias", "a.b-c", "ab..cd")
ENDPOINTS = (
    "", "https://192.0.2.5:9000", "https://192.0.2.5", "https://[2001:db8::1]:9000", "https://[2001:db8::1]",
    "http://localhost:9000", "http://127.0.0.1:9000", "https://store.example/s3", "https://store.example/s3/",
    "https://Store.Example", "https://store.example:443", "https://store", "https://s3.amazonaws.com",
)  # fmt: skip
VARIABLES: tuple[dict[str, str], ...] = (
    {},
    {"AWS_ENDPOINT_URL": "https://other.example:9000"},
    {"AWS_ENDPOINT_URL_S3": "https://other.example/below"},
    {"AWS_ENDPOINT_URL_S3": "http://other.example"},
    {"AWS_ENDPOINT_URL": "https://other.example", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
    {"AWS_REGION": "ap-south-1"},
    {"AWS_DEFAULT_REGION": "ap-south-1"},
    {"AWS_USE_FIPS_ENDPOINT": "true"},
    {"AWS_USE_DUALSTACK_ENDPOINT": "true"},
    {"AWS_USE_FIPS_ENDPOINT": "true", "AWS_USE_DUALSTACK_ENDPOINT": "true"},
    {"AWS_S3_US_EAST_1_REGIONAL_ENDPOINT": "regional"},
    {"AWS_S3_US_EAST_1_REGIONAL_ENDPOINT": "legacy"},
    {"AWS_AUTH_SCHEME_PREFERENCE": "sigv4a"},
    *({"AWS_CONFIG_FILE": name} for name in FILES),
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Configuration files, and one folder of keys for every case."""
    folder = tmp_path_factory.mktemp("home")
    for name, text in FILES.items():
        (folder / name).write_text(f"[default]\n{text}")
    return folder


@pytest.fixture
def environ(home: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sets the variables that botocore reads of itself; nothing of this machine's remains."""

    def put(variables: dict[str, str]) -> None:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            monkeypatch.delenv(name)
        given = {"AWS_CONFIG_FILE": "none", "AWS_SHARED_CREDENTIALS_FILE": "none", **KEYS, **variables}
        for name, value in given.items():
            monkeypatch.setenv(name, str(home / value) if name.endswith("_FILE") else value)

    put({})
    return put


def settings_of(home: Path, **variables: str) -> Settings:
    folders = {"DATA_DIR": str(home / "data"), "KEY_DIR": str(home / "keys")}
    return read_settings({**folders, "S3_BUCKET": "photos", **variables})


def origins_signed(signer: UploadSigner) -> set[str]:
    """``scheme://host[:port]`` of a PUT and of a picture."""
    photo = row(BODY)
    urls = signer.sign_put(photo).url, signer.sign_get(photo, now())
    return {f"{parts.scheme}://{parts.netloc}" for parts in map(urlsplit, urls)}


def signer_of(chosen: Settings) -> tuple[S3Signer | None, str]:
    """The signer of these settings, or why there is none."""
    try:
        return build_signer(chosen, build_client(chosen), now), ""
    except StoreUnavailable as refusal:
        return None, refusal.detail


def assert_one_address(chosen: Settings, signer: S3Signer) -> None:
    """Every origin that is signed for is in each directive; botocore's own URL agrees."""
    client = build_client(chosen)
    theirs = client.generate_presigned_url("put_object", Params={"Bucket": chosen.s3_bucket, "Key": "x"})
    client.close()
    signed = origins_signed(signer)
    policy = build_policy(chosen, [signer.origin])
    assert signed == {signer.origin}
    assert signed <= directive(policy.page_csp, "img-src") & directive(policy.page_csp, "connect-src")
    assert signed <= directive(policy.worker_csp, "connect-src")
    assert f"{urlsplit(theirs).scheme}://{urlsplit(theirs).netloc.lower()}" == signer.origin
    assert scope_of(theirs) == scope_of(signer.sign_put(row(BODY)).url)


def scope_of(url: str) -> str:
    """Day, region and service that a URL is signed for."""
    return parse_qs(urlsplit(url).query)["X-Amz-Credential"][0].partition("/")[2]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    region=st.sampled_from(REGIONS),
    bucket=st.sampled_from(BUCKETS),
    endpoint=st.sampled_from(ENDPOINTS),
    addressing=st.sampled_from(["virtual", "path"]),
    variables=st.sampled_from(VARIABLES),
)
def test_the_policy_names_the_host_of_every_signed_url(
    home: Path,
    environ: Any,
    region: str,
    bucket: str,
    endpoint: str,
    addressing: str,
    variables: dict[str, str],
) -> None:
    """Whatever is combined; what has no address at all is refused in words."""
    environ(variables)
    chosen = settings_of(
        home, S3_REGION=region, S3_BUCKET=bucket, S3_ENDPOINT=endpoint, S3_ADDRESSING=addressing
    )
    signer, why = signer_of(chosen)
    if signer is None:
        assert why.startswith("No address of the bucket follows from S3_BUCKET")
    else:
        assert_one_address(chosen, signer)


@pytest.mark.parametrize(
    ("variables", "origin"),
    [
        ({"S3_REGION": "us-east-1"}, "https://photos.s3.amazonaws.com"),
        ({"S3_REGION": "cn-north-1"}, "https://photos.s3.cn-north-1.amazonaws.com.cn"),
        ({"S3_BUCKET": "clinic.photos"}, "https://s3.eu-west-2.amazonaws.com"),
        ({"S3_ENDPOINT": "https://192.0.2.5:9000"}, "https://192.0.2.5:9000"),
        ({"S3_ENDPOINT": "https://store.example/s3", "S3_ADDRESSING": "path"}, "https://store.example"),
        ({"AWS_ENDPOINT_URL_S3": "https://nas.example:9000"}, "https://photos.nas.example:9000"),
        ({"AWS_USE_DUALSTACK_ENDPOINT": "true"}, "https://photos.s3.dualstack.eu-west-2.amazonaws.com"),
        ({"STORE_ORIGIN": "https://files.clinic.example", "S3_BUCKET": ""}, "https://files.clinic.example"),
    ],
)
async def test_what_the_program_serves_names_the_address_that_it_signs(
    home: Path, environ: Any, variables: dict[str, str], origin: str
) -> None:
    """The headers of both pages and of the worker's script, beside the signer of the running program."""
    environ({name: value for name, value in variables.items() if name.startswith("AWS_")})
    app = create_app(settings_of(home, **variables))
    backends: Backends = app.state.backends
    async with client_of(app) as browser:
        pages = [await browser.get(path) for path in ("/mobile", "/desktop")]
        worker = await browser.get("/service_worker/sw.js")

    assert origins_signed(backends.store_backend.signer.for_page("http://localhost:8000")) == {origin}
    for page in pages:
        assert origin in directive(page.headers["content-security-policy"], "img-src")
    for answer in (*pages, worker):
        assert answer.status_code == 200
        assert origin in directive(answer.headers["content-security-policy"], "connect-src")
    backends.store_backend.close()


def test_an_address_of_six_is_also_named_as_browsers_obey_it(home: Path, environ: Any) -> None:
    """They ignore an IPv6 address in a policy, so the store's scheme and port are allowed for any host."""
    policy = build_policy(settings_of(home), ["https://[2001:db8::1]:9000", "https://[2001:db8::2]"])

    assert {"https://*:9000", "https://*:443"} <= directive(policy.worker_csp, "connect-src")


@pytest.mark.parametrize("name", ["localhost:9000", "127.0.0.1:8000", "[::1]:8000", "ward.localhost:8000"])
async def test_a_page_under_this_computers_own_names_sends_to_where_it_came_from(
    home: Path, environ: Any, name: str
) -> None:
    """Its policy allows its own host alone, so the built-in store is addressed there and answers there."""
    app = create_app(settings_of(home, S3_BUCKET=""))
    signer = app.state.backends.store_backend.signer.for_page(f"http://{name}")
    upload, photo = signer.sign_put(row(BODY)), row(BODY)
    upload = signer.sign_put(photo)

    async with client_of(app) as browser:
        sent = await browser.put(upload.url, content=BODY, headers=upload.headers)
        shown = await browser.get(signer.sign_get(photo, now()))

    assert origins_signed(signer) == {f"http://{name}"}
    assert (sent.status_code, shown.content) == (200, BODY)
    app.state.backends.store_backend.close()


async def test_a_strangers_host_gets_no_address_of_its_own(home: Path, environ: Any) -> None:
    """The control: only this computer's own names are followed, and not where the store lives apart."""
    for variables in ({}, {"STORE_ORIGIN": "https://files.clinic.example"}):
        storage = Backends(settings_of(home, S3_BUCKET="", **variables)).store_backend
        default = origins_signed(storage.signer.for_page("http://localhost:8000"))
        assert origins_signed(storage.signer.for_page("https://evil.example.org")) == default
        storage.close()
    assert default == {"https://files.clinic.example"}


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"S3_ENDPOINT": "https://user:word@store.example"}, "S3_ENDPOINT"),
        ({"S3_ENDPOINT": "https://store.example?x=1"}, "S3_ENDPOINT"),
        ({"S3_ENDPOINT": "https://store.example:99999"}, "S3_ENDPOINT"),
        ({"S3_ENDPOINT": "http://localhost.evil.example"}, "S3_ENDPOINT"),
        ({"S3_BUCKET": "photos--usw2-az1--x-s3"}, "S3_BUCKET"),
        ({"S3_ENDPOINT": "https://store_room.example"}, "S3_ENDPOINT"),
        ({"S3_REGION": "-"}, "S3_REGION"),
        ({"AWS_ENDPOINT_URL": "nonsense"}, "AWS_* variables"),
        ({"AWS_ENDPOINT_URL": "https://user:word@store.example"}, "AWS_* variables"),
        ({"S3_REGION": "cn-north-1", "AWS_USE_FIPS_ENDPOINT": "true"}, "AWS_* variables"),
        ({"AWS_PROFILE": "nobody"}, "profile (nobody)"),
        ({"AWS_CONFIG_FILE": "broken"}, "AWS configuration file"),
        ({"AWS_CONFIG_FILE": "nonsense"}, "AWS configuration file"),
    ],
)
def test_what_has_no_address_is_refused_in_a_sentence(
    home: Path, environ: Any, variables: dict[str, str], named: str
) -> None:
    """With the setting's name, and without what may be a secret in it."""
    (home / "broken").write_text("[default\n")
    (home / "nonsense").write_text("[default]\ns3 = nonsense\n")
    environ({name: value for name, value in variables.items() if name.startswith("AWS_")})

    try:
        message = signer_of(settings_of(home, **variables))[1]
    except SettingsError as refusal:
        message = str(refusal)

    assert named in message
    assert "start again" in message
    assert "word@" not in message


class AwayRole:
    """A role whose keys cannot be fetched until ``here``, as botocore reports it."""

    here = False

    def refresh_needed(self) -> bool:
        return True

    def get_frozen_credentials(self) -> Any:
        if not self.here:
            raise NoCredentialsError
        return FixedKeys("AKIAEXAMPLE", "secret")


@pytest.fixture
def bare_client(environ: Any) -> Iterator[Any]:
    client = build_client(read_settings({"S3_BUCKET": "photos"}), boto3.session.Session())
    yield client
    client.close()


def test_a_role_that_is_away_keeps_no_server_from_starting(
    bare_client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address needs no keys. Until they come each photo waits for the store, and then is signed."""
    role, chosen = AwayRole(), read_settings({"S3_BUCKET": "photos"})
    monkeypatch.setattr(bare_client._request_signer, "_credentials", role)
    monkeypatch.setattr("app.adapters.s3.credentials._FAILED_SECONDS", 0)

    signer = build_signer(chosen, bare_client, now)
    with pytest.raises(StoreUnavailable):
        signer.sign_put(row(BODY))
    role.here = True

    assert origins_signed(signer) == {"https://photos.s3.eu-west-2.amazonaws.com"}
    assert bucket_address(bare_client, "photos").region == "eu-west-2"
