"""More faults of a link for one request: refuse it, stop it half-way, corrupt it, truncate its answer."""

import asyncio
import contextlib
import threading

import msgspec

from e2e.doubles.proxy import Action, Proxy, Writer, answer_with, reset
from e2e.doubles.request import Request, one_shot

HOLD_LIMIT_S = 60
OURS = "content-type: application/problem+json\r\nx-cp-server: capture/1"


class Hold:
    """Stops the n-th request of its kind once this share of its body has reached the clinic.

    At a share of 1 the clinic has the whole request and has answered; the answer is held. Give it to
    ``Proxy.fault`` as ``early``. After ``release`` the connection is reset.
    """

    def __init__(self, share: float, nth: int = 1) -> None:
        self.reached = threading.Event()
        self._released = threading.Event()
        self._share = share
        self._left = nth

    def release(self) -> None:
        """Let go of the request; it gets no answer."""
        self._released.set()

    async def __call__(self, proxy: Proxy, request: Request, writer: Writer) -> None:
        self._left -= 1
        if self._left != 0:
            return
        if self._share >= 1:
            await request.read()
            await proxy.upstream(request)
            await self._wait()
        else:
            await self._deliver_a_part(proxy, request)
        reset(writer)

    async def _deliver_a_part(self, proxy: Proxy, request: Request) -> None:
        await request.read(max(1, int(request.length * self._share)))
        _, upstream = await asyncio.open_connection("127.0.0.1", proxy.target_port)
        try:
            upstream.write(one_shot(request.raw))
            await upstream.drain()
            await self._wait()
        finally:
            reset(upstream)

    async def _wait(self) -> None:
        self.reached.set()
        await asyncio.to_thread(self._released.wait, HOLD_LIMIT_S)


class Mark:
    """Lets requests through, and signals when the n-th answer of its kind has gone to the phone."""

    def __init__(self, nth: int = 1) -> None:
        self.reached = threading.Event()
        self._left = nth

    async def __call__(self, proxy: Proxy, request: Request, writer: Writer) -> None:
        await proxy.send(writer, await proxy.upstream(request))
        self._left -= 1
        if self._left == 0:
            self.reached.set()


def cut_body(share: float) -> Action:
    """The clinic gets this share of the body, then both ends see a reset. To be used ``early``."""

    async def act(proxy: Proxy, request: Request, writer: Writer) -> None:
        hold = Hold(share)
        hold.release()
        await hold(proxy, request, writer)

    return act


async def stop_reading(_: Proxy, request: Request, writer: Writer) -> None:
    """Half a body, then nothing more. To be used ``early``."""
    await request.read(request.length // 2)
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


async def swallow_answer(proxy: Proxy, request: Request, writer: Writer) -> None:
    """The clinic does its work; the phone waits for an answer that never comes."""
    await proxy.upstream(request)
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


def cut_answer(count: int) -> Action:
    """The answer ends after so many bytes."""

    async def act(proxy: Proxy, request: Request, writer: Writer) -> None:
        answer = await proxy.upstream(request)
        writer.write(answer[:count])
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        reset(writer)

    return act


async def flip_a_byte(proxy: Proxy, request: Request, writer: Writer) -> None:
    """The body reaches the clinic with one byte changed."""
    corrupted = bytearray(request.raw)
    corrupted[-100] ^= 0xFF
    changed = Request(request.method, request.path, bytes(corrupted), length=request.length)
    await proxy.send(writer, await proxy.upstream(changed))


def problem(status: int, code: str, extra: str = "") -> Action:
    """A refusal in the clinic's own form."""
    body = msgspec.json.encode(
        {"type": "about:blank", "title": "No", "status": status, "code": code, "detail": "x"}
    )
    return answer_with(status, body.decode(), OURS + extra)


def store_error(status: int, code: str, extra: str = "") -> Action:
    """A refusal in the store's own form."""
    return answer_with(status, f"<Error><Code>{code}</Code></Error>", f"content-type: application/xml{extra}")


def only_the_first(action: Action) -> Action:
    """Strikes the first photo whose path comes by, again and again, and no other.

    Each attempt of the same photo has another signature behind its path.
    """
    struck: list[str] = []

    async def act(proxy: Proxy, request: Request, writer: Writer) -> None:
        path = request.path.partition("?")[0]
        struck[:] = struck or [path]
        if path == struck[0]:
            await action(proxy, request, writer)
        else:
            await proxy.send(writer, await proxy.upstream(request))

    return act
