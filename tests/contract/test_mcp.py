"""What everything that uses MCP servers promises (ports/mcp.py), held against a real one and against bad ones."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from tests.house_fixture import served

from parley.backends.clock import SystemClock
from parley.backends.mcp.clients import McpClients
from parley.backends.tools.guard import GuardedNetwork
from parley.ports.clock import Clock
from parley.ports.mcp import McpFailed, McpPlace

pytestmark = pytest.mark.timeout(30)
HERE = frozenset({"127.0.0.1"})


class HeldClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.ms = 0

    def now_ms(self) -> int:
        return self.ms

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nobody waits here")


@asynccontextmanager
async def clients(clock: Clock | None = None) -> AsyncIterator[McpClients]:
    made = McpClients(GuardedNetwork, clock or SystemClock())
    try:
        yield made
    finally:
        await made.close()


def free_port() -> int:
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return int(place.getsockname()[1])


async def started(port: int, *options: str) -> asyncio.subprocess.Process:
    """The real server, as soon as it takes connections."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.mcp_server", str(port), *options, stderr=asyncio.subprocess.DEVNULL
    )
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            assert process.returncode is None
            await asyncio.sleep(0.05)
            continue
        writer.close()
        return process


@asynccontextmanager
async def running(*options: str) -> AsyncIterator[McpPlace]:
    port = free_port()
    process = await started(port, *options)
    try:
        yield McpPlace(f"http://127.0.0.1:{port}/mcp", (("Authorization", "Bearer t0ken"),), HERE)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.fixture(params=[(), ("--json",)], ids=["streams", "json"])
async def place(request: pytest.FixtureRequest) -> AsyncIterator[McpPlace]:
    async with running(*request.param) as found:
        yield found


async def test_a_server_says_which_tools_it_has(place: McpPlace) -> None:
    async with clients() as servers:
        tools = {tool.name: tool for tool in await servers.tools(place)}
        assert tools["add"].about == "Adds two numbers."
        assert tools["add"].parameters["required"] == ["a", "b"]
        assert tools["add"].is_idempotent
        assert not tools["echo"].is_idempotent


async def test_a_tool_answers_with_text_and_with_json(place: McpPlace) -> None:
    async with clients() as servers:
        answer = await servers.call(place, "add", {"a": 2, "b": 3})
        assert (answer.text, answer.found, answer.is_error) == ("5", {"result": 5}, False)


async def test_the_headers_of_a_place_go_along(place: McpPlace) -> None:
    async with clients() as servers:
        assert (await servers.call(place, "echo", {"text": "hi"})).text == "hi (Bearer t0ken)"


async def test_a_tool_that_fails_says_so_in_its_answer(place: McpPlace) -> None:
    async with clients() as servers:
        answer = await servers.call(place, "fail", {})
        assert answer.is_error
        assert "sold out" in answer.text


async def test_wrong_arguments_are_an_answer_of_the_server(place: McpPlace) -> None:
    async with clients() as servers:
        assert (await servers.call(place, "add", {"a": "x"})).is_error


async def test_an_answer_of_50_mb_is_refused_and_the_connection_stays_good(place: McpPlace) -> None:
    async with clients() as servers:
        with pytest.raises(McpFailed):
            await servers.call(place, "large", {})
        assert (await servers.call(place, "add", {"a": 1, "b": 1})).text == "2"


async def test_a_tool_that_never_answers_is_given_up_and_others_are_not_kept(place: McpPlace) -> None:
    async with clients() as servers:
        await servers.tools(place)
        hanging = asyncio.create_task(servers.call(place, "hang", {}, timeout=0.5))
        assert (await servers.call(place, "add", {"a": 1, "b": 1})).text == "2"
        with pytest.raises(McpFailed, match=r"no answer after 0\.5 s"):
            await hanging
        assert (await servers.call(place, "add", {"a": 1, "b": 2})).text == "3"


async def test_a_server_that_dies_in_a_call_fails_it_and_is_found_again_when_it_is_back(place: McpPlace) -> None:
    port = int(place.url.split(":")[2].split("/")[0])
    async with clients() as servers:
        await servers.tools(place)
        with pytest.raises(McpFailed):
            await servers.call(place, "die", {})
        with pytest.raises(McpFailed):
            await servers.call(place, "add", {"a": 1, "b": 1})
        process = await started(port)
        try:
            assert (await servers.call(place, "add", {"a": 1, "b": 1})).text == "2"
        finally:
            process.kill()
            await process.wait()


