"""What a model thinks before it answers, shown while it comes where the client asked for pieces, else whole.

Source: Conversations API, section 4 (`reasoning`).
"""

from __future__ import annotations

from parley.domain.channel_traces import ReasoningPayload, ReasoningTrace
from parley.engine.turn import Turn


class Thinking:
    """The thoughts before one answer, or between two parts of it."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._thoughts: list[str] = []

    def hear(self, thought: str) -> None:
        """The next piece of a thought."""
        if not thought:
            return
        if self._streams:
            if not self._thoughts:
                self._show(ReasoningPayload("start"))
            self._show(ReasoningPayload("content", content=thought))
        self._thoughts.append(thought)

    def stop(self) -> None:
        """It thinks no more, for now."""
        if not self._thoughts:
            return
        if self._streams:
            self._show(ReasoningPayload("end"))
        else:
            self._show(ReasoningPayload("final", message="".join(self._thoughts)))
        self._thoughts.clear()

    @property
    def _streams(self) -> bool:
        return self._turn.config.completion_events

    def _show(self, payload: ReasoningPayload) -> None:
        self._turn.emit(ReasoningTrace(payload))
