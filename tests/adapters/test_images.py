"""The inspector: real decoding in real worker processes, and what happens when one ends."""

import asyncio
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from PIL import Image

from app.adapters.imaging import inspector as images
from app.adapters.imaging.inspector import PillowInspector
from app.domain.errors import InvalidImage, Unavailable
from app.domain.ports.storage import InspectedImage
from tests.support.hostile_images import good, hostile
from tests.support.pictures import encoded, jpeg, webp

WORKER = Path(images.__file__).with_name("decoder.py")


@pytest.fixture
async def inspector() -> AsyncIterator[PillowInspector]:
    opened = PillowInspector(workers=1)
    yield opened
    await opened.close()


def process_of(inspector: PillowInspector) -> int:
    process = inspector._workers[0]._process
    assert process is not None
    return process.pid


def picture(image: InspectedImage) -> tuple[str, int, int]:
    """What the inspector says of the photo itself."""
    return image.content_type, image.width, image.height


async def underway(inspector: PillowInspector, body: bytes) -> "asyncio.Task[object]":
    """An inspection whose worker has been asked."""
    asked = asyncio.create_task(inspector.inspect(body))
    while not inspector._workers[0]._busy.locked():  # noqa: ASYNC110 - turns of the loop, no time
        await asyncio.sleep(0)
    return asked


async def interrupted(inspector: PillowInspector, signum: int) -> BaseException | object:
    """What an inspection gives whose worker is stopped, then ended by a signal."""
    await inspector.start()
    worker = process_of(inspector)
    os.kill(worker, signal.SIGSTOP)
    asked = await underway(inspector, jpeg(64, 48))
    os.kill(worker, signum)
    with suppress(ProcessLookupError):  # SIGKILL ends it in any state.
        os.kill(worker, signal.SIGCONT)
    return (await asyncio.gather(asked, return_exceptions=True))[0]


async def test_every_clean_photo_is_decoded(inspector: PillowInspector) -> None:
    """200 and more shapes of what a canvas writes; none may be refused."""
    for name, body in good().items():
        kind, width, height = picture(await inspector.inspect(body))
        assert kind == ("image/webp" if body[:4] == b"RIFF" else "image/jpeg"), name
        assert min(width, height) >= 1


async def test_every_hostile_file_is_refused_quickly(inspector: PillowInspector) -> None:
    """Each within two seconds, and the worker lives on."""
    await inspector.start()
    worker = process_of(inspector)
    for name, body in hostile().items():
        started = time.monotonic()
        with pytest.raises(InvalidImage):
            await inspector.inspect(body)
        assert time.monotonic() - started < 2, name
    assert process_of(inspector) == worker


async def test_damaged_photos_are_answered_one_way_or_the_other(inspector: PillowInspector) -> None:
    """Random damage: a picture or a refusal, never anything else, and the worker lives on."""
    chance = random.Random(20261122)
    for source in (jpeg(200, 150), jpeg(200, 150, progressive=True), webp(200, 150)):
        for _ in range(60):
            body = bytearray(source)
            for _ in range(chance.randint(1, 8)):
                body[chance.randrange(len(body))] = chance.randrange(256)
            try:
                await inspector.inspect(bytes(body))
            except InvalidImage:
                continue
    assert picture(await inspector.inspect(jpeg(200, 150))) == ("image/jpeg", 200, 150)


async def test_many_photos_at_once_wait_for_a_worker() -> None:
    """More photos than workers: all are answered, each with its own size."""
    inspector = PillowInspector(workers=2)
    sizes = [(40 + step, 30 + step) for step in range(12)]

    found = await asyncio.gather(*(inspector.inspect(jpeg(*size)) for size in sizes))
    await inspector.close()

    assert [(one.width, one.height) for one in found] == sizes


async def test_a_photo_that_crashes_the_decoder_is_no_photo(inspector: PillowInspector) -> None:
    """A crash is the picture's doing; the next one gets a new worker."""
    outcome = await interrupted(inspector, signal.SIGSEGV)

    assert isinstance(outcome, InvalidImage)
    assert picture(await inspector.inspect(jpeg(64, 48))) == ("image/jpeg", 64, 48)


async def test_a_photo_that_uses_up_its_time_is_no_photo(inspector: PillowInspector) -> None:
    """The kernel's signal for used-up CPU time counts as the picture's doing."""
    assert isinstance(await interrupted(inspector, signal.SIGXCPU), InvalidImage)


async def test_a_worker_that_is_killed_is_no_verdict_on_the_photo(inspector: PillowInspector) -> None:
    """Killed from outside: try again later, and later works."""
    outcome = await interrupted(inspector, signal.SIGKILL)

    assert isinstance(outcome, Unavailable)
    assert picture(await inspector.inspect(jpeg(64, 48))) == ("image/jpeg", 64, 48)


async def test_a_worker_that_hangs_is_replaced(
    inspector: PillowInspector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No answer in time and no CPU used: unavailable for now, then a new worker."""
    await inspector.start()
    hung = process_of(inspector)
    os.kill(hung, signal.SIGSTOP)
    monkeypatch.setattr(images, "ANSWER_SECONDS", 0.05)

    with pytest.raises(Unavailable):
        await inspector.inspect(jpeg(64, 48))

    monkeypatch.undo()
    assert picture(await inspector.inspect(jpeg(64, 48))) == ("image/jpeg", 64, 48)
    assert process_of(inspector) != hung


@contextmanager
def no_files_left() -> Iterator[None]:
    """This process may open no file more; what is open stays usable."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_without_a_process_to_be_had_the_check_waits(inspector: PillowInspector) -> None:
    """A server that has run out of files cannot start a worker; with files again it does."""
    with no_files_left(), pytest.raises(Unavailable) as refused:
        await inspector.inspect(jpeg(64, 48))

    assert isinstance(refused.value.__cause__, OSError)
    assert picture(await inspector.inspect(jpeg(64, 48))) == ("image/jpeg", 64, 48)


async def test_a_cancelled_inspection_does_not_answer_the_next(inspector: PillowInspector) -> None:
    """The client went away in the middle: the next photo gets its own answer."""
    await inspector.start()
    os.kill(process_of(inspector), signal.SIGSTOP)
    asked = await underway(inspector, jpeg(99, 98))
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)

    assert picture(await inspector.inspect(jpeg(64, 48))) == ("image/jpeg", 64, 48)


async def test_a_photo_over_the_memory_limit_is_refused() -> None:
    """A small limit refuses what the usual one accepts."""
    large = encoded(Image.new("RGB", (2048, 2048)), "JPEG")
    tight, usual = PillowInspector(workers=1, memory=32 * 1024 * 1024), PillowInspector(workers=1)

    with pytest.raises(InvalidImage):
        await tight.inspect(large)
    assert (await usual.inspect(large)).width == 2048
    await tight.close()
    await usual.close()


def test_the_kernel_ends_a_worker_that_spins() -> None:
    """The CPU limit is real: a loop that never ends is ended by SIGXCPU."""
    code = f"import runpy; runpy.run_path({str(WORKER)!r})['_allow_seconds'](0)\nwhile True: pass"

    done = subprocess.run([sys.executable, "-I", "-c", code], timeout=30, check=False)

    assert done.returncode == -signal.SIGXCPU


async def test_workers_end_with_their_inspector(inspector: PillowInspector) -> None:
    """Nothing is left running."""
    await inspector.start()
    worker = process_of(inspector)

    await inspector.close()

    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)
