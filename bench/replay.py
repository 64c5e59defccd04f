"""(c) A hundred photos of 150 kB saved and sent, against bare PUTs of the same bytes, one after the other.

Three subjects, each round in turn. The floor sends bytes that lie in memory to a server that does
nothing, from a page of another origin, as a page sends to a bucket: each address costs a preflight.
The phone's own modules save, sign, send and confirm against that same server: what the phone itself
adds. The product is the phone's page and worker against the real program, whose work is included:
sealing, syncing, reading back and decoding each photo, and the row.
"""

import base64
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import msgspec
from playwright.sync_api import BrowserContext, Page

from bench.browsing import Chromium, phone_page
from bench.pictures import jpegs
from bench.report import Line, line, paired
from bench.running import MeasuredClinic, serving
from bench.users import make_account, prepare
from e2e.support.verbs import api

PART = "replay"
SCRIPT = Path(__file__).with_suffix(".js")
WEIGHT = 150_000
PICTURES = 8
RTT_MS = 50


class Effort(msgspec.Struct, frozen=True, kw_only=True):
    """How much is measured: photos and rounds, near and far away."""

    near: int = 100
    near_rounds: int = 3
    far: int = 50
    far_rounds: int = 2


class Subject(msgspec.Struct, frozen=True):
    """Something that sends photos: its name, its goal, and how."""

    name: str
    goal: float | None
    send: Callable[[int], dict[str, float]]


def measure(folder: Path, chromium: Chromium, effort: Effort) -> list[Line]:
    """Next door, then 50 ms away."""
    pictures = [base64.b64encode(body).decode() for body in jpegs(PICTURES, WEIGHT)]
    lines: list[Line] = []
    with ExitStack() as stack:
        context = stack.enter_context(chromium.opened())
        clinic = MeasuredClinic(folder / "near")
        subjects = stack.enter_context(_near(clinic, context, pictures))
        lines += _compare("0 ms", subjects, effort.near, effort.near_rounds)
        lines += _server_times(clinic)
    with ExitStack() as stack:
        context = stack.enter_context(chromium.opened())
        subjects = stack.enter_context(_far(folder, context, pictures))
        lines += _compare(f"{RTT_MS} ms", subjects, effort.far, effort.far_rounds)
    return lines


@contextmanager
def _near(clinic: MeasuredClinic, context: BrowserContext, pictures: list[str]) -> Iterator[list[Subject]]:
    with serving("sink") as (_, port), _started(clinic) as name:
        bare = _SendingPage(_bare_page(context, port), pictures)
        phone = _phone(context, clinic.url, name, pictures)
        other, own = f"http://127.0.0.1:{port}", f"http://localhost:{port}"
        yield [
            Subject("bare PUTs to another origin", None, bare.sends("floor", other)),
            Subject("the phone's modules, store elsewhere", 1.55, bare.sends("modules", other)),
            Subject("the phone's modules, store on the app's origin", 1.55, bare.sends("modules", own)),
            Subject("the whole product, its own store", 1.55, phone.sends("product", "")),
        ]


@contextmanager
def _far(folder: Path, context: BrowserContext, pictures: list[str]) -> Iterator[list[Subject]]:
    with ExitStack() as stack:
        opened = stack.enter_context
        _, sink = opened(serving("sink"))
        port = opened(serving("delay", sink, RTT_MS))[1]
        bare = _SendingPage(_bare_page(context, port), pictures)
        own = opened(_far_product(folder / "own", context, pictures, elsewhere=False))
        apart = opened(_far_product(folder / "apart", context, pictures, elsewhere=True))
        there, here = f"http://127.0.0.1:{port}", f"http://localhost:{port}"
        yield [
            Subject("bare PUTs to another origin", None, bare.sends("floor", there)),
            Subject("the phone's modules, store elsewhere", 1.10, bare.sends("modules", there)),
            Subject("the whole product, store elsewhere", 1.10, apart.sends("product", "")),
            Subject("the phone's modules, store on the app's origin", 0.60, bare.sends("modules", here)),
            Subject("the whole product, store on the app's origin", 0.60, own.sends("product", "")),
        ]


