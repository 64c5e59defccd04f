"""The store's HTTP interface beyond the contract that S3 shares: what only the built-in one promises."""

import asyncio
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec
import pytest

from app.adapters.s3.signer import OriginSigner, S3Signer, origin_signer
from app.domain.photos.model import MAX_PHOTO_BYTES, PhotoRow
from app.embedded.store.http import StoreHttpHandler
from app.embedded.store.request_body import IncomingBodies
from app.embedded.store.store import EmbeddedStore, open_store
from tests.support.pictures import jpeg, webp
from tests.support.stores import Door, embedded_door, now, row

BODY = jpeg(64, 48)
ORIGINS = ("http://localhost:8000", "https://192.168.1.20:8443")
PAGES = ("https://capture.clinic.example", "http://localhost:8000")
STORE = "https://store.clinic.example"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedStore]:
    opened = open_store(tmp_path / "data", tmp_path / "keys", "photos")
    yield opened
    opened.close()


def client(face: Any) -> httpx.AsyncClient:
    """A client straight into the application: any host name can be used."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(face), trust_env=False)


@pytest.fixture
def signer(store: EmbeddedStore) -> OriginSigner:
    return origin_signer(store.access, ORIGINS, now)


@pytest.fixture
async def browser(store: EmbeddedStore) -> Any:
    async with client(StoreHttpHandler(store, ORIGINS, now)) as opened:
        yield opened


async def put(browser: httpx.AsyncClient, signer: S3Signer, photo: PhotoRow, body: bytes) -> httpx.Response:
    upload = signer.sign_put(photo)
    return await browser.put(upload.url, content=body, headers=upload.headers)


async def test_a_photo_can_come_through_every_origin(
    browser: httpx.AsyncClient, signer: OriginSigner
) -> None:
    """Signed for the origin of the page, verified with the host it was reached under."""
    for origin in ORIGINS:
        photo = row(BODY)
        assert (await put(browser, signer.for_origin(origin), photo, BODY)).status_code == 200
        for other in ORIGINS:
            shown = await browser.get(signer.for_origin(other).sign_get(photo, now()))
            assert shown.content == BODY


async def test_an_address_belongs_to_its_host(browser: httpx.AsyncClient, signer: S3Signer) -> None:
    """An address moved to another of our hosts, and a host that is not ours, are refused."""
    upload = signer.sign_put(row(BODY))
    moved = upload.url.replace(*ORIGINS)
    foreign = {**upload.headers, "Host": "evil.example.org"}

    assert (await browser.put(moved, content=BODY, headers=upload.headers)).status_code == 403
    assert (await browser.put(upload.url, content=BODY, headers=foreign)).status_code == 403


async def test_a_signature_for_an_unknown_host_is_refused(
    browser: httpx.AsyncClient, store: EmbeddedStore
) -> None:
    """Even a true signature does not make a host ours."""
    elsewhere = origin_signer(store.access, ["https://evil.example.org"], now)

    assert (await put(browser, elsewhere, row(BODY), BODY)).status_code == 403


@pytest.mark.parametrize("signature", ["", "abc", "%C3%A9", "%FF", "0" * 64])
async def test_a_signature_of_any_text_is_only_wrong(
    browser: httpx.AsyncClient, signer: S3Signer, signature: str
) -> None:
    """No text makes an error of the server's own."""
    url = re.sub("(X-Amz-Signature=)[0-9a-f]+", rf"\g<1>{signature}", signer.sign_get(row(BODY), now()))

    answer = await browser.get(url)

    assert answer.status_code == 403
    assert "SignatureDoesNotMatch" in answer.text


