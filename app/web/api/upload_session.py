"""The upload cookie: exchange a session token for it, and end it at sign-out."""

from litestar import Controller, Response, delete, post

from app.web.api.problems_spec import NO_CONTENT, problems
from app.web.api_request import ApiRequest


class UploadSessionController(Controller):
    """The background upload session of this phone."""

    path = "/api/upload-session"
    tags = ("Upload session",)

    @post(status_code=204, responses=problems() | NO_CONTENT)
    async def begin(self, request: ApiRequest) -> Response[None]:
        """Set the upload cookie; only a session token can, so that the cookie never renews itself."""
        cookie = await request.services.upload_cookies.issue(request, request.user)
        return Response(None, status_code=204, cookies=[cookie])

    @delete(status_code=204, responses=problems() | NO_CONTENT)
    async def end(self, request: ApiRequest) -> Response[None]:
        """End this session's background uploads and remove the cookie.

        Where an identity provider keeps the sessions this is its sign-out as well: what was handed out to
        the session ends with it.
        """
        cookie = await request.services.upload_cookies.end(request, request.user)
        if request.services.on_sign_out is None:
            return Response(None, status_code=204, cookies=[cookie])
        request.services.on_sign_out(request.user.session)
        return Response(None, status_code=204, cookies=[cookie], headers={"clear-site-data": '"cache"'})
