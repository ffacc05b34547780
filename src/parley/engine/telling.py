"""A message that a model writes: told piece by piece where the client asked for it, else whole.

Source: Conversations API, section 4.1: `completion` start, content and end come instead of a text.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

from msgspec import UNSET

from parley.domain.channel_traces import CompletionPayload, CompletionTrace
from parley.domain.traces import Slate, SpeakPayload, SpeakTrace, TextPayload, TextTrace
from parley.engine.saying import keep
from parley.engine.templates import slate_of
from parley.engine.turn import Turn


class Telling:
    """One message while it is written. What stops the writer from outside (`with`) ends it where it is: what has been
    told by then is what is remembered.
    """

    def __init__(self, turn: Turn, *, streams: bool) -> None:
        self._turn = turn
        self._streams = streams
        self._told: list[str] = []
        self._is_over = False
        self._sources: list[dict[str, str]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is not None and self._told and not self._is_over:
            self.stop()
            self._keep("".join(self._told).strip())

    def cite(self, sources: list[dict[str, str]]) -> None:
        """Where the answer comes from; said before it begins."""
        self._sources = sources

    def hear(self, piece: str) -> None:
        """The next piece of it."""
        if self._streams and (piece if self._told else piece.strip()):
            if not self._told:
                self._begin()
            self._told.append(piece)
            self._turn.emit(CompletionTrace(CompletionPayload("content", content=piece)))

    def stop(self) -> None:
        """Nothing comes after this, and what came was not an answer."""
        if self._told and not self._is_over:
            self._turn.emit(CompletionTrace(CompletionPayload("end")))
        self._is_over = True

    def finish(self, text: str) -> None:
        """This was all of it."""
        if self._streams:
            if not self._told:
                self.hear(text)
            self.stop()
        else:
            self._is_over = True
            self._tell(text)
        self._keep(text)

    def _keep(self, text: str) -> None:
        turn = self._turn
        spoken = turn.program.settings.modality == "voice"
        if turn.state.stack:
            keep({"message": text, "content": slate_of(text), "spoken": spoken}, turn)
        if not turn.is_hushed:
            turn.variables.set("last_response", text)
            turn.variables.memory.said("assistant", text)

    def _begin(self) -> None:
        turn = self._turn
        id, delay, sources = turn.message_id(), turn.program.settings.message_delay, self._sources or UNSET
        turn.emit(CompletionTrace(CompletionPayload("start", id, ai=True, delay=delay, source_urls=sources)))

    def _tell(self, text: str) -> None:
        turn = self._turn
        if turn.program.settings.modality == "voice":
            turn.emit(SpeakTrace(SpeakPayload(text, "message", ai=True)))
            return
        id, delay = turn.message_id(), turn.program.settings.message_delay
        slate = Slate(id, slate_of(text), delay)
        turn.emit(TextTrace(TextPayload(slate, text, id, delay, ai=True, source_urls=self._sources or UNSET)))
