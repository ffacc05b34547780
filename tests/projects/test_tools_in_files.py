"""Tools and MCP servers as an agent's files write them: what they become, what is wrong, and the way back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from parley.domain.step_parts import Said
from parley.domain.tools import (
    ApiTool,
    FunctionTool,
    McpServer,
    McpTool,
    Parameter,
    Sound,
    SystemTool,
    ToolMessage,
    ToolMessages,
    WorkflowTool,
)
from parley.domain.world_steps import Api, Captured, JsonBody, Pair
from parley.projects.export import export_project
from parley.projects.load import check, load
from parley.projects.schema import agent_schema
from parley.projects.shape import Shape
from parley.projects.tool_shapes import TOOL_SHAPES

PAGE = (Path(__file__).parents[2] / "docs/reference/tools.md").read_text("utf-8")

AGENT = """
variables: {status: "", number: 0}
functions: {price_of: "export default async () => ({})"}
mcp:
  maps: https://maps.example.org/mcp
  weather:
    url: https://weather.example.org/{secret.tenant}
    headers: {authorization: "Bearer {secret.weather_key}"}
    timeout: 5s
tools:
  find_order:
    api: POST https://shop.example.org/orders/{id}
    about: Looks an order up.
    parameters:
      id: {about: Its number, type: integer, into: number}
      language: {required: false, choices: [en, de]}
      token: {given: "{secret.shop_key}"}
      note: Whatever else the user says
    headers: {x-token: "{token}"}
    json: {note: "{note}"}
    into: {status: order.status}
    timeout: 8s
    idempotent: true
    messages:
      start: [One moment., Let me look.]
      complete: {generate: true, say: Found it.}
      failed: That did not work, {status}.
      delayed: {after: 5s, say: Still looking.}
    sound: {play: typing, volume: 0.5}
  price:
    function: price_of
    parameters: {item: What it is}
    into: {status: price}
    deferred: true
  forecast: {mcp: weather.get_forecast, into: status}
  all_of_maps: {mcp: maps}
  book: {workflow: booking, parameters: {day: Which day}, outputs: [status]}
  look_up: {system: knowledge, limit: 5, about: Knows the rules of the shop.}
  search: {system: web_search, domains: [example.org]}
  notify: {api: 'GET https://shop.example.org/ping', background: true}
workflows:
  main: [{say: Hello!}]
  booking: {variables: [day], steps: [{say: On {day}.}], trigger: {event: book}}
