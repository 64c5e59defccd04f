"""Many photos at once in a real browser (G13): all of them drain, one PUT at a time, in little memory.

The concurrency is counted by the link in front of the clinic, the memory by the browser and the kernel.
"""

import asyncio
import contextlib
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from playwright.sync_api import BrowserContext, Page, Playwright, sync_playwright

from campaigns.browser.points import OBJECT
from campaigns.results import Control, Result
from e2e.conftest import PHONE, QUIET, chromium
from e2e.doubles.proxy import Proxy, Writer, open_proxy
from e2e.doubles.request import Request
from e2e.support.clinic import Clinic
from e2e.support.handset import Handset, command_lines
from e2e.support.verbs import api, expect_state, sign_in
from e2e.support.watch import Watch
from tests.support.ports import free_port

SCRIPT = (Path(__file__).parent / "page.js").read_text()
PAGES = 3
PHOTOS, ROUNDS = 500, 1_000
POISON_EVERY = 100
CONTROL_ROUNDS = 5
DRAIN_LIMIT_S = 900.0
LOOK_S = 0.25
HEAP_LIMIT = 150_000_000  # bytes, of each page


class Gauge:
    """Counts PUTs on the link: how many there were and how many at once."""

    def __init__(self, proxy: Proxy) -> None:
        self.now = self.most = self.all = 0
        proxy.fault("PUT", OBJECT, self._begin, early=True)
        proxy.fault("PUT", OBJECT, self._pass)

    def clear(self) -> None:
        """Forget what has been counted."""
        self.most = self.all = 0

    async def _begin(self, proxy: Proxy, request: Request, writer: Writer) -> None:
        self.now += 1
        self.all += 1
        self.most = max(self.most, self.now)

    async def _pass(self, proxy: Proxy, request: Request, writer: Writer) -> None:
        try:
            answer = await proxy.upstream(request)
            await asyncio.sleep(proxy.latency_s)
        finally:
            # It is over when the clinic has answered: the next one may leave when the answer is read.
            self.now -= 1
        await proxy.send(writer, answer)


class Memory(msgspec.Struct, kw_only=True):
    """The most that was seen: JavaScript heap of a page, and all memory of the browser's processes."""

    heap_bytes: int = 0
    resident_bytes: int = 0


