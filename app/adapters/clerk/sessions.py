"""Asks Clerk whether a session still lives, for upload cookies, which outlive their session token.

Asked at most every 5 minutes for one session. While the network keeps Clerk away a session counts as
living: its cookie has an end of its own, and photos must not wait for a third party. An answer that refuses
this server, such as for a wrong secret key, confirms nothing and admits no upload.
"""

import re
import time
from collections.abc import Callable

import httpx
import msgspec
import structlog

from app.adapters import outgoing

BASE = "https://api.clerk.com"
ASKED_EVERY_S = 300.0
TIMEOUT_S = 3.0
REMEMBERED = 10_000
REFUSED = "Clerk refuses CLERK_SECRET_KEY; photos are sent only while a page is open. Correct it."
OPEN = "Clerk cannot be reached; upload cookies are accepted until their own end (UPLOAD_SESSION_HOURS)."

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
        self._unconfirmed_since: float | None = None

    @property
    def unconfirmed_s(self) -> float:
        """For how long sessions have counted as living without Clerk's confirmation; 0 while it answers."""
        since = self._unconfirmed_since
        return 0.0 if since is None else max(0.001, self._monotonic() - since)

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
        url = f"{self._base}/v1/sessions/{session}"
        try:
            async with outgoing.client(url, TIMEOUT_S) as client:
                answer = await client.get(url, headers=self._headers)
            if not _is_clerks(answer.status_code):
                answer.raise_for_status()
                raise httpx.HTTPError("no answer of Clerk's")
            living = answer.status_code == 200 and _is_active(answer.content)
        except (httpx.HTTPError, OSError, msgspec.DecodeError) as problem:
            return self._unconfirmed(session, problem)
        self._unconfirmed_since = None
        if answer.status_code not in (200, 404):
            _log.error("session.refused", status=answer.status_code, reason=REFUSED)
        return living

    def _unconfirmed(self, session: str, problem: Exception) -> bool:
        """The network's fault: it counts as living, and the log says since when Clerk has not answered."""
        if self._unconfirmed_since is None:
            self._unconfirmed_since = self._monotonic()
        age = round(self._monotonic() - self._unconfirmed_since, 1)
        _log.warning(
            "session.unconfirmed", session=session, error=type(problem).__name__, age_s=age, reason=OPEN
        )
        return True

    def _remember(self, session: str) -> None:
        if len(self._living) >= REMEMBERED:
            del self._living[next(iter(self._living))]
        self._living[session] = self._monotonic()


def _is_clerks(status: int) -> bool:
    """Whether an answer is about the session or this server, and not a network's or an outage's."""
    return status == 200 or (400 <= status < 500 and status not in (407, 408, 425, 429))


def _is_active(content: bytes) -> bool:
    return msgspec.json.decode(content, type=_Session).status == "active"
