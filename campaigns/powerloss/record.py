"""Records a day of the real program: its first start, three phones at once, a kill, a restart."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import msgspec

from campaigns.clients.phone import Phone
from campaigns.clients.wire import Gone, Later
from campaigns.powerloss.trace import RecordedHistory, Step, read_trace
from campaigns.server.program import ForkServer, Program, installation

PHONES = 3
DAYS = 2


class Recording(msgspec.Struct, frozen=True):
    """The folder that was watched, every step, and what was wrong with an answer."""

    folder: str
    steps: list[Step]
    broken: list[str]


def record(fork_server: ForkServer, seed: int, faulty_build: str = "") -> Recording:
    """A day in an installation of its own."""
    with installation(fork_server) as program:
        trace = program.folder.with_name("trace")
        history = RecordedHistory(trace)
        phones = _work(program, history, seed, {"trace": str(trace), "faulty_build": faulty_build})
        history.close()
        broken = [line for phone in phones for line in phone.broken]
        return Recording(str(program.folder), read_trace(trace), broken)


def _work(program: Program, history: RecordedHistory, seed: int, plan: dict[str, str]) -> list[Phone]:
    assert program.start(**plan), program.output
    phones = [Phone(program, history, seed * PHONES + place) for place in range(PHONES)]
    for phone in phones:
        phone.sign_in()
    _all_at_once(phones, Phone.live_a_whole_day)
    program.kill()
    assert program.start(**plan), program.output
    for _ in range(DAYS - 1):
        _all_at_once(phones, _one_more_day)
    program.kill()
    for phone in phones:
        phone.wire.close()
    return phones


def _one_more_day(phone: Phone) -> None:
    phone.resume()
    phone.live_a_whole_day()


def _all_at_once(phones: list[Phone], work: Callable[[Phone], None]) -> None:
    def work_or_report(phone: Phone) -> None:
        try:
            work(phone)
        except (Gone, Later) as problem:
            phone.broken.append(f"the undisturbed server did not answer: {problem}")

    with ThreadPoolExecutor(len(phones)) as pool:
        list(pool.map(work_or_report, phones))
