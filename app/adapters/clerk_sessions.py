"""Asks Clerk whether a session still lives, for upload cookies, which outlive their session token.

Asked at most every 5 minutes for one session. While Clerk cannot be reached a session counts as
living: its cookie has an end of its own, and photos must not wait for a third party.
"""

import re
import time
from collections.abc import Callable

import httpx
import msgspec
import structlog

BASE = "https://api.clerk.com"
ASKED_EVERY_S = 300.0
TIMEOUT_S = 3.0
REMEMBERED = 10_000

_SESSION = re.compile(r"sess_[A-Za-z0-9]{1,59}")
_log = structlog.get_logger("clinicpro")


class _Session(msgspec.Struct, frozen=True):
    status: str


class ClerkSessions:
    """The state of sessions at Clerk, by its Backend API."""

    def __init__(
        self, secret_key: str, *, base: str = BASE, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._headers = {"Authorization": f"Bearer {secret_key}"}
        self._base = base
        self._monotonic = monotonic
        self._living: dict[str, float] = {}

    async def alive(self, session: str) -> bool:
        """Whether background uploads of this session may go on."""
        if not _SESSION.fullmatch(session):
            return False
        if self._monotonic() - self._living.get(session, float("-inf")) < ASKED_EVERY_S:
            return True
        living = await self._ask(session)
        self._living.pop(session, None)
        if living:
            self._remember(session)
        return living

    async def _ask(self, session: str) -> bool:
        client = httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=TIMEOUT_S)
        try:
            async with client:
                answer = await client.get(f"{self._base}/v1/sessions/{session}", headers=self._headers)
            if answer.status_code == 404:
                return False
            answer.raise_for_status()
            return msgspec.json.decode(answer.content, type=_Session).status == "active"
        except (httpx.HTTPError, msgspec.DecodeError) as problem:
            _log.warning("session.unconfirmed", session=session, error=type(problem).__name__)
            return True

    def _remember(self, session: str) -> None:
        if len(self._living) >= REMEMBERED:
            del self._living[next(iter(self._living))]
        self._living[session] = self._monotonic()
