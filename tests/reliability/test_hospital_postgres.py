"""Kind 7: PostgreSQL as hospitals run it. 503 with a true sentence, never 500, and back without a restart."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import httpx
import pytest

from app.adapters.database.engine import SqlDatabase
from app.config.settings import SettingsError, read_settings
from app.domain.errors import DatabaseBusy, DatabaseRefused
from app.embedded.certificates import Certificates, certificates_for
from campaigns.faults.postgres_kills import Cluster, cluster
from tests.support.pooler import host_of, pgbouncer, pooled, real_pgbouncer, socket_of
from tests.support.waiting import wait_until_async
from tests.web.conftest import build_app, client_of, plant, signed_in

PASSWORD, NEXT = "first-long-secret", "second-long-secret"
POOLERS = ["double", *(["pgbouncer"] if pgbouncer() else [])]


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    with cluster() as made:
        yield made


@pytest.fixture
async def admin(server: Cluster) -> AsyncIterator[asyncpg.Connection]:
    """The operator's own connection, and everything set back at the end."""
    connection = await asyncpg.connect(server.address)
    yield connection
    await connection.execute("RESET ALL; ALTER DATABASE postgres RESET ALL; ALTER ROLE postgres RESET ALL")
    await connection.close()


class Front:
    """The app over one address of a database, as a page asks it."""

    def __init__(self, client: httpx.AsyncClient, database: SqlDatabase) -> None:
        self._client = client
        self.database = database

    async def write(self) -> tuple[int, str]:
        """Start a consultation: the status, and the sentence of a refusal."""
        answer = await self._client.post("/api/consultations", json={"label": f"Room {datetime.now(UTC)}"})
        return answer.status_code, answer.json().get("detail", "")

    async def refused(self) -> str:
        """The sentence, once the answer is 503 with the database's code."""
        answer = await self._client.post("/api/consultations", json={"label": "Room 2"})
        assert answer.status_code == 503, answer.text
        assert answer.json()["code"] == "database-busy"
        assert answer.headers["retry-after"]
        return str(answer.json()["detail"])

    async def until_served(self) -> None:
        """No restart, no other request than the next one."""

        async def is_served() -> bool:
            return (await self.write())[0] == 201

        await wait_until_async(is_served, 120)


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as opened:
        yield opened


async def front(stack: AsyncExitStack, url: str, folder: Path) -> Front:
    database = await SqlDatabase.open(url, busy_timeout_ms=5000)
    stack.push_async_callback(database.close)
    app = build_app(folder, plant(folder / "tree"), database)
    client = await stack.enter_async_context(client_of(app, **signed_in()))
    return Front(client, database)


async def emptied(connection: asyncpg.Connection) -> None:
    await connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")


async def migrated(address: str) -> None:
    """The present schema without a row."""
    connection = await asyncpg.connect(address)
    await emptied(connection)
    await connection.close()
    await brought_up_to_date(address)


async def brought_up_to_date(address: str) -> None:
    database = await SqlDatabase.open(address)
    await database.migrate()
    await database.close()


