"""What is told of tools that a model uses, for who watches the conversation."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from tests.engine.test_tools import ORDER, STEP, URL, Played, a_call, ok

from parley.backends.tools.scripted import ScriptedTools
from parley.domain.tools import FunctionTool, Tool
from parley.engine.tools.deferred import arrived
from parley.engine.tools.telling_use import LONGEST
from parley.engine.tools.use import use
from parley.ports.llm import ToolCall


def told(played: Played) -> list[dict[str, Any]]:
    """The metadata of the traces about tools, in order."""
    return [payload["metadata"] for payload in played.told("debug") if "metadata" in payload]


async def test_a_use_is_told_when_it_begins_and_with_its_result_when_it_is_over() -> None:
    played = Played(ORDER, world={"tools": ScriptedTools({URL: ok({"status": "shipped"})})})
    await played.call("order", id=7)
    assert told(played) == [
        {"call_id": "c1", "tool_name": "order", "input": {"id": 7}},
        {"call_id": "c1", "tool_name": "order", "result": '{"status": "shipped"}', "succeeded": True},
    ]


@pytest.mark.parametrize("arguments", ["[", "[1]", '"x"', '{"id": "seven"}', '{"a":' * 900 + "1" + "}" * 900, "\ud800"])
async def test_a_use_that_is_refused_is_told_as_one_that_failed(arguments: str) -> None:
    played = Played(ORDER)
    await use([ToolCall("c1", "order", arguments)], played.turn, STEP)
    begun, over = told(played)
    assert json.dumps(begun["input"])
    assert (over["succeeded"], over["result"][:6]) == (False, "Error:")


async def test_long_inputs_and_results_are_cut() -> None:
    played = Played(
        FunctionTool("f", "f", function="f"),
        functions="export default async () => ({trace: [], outputVars: {a: 'x'.repeat(15000)}})",
    )
    await played.call("f", text="y" * 20_000)
    begun, over = told(played)
    assert len(begun["input"]["arguments"]) == len(over["result"]) == LONGEST + 1


async def test_a_deferred_use_is_over_when_its_result_has_come() -> None:
    tool: Tool = FunctionTool("f", "f", function="f", running="deferred")
    played = Played(tool, functions="export default async () => ({outputVars: {a: 1}})")
    await use([a_call("f")], played.turn, STEP)
    assert [set(each) for each in told(played)] == [{"call_id", "tool_name", "input"}]
    while not (uses := await arrived(played.turn)):
        await asyncio.sleep(0)
    assert told(played)[-1] == {"call_id": "c1", "tool_name": "f", "result": uses[0].result, "succeeded": True}
