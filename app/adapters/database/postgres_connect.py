"""Connections to PostgreSQL where hospitals run it: on several hosts, behind a pooler, over TLS."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

import asyncpg

from app.adapters.database.postgres_errors import LOST

CONNECT_S = 4.5
_NAME = {"application_name": "clinicpro-capture"}


class Dialler:
    """Connects to the first host of an address that takes changes, the last good one first.

    Behind a pooler that lends a connection for one transaction nothing may outlive a transaction: no
    setting at the start, which poolers refuse, and no prepared statement.
    """

    def __init__(self, url: str) -> None:
        self._addresses = _split_hosts(url)
        self._pooled = False

    async def connect(self, _: str = "", **options: Any) -> Any:
        """A connection; raises what the driver raised for the last host."""
        connection = await self._dial(**options)
        if self._pooled or await _is_direct(connection):
            return connection
        self._pooled = True
        await connection.close()
        return await self._dial(**options)

    async def _dial(self, **options: Any) -> Any:
        options["timeout"] = CONNECT_S / len(self._addresses)
        if self._pooled:
            options["statement_cache_size"] = 0
        if len(self._addresses) > 1:
            options.setdefault("target_session_attrs", "read-write")
        problem: BaseException = OSError("no address")
        # The error that a host sends is more specific than no answer from another one.
        for address in tuple(self._addresses):
            try:
                connection = await asyncpg.connect(address, server_settings=_NAME, **options)
            except LOST as refused:
                _require_files(address)
                problem = refused if isinstance(problem, OSError) else problem
                continue
            self._addresses.remove(address)
            self._addresses.insert(0, address)
            return connection
        raise problem


def _require_files(address: str) -> None:
    """A file that is named and not there looks like a server's socket that is not there, and is no sleep."""
    named = parse_qs(urlsplit(address).query)
    for option in ("sslrootcert", "sslcert", "sslkey", "passfile"):
        if not all(Path(name).exists() for name in named.get(option, ())):
            raise asyncpg.exceptions.ClientConfigurationError(option)


async def _is_direct(connection: Any) -> bool:
    """A pooler makes up the process id that it reports at the start. Asked without a prepared statement."""
    reported = connection.get_server_pid()
    try:
        answer: str = await connection.execute(f"SELECT 1 WHERE pg_backend_pid() = {int(reported)}")
    except BaseException:
        connection.terminate()
        raise
    return answer == "SELECT 1"


def _split_hosts(url: str) -> list[str]:
    """The address of each host that ``url`` names; the driver alone would wait for the first without end."""
    parts = urlsplit(url)
    user_info, at, hosts = parts.netloc.rpartition("@")
    several = hosts.split(",")
    if len(several) < 2 or "host" in parse_qs(parts.query):
        return [url]
    return [urlunsplit(parts._replace(netloc=f"{user_info}{at}{host}")) for host in several]
