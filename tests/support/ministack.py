"""A real S3 stand-in for tests: ministack with ``AUTH=true``, an IAM user, bucket policy and CORS.

It verifies signatures, checksums, CORS and policies, which moto does not. Its root keys skip the
policies, so everything under test uses a user of its own; ``deploy/s3`` is what that user gets.
"""

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import httpx
from botocore.config import Config

from tests.support.ports import free_port
from tests.support.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / ".setup" / "ministack"
LOCK = ROOT / "requirements" / "ministack.txt"
DEPLOY = ROOT / "deploy" / "s3"
REGION = "eu-west-2"
BUCKET = "clinic-photos"
PAGE = "https://capture.example.org"

# "test" would be root here whatever is configured, so the root has other keys and nothing uses them
# but the set-up below.
_ROOT_KEYS = {"AWS_ACCESS_KEY_ID": "set-up-only", "AWS_SECRET_ACCESS_KEY": "set-up-only-secret"}


class Ministack:
    """A running server: its endpoint and the keys of the app's IAM user."""

    def __init__(self, endpoint: str, access_key: str, secret_key: str) -> None:
        self.endpoint = endpoint
        self.access_key = access_key
        self.secret_key = secret_key

    def environment(self) -> Mapping[str, str]:
        """The settings that point the app at it."""
        return {
            "S3_BUCKET": BUCKET,
            "S3_REGION": REGION,
            "S3_ENDPOINT": self.endpoint,
            "S3_ADDRESSING": "path",
        }

    def session(self) -> boto3.session.Session:
        """A boto3 session of the IAM user."""
        return boto3.session.Session(self.access_key, self.secret_key, region_name=REGION)

    def set_cors(self, page: str, *methods: str) -> None:
        """The bucket's CORS rule of ``deploy/s3`` for one page, with these methods only."""
        rules = policy("cors.json", page)
        rules["CORSRules"][0]["AllowedMethods"] = list(methods)
        with contextlib.closing(_root_client("s3", self.endpoint)) as s3:
            s3.put_bucket_cors(Bucket=BUCKET, CORSConfiguration=rules)


def prepare() -> Path:
    """The environment of the server, installed once from its own lock file; its Python."""
    python = HOME / "bin" / "python"
    stamp = HOME / "lock.txt"
    HOME.parent.mkdir(exist_ok=True)
    with (HOME.parent / "ministack.lock").open("w") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_bytes() != LOCK.read_bytes():
            shutil.rmtree(HOME, ignore_errors=True)
            venv.create(HOME, with_pip=True)
            pip: list[str | Path] = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            subprocess.run([*pip, "--require-hashes", "--no-deps", "-r", LOCK], check=True)
            stamp.write_bytes(LOCK.read_bytes())
    return python


@contextlib.contextmanager
def running_ministack(folder: Path, page: str = PAGE) -> Iterator[Ministack]:
    """Start it on a free loopback port, set up the bucket for ``page`` and the user, stop it at the end."""
    port = free_port()
    log = (folder / "ministack.log").open("wb")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        **_ROOT_KEYS,
        "AUTH": "true",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "S3_DATA_DIR": str(folder / "s3"),
    }
    server = subprocess.Popen(
        [prepare(), "-m", "ministack"], cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT
    )
    try:
        endpoint = f"http://127.0.0.1:{port}"
        _wait_until_it_answers(endpoint, server)
        yield _set_up(endpoint, page)
    finally:
        server.terminate()
        server.wait(10)
        log.close()


def policy(name: str, page: str = PAGE) -> Any:
    """A file of ``deploy/s3`` with the test bucket and a page's origin filled in."""
    text = (DEPLOY / name).read_text().replace("BUCKET", BUCKET).replace("https://APP", page)
    return json.loads(text)


def _set_up(endpoint: str, page: str) -> Ministack:
    s3, iam = _root_client("s3", endpoint), _root_client("iam", endpoint)
    try:
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_bucket_cors(Bucket=BUCKET, CORSConfiguration=policy("cors.json", page))
        s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(_policy_for_plain_http()))
        iam.create_user(UserName="capture")
        document = json.dumps(policy("iam-policy.json"))
        iam.put_user_policy(UserName="capture", PolicyName="photos", PolicyDocument=document)
        key = iam.create_access_key(UserName="capture")["AccessKey"]
    finally:
        s3.close()
        iam.close()
    return Ministack(endpoint, key["AccessKeyId"], key["SecretAccessKey"])


def _root_client(service: str, endpoint: str) -> Any:
    root = boto3.session.Session(*_ROOT_KEYS.values(), region_name=REGION)
    config = Config(s3={"addressing_style": "path"}, signature_version="s3v4")
    return root.client(service, endpoint_url=endpoint, config=config)


def _policy_for_plain_http() -> Any:
    """The bucket policy without the statements that this server cannot weigh.

    It is reached over plain http on loopback, and it does not know the keys ``s3:if-none-match``,
    ``s3:signatureAge`` and ``s3:signatureversion``.
    """
    document = policy("bucket-policy.json")
    beyond = {"OnlyOverTls", "EachKeyIsWrittenOnce", "AddressesAreShortLived", "OnlySignatureVersionFour"}
    document["Statement"] = [one for one in document["Statement"] if one["Sid"] not in beyond]
    return document


def _wait_until_it_answers(endpoint: str, server: subprocess.Popen[bytes]) -> None:
    def answers() -> bool:
        with contextlib.suppress(httpx.TransportError):
            httpx.get(f"{endpoint}/_ministack/health", timeout=2, trust_env=False)
            return True
        return False

    failed = "ministack did not start; see ministack.log"
    wait_until(lambda: answers() or server.poll() is not None, failed)
    assert server.poll() is None, failed


if __name__ == "__main__":
    print(prepare(), file=sys.stderr)