@contextmanager
def _far_product(
    folder: Path, context: BrowserContext, pictures: list[str], elsewhere: bool
) -> Iterator["_SendingPage"]:
    clinic = MeasuredClinic(folder)
    with serving("delay", clinic.port, RTT_MS) as (_, port):
        # Hosts of their own, since cookies do not tell ports apart.
        origin = f"http://{'apart' if elsewhere else 'own'}.localhost:{port}"
        clinic.settings["PUBLIC_ORIGINS"] = origin
        if elsewhere:
            clinic.settings["STORE_ORIGIN"] = f"http://127.0.0.1:{port}"
        with _started(clinic) as name:
            yield _phone(context, origin, name, pictures)


@contextmanager
def _started(clinic: MeasuredClinic) -> Iterator[str]:
    account = prepare(clinic, make_account)
    clinic.start()
    try:
        yield account.name
    finally:
        clinic.kill()


class _SendingPage:
    """A page that can send photos in one of the ways of ``replay.js``."""

    def __init__(self, page: Page, pictures: list[str], **belongs: str) -> None:
        self._page = page
        self._given: dict[str, Any] = {"pictures": pictures, "owner": "user_bench", **_NOWHERE, **belongs}

    def sends(self, how: str, store: str) -> Callable[[int], dict[str, float]]:
        """``count`` photos; milliseconds of saving and of sending."""
        script = SCRIPT.read_text()
        script = script[script.index("async (") :]

        def send(count: int) -> dict[str, float]:
            given = {**self._given, "how": how, "store": store, "count": count}
            found: dict[str, float] = self._page.evaluate(script, given)
            return found

        return send


_NOWHERE = {"consultationId": "019aaaaa-0000-7000-8000-000000000000"}


def _bare_page(context: BrowserContext, port: int) -> Page:
    page = context.new_page()
    page.goto(f"http://localhost:{port}/")
    return page


def _phone(context: BrowserContext, origin: str, name: str, pictures: list[str]) -> _SendingPage:
    page = phone_page(context, origin, name)
    me = api(page, "/api/me")
    return _SendingPage(
        page, pictures, owner=me["user"]["id"], consultationId=me["unfiledConsultation"]["id"]
    )


def _compare(distance: str, subjects: list[Subject], count: int, rounds: int) -> list[Line]:
    """Every subject warms up with a few photos; then all of them take turns."""
    for subject in subjects:
        subject.send(5)
    saving: list[list[float]] = [[] for _ in subjects]
    total: list[list[float]] = [[] for _ in subjects]
    for _ in range(rounds):
        for place, subject in enumerate(subjects):
            taken = subject.send(count)
            saving[place].append(taken["saving"] / count)
            total[place].append((taken["saving"] + taken["sending"]) / count)
    floor = total[0]
    lines = [line(PART, f"{distance}, {count}: {subjects[0].name}", floor, "ms a photo")]
    for subject, took in zip(subjects[1:], total[1:], strict=True):
        what = f"{distance}, {count}: {subject.name}"
        ratio = {"ratio": paired(took, floor), "against": "bare PUTs", "goal": subject.goal}
        lines.append(line(PART, what, took, "ms a photo", **ratio))
    return [
        *lines,
        line(PART, f"{distance}, {count}: of which saving, in the product", saving[-1], "ms a photo"),
    ]


def _server_times(clinic: MeasuredClinic) -> list[Line]:
    """What the server itself takes of it, by its own log."""
    routes = {
        "presign": ("POST", "/api/uploads/presign"),
        "PUT: verify, seal, sync, link": ("PUT", "/photos"),
        "complete: read back, decode, row": ("POST", "/api/uploads/{photo_id}/complete"),
    }
    times = {what: clinic.durations_ms(*route) for what, route in routes.items()}
    return [line(PART, f"0 ms: the server in {what}", found, "ms") for what, found in times.items() if found]
