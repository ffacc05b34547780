"""What a session shows or tells its client: the documented trace types, and `CustomTrace` for every other.

Source: Conversations API, section 4. A trace is written without `time` and `turnID`; the outbox stamps them on
when the trace leaves, because only it knows when that is.
"""

from __future__ import annotations

from typing import Any, get_args

import msgspec
from msgspec import UNSET, Struct, UnsetType, field

from parley.domain.channel_traces import (
    CallForwardTrace,
    CompletionTrace,
    HandoffTrace,
    KnowledgeTrace,
    LogTrace,
    ReasoningTrace,
    StreamTrace,
    ToolCallTrace,
)

JSON = Any
"""Any JSON value."""


class Slate(Struct, frozen=True):
    """Rich text: `content` is a list of paragraphs, each `{"children": [{"text": ...}, ...]}`."""

    id: str
    content: JSON
    delay: int | UnsetType = field(name="messageDelayMilliseconds", default=UNSET)


class TextPayload(Struct, frozen=True):
    """`message` is the plain text of `slate`; `delay` is in milliseconds; `sourceUrls` are `{url, name}`."""

    slate: Slate
    message: str
    message_id: str = field(name="messageID")
    delay: int | UnsetType = UNSET
    ai: bool | UnsetType = UNSET
    source_urls: JSON | UnsetType = field(name="sourceUrls", default=UNSET)


class TextTrace(Struct, frozen=True, tag_field="type", tag="text"):
    """A message to show."""

    payload: TextPayload


class SpeakPayload(Struct, frozen=True):
    """`type` is `message` (to be spoken) or `audio` (`src` is to be played)."""

    message: str
    type: str
    src: str | UnsetType | None = UNSET
    voice: str | UnsetType = UNSET
    is_prompt: bool | UnsetType = field(name="isPrompt", default=UNSET)
    ai: bool | UnsetType = UNSET


class SpeakTrace(Struct, frozen=True, tag_field="type", tag="speak"):
    """A message to say."""

    payload: SpeakPayload


class Button(Struct, frozen=True):
    """`request` is a ready-made action: the client sends it back as it is."""

    name: str
    request: JSON | UnsetType = UNSET


class ChoicePayload(Struct, frozen=True):
    """Buttons to choose from."""

    buttons: list[Button]
    message_id: str | UnsetType = field(name="messageID", default=UNSET)


class ChoiceTrace(Struct, frozen=True, tag_field="type", tag="choice"):
    """The user may choose one of the buttons, or say something else."""

    payload: ChoicePayload


class CardDescription(Struct, frozen=True):
    """The plain text of a card's description, and its rich form."""

    text: str
    slate: JSON | UnsetType = UNSET


class Card(Struct, frozen=True):
    """A picture, a title, a description and buttons."""

    title: str
    image_url: str | None = field(name="imageUrl")
    description: CardDescription
    buttons: list[Button]
    id: str | UnsetType = UNSET
    message_id: str | UnsetType = field(name="messageID", default=UNSET)


class CardTrace(Struct, frozen=True, tag_field="type", tag="cardV2"):
    """One card."""

    payload: Card


class CarouselPayload(Struct, frozen=True):
    """`layout` is `Carousel` or `List`."""

    layout: str
    cards: list[Card]
    message_id: str | UnsetType = field(name="messageID", default=UNSET)


class CarouselTrace(Struct, frozen=True, tag_field="type", tag="carousel"):
    """Several cards."""

    payload: CarouselPayload


class Dimensions(Struct, frozen=True):
    """In pixels."""

    width: float
    height: float


class VisualPayload(Struct, frozen=True):
    """`image` is a URL."""

    image: str | None
    visual_type: str = field(name="visualType", default="image")
    dimensions: Dimensions | UnsetType | None = UNSET
    canvas_visibility: str | UnsetType = field(name="canvasVisibility", default=UNSET)
    device: str | UnsetType | None = UNSET


class VisualTrace(Struct, frozen=True, tag_field="type", tag="visual"):
    """A picture."""

    payload: VisualPayload


class NoReplyPayload(Struct, frozen=True):
    """`timeout` is in seconds: the client sends `no-reply` when the user was silent for as long."""

    timeout: float


class NoReplyTrace(Struct, frozen=True, tag_field="type", tag="no-reply"):
    """Asks the client to watch for silence."""

    payload: NoReplyPayload


class PathPayload(Struct, frozen=True):
    """`choice:<n>`, `choice:else`, `choice:noReply`, `reprompt`, `capture`, `jump`, `push`."""

    path: str


class PathTrace(Struct, frozen=True, tag_field="type", tag="path"):
    """Which way the flow went."""

    payload: PathPayload


class FlowPayload(Struct, frozen=True):
    """The workflow that was entered."""

    diagram_id: str = field(name="diagramID")
    name: str | UnsetType = UNSET


class FlowTrace(Struct, frozen=True, tag_field="type", tag="flow"):
    """The stack of workflows changed."""

    payload: FlowPayload


class BlockPayload(Struct, frozen=True):
    """The step that was run."""

    block_id: str = field(name="blockID")


class BlockTrace(Struct, frozen=True, tag_field="type", tag="block"):
    """A step was run."""

    payload: BlockPayload


