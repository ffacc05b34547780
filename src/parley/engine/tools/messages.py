"""What a user is told while a tool is used: that it starts, takes long, is done, has failed. Knows no kinds of tool.

Source: Conversations API, section 8 (tool messages): scripted variants, or what a model makes of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

from parley.domain.ids import StepID
from parley.domain.tools import Tool, ToolMessage
from parley.engine.asking import ask, remembered
from parley.engine.saying import say, variant_of
from parley.engine.telling import Telling
from parley.engine.templates import render
from parley.engine.turn import Turn
from parley.ports.llm import Asked, Line

Event = Literal["start", "complete", "failed", "delayed"]
_WHAT = {
    "start": "is about to use",
    "complete": "has just used, successfully,",
    "failed": "has tried in vain to use",
    "delayed": "is still waiting for",
}
_LONGEST = 500


async def tell(event: Event, tool: Tool, turn: Turn) -> None:
    """Say what is to be said now; nothing where the author wants nothing said."""
    message: ToolMessage | None = getattr(tool.messages, event)
    if message is None:
        return
    text = await _generated(event, tool, message, turn) if message.generated else None
    if text:
        Telling(turn, streams=turn.config.completion_events).finish(text)
        return
    said = variant_of(StepID(f"{tool.name}/{event}"), message.variants, turn)
    if said is not None:
        say(said, turn)


@asynccontextmanager
async def watching(tool: Tool, turn: Turn) -> AsyncIterator[None]:
    """While this is entered the tool runs: the user is told that it begins, and once when it takes long."""
    start, delayed = tool.messages.start, tool.messages.delayed
    starting = asyncio.create_task(tell("start", tool, turn)) if start is not None and start.generated else None
    if starting is None:
        await tell("start", tool, turn)
    waiting = None if delayed is None else asyncio.create_task(_wait(tool, turn))
    try:
        yield
    finally:
        if waiting is not None:
            waiting.cancel()
        try:
            if starting is not None:
                await starting
        finally:
            await asyncio.gather(*(each for each in (waiting,) if each is not None), return_exceptions=True)


async def _wait(tool: Tool, turn: Turn) -> None:
    await turn.world.sleep(tool.messages.delay)
    await tell("delayed", tool, turn)


async def _generated(event: Event, tool: Tool, message: ToolMessage, turn: Turn) -> str | None:
    """One sentence of a model's; None where there is no model, which leaves the variants."""
    examples = "\n".join(f"- {render(each.text, turn.variables)}" for each in message.variants)
    about = f" ({tool.about})" if tool.about else ""
    system = (
        f"The assistant {_WHAT[event]} the tool '{tool.name}'{about}. Write the one short sentence that it says to the "
        "user about that, in the user's language. Promise nothing, and name no tool."
    )
    parts = (system, f"For example:\n{examples}" if examples else "")
    asked = Asked(
        (*remembered(turn), Line("user", "(the sentence, and nothing else)")), "\n\n".join(filter(None, parts))
    )
    answer = await ask(asked, turn)
    return None if answer is None else answer.text.strip()[:_LONGEST]
