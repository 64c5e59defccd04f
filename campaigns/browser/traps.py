"""A trap at a point: the page, the worker or the request that comes there stands still until it is let go."""

from typing import Protocol

from campaigns.browser.inspector import LIMIT_S, NotReached, Target
from campaigns.browser.points import Point, line_of
from campaigns.browser.setting import Setting
from e2e.doubles.faults import Hold


class Trap(Protocol):
    """Armed when it is made."""

    def wait(self) -> None:
        """Until something is in it; raises ``NotReached``."""

    def release(self) -> None:
        """Let go of what stands still, if it still lives."""


class BreakTrap:
    """A breakpoint in the page or the worker, at its n-th pass."""

    def __init__(self, target: Target, point: Point, line: int, nth: int) -> None:
        self._target, self._nth = target, nth
        self._breakpoint = target.break_at(point.file, line)

    def wait(self) -> None:
        """Until it stands at the line."""
        self._target.hold(self._nth)

    def release(self) -> None:
        """Take the breakpoint away and go on."""
        self._target.send("Debugger.removeBreakpoint", breakpointId=self._breakpoint)
        self._target.send("Debugger.resume")


class LinkTrap:
    """The n-th request of a kind, stopped on its way."""

    def __init__(self, setting: Setting, point: Point, nth: int) -> None:
        self._hold = Hold(point.body_share, nth)
        self._point = point
        setting.proxy.fault(point.method, point.path, self._hold, early=True)

    def wait(self) -> None:
        """Until so much of it has come."""
        if not self._hold.reached.wait(LIMIT_S):
            raise NotReached(f"no {self._point.method} came so far")

    def release(self) -> None:
        """End its connection."""
        self._hold.release()


def set_trap(setting: Setting, point: Point, nth: int) -> Trap:
    """Arm the trap of a point for its n-th pass from now on."""
    if point.where == "link":
        return LinkTrap(setting, point, nth)
    target = setting.phone.screen if point.where == "page" else setting.phone.worker()
    return BreakTrap(target, point, line_of(point, setting.clinic.root), 1 if point.batch else nth)