@pytest.mark.parametrize("mode", ["transaction", "session"])
@pytest.mark.parametrize("kind", POOLERS)
async def test_everything_works_through_a_pooler(
    server: Cluster, admin: asyncpg.Connection, stack: AsyncExitStack, tmp_path: Path, kind: str, mode: str
) -> None:
    """Migrations from nothing, and twelve at once over three lent connections."""
    await emptied(admin)
    if kind == "double":
        url, _ = await stack.enter_async_context(pooled(server.address, mode))
    else:
        url = await stack.enter_async_context(real_pgbouncer(server.address, mode))
    await brought_up_to_date(url)
    asked = await front(stack, url, tmp_path)
    assert (await asked.write())[0] == 201

    # In session mode each client has a connection as long as it wants one, so that more would wait.
    at_once = 12 if mode == "transaction" else 1
    for _ in range(24 // at_once):
        await asyncio.gather(*(asked.until_served() for _ in range(at_once)))

    assert await admin.fetchval("SELECT count(*) FROM consultations WHERE kind <> 'unfiled'") == 25


async def test_a_pooler_that_lends_by_transaction_breaks_kept_statements(
    server: Cluster, stack: AsyncExitStack
) -> None:
    """The control: the driver as it comes fails there, so that the test above checks something."""
    url, pooler = await stack.enter_async_context(pooled(server.address, "transaction"))
    with pytest.raises(asyncpg.PostgresError, match="unsupported startup parameter: lock_timeout"):
        await asyncpg.connect(url, server_settings={"lock_timeout": "5000"})
    connections = [await asyncpg.connect(url) for _ in range(2)]

    with pytest.raises(asyncpg.PostgresError, match="prepared statement"):
        await ask_often(connections)
    for one in connections:
        one.terminate()
    assert len(pooler.transactions_of) > 1


async def test_a_rotated_password_is_taken_up_from_its_file(
    server: Cluster, admin: asyncpg.Connection, stack: AsyncExitStack, tmp_path: Path
) -> None:
    """Refused with the old one, served again as soon as the file holds the new one."""
    await migrated(server.address)
    path, _, database = socket_of(server.address)
    await make_user(admin, PASSWORD)
    secret = tmp_path / "pgpass"
    secret.write_text(f"*:*:*:clinic:{PASSWORD}\n")
    secret.chmod(0o600)
    url = f"postgresql://clinic@/{database}?host={Path(path).parent}&passfile={secret}"
    asked = await front(stack, url, tmp_path)
    assert (await asked.write())[0] == 201

    await admin.execute(f"ALTER ROLE clinic PASSWORD '{NEXT}'")
    await cut(admin)
    assert "does not accept this server's user or password" in await until_refused(asked)
    with pytest.raises(DatabaseBusy):
        await asked.database.check()
    secret.write_text(f"*:*:*:clinic:{NEXT}\n")

    await asked.until_served()


async def test_too_many_connections_are_named_and_pass(
    server: Cluster, admin: asyncpg.Connection, stack: AsyncExitStack, tmp_path: Path
) -> None:
    """53300, as another program takes the last one."""
    await migrated(server.address)
    path, _, database = socket_of(server.address)
    await make_user(admin, PASSWORD)
    url = f"postgresql://clinic:{PASSWORD}@/{database}?host={Path(path).parent}"
    asked = await front(stack, url, tmp_path)
    assert (await asked.write())[0] == 201

    await admin.execute("ALTER ROLE clinic CONNECTION LIMIT 0")
    await cut(admin)
    assert "no connection left" in await until_refused(asked)
    await admin.execute("ALTER ROLE clinic CONNECTION LIMIT -1")

    await asked.until_served()


async def test_a_database_that_became_read_only_is_named_and_passes(
    server: Cluster, admin: asyncpg.Connection, stack: AsyncExitStack, tmp_path: Path
) -> None:
    """25006 under connections that are open, and readiness says so, which a question alone would not."""
    await migrated(server.address)
    asked = await front(stack, server.address, tmp_path)
    assert (await asked.write())[0] == 201

    await admin.execute("ALTER DATABASE postgres SET default_transaction_read_only = on")
    await cut(admin)
    assert "read-only copy" in await until_refused(asked)
    with pytest.raises(DatabaseBusy, match="read-only"):
        await asked.database.check()
    await admin.execute("SET default_transaction_read_only = off")
    await admin.execute("ALTER DATABASE postgres RESET default_transaction_read_only")

    await asked.until_served()
    await asked.database.check()


async def test_of_several_hosts_the_one_that_takes_changes_is_found_again(
    server: Cluster, stack: AsyncExitStack, tmp_path: Path
) -> None:
    """A mute host first in the list, a standby, a primary; then the two change places."""
    await migrated(server.address)
    with cluster() as other:
        await migrated(other.address)
        mute, first, second = [
            await stack.enter_async_context(host_of(address))
            for address in (server.address, server.address, other.address)
        ]
        mute.mute = True
        await read_only(server.address, True)
        hosts = ",".join(f"127.0.0.1:{host.port}" for host in (mute, first, second))
        asked = await front(stack, f"postgresql://postgres@{hosts}/postgres", tmp_path)
        assert (await asked.write())[0] == 201
        assert await consultations(other.address) == 1

        await read_only(server.address, False)
        await read_only(other.address, True)
        second.cut()
        await asked.until_served()

        assert await consultations(other.address) == 1
        await read_only(server.address, True)
        first.cut()
        assert "each is a read-only copy" in await until_refused(asked)
        await read_only(other.address, False)
        await asked.until_served()
        await read_only(server.address, False)
        await asked.database.close()


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> tuple[Certificates, Certificates]:
    """The hospital's own authority with a certificate for the database, and another one."""
    made = [
        certificates_for("127.0.0.1", tmp_path_factory.mktemp("tls") / name, datetime.now(UTC))
        for name in ("own", "strange")
    ]
    return made[0], made[1]


async def test_tls_with_a_hospitals_own_authority(
    server: Cluster, authorities: tuple[Certificates, Certificates], stack: AsyncExitStack, tmp_path: Path
) -> None:
    """verify-full with its file works; with another authority's it is refused, and says so."""
    await migrated(server.address)
    own, strange = authorities
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own.leaf, own.leaf_key)
    host = await stack.enter_async_context(host_of(server.address, context))
    url = f"postgresql://postgres@127.0.0.1:{host.port}/postgres?sslmode=verify-full&sslrootcert="
    trusting = await front(stack, f"{url}{own.authority}", tmp_path / "own")
    doubting = await front(stack, f"{url}{strange.authority}", tmp_path / "strange")

    assert (await trusting.write())[0] == 201
    assert "not one that sslrootcert vouches for" in await doubting.refused()
    with pytest.raises(DatabaseRefused, match="sslrootcert"):
        await doubting.database.migrate()
    plain = await front(stack, f"{url.partition('?')[0]}?sslmode=disable", tmp_path / "plain")
    assert "does not accept" in await plain.refused()
    with pytest.raises(DatabaseRefused, match="names a file"):
        await (await front(stack, f"{url}/nowhere/ca.pem", tmp_path / "nowhere")).database.migrate()


