"""Transactions that share one commit."""

import asyncio

# Then the first of a batch has waited for a few milliseconds of other transactions' work.
MOST_JOINED = 16


class Batch:
    """Transactions that will be on the disk together, or not at all."""

    def __init__(self, changes: int) -> None:
        self.changes = changes
        self.joined = 0
        self.closing: asyncio.Task[None] | None = None
        self.settled = asyncio.Event()
        self.error: Exception | None = None


async def wait_for_joiners(batch: Batch) -> None:
    """Let requests that are here already join: one turn of the loop reads them, the next runs them."""
    quiet, before = 0, batch.joined
    while quiet < 2 and batch.joined < MOST_JOINED:
        await asyncio.sleep(0)
        quiet = quiet + 1 if batch.joined == before else 0
        before = batch.joined
