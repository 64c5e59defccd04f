"""Log lines: one JSON object each, of listed fields only, and without terminal commands."""

import asyncio
import io
import json
from collections.abc import Iterator
from pathlib import PurePosixPath
from uuid import UUID

import pytest
import structlog

from app.server import log


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What is logged from here on; the configuration of the other tests comes back afterwards."""
    before, stream = structlog.get_config(), io.StringIO()
    log.configure("info", stream)
    yield stream
    structlog.configure(**before)


@pytest.fixture
def turns() -> Iterator[io.StringIO]:
    """What a server logs from here on."""
    before, stream = structlog.get_config(), io.StringIO()
    log.configure("info", stream, serving=True)
    yield stream
    structlog.configure(**before)


def test_a_line_is_one_object_with_level_and_time(written: io.StringIO) -> None:
    """What an operator's tools read."""
    structlog.get_logger().info("request", status=200, duration_ms=1.25, user=None)

    line = json.loads(written.getvalue())
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "request", "level": "info", "status": 200, "duration_ms": 1.25, "user": None}


def test_a_field_that_is_not_listed_is_left_out(written: io.StringIO) -> None:
    """Patient data has no field, so it cannot be logged by accident."""
    structlog.get_logger().info("request", label="Mrs Example", status=200)

    assert "Example" not in written.getvalue()
    assert json.loads(written.getvalue())["status"] == 200


@pytest.mark.parametrize(
    "text", ["two\nlines", "\x1b[2J", "\u009b2J", "\u2028", "Zürich \u202e", "half \ud800"], ids=ascii
)
def test_no_character_is_a_command_to_a_terminal(written: io.StringIO, text: str) -> None:
    """One line of printable ASCII, whatever was logged; reading it gives the same text back."""
    structlog.get_logger().info("request", reason=text)

    line = written.getvalue().removesuffix("\n")
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["reason"] == text


def test_what_json_does_not_know_is_shown_as_python_shows_it(written: io.StringIO) -> None:
    """A log line never fails because of a value in it."""
    structlog.get_logger().info("request", where=PurePosixPath("/a"))

    assert json.loads(written.getvalue())["where"] == "PurePosixPath('/a')"


def test_a_photo_without_its_thumbnail_is_one_line(written: io.StringIO) -> None:
    """Which photo, and why: ids only."""
    log.log_missing_thumbnail(UUID(int=7), "StorageFull")

    line = json.loads(written.getvalue())
    assert line.pop("timestamp")
    assert line == {
        "event": "thumbnail.failed",
        "level": "warning",
        "photo": str(UUID(int=7)),
        "reason": "StorageFull",
    }


def test_what_is_below_the_level_is_not_written(written: io.StringIO) -> None:
    """``LOG_LEVEL`` says how much is said."""
    structlog.get_logger().debug("request")

    assert not written.getvalue()


def test_the_lines_of_one_turn_are_written_together(turns: io.StringIO) -> None:
    """None before the turn ends, all of them after it, in order; the next turn has a write of its own."""

    async def log_twice() -> list[int]:
        seen = []
        for reason in ("first", "second"):
            structlog.get_logger().info("request", reason=reason)
            structlog.get_logger().info("request", reason="beside")
            seen.append(turns.getvalue().count("\n"))
            await asyncio.sleep(0)
        return [*seen, turns.getvalue().count("\n")]

    assert asyncio.run(log_twice()) == [0, 2, 4]
    reasons = [json.loads(line)["reason"] for line in turns.getvalue().splitlines()]
    assert reasons == ["first", "beside", "second", "beside"]


def test_a_line_without_a_loop_is_written_at_once(turns: io.StringIO) -> None:
    """Before it runs, after it, and in a thread beside it."""
    structlog.get_logger().info("request", reason="before")
    assert turns.getvalue().count("\n") == 1

    async def log_in_a_thread() -> int:
        await asyncio.to_thread(structlog.get_logger().info, "request", reason="beside")
        return turns.getvalue().count("\n")

    assert asyncio.run(log_in_a_thread()) == 2


def test_a_loop_that_ends_within_a_turn_loses_no_line(turns: io.StringIO) -> None:
    """Its lines come with the next one, or with the end of the process."""

    async def log_and_end() -> None:
        structlog.get_logger().info("request", reason="last words")
        asyncio.get_running_loop().stop()

    loop = asyncio.new_event_loop()
    task = loop.create_task(log_and_end())
    loop.run_forever()
    assert task.done()
    loop.close()
    structlog.get_logger().info("request", reason="afterwards")

    reasons = [json.loads(line)["reason"] for line in turns.getvalue().splitlines()]
    assert reasons == ["last words", "afterwards"]