class NodeRef(Struct, frozen=True, tag_field="type", tag="node"):
    """Where in the program a debug trace comes from."""

    node_id: str = field(name="nodeID")
    node_type: str = field(name="nodeType")
    diagram_id: str = field(name="diagramID")
    diagram_name: str | UnsetType = field(name="diagramName", default=UNSET)


class ToolRef(Struct, frozen=True, kw_only=True):
    """A tool, and the step that uses it: that is filled in where the trace is emitted."""

    node_id: str = field(name="nodeID", default="")
    diagram_id: str = field(name="diagramID", default="")


class ApiToolRef(ToolRef, frozen=True, tag_field="type", tag="api-tool"):
    """An API tool."""

    id: str = field(name="apiToolID")
    name: str = field(name="apiToolName")


class FunctionRef(ToolRef, frozen=True, tag_field="type", tag="function"):
    """A function that is used as a tool."""

    id: str = field(name="functionID")
    name: str = field(name="functionName")


class McpToolRef(ToolRef, frozen=True, tag_field="type", tag="mcp-integration-tool"):
    """A tool of an MCP server."""

    name: str = field(name="mcpToolName")


class NativeToolRef(ToolRef, frozen=True, tag_field="type", tag="integration-tool"):
    """A tool of the runtime's own."""

    name: str = field(name="integrationToolName")


Ref = NodeRef | ApiToolRef | FunctionRef | McpToolRef | NativeToolRef
"""What a debug trace is about."""


class DebugPayload(Struct, frozen=True):
    """`level` is fatal, error, warn, info or debug."""

    message: str
    type: str | UnsetType = UNSET
    level: str | UnsetType = UNSET
    context: str | UnsetType = UNSET
    metadata: JSON | UnsetType = UNSET
    ref: Ref | UnsetType = UNSET


class DebugTrace(Struct, frozen=True, tag_field="type", tag="debug"):
    """Something for the builder of the agent, never for its user."""

    payload: DebugPayload


class GotoPayload(Struct, frozen=True):
    """The action to run next."""

    request: JSON


class GotoTrace(Struct, frozen=True, tag_field="type", tag="goto"):
    """The next action is already known; the server runs it itself unless the client delegates for itself."""

    payload: GotoPayload


class EntityFillingPayload(Struct, frozen=True):
    """`intent` is the intent action whose entity is being asked for."""

    entity_to_fill: str = field(name="entityToFill")
    intent: JSON


class EntityFillingTrace(Struct, frozen=True, tag_field="type", tag="entity-filling"):
    """A required entity is being asked for."""

    payload: EntityFillingPayload


class EndTrace(Struct, frozen=True, tag_field="type", tag="end"):
    """The flow ended the conversation: `payload` is null after an End step, absent where the flow ran out."""

    payload: JSON | UnsetType = UNSET


class TracePath(Struct, frozen=True):
    """One way on from a custom action: the action `event` takes it."""

    label: str | UnsetType = UNSET
    event: JSON | UnsetType = UNSET


class CustomTrace(Struct, frozen=True):
    """A trace of the agent's own type. `payload` is any JSON."""

    type: str
    payload: JSON
    default_path: int | UnsetType = field(name="defaultPath", default=UNSET)
    paths: list[TracePath] | UnsetType = UNSET


Trace = (
    TextTrace
    | SpeakTrace
    | ChoiceTrace
    | CardTrace
    | CarouselTrace
    | VisualTrace
    | StreamTrace
    | CallForwardTrace
    | HandoffTrace
    | CompletionTrace
    | ReasoningTrace
    | KnowledgeTrace
    | ToolCallTrace
    | LogTrace
    | NoReplyTrace
    | PathTrace
    | FlowTrace
    | BlockTrace
    | DebugTrace
    | GotoTrace
    | EntityFillingTrace
    | EndTrace
    | CustomTrace
)


_TYPES: dict[type, str] = {kind: str(kind.__struct_config__.tag) for kind in get_args(Trace) if kind is not CustomTrace}


def type_of(trace: Trace) -> str:
    """The trace's type on the wire."""
    known = _TYPES.get(type(trace))
    return trace.type if known is None else known  # type: ignore[union-attr]


def debug(
    message: str,
    *,
    level: str = "info",
    context: str | None = None,
    ref: Ref | None = None,
    metadata: JSON | UnsetType = UNSET,
) -> DebugTrace:
    """A debug trace."""
    return DebugTrace(DebugPayload(message, UNSET, level, context or UNSET, metadata, ref or UNSET))


_encode = msgspec.json.Encoder().encode


class Stamp:
    """What each trace of one turn is marked with: the time it left (milliseconds since 1970), and the turn."""

    __slots__ = ("_mark", "_time", "_turn")

    def __init__(self, turn: str) -> None:
        self._turn = turn.encode()
        self._time = -1
        self._mark = b""

    def encode(self, trace: Trace, time_ms: int) -> bytes:
        """The trace as JSON, with its mark. One encoding serves every listener and the store.

        The mark is joined on, which saves a copy of the trace: the encoder's output always ends in a closing brace.
        """
        if time_ms != self._time:
            self._time = time_ms
            self._mark = b',"time":%d,"turnID":"%s"}' % (time_ms, self._turn)
        return _encode(trace)[:-1] + self._mark
