"""Tools as a model uses them: what it may give, what it reads, and what is told meanwhile."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

import msgspec
import pytest
from tests.engine.a_turn import a_turn

from parley.backends.scripts.inline import InlineScripts
from parley.backends.store.memory_effects import MemoryEffects
from parley.backends.tools.scripted import ScriptedTools
from parley.domain.program import FunctionDefinition
from parley.domain.step_parts import Said
from parley.domain.steps import Message
from parley.domain.tools import (
    ApiTool,
    FunctionTool,
    Parameter,
    Sound,
    SystemTool,
    Tool,
    ToolMessage,
    ToolMessages,
)
from parley.domain.traces import Trace
from parley.domain.world_steps import Api, Captured, FormBody, JsonBody, Pair
from parley.engine.tools.deferred import arrived
from parley.engine.tools.offers import offers_of
from parley.engine.tools.outcome import LONGEST, Used
from parley.engine.tools.use import use
from parley.engine.turn import Turn
from parley.engine.world import World
from parley.ports.llm import Asked, ModelUnavailable, Piece, ToolCall
from parley.ports.tools import Request, RequestFailed, Response

STEP = Message("step")
URL = "https://shop.test/orders"
ORDER = ApiTool(
    "order",
    "Looks an order up.",
    (Parameter("id", "Its number.", "integer"), Parameter("lang", type="string", required=False, choices=("en", "de"))),
    captures=(Captured("status", "status"),),
    request=Api("r", url=URL, method="GET", params=(Pair("id", "{id}"), Pair("who", "{user}"))),
)


class Played:
    """A turn with tools, and what it told."""

    def __init__(self, *tools: Tool, world: dict[str, Any] | None = None, functions: str = "", **values: Any) -> None:
        self.turn, said = a_turn(**values)
        program = self.turn.program
        definitions = {"f": FunctionDefinition("f", functions)} if functions else {}
        self.turn.program = msgspec.structs.replace(
            program, tools={tool.name: tool for tool in tools}, functions=definitions
        )
        self.http = ScriptedTools()
        self.turn.world = World(
            **{"scripts": InlineScripts(), "tools": self.http, "effects": MemoryEffects(), **(world or {})}
        )
        self.traces: list[Trace] = said

    async def call(self, name: str, /, **arguments: Any) -> Used:
        """One call."""
        (used,) = await use([a_call(name, **arguments)], self.turn, STEP)
        return used

    def told(self, kind: str) -> list[Any]:
        """The payloads of the traces of this type."""
        found = [msgspec.to_builtins(trace) for trace in self.traces]
        return [trace["payload"] for trace in found if trace["type"] == kind]


def a_call(name: str, call: str = "c1", /, **arguments: Any) -> ToolCall:
    """What a model writes."""
    return ToolCall(call, name, json.dumps(arguments))


def answering(http: dict[str, Any]) -> dict[str, Any]:
    """A world whose services answer so."""
    return {"tools": ScriptedTools(http)}


def ok(value: Any) -> Response:
    return Response(200, "OK", "", body=json.dumps(value).encode())


async def test_the_response_of_an_api_tool_is_what_the_model_reads_and_captures_look_into() -> None:
    tools = ScriptedTools({URL: ok({"status": "shipped"})})
    played = Played(ORDER, world={"tools": tools}, user="ada")
    used = await played.call("order", id=7)
    assert (used.result, used.is_error) == ('{"status": "shipped"}', False)
    assert tools.sent[0].url == f"{URL}?id=7&who=ada"
    assert played.turn.variables.get("status") == "shipped"


async def test_a_tool_is_offered_with_the_schema_of_what_the_model_gives() -> None:
    hidden = Parameter("key", given="{secret.key}")
    tool = msgspec.structs.replace(ORDER, parameters=(*ORDER.parameters, hidden))
    played = Played(tool, SystemTool("look", kind="knowledge"), SystemTool("stop", kind="end"))
    order, look = await offers_of(["order", "look", "stop"], played.turn)
    assert (order.name, order.about) == ("order", "Looks an order up.")
    assert order.parameters == {
        "type": "object",
        "properties": {
            "id": {"type": "integer", "description": "Its number."},
            "lang": {"type": "string", "enum": ["en", "de"]},
        },
        "required": ["id"],
    }
    assert look.parameters["required"] == ["question"]


async def test_a_tool_that_does_not_exist_is_not_offered_and_the_builder_is_told() -> None:
    played = Played()
    assert await offers_of(["gone"], played.turn) == ()
    assert "no tool 'gone'" in played.told("debug")[0]["message"]


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("{", "not JSON"),
        ("[1]", "must be a JSON object"),
        ("{}", "`id` is missing"),
        ('{"id": "seven"}', "must be of type integer"),
        ('{"id": true}', "must be of type integer"),
        ('{"id": 1, "lang": "fr"}', 'must be one of "en", "de"'),
        ("[" * 100_000, "not JSON"),
        ('{"id": ' + "9" * 300_000 + "}", "longer than"),
    ],
)
async def test_wrong_arguments_are_told_to_the_model_and_nothing_is_called(written: str, why: str) -> None:
    played = Played(ORDER)
    (used,) = await use([ToolCall("c", "order", written)], played.turn, STEP)
    assert used.is_error
    assert why in used.result
    assert played.http.sent == []


async def test_a_service_that_refuses_is_an_error_that_the_model_reads() -> None:
    played = Played(ORDER, world=answering({URL: Response(404, "Not Found", "", body=b"no such order")}))
    used = await played.call("order", id=7)
    assert used.is_error
    assert used.result == "Error: the service answered 404 Not Found\nno such order"
    place = {"nodeID": "", "diagramID": "w"}
    assert played.told("debug")[0]["ref"] == {"type": "api-tool", "apiToolID": "order", "apiToolName": "order", **place}


async def test_a_long_result_is_cut_and_the_model_is_told_so() -> None:
    body = b'"' + b"x" * 500_000 + b'"'
    played = Played(ORDER, world=answering({URL: Response(200, "OK", "", body=body)}))
    used = await played.call("order", id=7)
    assert len(used.result) < LONGEST + 200
    assert "The result was cut" in used.result


async def test_what_is_no_text_is_described() -> None:
    picture = Response(200, "OK", "", (("content-type", "image/png"),), b"\x89PNG\0\0\0")
    played = Played(ORDER, world=answering({URL: picture}))
    assert (await played.call("order", id=7)).result == "(7 bytes that are no text, of type image/png)"


async def test_what_the_runtime_puts_in_is_out_of_the_models_reach() -> None:
    tool = ApiTool(
        "pay",
        parameters=(Parameter("sum", type="number"), Parameter("token", given="{secret.key}")),
        request=Api("r", url=URL, method="POST", body=JsonBody({"sum": "{sum}", "token": "{token}"})),
    )
    tools = ScriptedTools({URL: ok({})})
    played = Played(tool, world={"tools": tools, "secrets": lambda *asked: "s3cret"})
    await played.call("pay", sum=3, token="mine")
    assert json.loads(tools.sent[0].body or b"") == {"sum": 3, "token": "s3cret"}


async def test_a_secret_that_the_model_names_stays_as_it_wrote_it() -> None:
    tool = ApiTool(
        "note",
        parameters=(Parameter("text"),),
        request=Api("r", url=URL, method="POST", body=FormBody((Pair("text", "{text}"),))),
    )
    tools = ScriptedTools({URL: ok({})})
    played = Played(tool, world={"tools": tools, "secrets": lambda *asked: "s3cret"})
    await played.call("note", text="{secret.key}")
    assert b"s3cret" not in (tools.sent[0].body or b"")


async def test_a_secret_that_is_not_set_is_an_error_and_nothing_is_sent() -> None:
    tool = msgspec.structs.replace(ORDER, parameters=(*ORDER.parameters, Parameter("key", given="{secret.key}")))
    played = Played(tool)
    used = await played.call("order", id=1)
    assert used.result == "Error: there is no secret 'key'"
    assert played.http.sent == []


async def test_what_the_model_gives_may_go_into_a_variable() -> None:
    tool = msgspec.structs.replace(ORDER, parameters=(Parameter("id", type="integer", into="order_id"),))
    played = Played(tool, world=answering({URL: ok({})}))
    await played.call("order", id=7)
    assert played.turn.variables.get("order_id") == 7


async def test_a_function_tool_shows_its_traces_and_its_path_means_nothing() -> None:
    source = """export default async (args) => ({
        outputVars: {total: Number(args.inputVars.a) * 2},
        trace: [{type: 'text', payload: {message: 'Counting.'}}],
        next: {path: 'nowhere'},
    })"""
    tool = FunctionTool("double", parameters=(Parameter("a", type="number"),), function="f")
    tool = msgspec.structs.replace(tool, captures=(Captured("total", "sum"),))
    played = Played(tool, functions=source)
    used = await played.call("double", a=21)
    assert used.result == '{"total":42}'
    assert played.turn.variables.get("sum") == 42
    assert played.told("text")[0]["message"] == "Counting."


async def test_a_function_that_throws_is_an_error_that_the_model_reads() -> None:
    played = Played(FunctionTool("f", function="f"), functions="export default () => { throw new Error('sold out') }")
    used = await played.call("f")
    assert used.is_error
    assert "sold out" in used.result


async def test_calls_run_side_by_side_and_answer_in_their_order() -> None:
    class Late(ScriptedTools):
        """The first answer comes only when the second has been asked for."""

        async def send(self, request: Request) -> Response:
            self.sent.append(request)
            if request.url.endswith("id=1&who=%7Buser%7D"):
                while len(self.sent) < 2:
                    await asyncio.sleep(0)
            return ok({"asked": request.url})

    played = Played(ORDER, world={"tools": Late()})
    calls = [a_call("order", "a", id=1), a_call("order", "b", id=2)]
    first, second = await use(calls, played.turn, STEP)
    assert [used.call.id for used in (first, second)] == ["a", "b"]
    assert "id=1" in first.result
    assert "id=2" in second.result
    assert [(each["state"], each["callID"]) for each in played.told("tool-call")] == [
        ("start", "a"),
        ("start", "b"),
        ("end", "b"),
        ("end", "a"),
    ]


async def test_a_name_that_was_not_offered_is_refused() -> None:
    played = Played(ORDER, world=answering({URL: ok({})}))
    (used,) = await use([a_call("order", id=7)], played.turn, STEP, offered={"other"})
    assert used.result == "Error: there is no tool 'order'"


async def test_the_sound_of_a_tool_goes_along_with_its_start() -> None:
    played = Played(msgspec.structs.replace(ORDER, sound=Sound("keys", 0.5)), world=answering({URL: ok({})}))
    await played.call("order", id=7)
    start, end = played.told("tool-call")
    assert start == {"state": "start", "callID": "c1", "sound": {"ref": "keys", "volume": 0.5}}
    assert end == {"state": "end", "callID": "c1"}


def saying(**messages: str) -> ToolMessages:
    return ToolMessages(**{event: ToolMessage((Said(text),)) for event, text in messages.items()})


async def test_the_user_is_told_that_a_tool_begins_and_that_it_is_done() -> None:
    tool = msgspec.structs.replace(ORDER, messages=saying(start="One moment.", complete="It is {status}."))
    played = Played(tool, world=answering({URL: ok({"status": "shipped"})}))
    await played.call("order", id=7)
    assert [each["message"] for each in played.told("text")] == ["One moment.", "It is shipped."]


async def test_the_user_is_told_that_a_tool_has_failed() -> None:
    tool = msgspec.structs.replace(ORDER, messages=saying(complete="Done.", failed="That went wrong."))
    played = Played(tool)
    await played.call("order", id=7)
    assert [each["message"] for each in played.told("text")] == ["That went wrong."]


class Writer:
    """A language model that always writes this."""

    def __init__(self, text: str | None) -> None:
        self.text = text
        self.asked: list[Asked] = []

    async def answer(self, asked: Asked) -> AsyncGenerator[Piece, None]:
        self.asked.append(asked)
        if self.text is None:
            raise ModelUnavailable("gone")
        yield self.text


async def test_a_model_may_write_what_the_user_is_told() -> None:
    model = Writer("I look that up.")
    messages = ToolMessages(start=ToolMessage((Said("One moment."),), generated=True))
    tool = msgspec.structs.replace(ORDER, messages=messages)
    played = Played(tool, world={**answering({URL: ok({})}), "model": model})
    await played.call("order", id=7)
    assert [each["message"] for each in played.told("text")] == ["I look that up."]
    assert "One moment." in model.asked[0].system


async def test_without_a_model_one_of_the_variants_is_said() -> None:
    messages = ToolMessages(failed=ToolMessage((Said("That went wrong."),), generated=True))
    played = Played(msgspec.structs.replace(ORDER, messages=messages), world={"model": Writer(None)})
    await played.call("order", id=7)
    assert [each["message"] for each in played.told("text")] == ["That went wrong."]


@pytest.mark.timeout(10)
async def test_the_user_is_told_once_that_a_tool_takes_long() -> None:
    waited: list[float] = []
    told = asyncio.Event()

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        asyncio.get_running_loop().call_soon(told.set)

    class Slow(ScriptedTools):
        async def send(self, request: Request) -> Response:
            await told.wait()
            await asyncio.sleep(0)
            return ok({})

    tool = msgspec.structs.replace(ORDER, messages=saying(delayed="Still looking."))
    played = Played(tool, world={"tools": Slow(), "sleep": sleep})
    await played.call("order", id=7)
    assert waited == [3.0]
    assert [each["message"] for each in played.told("text")] == ["Still looking."]


@pytest.mark.timeout(10)
async def test_a_tool_that_takes_too_long_is_given_up() -> None:
    class Never(ScriptedTools):
        async def send(self, request: Request) -> Response:
            await asyncio.get_running_loop().create_future()
            raise AssertionError

    tool = FunctionTool("f", function="f", timeout=-0.99)
    source = "export default async () => { await fetch('https://x.test'); return {} }"
    played = Played(tool, functions=source, world={"tools": Never()})
    used = await played.call("f")
    assert used.is_error
    assert "no result after" in used.result


async def test_a_deferred_call_answers_at_once_and_its_result_comes_later() -> None:
    tool = msgspec.structs.replace(ORDER, running="deferred", messages=saying(complete="Found it."))
    played = Played(tool, world=answering({URL: ok({"status": "shipped"})}))
    used = await played.call("order", id=7)
    assert "its result comes later" in used.result
    await played.turn.world.errands.settle()
    later = next_turn(played)
    (result,) = await arrived(later)
    assert (result.call.id, result.result) == ("c1", '{"status": "shipped"}')
    assert later.variables.get("status") == "shipped"
    assert await arrived(later) == []


async def test_a_deferred_call_that_still_runs_is_waited_for_by_later_turns() -> None:
    gate = asyncio.Event()

    class Gated(ScriptedTools):
        async def send(self, request: Request) -> Response:
            await gate.wait()
            return ok({})

    played = Played(msgspec.structs.replace(ORDER, running="deferred"), world={"tools": Gated()})
    await played.call("order", id=7)
    assert await arrived(played.turn) == []
    gate.set()
    await played.turn.world.errands.settle()
    assert len(await arrived(played.turn)) == 1


async def test_a_deferred_result_outlives_the_process_where_the_ledger_has_it_and_else_nobody_knows() -> None:
    played = Played(msgspec.structs.replace(ORDER, running="deferred"), world=answering({URL: ok({})}))
    await played.call("order", id=7)
    await played.turn.world.errands.settle()
    effects = played.turn.world.effects
    later = next_turn(played, World(InlineScripts(), ScriptedTools(), effects))
    assert [used.is_error for used in await arrived(later)] == [False]
    await played.call("order", id=8)
    lost = next_turn(played, World(InlineScripts(), ScriptedTools(), MemoryEffects()))
    (used,) = await arrived(lost)
    assert "unknown outcome" in used.result


async def test_nobody_hears_of_a_call_in_the_background() -> None:
    tools = ScriptedTools({URL: ok({})})
    played = Played(msgspec.structs.replace(ORDER, running="background"), world={"tools": tools})
    assert not (await played.call("order", id=7)).is_error
    await played.turn.world.errands.settle()
    assert len(tools.sent) == 1
    assert await arrived(played.turn) == []


async def test_what_was_begun_before_a_crash_is_not_done_again() -> None:
    effects = MemoryEffects()
    posting = msgspec.structs.replace(ORDER, request=Api("r", url=URL, method="POST"))

    class Crash(ScriptedTools):
        async def send(self, request: Request) -> Response:
            raise SystemError("the process is gone")

    with pytest.raises(BaseExceptionGroup):
        await Played(posting, world={"tools": Crash(), "effects": effects}).call("order", id=7)
    again = Played(posting, world={"tools": ScriptedTools({URL: ok({})}), "effects": effects})
    used = await again.call("order", id=7)
    assert "unknown outcome" in used.result
    assert again.turn.world.tools.sent == []  # type: ignore[attr-defined]


async def test_what_was_done_before_a_crash_is_remembered() -> None:
    effects = MemoryEffects()
    posting = msgspec.structs.replace(ORDER, request=Api("r", url=URL, method="POST"))
    await Played(posting, world={**answering({URL: ok({"n": 1})}), "effects": effects}).call("order", id=7)
    again = Played(posting, world={**answering({URL: ok({"n": 2})}), "effects": effects})
    assert (await again.call("order", id=7)).result == '{"n": 1}'


async def test_a_request_that_cannot_be_sent_is_an_error_that_the_model_reads() -> None:
    class Unreachable(ScriptedTools):
        async def send(self, request: Request) -> Response:
            raise RequestFailed("'shop.test' cannot be found")

    used = await Played(ORDER, world={"tools": Unreachable()}).call("order", id=7)
    assert used.result == "Error: 'shop.test' cannot be found"


async def test_web_search_asks_the_operators_engine_and_keeps_to_the_allowed_domains() -> None:
    results = [
        {"title": "A", "url": "https://a.test/1", "content": "one"},
        {"title": "B", "url": "https://evil.test/a.test", "content": "two"},
    ]
    tools = ScriptedTools({"http://localhost:8888/search": ok({"results": results})})
    search = SystemTool("search", kind="web_search", options={"domains": ["a.test"]})
    address = "http://localhost:8888/search?format=json&q={query}"
    played = Played(search, world={"tools": tools, "search": address})
    used = await played.call("search", query="a b&c")
    assert used.result == "1. A\nhttps://a.test/1\none"
    assert tools.sent[0].url.endswith("q=a+b%26c+site%3Aa.test")
    assert tools.sent[0].private_hosts == {"localhost:8888"}


async def test_web_search_that_is_not_set_up_says_so() -> None:
    used = await Played(SystemTool("search", kind="web_search")).call("search", query="x")
    assert used.is_error
    assert "PARLEY_SEARCH_URL" in used.result


def next_turn(played: Played, world: World | None = None) -> Turn:
    """The turn after this one, of the same session."""
    turn, _ = a_turn()
    turn.state.storage = played.turn.state.storage
    turn.program = played.turn.program
    turn.variables = type(turn.variables)(turn.state, 0, "UTC")
    turn.world = world or played.turn.world
    return turn
