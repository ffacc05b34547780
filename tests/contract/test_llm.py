"""What every language model keeps to, whatever it speaks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing

import pytest
from tests.contract.llm_clients import QUESTION, client, hear
from tests.model_server import HANG_SECONDS, ModelServer
from tests.model_streams import ANTHROPIC, CALLED, CHAT, OSLO, RESPONSES, ROME, SAID, chunk, data, named, texts

from parley.backends.clock import SystemClock
from parley.backends.llm.scripted import script_of
from parley.backends.llm.steadfast import Named, Patience, Steadfast
from parley.ports.llm import LanguageModel, ModelUnavailable, ToolCall, Usage

ANSWERS = {
    "openai": CHAT["openai"],
    "openai-responses": RESPONSES["a text"],
    "anthropic": ANTHROPIC["a text"],
}
CALLS = {
    "openai": CHAT["openai, two calls in parts"],
    "openai-responses": RESPONSES["two calls"],
    "anthropic": ANTHROPIC["a text and two calls"],
}
BROKEN = {
    "openai": data(chunk({"content": "Half an"}), ends=""),
    "openai-responses": named({"type": "response.output_text.delta", "delta": "Half an"}),
    "anthropic": named({"type": "content_block_delta", "index": 0, "delta": texts("Half an")[0]}),
}
KINDS = ["scripted", "openai", "openai-responses", "anthropic"]
SCRIPTS = {
    "answer": f"- {{answer: {SAID}}}",
    "calls": f"- {{calls: [{{weather: {OSLO}}}, {{time: {ROME}}}]}}",
    "broken": "- {answer: Half an answer, fails: {kind: cut, after: 2}}",
    "refused": "- fails: {kind: unauthorized}",
}


class Opened:
    """Models of one kind, alone or among others, that do what a test names."""

    def __init__(self, kind: str, is_steadfast: bool, stack: AsyncExitStack) -> None:
        self._kind = kind
        self._is_steadfast = is_steadfast
        self._stack = stack

    async def model(self, does: str) -> LanguageModel:
        """A model that does it each time."""
        model: LanguageModel
        if self._kind == "scripted":
            model = script_of(SCRIPTS[does])
        else:
            model, server = await self._stack.enter_async_context(client(self._kind))
            self._tell(server, does)
        if not self._is_steadfast:
            return model
        return Steadfast([Named("it", model)], SystemClock(), patience=Patience(tries=1))

    def _tell(self, server: ModelServer, does: str) -> None:
        match does:
            case "answer":
                server.reply(ANSWERS[self._kind].data)
            case "calls":
                server.reply(CALLS[self._kind].data)
            case "broken":
                server.reply(BROKEN[self._kind], ends="cut")
            case "refused":
                server.fail(401, {"error": {"message": "no"}})


@pytest.fixture(params=[(kind, steadfast) for kind in KINDS for steadfast in (False, True)], ids=str)
async def opened(request: pytest.FixtureRequest) -> AsyncIterator[Opened]:
    async with AsyncExitStack() as stack:
        yield Opened(*request.param, stack)


async def test_the_texts_are_the_answer_and_the_usage_comes_last(opened: Opened) -> None:
    heard = await hear(await opened.model("answer"))
    assert heard.text == SAID
    assert isinstance(heard.pieces[-1], Usage)
    assert heard.usage is not None and heard.usage.asked > 0 and heard.usage.answered > 0


async def test_calls_are_whole_and_in_order_and_differ_in_their_ids(opened: Opened) -> None:
    heard = await hear(await opened.model("calls"))
    assert [(call.name, call.arguments) for call in heard.calls] == list(CALLED)
    assert len({call.id for call in heard.calls}) == 2
    assert isinstance(heard.pieces[-2], ToolCall)


async def test_it_can_be_asked_again_and_at_once(opened: Opened) -> None:
    model = await opened.model("answer")
    assert [heard.text for heard in await asyncio.gather(*(hear(model) for _ in range(5)))] == [SAID] * 5


async def test_what_came_before_a_cut_is_told_and_the_cut_is_a_failure(opened: Opened) -> None:
    said = ""
    with pytest.raises(ModelUnavailable) as failed:
        async with aclosing((await opened.model("broken")).answer(QUESTION)) as pieces:
            async for piece in pieces:
                said += str(piece)
    assert said.strip() == "Half an"
    assert failed.value.failure == "cut"


async def test_a_refusal_comes_before_any_piece(opened: Opened) -> None:
    model = await opened.model("refused")
    with pytest.raises(ModelUnavailable) as failed:
        await hear(model)
    assert failed.value.failure == "unauthorized"
    assert not failed.value.is_passing


async def test_who_stops_early_may_ask_again(opened: Opened) -> None:
    model = await opened.model("answer")
    async with aclosing(model.answer(QUESTION)) as pieces:
        async for piece in pieces:
            assert isinstance(piece, str)
            break
    assert (await hear(model)).text == SAID


@pytest.mark.timeout(HANG_SECONDS)
@pytest.mark.parametrize("kind", KINDS[1:])
@pytest.mark.parametrize("how", ["closed", "cancelled"])
async def test_the_provider_sees_at_once_that_nobody_listens(kind: str, how: str) -> None:
    async with client(kind) as (model, server):
        server.reply(BROKEN[kind], ends="never")
        heard = asyncio.Event()

        async def listen() -> None:
            async with aclosing(model.answer(QUESTION)) as pieces:
                async for _ in pieces:
                    heard.set()
                    if how == "closed":
                        return

        listening = asyncio.create_task(listen())
        await heard.wait()
        if how == "cancelled":
            listening.cancel()
        await asyncio.wait((listening,))
        await server.left.wait()


@pytest.mark.timeout(HANG_SECONDS)
async def test_the_provider_sees_it_also_before_the_first_piece() -> None:
    async with client("openai") as (model, server):
        server.reply(b": wait\n\n", ends="never")
        listening = asyncio.create_task(hear(model))
        while not server.requests:
            await asyncio.sleep(0)
        listening.cancel()
        await server.left.wait()


async def test_a_connection_is_used_again() -> None:
    async with client("openai") as (model, server):
        server.reply(CHAT["openai"].data)
        for _ in range(3):
            await hear(model)
        assert server.connections == 1
