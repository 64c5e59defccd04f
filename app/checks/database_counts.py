"""What the database has counted, in sentences for the operator.

The numbers are those of ``/metrics``, which keeps their names for machines.
"""

from collections.abc import Iterator, Mapping

UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60))
COUNTERS = {
    "sweep_stored_total": "{} whose phone had fallen silent {was} stored.",
    "sweep_refused_total": "{} {was} refused: damaged, or no photo.",
    "sweep_failed_total": "{} could not be finished and {was} left for later.",
    "sweep_erased_total": "{} that had been deleted {was} erased from the store.",
    "reconcile_done_total": "{} {was} put right by reconcile.",
}


def count_sentences(counts: Mapping[str, float]) -> Iterator[str]:
    """What waits now, then what was done since the database was made; counters at 0 are left out."""
    yield _pending(counts)
    yield _waiting(
        counts["outbox"], "signal waits", "signals wait", "to be sent to desktops", counts["oldest_outbox_s"]
    )
    yield _waiting(counts["erasures"], "deleted photo waits", "deleted photos wait", "to be erased", 0)
    yield _waiting(
        counts["announced"], "photo waits", "photos wait", "on phones", counts["oldest_announced_s"]
    )
    yield _missing(int(counts["missing"]))
    for name, sentence in COUNTERS.items():
        if count := int(counts.get(name, 0)):
            photos = _counted(count, "photo", "photos")
            yield "So far: " + sentence.format(photos, was="was" if count == 1 else "were")


def _pending(counts: Mapping[str, float]) -> str:
    pending = int(counts["pending"])
    if not pending:
        return "No upload is under way."
    under_way = _counted(pending, "upload is", "uploads are")
    oldest = lasting(counts["oldest_pending_s"])
    old = f"{counts['pending_over_1h']:g} for over an hour, {counts['pending_over_1d']:g} for over a day"
    return f"{under_way} under way, the oldest for {oldest}; {old}."


def _waiting(count: float, one: str, many: str, where: str, oldest_s: float) -> str:
    if not count:
        return f"No {one} {where}."
    since = f", the oldest for {lasting(oldest_s)}" if oldest_s else ""
    return f"{_counted(int(count), one, many)} {where}{since}."


def _missing(count: int) -> str:
    if not count:
        return "No photo is missing."
    return (
        f"{_counted(count, 'photo is', 'photos are')} missing: gone from a phone before reaching the server."
    )


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def lasting(seconds: float) -> str:
    """A time in its largest whole unit: ``3 hours``."""
    unit, length = next((unit for unit in UNITS if seconds >= unit[1]), ("second", 1))
    return _counted(int(seconds // length), unit, f"{unit}s")
