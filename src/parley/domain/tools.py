"""Tools that a language model may use while it serves a playbook, as compiled.

Source: Conversations API, section 8 (tools, tool messages); decisions, "Turns" (effects).
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from parley.domain.ids import WorkflowID
from parley.domain.step_parts import Said
from parley.domain.world_steps import Api, Captured

Running = Literal["wait", "background", "deferred"]
"""How a tool is run: the model waits for its result; it is sent off and nobody learns its result; the conversation goes
on, and the result reaches the model with the next turn after it has come."""


class Parameter(Struct, frozen=True, omit_defaults=True):
    """What the model has to give to a tool. `type` is one of JSON Schema's; `choices` are all values that are allowed.

    `given` is a template that is put in by the runtime: the model neither sees it nor can change it, and it alone may
    name `{secret.name}`. `into`: a variable that gets the value.
    """

    name: str
    about: str = ""
    type: str = "string"
    required: bool = True
    choices: tuple[str, ...] = ()
    given: str | None = None
    into: str | None = None


class ToolMessage(Struct, frozen=True, omit_defaults=True):
    """What is told to the user about a tool: one of its variants, or with `generated` what the model makes of them."""

    variants: tuple[Said, ...] = ()
    generated: bool = False


class ToolMessages(Struct, frozen=True, omit_defaults=True):
    """What is said when a tool starts, is done, has failed, or has been running for `delay` seconds."""

    start: ToolMessage | None = None
    complete: ToolMessage | None = None
    failed: ToolMessage | None = None
    delayed: ToolMessage | None = None
    delay: float = 3.0


class Sound(Struct, frozen=True, omit_defaults=True):
    """A recording that clients play while a tool runs; `volume` is between 0 and 1."""

    ref: str
    volume: float = 0.75


class ToolBase(Struct, frozen=True, tag_field="tool", omit_defaults=True):
    """What every tool has. `name` is what the model calls it by: letters, digits, `_` and `-`, at most 64.

    `captures`: what lies at a path of the result's JSON goes into a variable. `timeout` is in seconds, None for the
    usual. `idempotent`: may be done again when nobody knows whether it was; None: as its kind has it.
    """

    name: str
    about: str = ""
    parameters: tuple[Parameter, ...] = ()
    captures: tuple[Captured, ...] = ()
    messages: ToolMessages = ToolMessages()
    running: Running = "wait"
    timeout: float | None = None
    idempotent: bool | None = None
    sound: Sound | None = None


class ApiTool(ToolBase, frozen=True, tag="api"):
    """Sends an HTTP request, whose templates may name the tool's parameters as variables."""

    request: Api | None = None


class FunctionTool(ToolBase, frozen=True, tag="function"):
    """Calls a function of the program; the parameters are its `inputVars`."""

    function: str = ""


class McpTool(ToolBase, frozen=True, tag="mcp"):
    """Uses a tool of an MCP server. `remote` is its name there; its parameters are the server's, save those `given`.

    `remote` may be `*`: all tools of the server, each offered as `name_remote`.
    """

    server: str = ""
    remote: str = ""


class WorkflowTool(ToolBase, frozen=True, tag="workflow"):
    """Runs a workflow, whose variables get the parameters; what it says is said, `outputs` are the result.

    It may wait for the user: the model goes on when it is over.
    """

    workflow: WorkflowID = WorkflowID("")
    outputs: tuple[str, ...] = ()


SystemKind = Literal["end", "buttons", "card", "carousel", "knowledge", "call_forward", "skip_turn", "web_search"]


class SystemTool(ToolBase, frozen=True, tag="system"):
    """One of the runtime's own. `options` are those of its kind: `limit` of knowledge, `address` of a call."""

    kind: SystemKind = "end"
    options: dict[str, Any] = {}


Tool = ApiTool | FunctionTool | McpTool | WorkflowTool | SystemTool


class McpServer(Struct, frozen=True, omit_defaults=True):
    """A server of tools over streamable HTTP. `url` and `headers` are templates that may name `{secret.name}`.

    `timeout` is in seconds, for each of its tools that has none of its own.
    """

    name: str
    url: str
    headers: dict[str, str] = {}
    timeout: float | None = None
    about: str = ""
