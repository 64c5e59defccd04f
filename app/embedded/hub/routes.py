"""The hub's HTTP and WebSocket routes, where the protocol expects them: at the root of the origin."""

from collections.abc import Sequence
from typing import Any

import msgspec
import structlog
from litestar import Request, Response, Router, WebSocket, get, post, websocket
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from app.embedded.hub import errors
from app.embedded.hub.connection_registry import ConnectionRegistry
from app.embedded.hub.errors import HubError
from app.embedded.hub.frames import Format, decode_body, disconnected, encode, refused
from app.embedded.hub.page_socket import PageSocket
from app.embedded.hub.tokens import TokenRequest

_MEDIA: dict[Format, str] = {"json": "application/json", "msgpack": "application/x-msgpack"}
_log = structlog.get_logger("clinicpro")


@get("/time")
async def read_time(
    request: Request[Any, Any, Any], registry: NamedDependency[ConnectionRegistry]
) -> Response[bytes]:
    """The hub's clock in ms since 1970, which clients use to date their token requests."""
    return _answer(request, [int(registry.tokens.now() * 1000)], 200)


@post("/keys/{key_name:str}/requestToken")
async def request_token(
    request: Request[Any, Any, Any], key_name: FromPath[str], registry: NamedDependency[ConnectionRegistry]
) -> Response[bytes]:
    """A token for a request signed with the hub's key, once for each request."""
    try:
        token_request = msgspec.convert(await _read(request), TokenRequest)
    except msgspec.ValidationError:
        raise errors.bad_frame() from None
    return _answer(request, registry.tokens.issue(key_name, token_request), 201)


@post("/channels/{channel:str}/messages")
async def publish_messages(
    request: Request[Any, Any, Any], channel: FromPath[str], registry: NamedDependency[ConnectionRegistry]
) -> Response[bytes]:
    """Publish one message or a list of them; needs the key, or a token that may publish here."""
    grant = registry.tokens.read_header(request.headers.get("authorization", ""))
    if grant and not grant.may_publish(channel):
        raise errors.not_permitted()
    body = await _read(request)
    bodies = body if isinstance(body, list) else [body]
    if not bodies or not all(isinstance(one, dict) for one in bodies):
        raise errors.bad_frame()
    serials = [registry.publish(channel, _identified(one, registry)) for one in bodies]
    return _answer(request, {"channel": channel, "messageId": bodies[0].get("id"), "serials": serials}, 201)


@websocket("/")
async def connect(socket: WebSocket[Any, Any, Any], registry: NamedDependency[ConnectionRegistry]) -> None:
    """One page's connection, from its token to its end."""
    if not registry.accepts_origin(socket.headers.get("origin"), socket.headers.get("host", "")):
        _log.warning("hub.refused", code="origin")
        await socket.close()
        return
    await socket.accept()
    page = PageSocket(socket, registry.limits.frame_bytes)
    wire: Format = "msgpack" if socket.query_params.get("format") == "msgpack" else "json"
    try:
        grant = registry.tokens.read(_token(socket))
        registry.check_capacity(grant)
        await registry.check_session(grant.session)
    except HubError as refusal:
        _log.info("hub.refused", code=refusal.code)
        await _refuse(page, wire, refusal)
    else:
        await registry.serve(page, wire, grant)
    await page.close()


def make_routes(registry: ConnectionRegistry) -> Sequence[ControllerRouterHandler]:
    """Handlers for the composition root; refusals are answered in the protocol's own form."""
    router = Router(
        path="/",
        route_handlers=[read_time, request_token, publish_messages, connect],
        dependencies={"registry": Provide(lambda: registry, sync_to_thread=False)},
        exception_handlers={HubError: _answer_refusal},
        include_in_schema=False,
        request_max_body_size=registry.limits.frame_bytes,
        opt={"credentials": "signal-key"},
    )
    return [router]


def _token(socket: WebSocket[Any, Any, Any]) -> str:
    """Where the JavaScript client puts its token, or where the others do."""
    return str(socket.query_params.get("access_token") or socket.query_params.get("accessToken") or "")


def _identified(message: dict[str, Any], registry: ConnectionRegistry) -> dict[str, Any]:
    """A message with an id, which the client may have left to the hub."""
    return message if message.get("id") else message | {"id": registry.new_id()}


async def _refuse(page: PageSocket, wire: Format, refusal: HubError) -> None:
    frame = disconnected(refusal) if refusal.status >= 500 else refused(refusal)
    try:
        await page.send(encode(frame, wire))
    except (EOFError, OSError):
        return


async def _read(request: Request[Any, Any, Any]) -> Any:
    wire: Format = "msgpack" if "msgpack" in request.headers.get("content-type", "") else "json"
    return decode_body(await request.body(), wire)


def _answer(request: Request[Any, Any, Any], body: object, status: int) -> Response[bytes]:
    wire: Format = "msgpack" if "msgpack" in request.headers.get("accept", "") else "json"
    encoder = msgspec.msgpack.encode if wire == "msgpack" else msgspec.json.encode
    return Response(encoder(body), status_code=status, media_type=_MEDIA[wire])


def _answer_refusal(request: Request[Any, Any, Any], refusal: HubError) -> Response[bytes]:
    _log.info("hub.refused", code=refusal.code)
    return _answer(request, {"error": refusal.body()}, refusal.status)
