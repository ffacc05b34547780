"""Tools whose other end is slow, huge, gone or wrong: the model reads one sentence, and the turn goes on."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import AsyncIterator

import msgspec
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from tests.contract.test_mcp import answering, clients, free_port, garbage, running
from tests.engine.test_tools import STEP, Played, a_call
from tests.house_fixture import served

from parley.backends.tools.http import HttpTools
from parley.domain.program import Settings
from parley.domain.tools import ApiTool, McpServer, McpTool, Parameter
from parley.domain.world_steps import Api
from parley.engine.tools.offers import offers_of
from parley.engine.tools.use import use
from parley.ports.mcp import McpPlace, McpServers

pytestmark = pytest.mark.timeout(60)


async def huge(request: Request) -> Response:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(50_000_000 // 65536):
            yield b"x" * 65536
            await asyncio.sleep(0)

    return StreamingResponse(parts())


def with_servers(tool: McpTool, servers: McpServers, *places: McpPlace) -> Played:
    """A turn that may use this tool of the servers at these places."""
    played = Played(tool, world={"mcp": servers})
    named = {f"s{n}": McpServer(f"s{n}", place.url, dict(place.headers)) for n, place in enumerate(places)}
    played.turn.program = msgspec.structs.replace(
        played.turn.program, servers=named, settings=Settings(private_hosts=("127.0.0.1",))
    )
    return played


async def test_a_response_of_50_mb_is_refused_and_does_not_fill_the_memory() -> None:
    tools = HttpTools()
    async with served(Starlette(routes=[Route("/huge", huge)])) as (_, port):
        tool = ApiTool("huge", request=Api("r", url=f"http://127.0.0.1:{port}/huge"))
        played = Played(tool, world={"tools": tools})
        settings = Settings(private_hosts=("127.0.0.1",))
        played.turn.program = msgspec.structs.replace(played.turn.program, settings=settings)
        tracemalloc.start()
        used = await played.call("huge")
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    await tools.close()
    assert used.result == "Error: the response is larger than 1048576 bytes"
    assert peak < 10_000_000


async def test_the_tools_of_a_server_are_offered_and_used() -> None:
    async with running() as place, clients() as servers:
        played = with_servers(McpTool("all", server="s0", remote="*"), servers, place)
        offers = {offer.name: offer for offer in await offers_of(["all"], played.turn)}
        assert offers["all_add"].about == "Adds two numbers."
        first, second = await use(
            [a_call("all_add", "a", a=2, b=3), a_call("all_add", "b", a="x")], played.turn, STEP, offers
        )
        assert first.result == "5"
        assert second.result == "Error: `b` is missing"


async def test_what_the_runtime_puts_in_is_not_offered_and_goes_along() -> None:
    async with running() as place, clients() as servers:
        tool = McpTool("add", parameters=(Parameter("b", given="{seven}"),), server="s0", remote="add")
        played = with_servers(tool, servers, place)
        played.turn.variables.set("seven", 7)
        (offer,) = await offers_of(["add"], played.turn)
        assert list(offer.parameters["properties"]) == ["a"]
        assert offer.parameters["required"] == ["a"]
        assert (await played.call("add", a=1, b=100)).result == "8"


@pytest.mark.parametrize("name", ["hang", "large", "die", "fail"])
async def test_a_tool_that_goes_wrong_is_an_error_and_a_debug_trace_about_it(name: str) -> None:
    async with running() as place, clients() as servers:
        played = with_servers(McpTool(name, server="s0", remote=name, timeout=2.0), servers, place)
        used = await played.call(name)
        assert used.is_error
        assert len(used.result) < 1000
        trace = next(each for each in played.told("debug") if each["level"] == "error")
        assert (trace["ref"]["type"], trace["ref"]["mcpToolName"]) == ("mcp-integration-tool", name)
        assert [each["state"] for each in played.told("tool-call")] == ["start", "end"]


async def test_a_server_that_is_not_there_or_talks_nonsense_offers_nothing_and_keeps_nobody() -> None:
    nowhere = McpPlace(f"http://127.0.0.1:{free_port()}/mcp")
    async with answering(garbage) as nonsense, clients() as servers:
        for place in (nowhere, nonsense):
            played = with_servers(McpTool("find", server="s0", remote="find"), servers, place)
            assert await offers_of(["find"], played.turn) == ()
            used = await played.call("find")
            assert used.is_error
            refs = {each["ref"]["type"] for each in played.told("debug")}
            assert refs == {"mcp-integration-tool"}


async def test_without_the_sdk_an_mcp_tool_says_what_to_install() -> None:
    played = with_servers(McpTool("find", server="s0", remote="find"), None, McpPlace("https://x.test"))  # type: ignore[arg-type]
    assert (await played.call("find")).result == "Error: MCP servers cannot be used here: install parley[mcp]"
