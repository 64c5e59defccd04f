"""Device inventories: phones report photos that the server lacks; the desktop lists and dismisses them."""

from litestar import Controller, Response, get, post, put
from litestar.params import RawBody

from app.domain.devices.inventory import DeviceInventory, Dismissal, InventoryResponse, UnsentList
from app.web.api.problems_spec import NO_CONTENT, problems
from app.web.api_request import ApiRequest
from app.web.bodies import json_body, read_body
from app.web.cookies.inventory import read_inventory_cookie, set_inventory_cookie
from app.web.cookies.upload import digest


class DeviceController(Controller):
    """The devices of the signed-in user."""

    path = "/api/devices"
    tags = ("Devices",)

    @put(
        "/current/captures",
        status_code=200,
        operation_class=json_body(DeviceInventory),
        responses=problems(409, 413, 415),
    )
    async def update_inventory(self, request: ApiRequest, body: RawBody) -> Response[InventoryResponse]:
        """The photos that this browser holds for its user; what was listed before and is gone is missing."""
        inventory = read_body(DeviceInventory, body)
        value = read_inventory_cookie(request)
        answer = await request.services.inventory.update_inventory(request.user_id, digest(value), inventory)
        return Response(answer, cookies=[set_inventory_cookie(request, value)])

    @get("/captures", responses=problems())
    async def unsent(self, request: ApiRequest) -> UnsentList:
        """Announced photos that never arrived, or that wait on a phone for a day or longer."""
        return await request.services.inventory.unsent(request.user_id)

    @post(
        "/captures/dismiss",
        status_code=204,
        operation_class=json_body(Dismissal),
        responses=problems(413, 415) | NO_CONTENT,
    )
    async def dismiss(self, request: ApiRequest, body: RawBody) -> None:
        """Put alarms away after reading them; audited."""
        await request.services.inventory.dismiss(request.user_id, read_body(Dismissal, body).photo_ids)