"""


def written(directory: Path, text: str) -> Path:
    file = directory / "agent.yaml"
    file.write_text(text, "utf-8")
    return file


AGENT = AGENT.replace("failed: That did not work, {status}.", 'failed: "That did not work, {status}."').replace(
    "{say: On {day}.}", '{say: "On {day}."}'
)


def test_tools_are_what_their_author_wrote(tmp_path: Path) -> None:
    program = load(written(tmp_path, AGENT)).project.environments[0].program
    assert program.servers == {
        "maps": McpServer("maps", "https://maps.example.org/mcp"),
        "weather": McpServer(
            "weather",
            "https://weather.example.org/{secret.tenant}",
            {"authorization": "Bearer {secret.weather_key}"},
            5.0,
        ),
    }
    assert program.tools["find_order"] == ApiTool(
        "find_order",
        "Looks an order up.",
        (
            Parameter("id", "Its number", "integer", into="number"),
            Parameter("language", required=False, choices=("en", "de")),
            Parameter("token", given="{secret.shop_key}"),
            Parameter("note", "Whatever else the user says"),
        ),
        (Captured("order.status", "status"),),
        ToolMessages(
            ToolMessage((Said("One moment."), Said("Let me look."))),
            ToolMessage((Said("Found it."),), generated=True),
            ToolMessage((Said("That did not work, {status}."),)),
            ToolMessage((Said("Still looking."),)),
            5.0,
        ),
        timeout=8.0,
        idempotent=True,
        sound=Sound("typing", 0.5),
        request=Api(
            "request",
            url="https://shop.example.org/orders/{id}",
            method="POST",
            headers=(Pair("x-token", "{token}"),),
            body=JsonBody({"note": "{note}"}),
        ),
    )
    assert program.tools["price"] == FunctionTool(
        "price",
        parameters=(Parameter("item", "What it is"),),
        captures=(Captured("price", "status"),),
        running="deferred",
        function="price_of",
    )
    assert program.tools["forecast"] == McpTool(
        "forecast", captures=(Captured("response", "status"),), server="weather", remote="get_forecast"
    )
    assert program.tools["all_of_maps"] == McpTool("all_of_maps", server="maps", remote="*")
    assert program.tools["book"] == WorkflowTool(
        "book", parameters=(Parameter("day", "Which day"),), workflow="booking", outputs=("status",)
    )
    assert program.tools["look_up"] == SystemTool(
        "look_up", "Knows the rules of the shop.", kind="knowledge", options={"limit": 5}
    )
    assert program.tools["search"].options == {"domains": ["example.org"]}  # type: ignore[union-attr]
    assert program.tools["notify"].running == "background"


def test_an_agent_with_tools_has_no_problems_and_fits_the_schema(tmp_path: Path) -> None:
    import jsonschema

    assert [str(problem) for problem in check(written(tmp_path, AGENT))] == []
    jsonschema.Draft202012Validator(agent_schema()).validate(yaml.safe_load(AGENT))


def test_tools_survive_the_way_out_and_back(tmp_path: Path) -> None:
    project = load(written(tmp_path, AGENT)).project
    export_project(project, tmp_path / "out")
    back = load(tmp_path / "out").project.environments[0].program
    before = project.environments[0].program
    assert back.tools == before.tools
    assert back.servers == before.servers


@pytest.mark.parametrize(
    ("tool", "why"),
    [
        ("{about: Nothing}", "and this has none of them"),
        ("{api: 'GET https://x.test', function: price_of}", "and this has `api` and `function`"),
        ("{function: prise_of}", "Did you mean `price_of`?"),
        ("{mcp: maps2.find}", "Did you mean `maps`?"),
        ("{workflow: booking2}", "Did you mean `booking`?"),
        ("{system: websearch}", "Did you mean `web_search`?"),
        ("{function: price_of, headers: {a: b}}", "`headers` is a key of `api` tools"),
        ("{function: price_of, timeout: soon}", "must be a duration"),
        ("{function: price_of, parameters: {a b: x}}", "cannot be a parameter"),
        ("{function: price_of, parameters: {a: {type: text}}}", "`type` cannot be `text`"),
        ("{function: price_of, parameters: {a: {into: nowhere}}}", "there is no variable `nowhere`"),
        ("{function: price_of, background: true, deferred: true}", "not both"),
        ("{function: price_of, background: true, into: status}", "`into` gets nothing"),
        ("{function: price_of, messages: {begin: Hi}}", "has no key `begin`"),
        ("{function: price_of, messages: {start: {after: 3s}}}", "says nothing"),
        ("{api: 'shop.example.org'}", "is not a request"),
        ("{api: 'GET https://x.test/{idd}', parameters: {id: x}}", "there is no variable `idd`"),
        ("price_of", "must be a mapping"),
    ],
)
def test_a_mistake_in_a_tool_is_told_with_advice(tmp_path: Path, tool: str, why: str) -> None:
    problems = check(written(tmp_path, AGENT.replace("tools:\n", f"tools:\n  wrong: {tool}\n")))
    assert len(problems) == 1, problems
    assert why in str(problems[0])
    assert "tool wrong" in str(problems[0])


def test_a_server_needs_an_address(tmp_path: Path) -> None:
    (problem,) = check(written(tmp_path, AGENT.replace("https://maps.example.org/mcp", "maps.example.org")))
    assert "is not the address of an MCP server" in str(problem)


def test_a_function_step_may_be_given_a_secret(tmp_path: Path) -> None:
    text = AGENT.replace("[{say: Hello!}]", "[{function: price_of, with: {key: '{secret.shop_key}'}}]")
    assert check(written(tmp_path, text)) == []


def test_a_secret_in_a_text_is_warned_of(tmp_path: Path) -> None:
    (problem,) = check(written(tmp_path, AGENT.replace("{say: Hello!}", "{say: '{secret.shop_key}'}")))
    assert "there is no variable `secret`" in str(problem)


@pytest.mark.parametrize("shape", TOOL_SHAPES, ids=lambda shape: shape.name)
def test_every_key_is_on_the_page(shape: Shape) -> None:
    assert [key for key in shape.keys if not re.search(rf"`[^`\n]*\b{key}\b[^`\n]*`", PAGE)] == []


@pytest.mark.parametrize("example", re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))
def test_the_examples_of_the_page_have_no_problems(tmp_path: Path, example: str) -> None:
    assert check(written(tmp_path, f"{example}workflows: {{main: [{{say: Hello!}}]}}\n")) == []
