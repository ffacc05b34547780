"""An answer in Anthropic's messages format. Sends nothing."""

from __future__ import annotations

import secrets
from typing import Any

import msgspec
from msgspec import Struct

from parley.backends.llm.failures import of_error
from parley.backends.llm.kept import keep
from parley.backends.llm.naming import Aliases
from parley.backends.llm.place import Place
from parley.backends.llm.reading import Pieces, cut, malformed, too_short, with_cost
from parley.backends.llm.sse import Event
from parley.ports.llm import ModelUnavailable, ToolCall, Usage

ANTHROPIC = "anthropic"


class _Usage(Struct):
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None


class _Message(Struct):
    usage: _Usage | None = None


class _Block(Struct):
    type: str = ""
    id: str | None = None
    name: str | None = None
    text: str | None = None
    thinking: str | None = None
    data: str | None = None
    input: Any = None


class _Delta(Struct):
    type: str | None = None
    text: str | None = None
    partial_json: str | None = None
    thinking: str | None = None
    signature: str | None = None
    stop_reason: str | None = None


class _Event(Struct):
    type: str
    index: int = 0
    message: _Message | None = None
    content_block: _Block | None = None
    delta: _Delta | None = None
    usage: _Usage | None = None
    error: Any = None


class _Made(Struct):
    """A block while it is written."""

    kind: str
    id: str = ""
    name: str = ""
    written: list[str] = []
    signature: str = ""


_decode = msgspec.json.Decoder(_Event).decode


class MessageReading:
    """See `Reading`. Thoughts are kept with the first call: they have to come back with its result."""

    def __init__(self, place: Place, aliases: Aliases) -> None:
        self.pieces = Pieces()
        self.is_over = False
        self.is_whole = False
        self._place = place
        self._aliases = aliases
        self._blocks: dict[int, _Made] = {}
        self._usage = _Usage()
        self._stop: str | None = None

    def take(self, event: Event) -> None:
        """See `Reading.take`."""
        try:
            said = _decode(event[1])
        except msgspec.MsgspecError as error:
            raise malformed(self._place) from error
        match said.type:
            case "content_block_delta" if said.delta is not None:
                self._take(said.index, said.delta)
            case "content_block_start" if said.content_block is not None:
                self._begin(said.index, said.content_block)
            case "message_start" if said.message is not None:
                self._count(said.message.usage)
            case "message_delta":
                self._count(said.usage)
                if said.delta is not None and said.delta.stop_reason:
                    self._stop = said.delta.stop_reason
                    self.is_whole = True
            case "message_stop":
                self.is_over = self.is_whole = True
            case "error":
                raise of_error(self._place.who, {"error": said.error})
            case _:
                pass

    def end(self) -> None:
        """See `Reading.end`."""
        if not self.is_whole:
            raise cut(self._place)
        if self._stop == "refusal":
            raise ModelUnavailable(f"{self._place.who} does not answer this: its content filter", "filtered")
        if self._stop in ("max_tokens", "model_context_window_exceeded"):
            self.pieces.add(too_short())
        kept = self._kept()
        for block in self._blocks.values():
            if block.kind == "tool_use":
                id = block.id or f"call_{secrets.token_hex(8)}"
                written = "".join(block.written) or "{}"
                self.pieces.add(ToolCall(id, self._aliases.name(block.name), written, kept))
                kept = ""
        self.pieces.add(with_cost(self._told(), self._place))

    def _begin(self, index: int, block: _Block) -> None:
        """A block that is not only begun but whole has its contents here."""
        made = self._blocks[index] = _Made(block.type, block.id or "", block.name or "", [])
        if block.type == "text" and block.text:
            self.pieces.text(block.text)
        elif block.type == "thinking" and block.thinking:
            made.written.append(block.thinking)
            self.pieces.thought(block.thinking)
        elif block.type == "redacted_thinking":
            made.written.append(block.data or "")
        elif block.type == "tool_use" and block.input:
            made.written.append(msgspec.json.encode(block.input).decode())

    def _take(self, index: int, delta: _Delta) -> None:
        if delta.type == "text_delta" and delta.text:
            self.pieces.text(delta.text)
            return
        block = self._blocks.setdefault(index, _Made("", written=[]))
        if delta.type == "input_json_delta" and delta.partial_json:
            block.written.append(delta.partial_json)
        elif delta.type == "thinking_delta" and delta.thinking:
            block.written.append(delta.thinking)
            self.pieces.thought(delta.thinking)
        elif delta.type == "signature_delta" and delta.signature:
            block.signature += delta.signature

    def _kept(self) -> str:
        blocks: list[dict[str, str]] = []
        for block in self._blocks.values():
            if block.kind == "thinking" and block.signature:
                blocks.append({"type": "thinking", "thinking": "".join(block.written), "signature": block.signature})
            elif block.kind == "redacted_thinking":
                blocks.append({"type": "redacted_thinking", "data": "".join(block.written)})
        return keep(ANTHROPIC, blocks) if blocks else ""

    def _count(self, usage: _Usage | None) -> None:
        """Counts are of all so far: the last one that is told holds."""
        if usage is not None:
            for name in _Usage.__struct_fields__:
                value = getattr(usage, name)
                if value is not None:
                    setattr(self._usage, name, value)

    def _told(self) -> Usage:
        usage = self._usage
        cached = usage.cache_read_input_tokens or 0
        asked = (usage.input_tokens or 0) + cached + (usage.cache_creation_input_tokens or 0)
        return Usage(self._place.model, asked, usage.output_tokens or 0, cached=cached)