async def test_a_picture_can_do_nothing_in_a_browser(browser: httpx.AsyncClient, signer: S3Signer) -> None:
    """Sandboxed and not sniffed, on pictures, on 304 and on errors alike."""
    photo = row(BODY)
    await put(browser, signer, photo, BODY)
    url = signer.sign_get(photo, now())
    seen = await browser.get(url)
    cached = await browser.get(url, headers={"If-None-Match": seen.headers["etag"]})
    missing = await browser.get(signer.sign_get(row(BODY), now()))

    assert [one.status_code for one in (seen, cached, missing)] == [200, 304, 404]
    for answer in (seen, cached, missing):
        assert "sandbox" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert "access-control-allow-origin" not in answer.headers
    assert missing.headers["cache-control"] == "no-store"
    assert "<Code>NoSuchKey</Code>" in missing.text


async def test_a_photo_asked_by_date_is_a_304(browser: httpx.AsyncClient, signer: S3Signer) -> None:
    """Last-Modified works where a browser sends it."""
    photo = row(BODY)
    await put(browser, signer, photo, BODY)
    url = signer.sign_get(photo, now())
    date = (await browser.get(url)).headers["last-modified"]

    assert (await browser.get(url, headers={"If-Modified-Since": date})).status_code == 304
    earlier = {"If-Modified-Since": "Sun, 01 Nov 2020 00:00:00 GMT"}
    assert (await browser.get(url, headers=earlier)).status_code == 200


async def test_a_webp_is_shown_as_one(browser: httpx.AsyncClient, signer: S3Signer) -> None:
    """The stored type is the type that is served."""
    body = webp(64, 48)
    photo = row(body, "image/webp")
    await put(browser, signer, photo, body)

    assert (await browser.get(signer.sign_get(photo, now()))).headers["content-type"] == "image/webp"


@pytest.mark.parametrize(
    ("method", "status"), [("POST", 405), ("DELETE", 405), ("PATCH", 405), ("OPTIONS", 403)]
)
async def test_other_methods_are_refused(
    browser: httpx.AsyncClient, signer: S3Signer, method: str, status: int
) -> None:
    """There is nothing to list, delete or configure from outside."""
    answer = await browser.request(method, signer.sign_get(row(BODY), now()))

    assert answer.status_code == status


@pytest.mark.parametrize(
    "query", ["acl", "policy", "uploads", "versionId=1", "X-Amz-Security-Token=x", "X-Amz-Date=1"]
)
async def test_unknown_parameters_are_refused(
    browser: httpx.AsyncClient, signer: S3Signer, query: str
) -> None:
    """S3's sub-resources do not exist here, and nothing may replace one of them."""
    answer = await browser.get(f"{signer.sign_get(row(BODY), now())}&{query}")

    assert answer.status_code == 400


@pytest.mark.parametrize(
    "path", ["/", "/photos", "/photos/", "/other/consultations/a.jpg", "/photos/%2e%2e/a"]
)
async def test_addresses_without_a_signature_show_nothing(browser: httpx.AsyncClient, path: str) -> None:
    """Neither a listing nor anything about what is there."""
    answer = await browser.get(f"{ORIGINS[0]}{path}")

    assert answer.status_code in (400, 403)


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with embedded_door(tmp_path_factory.mktemp("embedded")) as opened:
        yield opened


def signed(door: Door, photo: PhotoRow, **headers: str) -> tuple[str, dict[str, str]]:
    """A true signature over an upload that the app itself would never sign."""
    sent = {
        **door.signer().sign_put(photo).headers,
        **{name.replace("_", "-"): headers[name] for name in headers},
    }
    length = {"Content-Length": str(photo.size)}
    return door.presign("PUT", photo, {**sent, **length}), sent


@pytest.mark.parametrize(
    "header",
    [
        {"Content_Type": "text/html"},
        {"If_None_Match": '"x"'},
        {"x_amz_server_side_encryption": "aws:kms"},
        {"x_amz_checksum_sha256": "no digest"},
        {"x_amz_checksum_sha256": "c2hvcnQ="},
        {"Cache_Control": "x" * 300},
    ],
)
def test_a_true_signature_over_nonsense_is_refused(door: Door, header: dict[str, str]) -> None:
    """The store does not rely on the signer's good sense; the unchanged upload passes."""
    photo = row(BODY)
    url, headers = signed(door, photo, **header)

    assert door.client.put(url, content=BODY, headers=headers).status_code == 400
    url, headers = signed(door, photo)
    assert door.client.put(url, content=BODY, headers=headers).status_code == 200


