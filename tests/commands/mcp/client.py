"""A client made with the protocol's own SDK: run by the Python of an environment that has it.

``client.py ERA COMMAND``: starts the server where it is called, and prints what the tools answered as one
JSON document. ERA is ``legacy`` (a handshake) or ``auto`` (what the SDK does of itself).
"""

import asyncio
import json
import os
import sys

from mcp import Client, StdioServerParameters  # type: ignore[import-not-found, unused-ignore]


async def main(era: str, command: str, *words: str) -> None:
    told: list[str] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        told.append(message or "")

    # Left to itself, the SDK hands on little of the environment.
    server = StdioServerParameters(command=command, args=list(words), env=dict(os.environ))
    async with Client(server, mode=era) as client:
        tools = await client.list_tools()
        answers = {"version": client.protocol_version, "tools": [tool.name for tool in tools.tools]}
        answers["diagnose"] = text(await client.call_tool("diagnose", {"only": ["not-running"]}))
        plan = text(await client.call_tool("plan_repair", {}))
        answers["plan"] = plan
        token = json.loads(plan.split("<machine-data>\n")[1].split("\n</machine-data>")[0])["token"]
        arguments = {"token": token, "hold_for_s": 1}
        answers["done"] = text(await client.call_tool("apply_repair", arguments, progress_callback=hear))
        again = await client.call_tool("apply_repair", arguments)
        answers["again"], answers["refused"] = text(again), again.is_error
        answers["progress"] = told
    print(json.dumps(answers))


def text(result: object) -> str:
    return "".join(block.text for block in result.content)  # type: ignore[attr-defined]


asyncio.run(main(*sys.argv[1:]))
