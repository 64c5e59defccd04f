"""Photos that phones hold and the server does not: told by phones, read and put away on the desktop."""

from litestar import Controller, Response, get, post, put
from litestar.params import RawBody

from app.domain.devices import CaptureList, Dismissal, Heard, UnsentList
from app.web.bodies import json_body, read_body
from app.web.call import Call
from app.web.controllers.problems_spec import NO_CONTENT, problems
from app.web.device_cookie import device_digest, read_device, set_device


class DeviceController(Controller):
    """The devices of the signed-in user."""

    path = "/api/devices"
    tags = ("Devices",)

    @put(
        "/current/captures",
        status_code=200,
        operation_class=json_body(CaptureList),
        responses=problems(409, 413, 415),
    )
    async def announce(self, request: Call, body: RawBody) -> Response[Heard]:
        """The photos that this browser holds for its user; what was listed before and is gone is missing."""
        told = read_body(CaptureList, body)
        value = read_device(request)
        heard = await request.parts.devices.announce(request.person, device_digest(value), told)
        return Response(heard, cookies=[set_device(request, value)])

    @get("/captures", responses=problems())
    async def unsent(self, request: Call) -> UnsentList:
        """Announced photos that never arrived, or that wait on a phone for a day or longer."""
        return await request.parts.devices.unsent(request.person)

    @post(
        "/captures/dismiss",
        status_code=204,
        operation_class=json_body(Dismissal),
        responses=problems(413, 415) | NO_CONTENT,
    )
    async def dismiss(self, request: Call, body: RawBody) -> None:
        """Put alarms away after reading them; audited."""
        await request.parts.devices.dismiss(request.person, read_body(Dismissal, body).photo_ids)
