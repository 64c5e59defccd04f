"""Signals of the cloud edition: Ably's Python SDK behind our own deadline.

The SDK's exceptions are of many kinds (a captive portal raises ``ValueError``, a hanging host an
error without text) and its own time limits do not add up, so everything is caught and timed here.
"""

import asyncio
import logging
from collections.abc import Awaitable, Mapping
from typing import Any, Self

import jwt
import structlog
from ably import AblyRest
from ably.types.message import Message

from app.domain import signals
from app.domain.errors import Unavailable
from app.domain.ports.clock import Clock

_log = structlog.get_logger("clinicpro")


class SignalsUnavailable(Unavailable):
    """Ably did not take it; ``ably_code`` is its own number for why, or None where it was not reached."""

    sentence = "Signals cannot be sent right now. Pages fetch by themselves."

    def __init__(self, ably_code: int | None) -> None:
        super().__init__()
        self.ably_code = ably_code


class AblySignals:
    """The ``Signals`` port over Ably; one client for the loop that called ``start``.

    ``api_key`` publishes, ``signing_key`` signs the pages' tokens (``appId.keyId:secret`` each).
    ``endpoint``, ``port`` and ``tls`` point the SDK at another server; ``deadline`` in seconds.
    """

    def __init__(
        self,
        api_key: str,
        signing_key: str,
        clock: Clock,
        *,
        endpoint: str = "",
        port: int = 0,
        tls: bool = True,
        deadline: float = signals.PUBLISH_DEADLINE_SECONDS,
        seconds: int = signals.TOKEN_SECONDS,
    ) -> None:
        self._api_key = api_key
        self._one_key = signing_key in ("", api_key)
        self._key_name, _, self._secret = (signing_key or api_key).partition(":")
        self._clock = clock
        self._server = {"endpoint": endpoint or None, "port": port, "tls_port": port, "tls": tls}
        self._deadline = deadline
        self._seconds = seconds
        self._rest: Any = None

    async def start(self) -> Self:
        """Make the client; loading the certificates takes some 50 ms, so this runs once."""
        logging.getLogger("ably").setLevel(logging.CRITICAL)
        self._rest = await asyncio.to_thread(AblyRest, **self._options())
        return self

    async def close(self) -> None:
        """Close the client's connections; no error when it was never started."""
        rest, self._rest = self._rest, None
        if rest:
            await rest.close()

    async def publish(self, user: str, message_id: str, payload: Mapping[str, object]) -> None:
        """Notify ``user:{user}``; raises ``Unavailable`` within the deadline. Safe to repeat."""
        name = signals.channel_name(user)
        message = Message(name=signals.MESSAGE_NAME, data=dict(payload), id=message_id)
        client = self._client()
        try:
            await self._within_deadline(client.channels.get(name).publish(message), "publish")
        finally:
            client.channels.release(name)

    def token(self, user: str, session: str = "") -> str:
        """A JWT that may subscribe to exactly ``user:{user}``; no call to Ably is made."""
        claims = signals.subscribe_claims(user, self._clock(), self._seconds)
        return jwt.encode(claims, self._secret, "HS256", headers={"kid": self._key_name})

    @property
    def socket_url(self) -> str:
        """Where pages connect; ``ably_host`` says which host."""
        scheme = "wss" if self._server["tls"] else "ws"
        port = f":{self._server['port']}" if self._server["port"] else ""
        return f"{scheme}://{signals.ably_host(str(self._server['endpoint'] or ''))}{port}"

    @property
    def one_key(self) -> bool:
        """Whether the key that publishes also signs the pages' tokens."""
        return self._one_key

    async def time(self) -> float:
        """Ably's clock in seconds since 1970; raises ``Unavailable``."""
        return float(await self._within_deadline(self._client().time(), "time")) / 1000

    async def check(self) -> None:
        """Raise ``Unavailable`` unless Ably answers now."""
        await self._within_deadline(self._client().time(), "time")

    def _client(self) -> Any:
        if self._rest is None:
            raise Unavailable("Signals have not been started.")
        return self._rest

    async def _within_deadline(self, call: Awaitable[Any], part: str) -> Any:
        """Any failure becomes ``Unavailable``; only the name of its type is logged, never its text."""
        try:
            async with asyncio.timeout(self._deadline):
                return await call
        except Exception as problem:
            code = getattr(problem, "code", None)
            _log.warning("signals.failed", part=part, error=type(problem).__name__, code=code)
            raise SignalsUnavailable(code) from problem

    def _options(self) -> dict[str, Any]:
        """Written out, because the defaults wait for 20 s and a retry count of 0 breaks the SDK.

        Without TLS the SDK refuses to send a key, so it asks for a token that may only publish.
        """
        return {
            **self._server,
            "key": self._api_key,
            "use_token_auth": None if self._server["tls"] else True,
            "default_token_params": {"capability": {"user:*": ["publish"]}},
            "use_binary_protocol": False,
            "http_open_timeout": self._deadline / 3,
            "http_request_timeout": self._deadline / 2,
            "http_max_retry_count": 2,
            "http_max_retry_duration": self._deadline,
        }
