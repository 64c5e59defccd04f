"""What a measurement says: one line each, with its ratio and its goal where it has one."""

import statistics
from collections.abc import Iterable, Sequence

import msgspec


class Line(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One number of the table; ``ratio`` is what the goal, a most, speaks of."""

    part: str
    what: str
    value: float
    unit: str
    spread: tuple[float, float] | None = None
    ratio: float | None = None
    against: str = ""
    goal: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached, None without one."""
        measured = self.value if self.ratio is None else self.ratio
        return None if self.goal is None else measured <= self.goal


def line(part: str, what: str, values: Sequence[float], unit: str, **more: object) -> Line:
    """The median of some rounds, with the lowest and the highest."""
    ends = (min(values), max(values)) if len(values) > 1 else None
    fields = {"part": part, "what": what, "value": statistics.median(values), "unit": unit, "spread": ends}
    return msgspec.convert({**fields, **more}, Line, strict=False)


def paired(subject: Sequence[float], floor: Sequence[float]) -> float:
    """Median of the ratios within each round, so that what disturbs a round disturbs both."""
    return statistics.median(mine / theirs for mine, theirs in zip(subject, floor, strict=True))


def table(lines: Iterable[Line]) -> str:
    """Markdown, which is readable in a terminal as well."""
    rows: list[tuple[str, ...]] = [("", "what", "median (lowest–highest)", "ratio", "goal", "")]
    rows += [_cells(each) for each in lines]
    widths = [max(len(row[place]) for row in rows) for place in range(6)]
    ruled = [rows[0], tuple("-" * width for width in widths), *rows[1:]]
    return "\n".join("| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in ruled)


def _cells(each: Line) -> tuple[str, ...]:
    spread = "" if each.spread is None else f" ({_number(each.spread[0])}–{_number(each.spread[1])})"
    ratio = "" if each.ratio is None else f"{_number(each.ratio)}× {each.against}"
    goal = "" if each.goal is None else f"≤ {each.goal:g}" + ("×" if each.ratio is not None else "")
    verdict = {None: "", True: "met", False: "missed"}[each.met]
    return each.part, each.what, f"{_number(each.value)}{spread} {each.unit}", ratio, goal, verdict


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
