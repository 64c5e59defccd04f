"""``GET /api/me``: all a page needs to begin, in one answer."""

from datetime import datetime
from typing import Literal
from urllib.parse import urlsplit

from litestar import Controller, get

from app.config.settings import Settings
from app.domain.consultations.model import ConsultationView, consultation_view
from app.domain.consultations.service import CurrentConsultations
from app.domain.identity.accounts import Profile
from app.domain.photos.model import MAX_PHOTO_BYTES, Schema
from app.domain.signals import channel_name
from app.web.api.problems_spec import problems
from app.web.api_request import ApiRequest


class CurrentUser(Schema, frozen=True):
    """The signed-in user."""

    id: str
    name: str | None


class ImageRules(Schema, frozen=True):
    """How the phone makes photos: edge in pixels, quality from 0 to 1, size in bytes."""

    longest_edge: int
    format: Literal["jpeg", "webp"]
    quality: float
    max_bytes: int
    choose_photos: bool


class Realtime(Schema, frozen=True):
    """Where signals come from; no endpoint means Ably's default."""

    channel: str
    endpoint: str | None
    port: int | None
    tls: bool
    embedded: bool


class Me(Schema, frozen=True):
    """Who I am, where my next photo goes, and the rules of this installation."""

    user: CurrentUser
    current_consultation: ConsultationView | None
    unfiled_consultation: ConsultationView
    images: ImageRules
    consultation_stale_minutes: int
    realtime: Realtime
    server_time: datetime


class MeController(Controller):
    """The signed-in user."""

    path = "/api/me"
    tags = ("Me",)

    @get(responses=problems())
    async def me(self, request: ApiRequest) -> Me:
        """User, current and unfiled consultation, image and realtime settings."""
        consultations = await request.services.consultations.current_consultations(request.user_id)
        profile = await request.services.profiles.profile(request.user_id)
        return _me(request, consultations, profile)


def _me(request: ApiRequest, consultations: CurrentConsultations, profile: Profile) -> Me:
    settings = request.services.settings
    return Me(
        user=CurrentUser(id=request.user_id, name=profile.name),
        current_consultation=consultation_view(consultations.current) if consultations.current else None,
        unfiled_consultation=consultation_view(consultations.unfiled),
        images=_images(settings),
        consultation_stale_minutes=settings.consultation_stale_minutes,
        realtime=_realtime(settings, request.user_id, request.public_origin),
        server_time=request.services.clock(),
    )


def _images(settings: Settings) -> ImageRules:
    return ImageRules(
        longest_edge=settings.longest_edge,
        format=settings.photo_format,
        quality=settings.jpeg_quality,
        max_bytes=MAX_PHOTO_BYTES,
        choose_photos=settings.choose_photos,
    )


def _realtime(settings: Settings, user: str, origin: str) -> Realtime:
    """The built-in hub lives where the asking page came from."""
    channel = channel_name(user)
    if settings.cloud_signals:
        endpoint = settings.ably_endpoint or None
        return Realtime(channel=channel, endpoint=endpoint, port=None, tls=True, embedded=False)
    parts = urlsplit(origin)
    tls = parts.scheme == "https"
    return Realtime(
        channel=channel,
        endpoint=parts.hostname,
        port=parts.port or (443 if tls else 80),
        tls=tls,
        embedded=True,
    )
