"""The files of ``deploy/s3`` as an IAM user and a page meet them, on ministack with ``AUTH=true``."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from app.domain.photos.bucket import UPLOAD_HEADERS, cors_rules
from tests.support.ministack import BUCKET, DEPLOY, PAGE, Ministack, policy, running_ministack

pytestmark = pytest.mark.xdist_group("stores")

KEY = "consultations/c/p.jpg"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ministack]:
    with running_ministack(tmp_path_factory.mktemp("ministack")) as running:
        yield running


@pytest.fixture
def user(server: Ministack) -> Iterator[Any]:
    config = Config(s3={"addressing_style": "path"}, signature_version="s3v4")
    client = server.session().client("s3", endpoint_url=server.endpoint, config=config)
    yield client
    client.close()


def preflight(server: Ministack, origin: str, method: str, headers: str) -> httpx.Response:
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": headers,
    }
    return httpx.request("OPTIONS", f"{server.endpoint}/{BUCKET}/{KEY}", headers=asked, trust_env=False)


def test_the_app_page_may_send_every_header_that_is_signed(server: Ministack) -> None:
    """The bucket's CORS rule and the signer name the same headers."""
    sent = sorted(UPLOAD_HEADERS - {"content-length"} | {"x-amz-expected-bucket-owner"})

    answer = preflight(server, PAGE, "PUT", ", ".join(sent))

    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == PAGE


@pytest.mark.parametrize(
    ("origin", "method", "header"),
    [
        ("https://evil.example.org", "PUT", "content-type"),
        (f"{PAGE}.evil.org", "PUT", "content-type"),
        ("null", "PUT", "content-type"),
        (PAGE, "DELETE", "content-type"),
        (PAGE, "PUT", "x-amz-acl"),
    ],
)
def test_no_other_page_method_or_header_passes(
    server: Ministack, origin: str, method: str, header: str
) -> None:
    """Exactly the app's own pages, for exactly what an upload needs."""
    assert preflight(server, origin, method, header).status_code == 403


def test_an_upload_without_encryption_is_denied_by_the_policy(user: Any) -> None:
    """The bucket refuses what a signed address would never ask for; encrypted, the same upload passes."""
    with pytest.raises(ClientError, match="AccessDenied"):
        user.put_object(Bucket=BUCKET, Key=KEY, Body=b"x")
    with pytest.raises(ClientError, match="AccessDenied"):
        user.put_object(Bucket=BUCKET, Key=KEY, Body=b"x", ServerSideEncryption="aws:kms")

    user.put_object(Bucket=BUCKET, Key=KEY, Body=b"x", ServerSideEncryption="AES256")


def test_the_user_reaches_the_photos_and_nothing_else(user: Any) -> None:
    """Least privilege: another prefix and another action are denied."""
    with pytest.raises(ClientError, match="AccessDenied"):
        user.put_object(Bucket=BUCKET, Key="other/p.jpg", Body=b"x", ServerSideEncryption="AES256")
    with pytest.raises(ClientError, match="AccessDenied"):
        user.delete_bucket_policy(Bucket=BUCKET)
    assert user.list_objects_v2(Bucket=BUCKET)["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_a_missing_photo_reads_as_missing(user: Any) -> None:
    """What the permission to list is for: 404 instead of 403."""
    with pytest.raises(user.exceptions.NoSuchKey):
        user.get_object(Bucket=BUCKET, Key="consultations/none.jpg")


def test_the_rule_that_doctor_prints_is_the_one_to_apply() -> None:
    """One text for both, so that either gives the same bucket."""
    assert json.loads((DEPLOY / "cors.json").read_text()) == cors_rules(["https://APP"])


@pytest.mark.parametrize("name", ["bucket-policy.json", "iam-policy.json", "cors.json"])
def test_the_files_are_json_with_nothing_left_to_fill_in(name: str) -> None:
    """After the two replacements that the README names, no placeholder remains."""
    text = json.dumps(policy(name))

    assert "BUCKET" not in text
    assert "//APP" not in text