def test_a_photo_over_the_limit_is_refused_and_one_at_the_limit_is_not(door: Door) -> None:
    """Four million bytes, and not one more."""
    for size, status in ((MAX_PHOTO_BYTES, 200), (MAX_PHOTO_BYTES + 1, 400)):
        body = bytes(size)
        assert door.put(row(body), body).status_code == status


def test_an_address_lives_exactly_as_long_as_it_says(door: Door) -> None:
    """300 seconds for an upload, by the store's clock."""
    for ahead, status in ((-295, 200), (-301, 403), (14 * 60, 200), (16 * 60, 403)):
        photo = row(BODY)
        upload = door.signer(timedelta(seconds=ahead)).sign_put(photo)
        answer = door.client.put(upload.url, content=BODY, headers=upload.headers)
        assert answer.status_code == status, ahead


def test_a_refused_upload_is_taken_to_its_end(door: Door) -> None:
    """The browser sees the refusal instead of a broken connection, and goes on with the same one."""
    body = bytes(3_000_000)
    upload = door.signer(timedelta(seconds=-400)).sign_put(row(body))

    for _ in range(3):
        assert door.client.put(upload.url, content=body, headers=upload.headers).status_code == 403


def test_a_head_of_a_picture_has_no_body(door: Door) -> None:
    """Signed as HEAD, it gives length and type; a GET address is no HEAD address."""
    photo = row(BODY)
    door.put(photo, BODY)

    answer = door.client.head(door.presign("HEAD", photo, {}))

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(len(BODY))
    assert door.client.head(door.presign("GET", photo, {})).status_code == 403


async def test_a_page_of_another_origin_may_use_a_store_of_its_own(store: EmbeddedStore) -> None:
    """With STORE_ORIGIN: exactly the app's pages, answers readable, preflights answered."""
    signer, photo = origin_signer(store.access, [STORE], now), row(BODY)
    upload = signer.sign_put(photo)
    asked = {
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": ",".join(sorted(name.lower() for name in upload.headers)),
    }
    async with client(StoreHttpHandler(store, [STORE], now, pages=PAGES)) as browser:
        for page in PAGES:
            answer = await browser.options(upload.url, headers={"Origin": page, **asked})
            assert answer.status_code == 200
            assert answer.headers["access-control-allow-origin"] == page
            assert answer.headers["vary"] == "Origin"
        sent = await browser.put(upload.url, content=BODY, headers={**upload.headers, "Origin": PAGES[0]})
        refused = await browser.put(upload.url, content=BODY, headers={**upload.headers, "Origin": PAGES[0]})

    assert (sent.status_code, refused.status_code) == (200, 412)
    for answer in (sent, refused):
        assert answer.headers["access-control-allow-origin"] == PAGES[0]


@pytest.mark.parametrize(
    "asked",
    [
        {"Origin": "https://evil.example.org"},
        {"Origin": "null"},
        {"Origin": f"{PAGES[0]}.evil.org"},
        {"Origin": "http://capture.clinic.example"},
        {"Access-Control-Request-Method": "DELETE"},
        {"Access-Control-Request-Headers": "x-amz-acl"},
    ],
)
async def test_no_other_page_gets_past_the_preflight(store: EmbeddedStore, asked: dict[str, str]) -> None:
    """Nor another method or header of a page that may."""
    usual = {
        "Origin": PAGES[0],
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "content-type",
    }
    async with client(StoreHttpHandler(store, [STORE], now, pages=PAGES)) as browser:
        refused = await browser.options(f"{STORE}/photos/a.jpg", headers={**usual, **asked})
        passed = await browser.options(f"{STORE}/photos/a.jpg", headers=usual)

    assert (refused.status_code, passed.status_code) == (403, 200)
    assert refused.headers.get("access-control-allow-origin") in (None, PAGES[0])


