"""What ``doctor`` prints about the database's counts: plain sentences, true for none, one and many."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.adapters.database.engine import SqlDatabase
from app.checks.database_counts import COUNTERS, count_sentences, lasting

BUSY = {
    "pending": 3.0, "oldest_pending_s": 7_300.0, "pending_over_5m": 2.0, "pending_over_1h": 1.0,
    "pending_over_1d": 0.0, "outbox": 1.0, "oldest_outbox_s": 40.0, "erasures": 2.0, "announced": 2.0,
    "oldest_announced_s": 100_000.0, "missing": 1.0, "sweep_stored_total": 1.0, "sweep_erased_total": 2.0,
}  # fmt: skip


async def test_an_idle_clinic_is_described_in_sentences(tmp_path: Path) -> None:
    """From the real database's own counts, so that no name is guessed."""
    database = await SqlDatabase.open(tmp_path / "capture.sqlite3")
    await database.migrate()
    async with database.transaction() as tx:
        counts = await tx.metrics.counts(datetime.now(UTC))
    await database.close()

    assert list(count_sentences(counts)) == [
        "No upload is under way.",
        "No signal waits to be sent to desktops.",
        "No deleted photo waits to be erased.",
        "No photo waits on phones.",
        "No photo is missing.",
    ]


def test_a_busy_clinic_is_described_in_sentences() -> None:
    """One is not many, and what waits is given with its age."""
    assert list(count_sentences(BUSY)) == [
        "3 uploads are under way, the oldest for 2 hours; 1 for over an hour, 0 for over a day.",
        "1 signal waits to be sent to desktops, the oldest for 40 seconds.",
        "2 deleted photos wait to be erased.",
        "2 photos wait on phones, the oldest for 1 day.",
        "1 photo is missing: gone from a phone before reaching the server.",
        "So far: 1 photo whose phone had fallen silent was stored.",
        "So far: 2 photos that had been deleted were erased from the store.",
    ]


@pytest.mark.parametrize("name", COUNTERS)
def test_every_tally_is_a_sentence(name: str) -> None:
    """For one photo and for two."""
    one, two = (list(count_sentences({**BUSY, name: count}))[5:] for count in (1.0, 2.0))

    assert any("1 photo" in sentence and "were" not in sentence for sentence in one)
    assert any("2 photos" in sentence for sentence in two)
    assert all(sentence.endswith(".") and "_" not in sentence for sentence in (*one, *two))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 seconds"), (1.5, "1 second"), (59.9, "59 seconds"), (60, "1 minute"), (7_200, "2 hours")],
)
def test_a_time_is_given_in_its_largest_unit(seconds: float, text: str) -> None:
    """No operator reads 93600 s."""
    assert lasting(seconds) == text
