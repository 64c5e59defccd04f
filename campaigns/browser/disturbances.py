"""Faults of the matrix beyond the wire.

Each is a generator: it arms itself, then (after *Upload*) acts, then heals; between these steps the matrix
does what users do.
"""

import sqlite3
from collections.abc import Callable, Iterator

from campaigns.browser.camera_faults import frames_stop, platform_silent
from campaigns.browser.cells import Cell
from campaigns.browser.injections import WHERE, WIRES, strike
from campaigns.browser.inspector import LIMIT_S, NotReached
from campaigns.browser.scripts import EDIT, LOSE_CONNECTIONS, SHIFT
from campaigns.browser.setting import Setting
from campaigns.checker.disk import DATABASE
from campaigns.checker.events import DeleteAsked
from e2e.doubles.faults import Hold
from e2e.doubles.proxy import Proxy, Writer
from e2e.doubles.request import Request

Steps = Iterator[None]
HALF = {"p2": 0.5, "p3": 0.5, "p4": 1.0, "p5": 1.0}
FLAPS = 60
HOUR_MS = 3_600_000
SHIFTS_MS = {
    "clock 5 h ahead": 5 * HOUR_MS,
    "clock 5 h behind": -5 * HOUR_MS,
    "clock in 2039": 12 * 8766 * HOUR_MS,
}


def wire(setting: Setting, cell: Cell) -> Steps:
    """A fault of the link, made by the proxy."""
    strike(setting.proxy, cell.injection, cell.phase, cell.times)
    yield
    yield
    setting.proxy.heal()


def hold_request(setting: Setting, phase: str) -> Hold:
    """Stop the first request of a phase half-way."""
    hold = Hold(HALF[phase])
    method, path = WHERE[phase]
    setting.proxy.fault(method, path, hold, early=True)
    return hold


def come_to(hold: Hold) -> None:
    """Wait until the request is there."""
    if not hold.reached.wait(LIMIT_S):
        raise NotReached("the request never came")


def server_dies(setting: Setting, cell: Cell) -> Steps:
    """The server is killed, or asked to stop, in the middle of a request, and comes back."""
    hold = hold_request(setting, cell.phase)
    yield
    come_to(hold)
    setting.proxy.heal()
    setting.clinic.kill() if cell.injection == "server killed" else setting.clinic.stop()
    hold.release()
    setting.clinic.start()
    yield


def database_away(setting: Setting, cell: Cell) -> Steps:
    """The database takes no change for a while, as one that sleeps or has no room for connections."""
    hold = None if cell.phase == "p2" else hold_request(setting, cell.phase)
    database = sqlite3.connect(setting.disk.data / DATABASE, isolation_level=None)
    if hold is None:
        database.execute("BEGIN IMMEDIATE")
    yield
    if hold is not None:
        come_to(hold)
        database.execute("BEGIN IMMEDIATE")
        setting.proxy.heal()
        hold.release()
    yield
    database.rollback()
    database.close()


def offline(setting: Setting, cell: Cell) -> Steps:
    """The browser itself says that there is no network, before or in the middle of a request."""
    context = setting.phone.page.context
    hold = None if cell.phase == "p2" else hold_request(setting, cell.phase)
    if hold is None:
        context.set_offline(True)
    yield
    if hold is not None:
        come_to(hold)
        context.set_offline(True)
        hold.release()
        setting.proxy.heal()
    yield
    context.set_offline(False)


def flapping(setting: Setting, _: Cell) -> Steps:
    """The network comes and goes; every attempt has its reconnect, and there is no busy loop."""
    yield
    context = setting.phone.page.context
    for _turn in range(FLAPS):
        context.set_offline(True)
        setting.phone.page.wait_for_timeout(20)
        context.set_offline(False)
        setting.phone.page.wait_for_timeout(20)
    if (asked := setting.proxy.count("POST", WHERE["p2"][1])) > FLAPS + 5:
        setting.complain(f"{asked} presigns in {FLAPS} reconnects")
    yield


def refused(setting: Setting, _: Cell) -> Steps:
    """The port is closed; open connections are cut."""
    setting.proxy.down = True
    yield
    yield
    setting.proxy.heal()


def slow(setting: Setting, cell: Cell) -> Steps:
    """A link of 5 kB/s, or one with a latency of two seconds."""
    if cell.injection == "5 kB/s":
        setting.proxy.uplink_bytes_per_s = setting.proxy.bytes_per_s = 5_000
    else:
        setting.proxy.latency_s = 2.0
    yield
    yield


def lost_connection(setting: Setting, _: Cell) -> Steps:
    """The browser drops the page's connections to its database, as phones do in the background."""
    setting.phone.page.evaluate(LOSE_CONNECTIONS)
    yield
    yield


def crowd(setting: Setting, _: Cell) -> Steps:
    """Three pages that all get ``online`` again and again; one PUT at a time."""
    now: list[str] = []
    most: list[int] = [0]

    async def count(proxy: Proxy, request: Request, writer: Writer) -> None:
        now.append(request.path)
        most[0] = max(most[0], len(now))
        await request.read()
        answer = await proxy.upstream(request)
        now.remove(request.path)
        await proxy.send(writer, answer)

    setting.proxy.fault(*WHERE["p3"], count, early=True)
    others = [setting.phone.page.context.new_page() for _page in range(2)]
    for page in others:
        page.goto("/mobile")
    yield
    for _turn in range(10):
        for page in (setting.phone.page, *others):
            page.evaluate("dispatchEvent(new Event('online'))")
    yield
    for page in others:
        page.close()
    if most[0] != 1:
        setting.complain(f"{most[0]} PUTs at once")


def shifted_clock(setting: Setting, cell: Cell) -> Steps:
    """The page's clock is wrong from the shutter on."""
    setting.phone.page.evaluate(SHIFT, SHIFTS_MS[cell.injection])
    yield
    yield
    setting.phone.page.reload()


def closed_consultation(setting: Setting, cell: Cell) -> Steps:
    """The consultation ends while its photos are on their way; they come late, and to it."""
    hold = hold_request(setting, cell.phase)
    yield
    come_to(hold)
    setting.close_consultation()
    setting.proxy.heal()
    hold.release()
    yield


def desk_moves_on(setting: Setting, cell: Cell) -> Steps:
    """Another patient is on the desktop while photos are on their way."""
    hold = hold_request(setting, cell.phase)
    yield
    come_to(hold)
    setting.move_desk()
    setting.proxy.heal()
    hold.release()
    yield


def damaged(setting: Setting, cell: Cell) -> Steps:
    """The phone's own storage loses or changes the bytes of one photo."""
    work = "missing" if cell.injection.startswith("missing") else "flip"
    photo = setting.phone.page.evaluate(EDIT, [setting.phone.database, work])
    # The harness destroyed it: from here on it may be missing.
    setting.record(DeleteAsked(photo=photo))
    yield
    yield


DISTURBANCES: dict[str, Callable[[Setting, Cell], Steps]] = {
    **dict.fromkeys(WIRES, wire),
    **dict.fromkeys(SHIFTS_MS, shifted_clock),
    "server killed": server_dies,
    "server restarted": server_dies,
    "database takes no change": database_away,
    "offline": offline,
    "flapping": flapping,
    "refused": refused,
    "5 kB/s": slow,
    "2 s latency": slow,
    "lost connection to the database": lost_connection,
    "three pages and the worker": crowd,
    "consultation closed": closed_consultation,
    "desk moves on": desk_moves_on,
    "flipped bit on the phone": damaged,
    "missing bytes on the phone": damaged,
    "frames stop": frames_stop,
    "platform calls never answer": platform_silent,
}
