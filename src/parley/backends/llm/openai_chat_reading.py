"""An answer in the chat completions format, as OpenAI and those who copied it write it. Sends nothing.

Taken as they come: tool calls in parts or whole, with or without index and id; thoughts under two names or as a kind of
content; usage in a chunk of its own, in the last one, Groq's place, or nowhere; errors in the stream; no `[DONE]`.
"""

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

GEMINI = "google"
DONE = b"[DONE]"


class _Function(Struct):
    name: str | None = None
    arguments: Any = None


class _Call(Struct):
    index: int | None = None
    id: str | None = None
    function: _Function | None = None
    extra_content: Any = None


class _Delta(Struct):
    content: Any = None
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: Any = None
    tool_calls: list[_Call] | None = None


class _Choice(Struct):
    delta: _Delta | None = None
    finish_reason: str | None = None


class _Details(Struct):
    cached_tokens: int | None = None


class _Usage(Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _Details | None = None
    prompt_cache_hit_tokens: int | None = None


class _Groq(Struct):
    usage: _Usage | None = None


class _Chunk(Struct):
    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    x_groq: _Groq | None = None
    error: Any = None
    object: str | None = None


class _Made(Struct):
    """A tool call while it is written."""

    id: str
    name: str
    written: list[str]
    extra: Any = None


_decode = msgspec.json.Decoder(_Chunk).decode


class ChatReading:
    """See `Reading`."""

    def __init__(self, place: Place, aliases: Aliases) -> None:
        self.pieces = Pieces()
        self.is_over = False
        self.is_whole = False
        self._place = place
        self._aliases = aliases
        self._calls: list[_Made] = []
        self._by_index: dict[int, _Made] = {}
        self._usage: _Usage | None = None
        self._finish: str | None = None
        self._is_refused = False

    def take(self, event: Event) -> None:
        """See `Reading.take`."""
        name, data = event
        if data == DONE:
            self.is_over = self.is_whole = True
            return
        try:
            chunk = _decode(data)
        except msgspec.MsgspecError as error:
            raise malformed(self._place) from error
        if chunk.error is not None or chunk.object == "error" or name == b"error":
            raise of_error(self._place.who, msgspec.json.decode(data))
        usage = chunk.usage or (chunk.x_groq.usage if chunk.x_groq is not None else None)
        if usage is not None:
            self._usage = usage
        for choice in chunk.choices or ():
            if choice.delta is not None:
                self._take(choice.delta)
            if choice.finish_reason:
                self._finish = choice.finish_reason
                self.is_whole = True

    def end(self) -> None:
        """See `Reading.end`."""
        if not self.is_whole:
            raise cut(self._place)
        if self._finish == "content_filter" or self._is_refused:
            raise ModelUnavailable(f"{self._place.who} does not answer this: its content filter", "filtered")
        if self._finish == "error":
            raise cut(self._place)
        if self._finish == "length":
            self.pieces.add(too_short())
        for call in self._calls:
            extra = "" if call.extra is None else keep(GEMINI, call.extra)
            name, arguments = self._aliases.name(call.name), "".join(call.written) or "{}"
            self.pieces.add(ToolCall(call.id or f"call_{secrets.token_hex(8)}", name, arguments, extra))
        self.pieces.add(with_cost(_usage(self._place.model, self._usage), self._place))

    def _take(self, delta: _Delta) -> None:
        thought = delta.reasoning_content or delta.reasoning
        if thought and isinstance(thought, str):
            self.pieces.thought(thought)
        content = delta.content
        if content:
            if isinstance(content, str):
                self.pieces.text(content)
            else:
                self._take_parts(content)
        if delta.refusal:
            self._is_refused = True
        for call in delta.tool_calls or ():
            self._take_call(call)

    def _take_parts(self, content: Any) -> None:
        """Mistral's content: texts, and thoughts that are made of texts."""
        for part in content if isinstance(content, list) else ():
            if not isinstance(part, dict):
                continue
            if isinstance(text := part.get("text"), str):
                self.pieces.text(text)
            thinking = part.get("thinking")
            for each in thinking if isinstance(thinking, list) else ():
                if isinstance(each, dict) and isinstance(text := each.get("text"), str):
                    self.pieces.thought(text)

    def _take_call(self, part: _Call) -> None:
        function = part.function or _Function()
        made = self._made_by(part, function)
        made.id = made.id or part.id or ""
        made.name = made.name or function.name or ""
        if part.extra_content is not None:
            made.extra = part.extra_content
        arguments = function.arguments
        if isinstance(arguments, str):
            made.written.append(arguments)
        elif arguments is not None:
            made.written.append(msgspec.json.encode(arguments).decode())

    def _made_by(self, part: _Call, function: _Function) -> _Made:
        """The call that this is a part of: the one of its index, unless it has another id and a name of its own."""
        last = self._calls[-1] if self._calls else None
        made = last if part.index is None else self._by_index.get(part.index)
        if made is not None:
            is_other = bool(part.id and made.id and part.id != made.id and function.name)
            is_next = part.index is None and not part.id and bool(function.name)
            if not is_other and not is_next:
                return made
        made = _Made(part.id or "", function.name or "", [])
        self._calls.append(made)
        if part.index is not None:
            self._by_index[part.index] = made
        return made


def _usage(model: str, usage: _Usage | None) -> Usage:
    if usage is None:
        return Usage(model, note="its provider does not say what it took")
    cached = usage.prompt_tokens_details.cached_tokens if usage.prompt_tokens_details is not None else None
    cached = usage.prompt_cache_hit_tokens if cached is None else cached
    return Usage(model, usage.prompt_tokens or 0, usage.completion_tokens or 0, cached=cached or 0)
