"""The upload cookie: exchange a session token for it, and end it at sign-out."""

from litestar import Controller, Response, delete, post

from app.web.call import Call
from app.web.controllers.problems_spec import NO_CONTENT, problems


class UploadSessionController(Controller):
    """The background upload session of this phone."""

    path = "/api/upload-session"
    tags = ("Upload session",)

    @post(status_code=204, responses=problems() | NO_CONTENT)
    async def begin(self, request: Call) -> Response[None]:
        """Set the upload cookie; only a session token can, so that the cookie never renews itself."""
        cookie = await request.desk.cookies.issue(request, request.principal)
        return Response(None, status_code=204, cookies=[cookie])

    @delete(status_code=204, responses=problems() | NO_CONTENT)
    async def end(self, request: Call) -> Response[None]:
        """End this session's background uploads and remove the cookie.

        Where an identity provider keeps the sessions this is its sign-out as well: what was handed out to
        the session ends with it.
        """
        cookie = await request.desk.cookies.end(request, request.principal)
        if request.parts.session_left is None:
            return Response(None, status_code=204, cookies=[cookie])
        request.parts.session_left(request.principal.session)
        return Response(None, status_code=204, cookies=[cookie], headers={"clear-site-data": '"cache"'})