async def test_a_full_disk_answers_507(store: EmbeddedStore, signer: S3Signer) -> None:
    """The phone keeps the photo and waits."""
    full = EmbeddedStore(store._root, store.access, store._cipher, reserve_bytes=2**62)
    async with client(StoreHttpHandler(full, ORIGINS, now)) as browser:
        answer = await put(browser, signer, row(BODY), BODY)
    full.close()

    assert answer.status_code == 507
    assert "<Code>InsufficientStorage</Code>" in answer.text


async def test_a_header_that_comes_twice_is_refused(browser: httpx.AsyncClient, signer: S3Signer) -> None:
    """Of two, one could be verified and the other used."""
    upload = signer.sign_put(row(BODY))
    twice = [("Content-Type", "text/html"), *upload.headers.items()]

    assert (await browser.put(upload.url, content=BODY, headers=twice)).status_code == 403
    assert (await browser.put(upload.url, content=BODY, headers=upload.headers)).status_code == 200


async def test_another_bucket_is_not_there(store: EmbeddedStore, browser: httpx.AsyncClient) -> None:
    """Also with a true signature."""
    elsewhere = msgspec.structs.replace(store.access, bucket="other")

    answer = await put(browser, origin_signer(elsewhere, ORIGINS, now), row(BODY), BODY)

    assert answer.status_code == 404
    assert "<Code>NoSuchBucket</Code>" in answer.text


def test_a_picture_is_never_served_as_a_page(door: Door) -> None:
    """Not even where the signer itself asked for it; as a picture it is."""
    photo = row(BODY)
    door.put(photo, BODY)

    for kind, status in (("text%2Fhtml", 400), ("image%2Fjpeg", 200)):
        url = door.presign("GET", photo, {}, query=f"?response-content-type={kind}")
        assert door.client.get(url).status_code == status


class Wire:
    """One request to the application, message by message."""

    def __init__(self, url: str, headers: dict[str, str], chunks: list[bytes]) -> None:
        address = urlsplit(url)
        pairs = {"Host": address.netloc, **headers}
        # Only what the store reads of it.
        self.scope: Any = {
            "type": "http",
            "method": "PUT",
            "raw_path": address.path.encode(),
            "query_string": address.query.encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in pairs.items()],
        }
        self.chunks = chunks
        self.sent: list[Any] = []

    async def receive(self) -> Any:
        if not self.chunks:
            return {"type": "http.disconnect"}
        body = self.chunks.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(self.chunks)}

    async def send(self, message: Any) -> None:
        self.sent.append(message)


@pytest.mark.parametrize(
    ("chunks", "code"),
    [
        ([BODY[:100], BODY[100:]], None),
        ([BODY[:100]], b"IncompleteBody"),
        ([BODY, b"0"], b"IncompleteBody"),
        ([b"0" * len(BODY)], b"BadDigest"),
    ],
)
async def test_a_body_is_exactly_the_declared_one(
    store: EmbeddedStore, signer: S3Signer, chunks: list[bytes], code: bytes | None
) -> None:
    """However the server cuts it; a wrong one is taken to its end, and then refused."""
    upload = signer.sign_put(row(BODY))
    wire = Wire(upload.url, {**upload.headers, "Content-Length": str(len(BODY))}, list(chunks))

    await StoreHttpHandler(store, ORIGINS, now)(wire.scope, wire.receive, wire.send)

    assert wire.chunks == []
    assert wire.sent[0]["status"] == (200 if code is None else 400)
    assert code is None or b"<Code>" + code in wire.sent[1]["body"]


