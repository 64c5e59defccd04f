"""What lies between the app and PostgreSQL in a hospital: poolers, TLS, hosts that come and go.

The pooler speaks PostgreSQL's own protocol and lends its connections as pgbouncer does: it refuses settings
at the start that it does not track, makes up the process id, and in transaction mode gives each transaction
to the next connection in turn. pgbouncer itself takes its place wherever it is installed.
"""

import asyncio
import contextlib
import os
import secrets
import shutil
import ssl
import struct
import subprocess
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg

from tests.support.ports import free_port
from tests.support.waiting import wait_until_async

TRACKED = {"user", "database", "application_name", "client_encoding", "DateStyle", "TimeZone"}
SSL_REQUEST, CANCEL, PROTOCOL = 80877103, 80877102, 196608
CONNECTIONS = 3
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def socket_of(address: str) -> tuple[str, str, str]:
    """Path of the server's socket, user and database of a cluster's address."""
    parts = urlsplit(address)
    folder = parse_qs(parts.query)["host"][0]
    name = next(one for one in os.listdir(folder) if one.startswith(".s.PGSQL.") and "lock" not in one)  # noqa: PTH208
    return f"{folder}/{name}", parts.username or "postgres", parts.path.strip("/")


@contextlib.asynccontextmanager
async def listening(serve: Serve, **options: Any) -> AsyncIterator[int]:
    """A double on a port of its own; nothing of it is left open at the end."""
    tasks: set[asyncio.Task[Any]] = set()
    writers: set[asyncio.StreamWriter] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        writers.add(writer)
        try:
            await serve(reader, writer)
        except (asyncio.IncompleteReadError, OSError):
            pass  # the other side has left
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, **options)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        # Each handler ends by itself once its client is gone; one that was cancelled would be complained of.
        for writer in writers:
            writer.transport.abort()
        if tasks:
            await asyncio.wait(tasks, timeout=5)
        for _ in range(3):
            await asyncio.sleep(0)  # what was aborted is closed in the loop's next turns


async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, there: Streams) -> None:
    """Both ways, byte by byte, until either side ends."""
    ways = [
        asyncio.create_task(_one_way(reader, there[1])),
        asyncio.create_task(_one_way(there[0], writer)),
    ]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        there[1].transport.abort()


