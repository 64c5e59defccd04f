"""A clinic whose database is PostgreSQL and whose photos lie in an S3 bucket, both of this machine.

The program is the same; only its settings differ. Results are read from PostgreSQL and the bucket
themselves, with keys and connections that are not the app's.
"""

import asyncio
import base64
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
from botocore.config import Config

from e2e.support.clinic import Clinic, sha256
from tests.support import postgres
from tests.support.ministack import BUCKET, Ministack, running_ministack
from tests.support.ports import free_port

T = TypeVar("T")


class CloudClinic(Clinic):
    """Embedded hub and accounts over a real PostgreSQL and a bucket behind its own origin."""

    def __init__(self, folder: Path, port: int, bucket: Ministack, database: str, /, **settings: str) -> None:
        self.bucket = bucket
        self._database = database
        keys = {"AWS_ACCESS_KEY_ID": bucket.access_key, "AWS_SECRET_ACCESS_KEY": bucket.secret_key}
        super().__init__(folder, port, **bucket.environment(), **keys, DATABASE_URL=database, **settings)

    def rows(self, statement: str, *values: object) -> list[Any]:
        """Rows of PostgreSQL, read without the app."""
        return in_own_loop(self._fetch(statement, *values))

    async def _fetch(self, statement: str, *values: object) -> list[Any]:
        connection = await asyncpg.connect(self._database)
        try:
            found: list[Any] = await connection.fetch(statement, *values)
            return found
        finally:
            await connection.close()

    def objects(self) -> dict[str, dict[str, Any]]:
        """Every object of the bucket by key: the hash of its bytes, and what the bucket reports about it."""
        config = Config(s3={"addressing_style": "path"}, signature_version="s3v4")
        client = self.bucket.session().client("s3", endpoint_url=self.bucket.endpoint, config=config)
        try:
            listed = client.list_objects_v2(Bucket=BUCKET).get("Contents", [])
            return {one["Key"]: _described(client, one["Key"]) for one in listed}
        finally:
            client.close()


def _described(client: Any, key: str) -> dict[str, Any]:
    answer = client.get_object(Bucket=BUCKET, Key=key, ChecksumMode="ENABLED")
    with answer["Body"] as body:
        digest = sha256(body.read())
    return {
        "sha256": digest,
        "checksum": base64.b64decode(answer["ChecksumSHA256"]).hex(),
        "encryption": answer["ServerSideEncryption"],
        "type": answer["ContentType"],
    }


@contextmanager
def open_cloud_clinic(folder: Path, **settings: str) -> Iterator[CloudClinic]:
    """PostgreSQL, a bucket that allows this clinic's page, and the program started over them."""
    port = free_port()
    folder.mkdir(parents=True)
    with running_ministack(folder, page=f"http://localhost:{port}") as bucket:
        database = in_own_loop(postgres.empty_database())
        clinic = CloudClinic(folder, port, bucket, database, **settings)
        clinic.start()
        try:
            yield clinic
        finally:
            clinic.kill()


def in_own_loop(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end in a thread: the browser's driver has this thread's event loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()