async def test_calls_run_side_by_side(place: McpPlace) -> None:
    async with clients() as servers:
        calls = (servers.call(place, "add", {"a": n, "b": 0}) for n in range(20))
        assert [answer.text for answer in await asyncio.gather(*calls)] == [str(n) for n in range(20)]


async def test_tools_are_asked_for_anew_when_the_server_says_that_they_have_changed() -> None:
    async with running() as place, clients() as servers:
        assert "grown" not in {tool.name for tool in await servers.tools(place)}
        await servers.call(place, "grow", {})
        # The word comes over a stream of its own, which need not be faster than the answer.
        while "grown" not in {tool.name for tool in await servers.tools(place)}:
            await asyncio.sleep(0.01)


async def test_a_private_address_is_refused_unless_it_is_allowed() -> None:
    async with running() as place, clients() as servers:
        with pytest.raises(McpFailed, match="private network"):
            await servers.tools(McpPlace(place.url, place.headers))


async def test_a_place_where_nobody_is_fails_with_a_reason() -> None:
    async with clients() as servers:
        with pytest.raises(McpFailed, match="cannot be reached"):
            await servers.tools(McpPlace(f"http://127.0.0.1:{free_port()}/mcp", (), HERE))


async def test_an_address_that_is_none_fails_with_a_reason() -> None:
    async with clients() as servers:
        for address in ("", "nonsense", "ftp://x.test/", "http://"):
            with pytest.raises(McpFailed):
                await servers.tools(McpPlace(address, (), HERE))


Answer = Callable[[Request], Awaitable[Response]]


@asynccontextmanager
async def answering(answer: Answer) -> AsyncIterator[McpPlace]:
    async with served(Starlette(routes=[Route("/mcp", answer, methods=["GET", "POST", "DELETE"])])) as (_, port):
        yield McpPlace(f"http://127.0.0.1:{port}/mcp", (), HERE)


async def garbage(request: Request) -> Response:
    return Response(b"\xff{{{", media_type="application/json")


async def page(request: Request) -> Response:
    return PlainTextResponse("<html>")


async def refusal(request: Request) -> Response:
    return PlainTextResponse("who are you?", 401)


async def wrong_form(request: Request) -> Response:
    asked = json.loads(await request.body() or b"{}")
    return JSONResponse({"jsonrpc": "2.0", "id": asked.get("id"), "result": {"protocolVersion": 7}})


async def endless(request: Request) -> Response:
    async def parts() -> AsyncIterator[bytes]:
        while True:
            yield b": nothing\n\n" * 10_000
            await asyncio.sleep(0)

    return StreamingResponse(parts(), media_type="text/event-stream")


async def endless_event(request: Request) -> Response:
    async def parts() -> AsyncIterator[bytes]:
        yield b"data: "
        while True:
            yield b"x" * 65536
            await asyncio.sleep(0)

    return StreamingResponse(parts(), media_type="text/event-stream")


async def bomb(request: Request) -> Response:
    return Response(b"x", media_type="application/json", headers={"content-encoding": "gzip"})


async def accepted(request: Request) -> Response:
    return Response(status_code=202)


@pytest.mark.parametrize(
    "answer",
    [garbage, page, refusal, wrong_form, endless, endless_event, bomb, accepted],
    ids=lambda answer: answer.__name__,
)
async def test_a_server_that_talks_nonsense_fails_with_a_reason(answer: Answer) -> None:
    async with answering(answer) as place, clients() as servers:
        with pytest.raises(McpFailed) as failed:
            await servers.tools(place, timeout=20)
        assert "no answer after" not in failed.value.message


async def test_a_server_that_takes_connections_and_says_nothing_is_given_up() -> None:
    async def nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    silent = await asyncio.start_server(nothing, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    place = McpPlace(f"http://127.0.0.1:{port}/mcp", (), HERE)
    clock = HeldClock()
    async with clients(clock) as servers:
        for _ in range(2):  # the second time nobody waits: the server has just been asked
            with pytest.raises(McpFailed, match="no answer"):
                await servers.tools(place, timeout=0.2)
    silent.close()


async def test_a_server_that_could_not_tell_its_tools_is_asked_again_later() -> None:
    clock = HeldClock()
    port = free_port()
    place = McpPlace(f"http://127.0.0.1:{port}/mcp", (), HERE)
    async with clients(clock) as servers:
        with pytest.raises(McpFailed):
            await servers.tools(place)
        process = await started(port)
        try:
            with pytest.raises(McpFailed):
                await servers.tools(place)
            clock.ms += 10_000
            assert len(await servers.tools(place)) > 0
        finally:
            process.kill()
            await process.wait()