async def test_a_refusal_waits_until_the_client_has_sent(store: EmbeddedStore, signer: S3Signer) -> None:
    """A browser that is still sending would see a broken connection and not the refusal."""
    upload = signer.sign_put(row(BODY))
    wire = Wire(upload.url, {"Content-Length": str(len(BODY))}, [BODY[:100], BODY[100:]])

    await StoreHttpHandler(store, ORIGINS, now)(wire.scope, wire.receive, wire.send)

    assert wire.chunks == []
    assert wire.sent[0]["status"] == 403


async def test_a_client_that_has_gone_gets_no_answer(store: EmbeddedStore, signer: S3Signer) -> None:
    """A connection lost in the body stores nothing and is no error of the server."""
    photo = row(BODY)
    upload = signer.sign_put(photo)
    wire = Wire(upload.url, {**upload.headers, "Content-Length": str(len(BODY))}, [])

    await StoreHttpHandler(store, ORIGINS, now)(wire.scope, wire.receive, wire.send)

    assert wire.sent == []
    assert await store.get(photo.key) is None


class Stalled(Wire):
    """Sends its beginning, and the rest on ``go_on``."""

    def __init__(self, photo: PhotoRow, signer: S3Signer, chunks: list[bytes]) -> None:
        upload = signer.sign_put(photo)
        super().__init__(upload.url, {**upload.headers, "Content-Length": str(photo.size)}, chunks)
        self.begun, self.go_on = asyncio.Event(), asyncio.Event()

    async def receive(self) -> Any:
        if len(self.chunks) == 1 and not self.go_on.is_set():
            self.begun.set()
            await self.go_on.wait()
        return await super().receive()

    def start(self, face: StoreHttpHandler) -> asyncio.Task[None]:
        return asyncio.create_task(face(self.scope, self.receive, self.send))

    async def status(self, task: asyncio.Task[None]) -> Any:
        self.go_on.set()
        await task
        return self.sent[0]["status"]


async def test_the_newest_upload_of_a_photo_ends_the_one_before(
    store: EmbeddedStore, signer: S3Signer
) -> None:
    """One address in many hands takes the memory of one photo; the one that ended may come again."""
    face, photo = StoreHttpHandler(store, ORIGINS, now), row(BODY)
    first, second = (Stalled(photo, signer, [BODY[:100], BODY[100:]]) for _ in range(2))
    old = first.start(face)
    await first.begun.wait()
    new = second.start(face)
    await second.begun.wait()

    assert await first.status(old) == 503
    assert await second.status(new) == 200


async def test_stalled_uploads_give_way_to_others(store: EmbeddedStore, signer: S3Signer) -> None:
    """The oldest ends first, and only where memory is short."""
    arrivals, statuses = IncomingBodies(most_bytes=2 * len(BODY)), []
    face = StoreHttpHandler(store, ORIGINS, now, arrivals=arrivals)
    wires = [Stalled(row(BODY), signer, [BODY[:100], BODY[100:]]) for _ in range(3)]
    tasks = []
    for wire in wires:
        tasks.append(wire.start(face))
        await wire.begun.wait()
    for wire, task in zip(wires, tasks, strict=True):
        statuses.append(await wire.status(task))

    assert statuses == [503, 200, 200]


async def test_the_address_of_a_thumbnail_ends_with_its_session(
    store: EmbeddedStore, signer: OriginSigner
) -> None:
    """Like that of its photo: shown while the session is open, refused from its end on."""
    photo, small, ended = row(BODY), webp(32, 24), set[str]()
    page = signer.for_page(ORIGINS[0], "sess_1")
    addresses = page.sign_get(photo, now()), page.sign_thumbnail(photo, now())

    async def is_open(session: str) -> bool:
        return session not in ended

    async with client(StoreHttpHandler(store, ORIGINS, now, (), is_open)) as browser:
        await put(browser, signer, photo, BODY)
        await store.write_derived(photo.thumbnail_key, small, "image/webp")
        shown = [(await browser.get(address)).content for address in addresses]
        ended.add("sess_1")
        refused = [(await browser.get(address)).status_code for address in addresses]

    assert shown == [BODY, small]
    assert refused == [403, 403]
