"""A hub for tests in other languages: JSON commands on stdin, JSON answers on stdout, line by line."""

import asyncio
import json
import sys
from typing import Any

from app.embedded.hub import HubLimits, HubSignals
from tests.contract.hub_running import RunningHub


async def main() -> None:
    """``{"start"}``, ``{"stop"}``, ``{"token": user, "seconds": n}``, ``{"publish": user, "id": …}``."""
    running = RunningHub(limits=HubLimits(shortest_token_seconds=1))
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    async for line in reader:
        answer = await obey(running, json.loads(line))
        print(json.dumps(answer), flush=True)
    await running.stop()


async def obey(running: RunningHub, command: dict[str, Any]) -> dict[str, Any]:
    """Do one command."""
    if "start" in command:
        await running.start()
        return {"port": running.port}
    if "stop" in command:
        await running.stop()
        return {}
    assert running.hub
    signals = HubSignals(running.hub, command.get("seconds", 900))
    if "token" in command:
        return {"token": signals.token(command["token"])}
    await signals.publish(command["publish"], command["id"], command["payload"])
    return {}


if __name__ == "__main__":
    asyncio.run(main())
