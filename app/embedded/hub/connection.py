"""One page's connection: reads its frames, sends what waits, renews its token, and ends by itself."""

import asyncio
import secrets
from collections.abc import Callable
from typing import Any, Protocol

from app.embedded.hub import errors
from app.embedded.hub.channels import Channels
from app.embedded.hub.errors import HubError
from app.embedded.hub.frames import Action, Format, Frame, attached, decode, disconnected, encode, refused
from app.embedded.hub.limits import HubLimits
from app.embedded.hub.send_queue import SendQueue
from app.embedded.hub.tokens import Grant, TokenService


class Socket(Protocol):
    """A WebSocket that was accepted."""

    async def receive(self) -> str | bytes:
        """The next message; raises ``EOFError`` when the other side is gone."""
        ...

    async def send(self, data: str | bytes) -> None:
        """Send one message."""


class Connection:
    """Serves one client until it leaves, its token ends, it stops reading, or ``end`` is called."""

    def __init__(
        self,
        socket: Socket,
        wire: Format,
        grant: Grant,
        tokens: TokenService,
        channels: Channels,
        limits: HubLimits,
    ) -> None:
        self.client = grant.client
        self._socket = socket
        self._wire = wire
        self._grant = grant
        self._tokens = tokens
        self._channels = channels
        self._limits = limits
        self._send_queue = SendQueue(limits.pending)
        self._attached: set[str] = set()
        self._id = secrets.token_urlsafe(8)
        self._timers: list[asyncio.TimerHandle] = []
        self._answers: dict[int, Callable[[Frame], None]] = {
            Action.HEARTBEAT: self._beat,
            Action.ATTACH: self._attach,
            Action.DETACH: self._detach,
            Action.AUTH: self._renew,
            Action.MESSAGE: self._refuse_publishing,
            Action.PRESENCE: self._refuse_publishing,
            Action.CLOSE: self._close,
            Action.DISCONNECT: self._disconnect,
        }

    async def serve(self) -> None:
        """Returns when the connection is over; every exit leaves all channels."""
        self._welcome(self._grant)
        reader, writer = asyncio.create_task(self._read()), asyncio.create_task(self._write())
        try:
            await asyncio.wait({reader, writer}, return_when=asyncio.FIRST_COMPLETED)
            self._send_queue.end()
            await asyncio.wait({writer}, timeout=self._limits.flush_seconds)
        finally:
            self._leave()
            reader.cancel()
            writer.cancel()
            await asyncio.gather(reader, writer, return_exceptions=True)

    @property
    def session(self) -> str:
        """The session in which the token was requested, empty where the token names none."""
        return self._grant.session

    def deliver(self, channel: str, frame: Frame) -> None:
        """Queue a notification of an attached channel."""
        self._send_queue.put_notification(channel, frame)

    def end(self, error: HubError) -> None:
        """Send the reason, then stop; the client reconnects by itself."""
        self._send_queue.put(disconnected(error))
        self._send_queue.end()

    async def _read(self) -> None:
        try:
            while True:
                self._answer(decode(await self._socket.receive()))
        except HubError as refusal:
            self._send_queue.put(refused(refusal) if refusal.status == 401 else disconnected(refusal))
        except (EOFError, OSError):
            pass
        finally:
            self._send_queue.end()

    def _answer(self, frame: Frame) -> None:
        answer = self._answers.get(frame["action"])
        if answer:
            answer(frame)

    async def _write(self) -> None:
        """Send until the end; a frame that cannot be handed over in time ends the connection."""
        try:
            while frame := await self._send_queue.take(self._limits.idle_seconds):
                async with asyncio.timeout(self._limits.send_seconds):
                    await self._socket.send(encode(frame, self._wire))
        except (TimeoutError, EOFError, OSError):
            return

    def _leave(self) -> None:
        self._stop_timers()
        for channel in self._attached:
            self._channels.leave(channel, self, _monotonic())
        self._attached.clear()

    def _welcome(self, grant: Grant) -> None:
        """CONNECTED, at the start and after each renewal; the timers of the token start again."""
        self._grant = grant
        self._send_queue.put(
            {
                "action": Action.CONNECTED,
                "connectionId": self._id,
                "connectionDetails": {
                    "clientId": grant.client,
                    "connectionKey": f"{self._id}!{secrets.token_urlsafe(8)}",
                    "maxMessageSize": self._limits.frame_bytes,
                    "connectionStateTtl": 120_000,
                    "maxIdleInterval": int(self._limits.idle_seconds * 1000),
                },
            }
        )
        self._start_timers(grant)

    def _start_timers(self, grant: Grant) -> None:
        self._stop_timers()
        loop = asyncio.get_running_loop()
        left = grant.expires - self._tokens.now()
        lead = min(30.0, 0.2 * (grant.expires - grant.issued))
        self._timers = [
            loop.call_later(max(0.0, left - lead), self._send_queue.put, {"action": Action.AUTH}),
            loop.call_later(max(0.0, left), self.end, errors.token_expired()),
        ]

    def _stop_timers(self) -> None:
        for timer in self._timers:
            timer.cancel()

    def _beat(self, frame: Frame) -> None:
        echo = frame.get("id")
        self._send_queue.put({"action": Action.HEARTBEAT} | ({"id": echo} if isinstance(echo, str) else {}))

    def _attach(self, frame: Frame) -> None:
        channel = _text(frame, "channel")
        if not self._grant.may_subscribe(channel):
            self._send_queue.put(refused(errors.not_permitted(), channel))
            return
        since = frame.get("channelSerial")
        known = since if isinstance(since, str) else None
        missed = self._channels.join(channel, self, known, _monotonic())
        self._attached.add(channel)
        lost = errors.no_such_message() if known and missed is None else None
        serial = known if known and missed else self._channels.serial
        self._send_queue.put(attached(channel, serial, resumed=missed is not None, lost=lost))
        for old in missed or ():
            self._send_queue.put_notification(channel, old)

    def _detach(self, frame: Frame) -> None:
        channel = _text(frame, "channel")
        self._attached.discard(channel)
        self._channels.leave(channel, self, _monotonic())
        self._send_queue.put({"action": Action.DETACHED, "channel": channel})

    def _renew(self, frame: Frame) -> None:
        """A new token for the same client; channels it does not name are failed."""
        auth = frame.get("auth")
        grant = self._tokens.read(_text(auth if isinstance(auth, dict) else {}, "accessToken"))
        if grant.client != self.client:
            raise errors.wrong_client()
        self._welcome(grant)
        for channel in [name for name in self._attached if not grant.may_subscribe(name)]:
            self._attached.discard(channel)
            self._channels.leave(channel, self, _monotonic())
            self._send_queue.put(refused(errors.not_permitted(), channel))

    def _refuse_publishing(self, frame: Frame) -> None:
        """Pages only listen; what is published comes from the server."""
        serial = frame.get("msgSerial")
        nack = {"action": Action.NACK, "msgSerial": serial if isinstance(serial, int) else 0, "count": 1}
        self._send_queue.put(nack | {"error": errors.not_permitted().body()})

    def _close(self, _: Frame) -> None:
        self._send_queue.put({"action": Action.CLOSED})
        self._send_queue.end()

    def _disconnect(self, _: Frame) -> None:
        self._send_queue.end()


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise errors.bad_frame()
    return value


def _monotonic() -> float:
    return asyncio.get_running_loop().time()
