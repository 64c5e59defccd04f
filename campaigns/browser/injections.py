"""How each fault of the matrix is brought about on the wire; the others are in ``disturbances``."""

from collections.abc import Callable
from typing import Any

import msgspec

from campaigns.browser.points import COMPLETE, OBJECT, PRESIGN
from e2e.doubles.faults import (
    cut_answer,
    cut_body,
    flip_a_byte,
    only_the_first,
    problem,
    stop_reading,
    store_error,
    swallow_answer,
)
from e2e.doubles.proxy import (
    Action,
    Proxy,
    Writer,
    answer_with,
    black_hole,
    lose_answer,
    reset_connection,
)
from e2e.doubles.request import Request

WHERE = {"p2": ("POST", PRESIGN), "p3": ("PUT", OBJECT), "p4": ("PUT", OBJECT), "p5": ("POST", COMPLETE)}
PORTAL = "<html><h1>Free Wi-Fi</h1><form>Accept</form></html>"


class Wire(msgspec.Struct, frozen=True):
    """What happens to a request; ``early`` while its body is still on the way."""

    act: Callable[[], Action]
    early: bool = False


def either(api: Action, store: Action) -> Action:
    """The form of the server or of the store, by the request."""

    async def act(proxy: Proxy, request: Request, writer: Writer) -> None:
        await (store if request.method == "PUT" else api)(proxy, request, writer)

    return act


def _fixed(action: Any) -> Callable[[], Action]:
    return lambda: action


AFTER_1_S = "\r\nretry-after: 1"
WIRES: dict[str, Wire] = {
    "lost answer": Wire(_fixed(lose_answer)),
    "answer cut after 40 bytes": Wire(lambda: cut_answer(40)),
    "500": Wire(lambda: either(problem(500, "internal"), store_error(500, "InternalError"))),
    "503 SlowDown": Wire(lambda: store_error(503, "SlowDown")),
    "503 with Retry-After": Wire(
        lambda: either(
            problem(503, "unavailable", AFTER_1_S), store_error(503, "ServiceUnavailable", AFTER_1_S)
        )
    ),
    "507 storage full": Wire(lambda: problem(507, "storage-full")),
    "429": Wire(lambda: problem(429, "rate-limited", AFTER_1_S)),
    "403 expired": Wire(lambda: store_error(403, "AccessDenied")),
    "403 for one": Wire(lambda: only_the_first(store_error(403, "AccessDenied"))),
    "413 of a proxy": Wire(lambda: answer_with(413, "<html><h1>413 Request Entity Too Large</h1></html>")),
    "503 store refuses the server": Wire(lambda: problem(503, "store-refused")),
    "503 store shows no encryption": Wire(lambda: problem(503, "store-not-encrypted")),
    "403 skewed": Wire(lambda: store_error(403, "RequestTimeTooSkewed")),
    "flipped byte": Wire(_fixed(flip_a_byte)),
    "409 without an object": Wire(lambda: store_error(409, "ConditionalRequestConflict")),
    "412 without an object": Wire(lambda: store_error(412, "PreconditionFailed")),
    "black hole": Wire(_fixed(black_hole)),
    "stops reading": Wire(_fixed(stop_reading), early=True),
    "swallowed answer": Wire(_fixed(swallow_answer)),
    "reset": Wire(_fixed(reset_connection)),
    "reset in the body": Wire(lambda: cut_body(0.5), early=True),
    "portal 200": Wire(lambda: answer_with(200, PORTAL)),
    "portal 302": Wire(
        lambda: answer_with(302, "", "content-type: text/html\r\nlocation: http://portal.invalid/")
    ),
    "portal 511": Wire(lambda: answer_with(511, PORTAL)),
    "401": Wire(lambda: problem(401, "unauthenticated")),
    "422 for one": Wire(lambda: only_the_first(problem(422, "invalid-image"))),
    "400 for the batch": Wire(lambda: problem(400, "invalid-field")),
    "404 consultation for one": Wire(lambda: only_the_first(problem(404, "consultation-not-found"))),
}


def strike(proxy: Proxy, injection: str, phase: str, times: int) -> None:
    """Let a fault of the wire loose in a phase; ``times`` 0 means until the link is healed."""
    wire = WIRES[injection]
    method, path = WHERE[phase]
    proxy.fault(method, path, wire.act(), times or None, early=wire.early)
