"""An answer in OpenAI's responses format. Sends nothing."""

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

RESPONSES = "openai-responses"


class _Details(Struct):
    cached_tokens: int | None = None


class _Usage(Struct):
    input_tokens: int | None = None
    output_tokens: int | None = None
    input_tokens_details: _Details | None = None


class _Incomplete(Struct):
    reason: str | None = None


class _Response(Struct):
    usage: _Usage | None = None
    error: Any = None
    incomplete_details: _Incomplete | None = None


class _Item(Struct):
    type: str = ""
    id: str | None = None
    call_id: str | None = None
    name: str | None = None
    arguments: str | None = None
    encrypted_content: str | None = None
    summary: Any = None


class _Event(Struct):
    type: str
    delta: Any = None
    item: _Item | None = None
    response: _Response | None = None


_decode = msgspec.json.Decoder(_Event).decode


class ResponseReading:
    """See `Reading`. What it thought is kept, encrypted, with the first call: it comes back with its result."""

    def __init__(self, place: Place, aliases: Aliases) -> None:
        self.pieces = Pieces()
        self.is_over = False
        self.is_whole = False
        self._place = place
        self._aliases = aliases
        self._calls: list[ToolCall] = []
        self._thoughts: list[dict[str, Any]] = []
        self._usage: _Usage | None = None
        self._is_refused = False
        self._is_short = False

    def take(self, event: Event) -> None:
        """See `Reading.take`."""
        if event[1] == b"[DONE]":
            self.is_over = True
            return
        try:
            said = _decode(event[1])
        except msgspec.MsgspecError as error:
            raise malformed(self._place) from error
        match said.type:
            case "response.output_text.delta" if isinstance(said.delta, str):
                self.pieces.text(said.delta)
            case "response.reasoning_summary_text.delta" | "response.reasoning_text.delta":
                self.pieces.thought(str(said.delta))
            case "response.refusal.delta":
                self._is_refused = True
            case "response.output_item.done" if said.item is not None:
                self._take_item(said.item)
            case "response.completed" | "response.incomplete":
                self._finish(said.response or _Response())
            case "response.failed":
                raise of_error(self._place.who, {"error": said.response.error if said.response is not None else None})
            case "error":
                raise of_error(self._place.who, msgspec.json.decode(event[1]))
            case _:
                pass

    def end(self) -> None:
        """See `Reading.end`."""
        if not self.is_whole:
            raise cut(self._place)
        if self._is_refused:
            raise ModelUnavailable(f"{self._place.who} does not answer this: its content filter", "filtered")
        if self._is_short:
            self.pieces.add(too_short())
        for n, call in enumerate(self._calls):
            kept = keep(RESPONSES, self._thoughts) if n == 0 and self._thoughts else ""
            self.pieces.add(msgspec.structs.replace(call, kept=kept))
        self.pieces.add(with_cost(self._told(), self._place))

    def _take_item(self, item: _Item) -> None:
        if item.type == "function_call":
            id, name = item.call_id or f"call_{secrets.token_hex(8)}", self._aliases.name(item.name or "")
            self._calls.append(ToolCall(id, name, item.arguments or "{}"))
        elif item.type == "reasoning" and item.encrypted_content:
            kept = {"type": "reasoning", "id": item.id, "summary": item.summary or []}
            self._thoughts.append(kept | {"encrypted_content": item.encrypted_content})

    def _finish(self, response: _Response) -> None:
        self.is_over = self.is_whole = True
        self._usage = response.usage
        reason = response.incomplete_details.reason if response.incomplete_details is not None else None
        self._is_refused = self._is_refused or reason == "content_filter"
        self._is_short = reason == "max_output_tokens"

    def _told(self) -> Usage:
        usage = self._usage
        if usage is None:
            return Usage(self._place.model, note="its provider does not say what it took")
        cached = usage.input_tokens_details.cached_tokens if usage.input_tokens_details is not None else None
        return Usage(self._place.model, usage.input_tokens or 0, usage.output_tokens or 0, cached=cached or 0)