@pytest.mark.parametrize("url", ["a:5432,b:5433", "a,b", "[::1]:5432,b", "u:p@a:5432,b:5432", "127.0.0.1:1"])
def test_an_address_may_name_several_hosts(url: str) -> None:
    """As the driver and libpq take them."""
    assert read_settings({"DATABASE_URL": f"postgresql://{url}/x"}).database_url.endswith("/x")


@pytest.mark.parametrize("url", ["a:5432,b:x", "a:0", "a:70000", "[::1]:y,b"])
def test_each_port_of_an_address_must_be_one(url: str) -> None:
    """Found at the start, whichever host it is."""
    with pytest.raises(SettingsError, match="DATABASE_URL must have a number as its port"):
        read_settings({"DATABASE_URL": f"postgresql://{url}/x"})


async def make_user(admin: asyncpg.Connection, password: str) -> None:
    """A role that must say its password, by the server's own rules."""
    await asyncio.to_thread(demand_password, Path(await admin.fetchval("SHOW hba_file")))
    await admin.execute(
        "DO $$BEGIN CREATE ROLE clinic LOGIN SUPERUSER; EXCEPTION WHEN duplicate_object THEN NULL; END$$"
    )
    # A superuser is not bound by a limit of connections.
    await admin.execute(f"ALTER ROLE clinic NOSUPERUSER PASSWORD '{password}'")
    await admin.execute("GRANT USAGE ON SCHEMA public TO clinic")
    await admin.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO clinic")
    await admin.execute("GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO clinic")
    await admin.fetchval("SELECT pg_reload_conf()")


def demand_password(rules: Path) -> None:
    """Of this role alone."""
    if "clinic" not in rules.read_text():
        rules.write_text(f"local all clinic scram-sha-256\n{rules.read_text()}")


async def ask_often(connections: list[asyncpg.Connection]) -> None:
    """The same statement again, from several clients at once."""
    for _ in range(4):
        await asyncio.gather(*(one.fetchval("SELECT $1::int", 1) for one in connections))


async def cut(admin: asyncpg.Connection) -> None:
    """End every other connection, as a restart or a pooler does."""
    await admin.fetch("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")


async def until_refused(asked: Front) -> str:
    """The last sentence of a refusal; the first may be that of the cut itself."""
    async with asyncio.timeout(120):
        while True:
            sentence = await asked.refused()
            if not sentence.startswith("A part of the server"):
                return sentence


async def read_only(address: str, on: bool) -> None:
    connection = await asyncpg.connect(address)
    await connection.execute("SET default_transaction_read_only = off")
    await connection.execute(f"ALTER DATABASE postgres SET default_transaction_read_only = {on}")
    await connection.close()


async def consultations(address: str) -> int:
    connection = await asyncpg.connect(address)
    count: int = await connection.fetchval("SELECT count(*) FROM consultations WHERE kind <> 'unfiled'")
    await connection.close()
    return count
