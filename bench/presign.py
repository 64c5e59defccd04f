"""(a) A presign request, token check and durable row included, against an empty POST, one core each.

The limiter of the product stays on, so many clinicians ask: each stays below what one may ask at
once. Tokens are minted for every round; each is verified once and then remembered, as for a phone.
"""

import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path

import msgspec

from app.config.identifiers import uuid7
from bench.load import Fire, Fired, generator, request
from bench.machine import cpu_seconds, pin, two_cores
from bench.report import Line, line, paired
from bench.running import MeasuredClinic, serving
from bench.users import SignedInUser, make_accounts, mint, page_headers, prepare, sign_in

PART = "presign"
CONNECTIONS = 16
# A user may ask 120 times at once (app/web/middleware/rate_limit.py).
ASKS_EACH = 100


class Effort(msgspec.Struct, frozen=True, kw_only=True):
    """How much is measured."""

    rounds: int = 5
    floor: int = 4000
    single: int = 1600
    batch: int = 120


class Round(msgspec.Struct, frozen=True):
    """One subject in one round: requests per second, CPU in µs per request, ms."""

    per_second: float
    cpu_us: float
    p50_ms: float


def measure(folder: Path, effort: Effort) -> list[Line]:
    """Rounds of floor, one photo a request, twenty photos a request."""
    clinic = MeasuredClinic(folder / "presign", SWEEP_SECONDS="3600")
    asks = (effort.rounds + 1) * (effort.single + effort.batch)
    accounts = prepare(clinic, lambda backends: make_accounts(backends, asks // ASKS_EACH + 1))
    server, other = two_cores()
    clinic.start()
    try:
        with serving("floor") as floor, generator(other) as fire:
            signed_in = sign_in(clinic, [account.name for account in accounts])
            clinic.hold_to(server)
            pin(floor[0], server)
            rounds = _Rounds(clinic, signed_in, fire, floor, effort).run()
    finally:
        clinic.kill()
    return _lines(rounds)


class _Rounds:
    def __init__(
        self,
        clinic: MeasuredClinic,
        users: Sequence[SignedInUser],
        fire: Fire,
        floor: tuple[int, int],
        effort: Effort,
    ) -> None:
        self._clinic = clinic
        self._users = users
        self._fire = fire
        self._floor_server = floor
        self._effort = effort
        self._order = cycle(range(len(users)))

    def run(self) -> dict[str, list[Round]]:
        """Floor and subjects in turn; one round more than counts, since the first one warms up."""
        steps = {"floor": self._floor, "single": self._single, "batch": self._batch}
        rounds: dict[str, list[Round]] = {name: [] for name in steps}
        for number in range(self._effort.rounds + 1):
            for name, step in steps.items():
                found = step()
                if number:
                    rounds[name].append(found)
        return rounds

    def _floor(self) -> Round:
        process, port = self._floor_server
        asks = [request("POST", "/empty", {"host": "localhost"}, b'{"word":"go"}')] * self._effort.floor
        return self._measure(process, port, asks)

    def _single(self) -> Round:
        return self._measure(self._clinic.process, self._clinic.port, self._asks(self._effort.single, 1))

    def _batch(self) -> Round:
        return self._measure(self._clinic.process, self._clinic.port, self._asks(self._effort.batch, 20))

    def _asks(self, count: int, photos: int) -> list[bytes]:
        tokens = mint(self._clinic, self._users)
        headers = page_headers(self._clinic)
        made = []
        for _, place in zip(range(count), self._order, strict=False):
            user, bearer = self._users[place], {"authorization": f"Bearer {tokens[place]}"}
            body = msgspec.json.encode({"photos": list(_photos(user, photos))})
            made.append(request("POST", "/api/uploads/presign", headers | bearer, body))
        return made

    def _measure(self, process: int, port: int, requests: list[bytes]) -> Round:
        before = cpu_seconds(process)
        fired = self._fire(port, requests, CONNECTIONS)
        spent = cpu_seconds(process) - before
        _all_answered(fired)
        return Round(fired.per_second, spent / len(requests) * 1e6, fired.p50_ms)


def _lines(rounds: dict[str, list[Round]]) -> list[Line]:
    rate = {name: [each.per_second for each in found] for name, found in rounds.items()}
    cpu = {name: [each.cpu_us for each in found] for name, found in rounds.items()}
    p50 = [each.p50_ms for each in rounds["single"]]
    empty = "an empty POST"
    return [
        line(PART, "empty Litestar POST", rate["floor"], "/s"),
        line(PART, "empty Litestar POST, CPU", cpu["floor"], "µs"),
        line(PART, "one photo, token and durable row", rate["single"], "/s",
             ratio=paired(rate["floor"], rate["single"]), against=f"fewer than {empty}"),
        line(PART, "the same, CPU", cpu["single"], "µs",
             ratio=paired(cpu["single"], cpu["floor"]), against=empty, goal=3),
        line(PART, f"the same, p50 at {CONNECTIONS} at once", p50, "ms"),
        line(PART, "twenty photos a request", [20 * each for each in rate["batch"]], "URLs/s"),
        line(PART, "the same, CPU per photo", [each / 20 for each in cpu["batch"]], "µs",
             ratio=paired([each / 20 for each in cpu["batch"]], cpu["floor"]), against=empty),
    ]  # fmt: skip


def _photos(user: SignedInUser, count: int) -> Iterator[dict[str, object]]:
    for _ in range(count):
        yield {
            "photoId": str(uuid7()),
            "consultationId": user.consultation,
            "owner": user.user,
            "contentType": "image/jpeg",
            "size": 150_000,
            "sha256": uuid.uuid4().hex * 2,
            "width": 800,
            "height": 600,
            "capturedAt": datetime.now(UTC).isoformat(),
        }


def _all_answered(fired: Fired) -> None:
    assert set(fired.statuses) == {200}, f"not every request was answered with 200: {fired.statuses}"
