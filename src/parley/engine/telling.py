"""A message that a model writes: told piece by piece where the client asked for it, else whole.

Source: Conversations API, section 4.1: `completion` start, content and end come instead of a text.
"""

from __future__ import annotations

from parley.domain.channel_traces import CompletionPayload, CompletionTrace
from parley.domain.traces import Slate, SpeakPayload, SpeakTrace, TextPayload, TextTrace
from parley.engine.saying import keep
from parley.engine.templates import slate_of
from parley.engine.turn import Turn


class Telling:
    """One message while it is written."""

    def __init__(self, turn: Turn, *, streams: bool) -> None:
        self._turn = turn
        self._streams = streams
        self._has_begun = False

    def hear(self, piece: str) -> None:
        """The next piece of it."""
        if self._streams and (piece if self._has_begun else piece.strip()):
            self._begin()
            self._turn.emit(CompletionTrace(CompletionPayload("content", content=piece)))

    def stop(self) -> None:
        """Nothing comes after this, and what came was not an answer."""
        if self._has_begun:
            self._turn.emit(CompletionTrace(CompletionPayload("end")))

    def finish(self, text: str) -> None:
        """This was all of it."""
        turn = self._turn
        if self._streams:
            if not self._has_begun:
                self.hear(text)
            self.stop()
        else:
            self._tell(text)
        spoken = turn.program.settings.modality == "voice"
        keep({"message": text, "content": slate_of(text), "spoken": spoken}, turn)
        turn.variables.set("last_response", text)
        turn.variables.remember("assistant", text)

    def _begin(self) -> None:
        if not self._has_begun:
            self._has_begun = True
            turn = self._turn
            delay = turn.program.settings.message_delay
            turn.emit(CompletionTrace(CompletionPayload("start", turn.message_id(), ai=True, delay=delay)))

    def _tell(self, text: str) -> None:
        turn = self._turn
        if turn.program.settings.modality == "voice":
            turn.emit(SpeakTrace(SpeakPayload(text, "message", ai=True)))
            return
        id, delay = turn.message_id(), turn.program.settings.message_delay
        turn.emit(TextTrace(TextPayload(Slate(id, slate_of(text), delay), text, id, delay, ai=True)))
