"""``GET /api/me``: all a page needs to begin, in one answer."""

from datetime import datetime
from typing import Literal
from urllib.parse import urlsplit

from litestar import Controller, get

from app.domain.accounts import Profile
from app.domain.consultations import ConsultationView, view
from app.domain.photos import MAX_PHOTO_BYTES, Schema
from app.domain.signals import channel_name
from app.domain.visits import Standing
from app.settings import Settings
from app.web.call import Call
from app.web.controllers.problems_spec import problems


class Person(Schema, frozen=True):
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

    user: Person
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
    async def me(self, request: Call) -> Me:
        """User, current and unfiled consultation, image and realtime settings."""
        standing = await request.parts.visits.standing(request.person)
        profile = await request.parts.profiles.profile(request.person)
        return _me(request, standing, profile)


def _me(request: Call, standing: Standing, profile: Profile) -> Me:
    settings = request.parts.settings
    return Me(
        user=Person(id=request.person, name=profile.name),
        current_consultation=view(standing.current) if standing.current else None,
        unfiled_consultation=view(standing.unfiled),
        images=_images(settings),
        consultation_stale_minutes=settings.consultation_stale_minutes,
        realtime=_realtime(settings, request.person, request.public_origin),
        server_time=request.parts.clock(),
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