class Drained(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a long queue."""

    stored: int
    parked: list[str]
    poisoned: list[str]
    puts: int
    most_puts: int
    weight: int
    seconds: float
    before: Memory
    during: Memory


class Raced(msgspec.Struct, frozen=True, kw_only=True):
    """What came of the races: ``ended`` counts how the first page's replays did."""

    rounds: int
    stored: int
    puts: int
    most_puts: int
    ended: dict[str, int]


class Crowd:
    """One clinic and one phone on which three pages are open beside the worker."""

    def __init__(self, clinic: Clinic, gauge: Gauge, handset: Handset, url: str) -> None:
        self.clinic, self.gauge, self._handset, self._url = clinic, gauge, handset, url
        self.pages: list[Page] = []
        self.consultation = ""

    def open(self) -> None:
        """Sign in, let the worker take over, open the other pages."""
        first = self._handset.open()
        first.context.set_default_timeout(DRAIN_LIMIT_S * 1000)
        sign_in(first, self.clinic)
        expect_state(first, "connected")
        first.evaluate("navigator.serviceWorker.ready.then(() => true)")
        self.pages = [first, *(self._handset.context.new_page() for _ in range(PAGES - 1))]
        for page in self.pages:
            page.goto(f"{self._url}/mobile")
            expect_state(page, "connected")
            page.evaluate(SCRIPT)
        self.consultation = api(first, "/api/me")["unfiledConsultation"]["id"]

    @property
    def context(self) -> BrowserContext:
        """The open browser."""
        return self._handset.context

    def drain(self, photos: int) -> Drained:
        """Fill the queue without a link, give it back, and look on until nothing moves."""
        self.gauge.clear()
        self.context.set_offline(True)
        given = {"count": photos, "poisonEvery": POISON_EVERY, "consultationId": self.consultation}
        filled = self.pages[0].evaluate("(request) => campaign.fill(request)", given)
        before, during = Memory(), Memory()
        self._measure(before)
        began = time.monotonic()
        self.context.set_offline(False)
        while time.monotonic() - began < DRAIN_LIMIT_S and self._moving():
            self._measure(during)
            time.sleep(LOOK_S)
        left = self._rows()
        return Drained(
            stored=sum(row["state"] == "stored" for row in self.clinic.photos()),
            parked=sorted(row["photoId"] for row in left if row["state"] == "parked"),
            poisoned=sorted(filled["poisoned"]),
            puts=self.gauge.all,
            most_puts=self.gauge.most,
            weight=filled["weight"],
            seconds=round(time.monotonic() - began, 1),
            before=before,
            during=during,
        )

    def race(self, rounds: int, *, locked: bool = True) -> Raced:
        """Every page and the worker ask for the lock at once, for one photo after the other."""
        self.gauge.clear()
        stored = self._stored()
        given = {"rounds": rounds, "consultationId": self.consultation, "locked": locked}
        ended = self.pages[0].evaluate("(request) => campaign.race(request)", given)
        return Raced(
            rounds=rounds,
            stored=self._stored() - stored,
            puts=self.gauge.all,
            most_puts=self.gauge.most,
            ended=ended,
        )

    def _stored(self) -> int:
        return sum(row["state"] == "stored" for row in self.clinic.photos())

    def _rows(self) -> list[Any]:
        rows: list[Any] = self.pages[0].evaluate(
            """async () => {
                 const { openQueue } = await import("/pwa/queue/queue.js");
                 const queue = await openQueue();
                 const { photos } = await queue.list((await queue.owner()).id);
                 await queue.close();
                 return photos.map(({photoId, state}) => ({photoId, state}));
               }"""
        )
        return rows

    def _moving(self) -> bool:
        return any(row["state"] != "parked" for row in self._rows())

    def _measure(self, memory: Memory) -> None:
        for page in self.pages:
            metrics = self._metrics(page)
            memory.heap_bytes = max(memory.heap_bytes, int(metrics["JSHeapUsedSize"]))
        memory.resident_bytes = max(memory.resident_bytes, resident(self._handset.profile))

    def _metrics(self, page: Page) -> dict[str, float]:
        session = self.context.new_cdp_session(page)
        session.send("Performance.enable")
        found = session.send("Performance.getMetrics")["metrics"]
        session.detach()
        return {one["name"]: one["value"] for one in found}


def resident(profile: Path) -> int:
    """Memory in bytes of all processes of the browser with this profile, each counted for its share."""
    total = 0
    for number, line in command_lines():
        if profile.name.encode() in line:
            with contextlib.suppress(OSError):
                rollup = Path(f"/proc/{number}/smaps_rollup").read_text()
                found = next(one for one in rollup.splitlines() if one.startswith("Pss:"))
                total += int(found.split()[1]) * 1024
    return total


@contextlib.contextmanager
def open_crowd(playwright: Playwright, folder: Path) -> Iterator[Crowd]:
    """A started clinic behind a counting link, and a signed-in phone; all gone at the end."""
    port = free_port()
    with open_proxy(port) as proxy, contextlib.ExitStack() as ends:
        url = f"http://localhost:{proxy.port}"
        # The page of this test imports modules, without a link as well.
        settings = {"PUBLIC_ORIGINS": f"http://localhost:{port},{url}", "MODULES": "1"}
        clinic = Clinic(folder / "clinic", port, **settings)
        ends.callback(clinic.kill)
        clinic.start()
        handset = Handset(playwright, chromium(), QUIET, {**PHONE, "base_url": url}, Watch())
        ends.callback(handset.forget)
        crowd = Crowd(clinic, Gauge(proxy), handset, url)
        crowd.open()
        yield crowd


def run(seeds: range) -> Result:
    """For each seed a queue of 500 and 1,000 races; the control arm is run beside the first seed."""
    found = Result(campaign="many-photos", seeds=[(seeds.start, seeds.stop)], trials=0)
    counts: dict[str, int] = {}
    failures: list[str] = []
    caught = 0
    with sync_playwright() as playwright:
        for seed in seeds:
            with tempfile.TemporaryDirectory() as folder, open_crowd(playwright, Path(folder)) as crowd:
                drained, raced = crowd.drain(PHOTOS), crowd.race(ROUNDS)
                caught += crowd.race(CONTROL_ROUNDS, locked=False).most_puts > 1
            failures += [f"seed {seed}: {what}" for what in complaints(drained, raced)]
            for name, count in numbers(drained, raced).items():
                counts[name] = counts.get(name, 0) + count
    return msgspec.structs.replace(
        found,
        trials=len(seeds) * (PHOTOS + ROUNDS),
        counts=counts,
        violations={"broken": len(failures)},
        controls=[Control(name="no lock", trials=len(seeds), caught=caught)],
        failures=failures,
    )


def complaints(drained: Drained, raced: Raced) -> list[str]:
    """Every promise of G13 that was not kept."""
    good = drained.puts - len(drained.poisoned)
    checks = {
        f"{drained.stored} stored of {good}": drained.stored == good,
        f"parked {drained.parked}": drained.parked == drained.poisoned,
        f"{drained.most_puts} PUTs at once while draining": drained.most_puts == 1,
        f"{raced.most_puts} PUTs at once in the races": raced.most_puts == 1,
        f"{raced.stored} stored of {raced.rounds} raced for": raced.stored == raced.rounds,
        f"a page's heap of {drained.during.heap_bytes} bytes": drained.during.heap_bytes < HEAP_LIMIT,
    }
    return [what for what, kept in checks.items() if not kept]


def numbers(drained: Drained, raced: Raced) -> dict[str, int]:
    """What is worth keeping of a run."""
    return {
        "photos": drained.stored + len(drained.parked),
        "parked": len(drained.parked),
        "bytes queued": drained.weight,
        "seconds to drain": round(drained.seconds),
        "rounds": raced.rounds,
        "puts": drained.puts + raced.puts,
        "most bytes of a page's heap": drained.during.heap_bytes,
        "bytes of the browser before": drained.before.resident_bytes,
        "most bytes of the browser": drained.during.resident_bytes,
    }
