"""A signal from the server to a page, through both keys, as far as it can be tried without a page."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import quote

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from app.checks.finding import Finding, clock_finding, good, wrong
from app.checks.network import QUESTION_S, unreachable
from app.domain.errors import Unavailable
from app.domain.ports.clock import Clock, NewId
from app.domain.signals import channel_name

USER = "doctor"
_CONNECTED, _DISCONNECTED, _ERROR, _ATTACH, _ATTACHED, _MESSAGE, _ACK, _NACK = 4, 6, 9, 10, 11, 15, 1, 2
_SIGNING = "ABLY_SIGNING_KEY"
_PUBLISH, _LISTEN = "the server may publish signals", "a page's token may listen to its own signals"


class CloudSignals(Protocol):
    """Signals of a service elsewhere."""

    @property
    def socket_url(self) -> str:
        """Where pages connect."""
        ...

    @property
    def one_key(self) -> bool:
        """Whether ABLY_API_KEY also signs the pages' tokens."""
        ...

    async def publish(self, user: str, message_id: str, payload: Mapping[str, object]) -> None:
        """See ``Signals``."""
        ...

    def token(self, user: str) -> str:
        """See ``Signals``."""
        ...

    async def time(self) -> float:
        """The service's clock in seconds since 1970."""
        ...


class Refused(Exception):
    """The service's own error."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


async def try_signals(signals: CloudSignals, clock: Clock, new_id: NewId) -> list[Finding]:
    """The service's time, an authenticated publish, and a subscriber that receives it and may do no more."""
    try:
        ahead = clock().timestamp() - await signals.time()
    except Unavailable as problem:
        why = unreachable(problem)
        return [wrong("signals", "Ably answers", why, "Set ABLY_ENDPOINT right (empty: Ably's default).")]
    found = [clock_finding("this server's clock agrees with Ably's", ahead)]
    published = await _published(signals, str(new_id()))
    return [*found, published, *await _try_receiving(signals, str(new_id()), published.state == "ok")]


async def _published(signals: CloudSignals, message_id: str) -> Finding:
    try:
        await signals.publish(USER, message_id, {"t": "trial"})
    except Unavailable as problem:
        code = getattr(problem, "ably_code", None)
        return wrong("signals", _PUBLISH, *_why_not("ABLY_API_KEY", code, problem, "publish"))
    return good("signals", _PUBLISH)


def _why_not(name: str, code: int | None, problem: BaseException, right: str) -> tuple[str, str]:
    if code is None:
        return unreachable(problem), "Set ABLY_ENDPOINT right (empty: Ably's default)."
    if code == 40160:
        why = f"Ably says that the key of {name} may not {right} (40160)."
        return (
            why,
            f"Let this key {right} on user:* in Ably's dashboard, or set {name} to one that may.",
        )
    why = f"Ably does not accept the key of {name} ({code})."
    return why, f"Set {name} to a key of your Ably app, whole and not revoked."


async def _try_receiving(signals: CloudSignals, message_id: str, publishes: bool) -> list[Finding]:
    name = "ABLY_API_KEY" if signals.one_key else _SIGNING
    token = quote(signals.token(USER), safe="")
    url = f"{signals.socket_url}/?access_token={token}&format=json&v=6&heartbeats=true"
    try:
        async with connect(url, open_timeout=QUESTION_S, close_timeout=1) as page:
            await _attach(page)
            found = [good("signals", _LISTEN), await _bounded(page, name)]
            if publishes:
                found.append(await _arrives(signals, page, message_id))
            return found
    except Refused as refusal:
        return [wrong("signals", _LISTEN, *_why_not(name, refusal.code, refusal, "subscribe"))]
    except (WebSocketException, OSError, TimeoutError) as problem:
        why = unreachable(problem)
        change = "Let wss:// to ABLY_ENDPOINT through; without it desktops poll and show photos later."
        return [wrong("signals", _LISTEN, why, change)]


async def _attach(page: ClientConnection) -> None:
    await _until(page, _CONNECTED)
    await page.send(json.dumps({"action": _ATTACH, "channel": channel_name(USER)}))
    await _until(page, _ATTACHED)


async def _bounded(page: ClientConnection, name: str) -> Finding:
    what = "a page's token may not publish"
    body = {"name": "changed", "data": "{}", "encoding": "json"}
    sent = {"action": _MESSAGE, "channel": channel_name(USER), "msgSerial": 0, "messages": [body]}
    await page.send(json.dumps(sent))
    answer = await _until(page, _ACK, _NACK)
    if answer["action"] == _NACK:
        return good("signals", what)
    why = "Ably took a message from a page."
    return wrong("signals", what, why, f"Set {name} to a key that may only subscribe to user:*.")


async def _arrives(signals: CloudSignals, page: ClientConnection, message_id: str) -> Finding:
    what = "what the server publishes reaches the page"
    try:
        await signals.publish(USER, message_id, {"t": "trial"})
        while (await _until(page, _MESSAGE)).get("id", message_id) != message_id:
            pass
    except (TimeoutError, Unavailable):
        why = "It was published and never came: the two keys belong to different Ably apps."
        return wrong("signals", what, why, "Set ABLY_API_KEY and ABLY_SIGNING_KEY to keys of one app.")
    return good("signals", what)


async def _until(page: ClientConnection, *wanted: int) -> dict[str, Any]:
    async with asyncio.timeout(QUESTION_S):
        while True:
            frame: dict[str, Any] = json.loads(await page.recv())
            if frame.get("action") in wanted:
                return frame
            if frame.get("action") in (_ERROR, _DISCONNECTED):
                raise Refused(int((frame.get("error") or {}).get("code", 0)))
