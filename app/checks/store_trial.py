"""A photo of its own on every way that a photo takes through the store, removed at the end."""

import hashlib
import os
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from app.checks.finding import Finding, clock_finding, good, unknown, wrong
from app.checks.store_answers import (
    NOT_ALLOWED,
    NOT_ENCRYPTED,
    PUBLIC,
    Refusal,
    bucket_findings,
    meaning_of,
    read_refusal,
    with_causes,
)
from app.checks.store_cors import CorsTrial
from app.checks.store_place import StoreAccess
from app.domain.errors import CaptureError
from app.domain.photos.bucket import ENCRYPTION, TRIAL_CONSULTATION, TRIAL_PREFIX
from app.domain.photos.model import PhotoRow, PhotoState
from app.domain.ports.storage import SignedUpload

_BODY = b"ClinicPro Capture tried this store. This object may be deleted. "
_LEFT = timedelta(minutes=10)


class Trial:
    """One trial photo, and one that never arrives whole."""

    def __init__(self, place: StoreAccess, client: httpx.AsyncClient) -> None:
        self._place = place
        self._client = client
        self._body = _BODY + os.urandom(16).hex().encode()
        self._row = self._new_row(self._body)
        self._other = self._new_row(bytes(reversed(self._body)))
        self._page = place.pages[0] if place.pages else ""
        self._stored = False

    def _new_row(self, body: bytes) -> PhotoRow:
        now = self._place.clock()
        return PhotoRow(
            photo_id=self._place.new_id(), owner="trial", captured_in=TRIAL_CONSULTATION,
            filed_in=TRIAL_CONSULTATION, state=PhotoState.PENDING, content_type="image/jpeg", size=len(body),
            sha256=hashlib.sha256(body).hexdigest(), width=1, height=1, captured_at=now, created_at=now,
        )  # fmt: skip

    async def run(self) -> list[Finding]:
        """What each step of the trial found, up to the first that failed."""
        try:
            upload = self._place.signer.sign_put(self._row)
        except CaptureError as refusal:
            change = (
                "See that the role or profile of this server (AWS_PROFILE, AWS_ROLE_ARN) can fetch its keys."
            )
            return [wrong("store", "addresses can be signed", refusal.detail, change)]
        found = await self._way_of_a_photo(upload)
        works = found[0].state == "ok"
        if self._place.facts is not None:
            found = with_causes(found, bucket_findings(await self._place.facts(), self._place.settings))
        cors = CorsTrial(self._client, upload.url, upload.headers, self._picture() if works else "")
        found += [await cors.page(origin) for origin in self._place.pages]
        if works:
            found += [await self._try_unsigned(), await self._try_damaged()]
        return found

    async def _way_of_a_photo(self, upload: SignedUpload) -> list[Finding]:
        """Each step needs the one before it."""
        found: list[Finding] = []
        storing = (self._try_sending, self._try_overwriting)
        for step in (*storing, self._try_facts, self._try_showing, self._try_reading):
            found += await step(upload)
            if any(one.state == "wrong" for one in found):
                break
        return found

    async def _send(self, upload: SignedUpload, body: bytes) -> httpx.Response:
        origin = {"Origin": self._page} if self._page else {}
        return await self._client.put(upload.url, content=body, headers={**upload.headers, **origin})

    async def _try_sending(self, upload: SignedUpload) -> list[Finding]:
        what = "a photo is stored through a signed address"
        answer = await self._send(upload, self._body)
        clock = self._clock(answer)
        if not answer.is_success:
            refusal = await self._with_bucket_code(read_refusal(answer))
            meaning = meaning_of(refusal, self._place.settings, self._place.signer.origin)
            return [wrong("store", what, *meaning), *clock]
        self._stored = True
        return [good("store", what), *clock]

    async def _with_bucket_code(self, refusal: Refusal) -> Refusal:
        """Without write permission a store gives no reason; whether a bucket exists any client may ask."""
        if refusal.code != "AccessDenied":
            return refusal
        bucket = read_refusal(await self._client.get(self._place.signer.address))
        return bucket if bucket.code == "NoSuchBucket" else refusal

    def _clock(self, answer: httpx.Response) -> list[Finding]:
        what = "this server's clock agrees with the store's"
        if self._place.transport is not None or "date" not in answer.headers:
            return []
        try:
            theirs = parsedate_to_datetime(answer.headers["date"])
        except ValueError:
            return []
        return [clock_finding(what, (self._place.clock() - theirs).total_seconds())]

    async def _try_overwriting(self, upload: SignedUpload) -> list[Finding]:
        what = "no photo can be overwritten"
        answer = await self._send(upload, self._body)
        if answer.status_code == 412:
            return [good("store", what)]
        why = f"A second upload under one key was answered with {answer.status_code} instead of 412."
        return [wrong("store", what, why, "Use a store that knows If-None-Match (S3_ENDPOINT).")]

    async def _try_facts(self, _: SignedUpload) -> list[Finding]:
        what = "the store confirms size, type and encryption (HEAD)"
        answer = await self._client.head(self._place.signer.sign_head(self._row))
        if not answer.is_success:
            return [wrong("store", what, f"It was answered with {answer.status_code}.", NOT_ALLOWED.change)]
        given = answer.headers
        if given.get("x-amz-server-side-encryption") != ENCRYPTION:
            return [wrong("store", what, *NOT_ENCRYPTED)]
        if (given.get("content-type"), given.get("content-length")) != ("image/jpeg", str(len(self._body))):
            why = "It tells another size or type than was sent."
            return [
                wrong("store", what, why, "See that nothing between server and S3_ENDPOINT changes answers.")
            ]
        return [good("store", what)]

    async def _try_showing(self, _: SignedUpload) -> list[Finding]:
        what = "the photo can be seen through a signed address"
        answer = await self._client.get(self._picture())
        if answer.is_success and answer.content == self._body:
            return [good("store", what)]
        return [wrong("store", what, f"It was answered with {answer.status_code}.", NOT_ALLOWED.change)]

    def _picture(self) -> str:
        return self._place.signer.sign_get(self._row, self._place.clock())

    async def _try_reading(self, _: SignedUpload) -> list[Finding]:
        what = "the server reads the photo, and knows one that is missing"
        try:
            stored = await self._place.store.read(self._row.key, len(self._body))
            missing = await self._place.store.read(self._other.key, len(self._body))
        except CaptureError as refusal:
            change = f"{NOT_ALLOWED.change} A missing photo reads as missing only with s3:ListBucket."
            return [wrong("store", what, refusal.detail, change)]
        if stored is None or stored.body != self._body or missing is not None:
            why = "What it reads is not what was stored."
            return [wrong("store", what, why, "See that S3_ENDPOINT leads server and phones to one store.")]
        if stored.encryption != ENCRYPTION:
            return [wrong("store", what, *NOT_ENCRYPTED)]
        return [good("store", what)]

    async def _try_unsigned(self) -> Finding:
        """Requests without a signature are refused."""
        what = "nobody without a signed address reads, lists or writes photos"
        address, upload = self._place.signer.address, self._place.signer.sign_put(self._other)
        unsigned: list[tuple[str, str, dict[str, Any]]] = [
            ("read", "GET", {"url": address + self._row.key}),
            ("list", "GET", {"url": address}),
            ("write", "PUT", {"url": address + self._other.key, "content": _BODY, "headers": upload.headers}),
        ]
        for word, method, asked in unsigned:
            answer = await self._client.request(method, **asked)
            if answer.is_success:
                why = f"The bucket is public: anybody may {word} photos without a signature."
                return wrong("store", what, why, PUBLIC.change)
        return good("store", what)

    async def _try_damaged(self) -> Finding:
        what = "bytes that were damaged on the way are refused"
        answer = await self._send(self._place.signer.sign_put(self._other), self._body)
        if not answer.is_success:
            return good("store", what)
        return unknown("store", what, "this store does not compare SHA-256; the server does, a photo later")

    async def remove(self) -> list[Finding]:
        """The trial's objects, and what an earlier trial was kept from removing."""
        what = "a deleted photo is gone"
        try:
            for row in (self._row, self._other):
                await self._place.store.delete(row.key)
            await self._remove_left()
            gone = await self._place.store.read(self._row.key, len(self._body)) is None
        except CaptureError as refusal:
            # What was never stored need not be removed, and the reason is already reported.
            return [wrong("store", what, refusal.detail, NOT_ALLOWED.change)] if self._stored else []
        if not self._stored:
            return []
        if gone:
            return [good("store", what)]
        why = "It was deleted, and can still be read."
        return [wrong("store", what, why, "See that S3_ENDPOINT leads to one store and to no copy of it.")]

    async def _remove_left(self) -> None:
        before = self._place.clock() - _LEFT
        async for one in self._place.store.keys(TRIAL_PREFIX):
            if one.modified_at < before:
                await self._place.store.delete(one.key)