async def _one_way(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while body := await reader.read(65_536):
            writer.write(body)
            await writer.drain()


class Pooler:
    """A pooling double before one database."""

    def __init__(self, address: str, mode: str) -> None:
        self._path, self._user, self._database = socket_of(address)
        self._mode = mode
        self._free: asyncio.Queue[Streams] = asyncio.Queue()
        self._all: list[Streams] = []
        self._greeting = b""
        self.transactions_of: dict[int, int] = {}

    async def open(self) -> None:
        """Connect to the server as often as it will lend."""
        for _ in range(CONNECTIONS):
            reader, writer = await asyncio.open_unix_connection(self._path)
            named = f"user\0{self._user}\0database\0{self._database}\0\0".encode()
            writer.write(struct.pack(">II", len(named) + 8, PROTOCOL) + named)
            greeting = b""
            while (message := await _message(reader))[:1] != b"Z":
                greeting += message if message[:1] == b"S" else b""
            self._greeting = greeting
            self._free.put_nowait((reader, writer))
            self._all.append((reader, writer))

    async def close(self) -> None:
        """Let go of the server."""
        for _, writer in self._all:
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client, from its greeting to its end."""
        if await self._greet(reader, writer):
            await self._lend(reader, writer)

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        length, code = struct.unpack(">II", await reader.readexactly(8))
        if code == SSL_REQUEST:
            writer.write(b"N")
            return await self._greet(reader, writer)
        if code == CANCEL:
            return False
        words = (await reader.readexactly(length - 8)).decode().split("\0")
        for name in words[0:-2:2]:
            if name not in TRACKED:
                writer.write(_refusal("08P01", f"unsupported startup parameter: {name}"))
                await writer.drain()
                return False
        key = struct.pack(">II", secrets.randbits(31), secrets.randbits(31))
        writer.write(_packed(b"R", b"\0\0\0\0") + self._greeting + _packed(b"K", key) + _packed(b"Z", b"I"))
        return True

    async def _lend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lent: Streams | None = None
        try:
            while (message := await _message(reader))[:1] != b"X":
                lent = lent or await self._free.get()
                lent[1].write(message)
                # A client that waits for an answer has sent one of these; after a flush a description is all.
                if message[:1] == b"H":
                    await _answered(lent[0], writer, b"TnE")
                elif message[:1] in (b"Q", b"S") and await _answered(lent[0], writer, b"Z") == b"I":
                    self._count(lent)
                    if self._mode == "transaction":
                        self._free.put_nowait(lent)
                        lent = None
        finally:
            if lent is not None:
                await self._take_back(lent)

    def _count(self, lent: Streams) -> None:
        number = id(lent[0])
        self.transactions_of[number] = self.transactions_of.get(number, 0) + 1

    async def _take_back(self, lent: Streams) -> None:
        for command in ("ROLLBACK", "DISCARD ALL"):
            lent[1].write(_packed(b"Q", command.encode() + b"\0"))
            while (await _message(lent[0]))[:1] != b"Z":
                pass
        self._free.put_nowait(lent)


async def _message(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readexactly(5)
    return head + await reader.readexactly(struct.unpack(">I", head[1:])[0] - 4)


async def _answered(server: asyncio.StreamReader, client: asyncio.StreamWriter, last: bytes) -> bytes:
    """Pass the answer on up to its last message; of a whole one that carries the transaction's state."""
    while True:
        message = await _message(server)
        client.write(message)
        if message[:1] in last:
            return message[5:6]


def _packed(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack(">I", len(body) + 4) + body


def _refusal(state: str, text: str) -> bytes:
    return _packed(b"E", f"SFATAL\0VFATAL\0C{state}\0M{text}\0\0".encode())


@contextlib.asynccontextmanager
async def pooled(address: str, mode: str) -> AsyncIterator[tuple[str, Pooler]]:
    """The address of a pooling double before ``address``, and the double."""
    pooler = Pooler(address, mode)
    await pooler.open()
    _, user, database = socket_of(address)
    try:
        async with listening(pooler.serve) as port:
            yield f"postgresql://{user}@127.0.0.1:{port}/{database}", pooler
    finally:
        await pooler.close()


def pgbouncer() -> str | None:
    """The real one, where it is installed."""
    return shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


@contextlib.asynccontextmanager
async def real_pgbouncer(address: str, mode: str) -> AsyncIterator[str]:
    """The address of pgbouncer itself before ``address``."""
    process, url, folder = _start_pgbouncer(address, mode)
    try:
        await wait_until_async(lambda: _answers(url), 20)
        yield url
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def _start_pgbouncer(address: str, mode: str) -> tuple["subprocess.Popen[bytes]", str, Path]:
    """It will not run as root."""
    path, user, database = socket_of(address)
    port = free_port()
    folder = Path(tempfile.mkdtemp(prefix="capture-pgbouncer-"))
    (folder / "users.txt").write_text(f'"{user}" ""\n')
    (folder / "pgbouncer.ini").write_text(
        f"[databases]\n{database} = host={Path(path).parent} dbname={database} user={user}\n"
        f"[pgbouncer]\nlisten_addr=127.0.0.1\nlisten_port={port}\nunix_socket_dir=\nauth_type=trust\n"
        f"auth_file={folder}/users.txt\npool_mode={mode}\ndefault_pool_size={CONNECTIONS}\n"
        "server_round_robin=1\n"
    )
    command = [pgbouncer() or "", "-q", str(folder / "pgbouncer.ini")]
    other: dict[str, Any] = {"user": Path(path).owner()} if os.getuid() == 0 else {}
    if other:
        folder.chmod(0o755)
    process = subprocess.Popen(command, **other)
    return process, f"postgresql://{user}@127.0.0.1:{port}/{database}", folder


async def _answers(url: str) -> bool:
    try:
        connection = await asyncpg.connect(url, statement_cache_size=0)
    except (OSError, asyncpg.PostgresError):
        return False
    await connection.close()
    return True


class Host:
    """A host of its own before a database: plain or TLS alone, and it can be mute."""

    def __init__(self, path: str, context: ssl.SSLContext | None = None) -> None:
        self._path = path
        self._context = context
        self._open: set[asyncio.StreamWriter] = set()
        self.mute = False
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, passed on byte by byte."""
        if self.mute:
            await reader.read()  # whatever it is, no answer follows
            return
        if self._context is not None:
            asked = await reader.readexactly(8)
            if struct.unpack(">II", asked)[1] != SSL_REQUEST:
                writer.write(_refusal("28000", "no encryption"))
                return
            writer.write(b"S")
            await writer.start_tls(self._context)
        self._open.add(writer)
        await pass_on(reader, writer, await asyncio.open_unix_connection(self._path))

    def cut(self) -> None:
        """End every connection."""
        for writer in self._open:
            writer.transport.abort()
        self._open.clear()


@contextlib.asynccontextmanager
async def host_of(address: str, context: ssl.SSLContext | None = None) -> AsyncIterator[Host]:
    """A host on a port of its own."""
    host = Host(socket_of(address)[0], context)
    async with listening(host.serve) as host.port:
        yield host
