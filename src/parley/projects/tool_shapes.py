"""The shapes of tools that a model may use, and of the servers that some of them are on."""

from __future__ import annotations

from parley.projects.shape import Key, Shape, any_of, list_of, map_of, ref
from parley.projects.shapes import BOOLEAN, DURATION, NAME, SAY, TEXT
from parley.projects.world_shapes import WORLD_KINDS

TYPES = ("string", "number", "integer", "boolean", "array", "object")
SYSTEM = ("end", "buttons", "card", "carousel", "knowledge", "call_forward", "skip_turn", "web_search")
EVENTS = ("start", "complete", "failed", "delayed")
REQUEST = ("headers", "params", "json", "form", "multipart", "body")
"""What an API tool has of the `api` step."""
_API = next(kind for kind in WORLD_KINDS if kind.name == "api")
_MESSAGE = any_of(SAY, ref("tool_message"))

PARAMETER = Shape(
    "parameter",
    "Something that a tool needs.",
    {
        "about": Key(TEXT, "What it is: the model reads it."),
        "type": Key({"enum": list(TYPES)}, "What it may be. Default: string."),
        "required": Key(BOOLEAN, "The model has to give it. Default: true."),
        "choices": Key(list_of(TEXT), "All values that are allowed."),
        "given": Key(TEXT, "Put in by Parley: the model does not see it. `{secret.name}` may stand here."),
        "into": Key({"type": "string"}, "The variable that gets what the model gives."),
    },
    advice="For example `{about: How many nights, type: integer}` or `{given: '{user_id}'}`.",
)
MESSAGE = Shape(
    "tool_message",
    "What the user is told about a tool.",
    {
        "say": Key(SAY, "What to say; or examples, for a model to go by."),
        "generate": Key(BOOLEAN, "A model writes it. Default: false."),
        "after": Key(DURATION, "Of `delayed`: how long the tool may take before it is said. Default: 3s."),
    },
    advice="For example `{after: 5s, say: Still looking.}`.",
)
MESSAGES = Shape(
    "tool_messages",
    "What the user is told while a tool is used.",
    {
        "start": Key(_MESSAGE, "When it begins."),
        "complete": Key(_MESSAGE, "When it is done."),
        "failed": Key(_MESSAGE, "When it has failed."),
        "delayed": Key(_MESSAGE, "When it takes long."),
    },
    advice="For example `{start: One moment., failed: That did not work.}`.",
)
SOUND = Shape(
    "tool_sound",
    "What is heard while a tool is used.",
    {
        "play": Key(TEXT, "The recording."),
        "volume": Key({"type": "number", "minimum": 0, "maximum": 1}, "From 0 to 1. Default: 0.75."),
    },
    ("play",),
    "For example `{play: typing, volume: 0.5}`.",
)
TOOL = Shape(
    "tool",
    "A tool that a model may use: exactly one of `api`, `function`, `mcp`, `workflow` and `system`.",
    {
        "api": Key(TEXT, "The request: `GET https://…`. Its texts may name the parameters."),
        "function": Key(TEXT, "A function of the agent; the parameters are its inputs."),
        "mcp": Key(TEXT, "A tool of an MCP server: `server.tool`; `server` alone stands for all its tools."),
        "workflow": Key(TEXT, "A workflow; its variables get the parameters."),
        "system": Key({"enum": list(SYSTEM)}, "One of Parley's own."),
        "about": Key(TEXT, "What it does, and when to use it: the model reads it."),
        "parameters": Key(map_of(any_of(TEXT, ref("parameter")), NAME), "What it needs: `name: what it is`, or more."),
        **{key: _API.keys[key] for key in REQUEST},
        "into": Key(_API.keys["into"].form, "Variables: where in the result their value is."),
        "outputs": Key(list_of(TEXT), "Of a workflow: the variables that are its result."),
        "timeout": Key(DURATION, "How long it may take. Default: 20s."),
        "background": Key(BOOLEAN, "Nobody waits for it, and nobody hears of its result. Default: false."),
        "deferred": Key(BOOLEAN, "Nobody waits for it; the result comes with a later turn. Default: false."),
        "idempotent": Key(BOOLEAN, "Twice does no harm. Default: as its kind has it."),
        "messages": Key(ref("tool_messages"), "What the user is told meanwhile."),
        "sound": Key(any_of(TEXT, ref("tool_sound")), "What is heard meanwhile."),
        "limit": Key({"type": "integer", "minimum": 1, "maximum": 10}, "Of knowledge: passages. Default: 3."),
        "domains": Key(list_of(TEXT), "Of web_search: the only domains that are looked at."),
        "address": Key(TEXT, "Of call_forward: a telephone number or a SIP address."),
    },
    advice="For example `{api: 'GET https://example.org/orders/{id}', parameters: {id: The number of the order}}`.",
)
SERVER = Shape(
    "mcp_server",
    "A server of tools that speaks MCP over streamable HTTP.",
    {
        "url": Key(TEXT, "Where it is."),
        "headers": Key(map_of(TEXT), "What is sent along: `{authorization: 'Bearer {secret.key}'}`."),
        "timeout": Key(DURATION, "How long its tools may take. Default: 20s."),
        "about": Key(TEXT, "What it is for, for people."),
    },
    ("url",),
    "For example `{url: 'https://mcp.example.org/mcp'}`.",
)
TOOL_SHAPES = (PARAMETER, MESSAGE, MESSAGES, SOUND, TOOL, SERVER)
