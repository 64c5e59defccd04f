"""The floor under every server number: a Litestar app with one empty POST, JSON in and out.

``python -m bench.floor PORT`` serves it with the options that the product is served with.
"""

import asyncio
import sys

import msgspec
import uvicorn
import uvloop
from litestar import Litestar, post

from app.server.serving import options, serve_together


class Word(msgspec.Struct):
    """As little JSON as one can say."""

    word: str


@post("/empty", status_code=200)
async def empty(data: Word) -> Word:
    """Nothing but the framework."""
    return data


def main(port: int) -> None:
    """Serve until a signal."""
    config = uvicorn.Config(Litestar([empty], logging_config=None), port=port, **options())
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve_together([config], lambda: print("serving", flush=True)))


if __name__ == "__main__":
    main(int(sys.argv[1]))
