"""What is remembered of a conversation: what both sides said, and which tools the models used on the way.

Kept in the session's storage, which a client may write by hand: what is of no known shape is not there. Source:
Conversations API, sections 6 (`vf_memory`) and 8 (length of the memory, summary of what overflows).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from msgspec import Struct

from parley.domain.state import SessionState
from parley.engine.stored import stored
from parley.ports.llm import Line, ToolCall

MEMORY = "_memory_"
SUMMARY = "_summary_"
MEMORY_TURNS = 10
"""Exchanges that `vf_memory` shows."""
LONGEST_TEXT = 10_000
LONGEST_RESULT = 20_000
LONGEST_SUMMARY = 4_000
MOST_USES = 20
MOST_TOLD = 100
_BEFORE = "(What was said before, in short: {})"

Side = Literal["user", "assistant"]
_UNSAID = ("tools", "told")


class Use(Struct, frozen=True, omit_defaults=True):
    """A tool that a model used. `result` is a text, for the model."""

    id: str
    name: str
    arguments: str = "{}"
    result: str = ""
    failed: bool = False


class _Entry(Struct, frozen=True, omit_defaults=True):
    """A text, or tools that `owner` used at once."""

    role: Literal["user", "assistant", "tools", "told"]
    content: str = ""
    owner: str = ""
    uses: tuple[Use, ...] = ()


class Span(Struct, frozen=True):
    """How many exchanges of both sides are kept, and how many above these wait to be summed up together."""

    turns: int = MEMORY_TURNS
    waiting: int = 0


SHORT = Span()
"""For agents whose models are told of nothing."""


class Memory:
    """The memory of one session."""

    def __init__(self, state: SessionState, span: Span) -> None:
        self._state = state
        self._kept = 2 * span.turns
        self._waiting = 2 * span.waiting

    def text(self) -> str:
        """The last exchanges as lines `user: ...` and `assistant: ...`."""
        said = [entry for entry in self._entries() if entry.role in ("user", "assistant")]
        return "\n".join(f"{entry.role}: {entry.content}" for entry in said[-2 * MEMORY_TURNS :])

    def lines(self, owner: str | None = None) -> tuple[Line, ...]:
        """What a model is told: the summary, what was said, and the tools that `owner` used."""
        summary = stored(self._state.storage, SUMMARY, str)
        before = (Line("user", _BEFORE.format(summary)),) if summary else ()
        return before + tuple(line for entry in self._entries() for line in _lines(entry, owner))

    @property
    def spoke_last(self) -> Side | None:
        """Who said something last; None: nobody has said anything."""
        return next((entry.role for entry in reversed(self._entries()) if entry.role in ("user", "assistant")), None)

    def said(self, role: Side, content: str) -> None:
        """One side said something; what the assistant says in a row is one entry."""
        lines = self._written()
        last = lines[-1] if lines and isinstance(lines[-1], dict) else {}
        if last.get("role") == role == "assistant":
            lines[-1] = {"role": role, "content": f"{last.get('content')}\n{content}"[:LONGEST_TEXT]}
            return
        lines.append({"role": role, "content": content[:LONGEST_TEXT]})
        self._trim(self._kept + self._waiting)

    def told(self, block: str) -> None:
        """Something came from outside the conversation: neither side said it, and only models read it.

        It is kept whole, as half a block would be a broken one. The oldest are forgotten first.
        """
        lines = self._written()
        lines.append({"role": "told", "content": block})
        places = [i for i, line in enumerate(lines) if _is_told(line)]
        for i in reversed(places[:-MOST_TOLD]):
            del lines[i]

    def used(self, owner: str, uses: list[Use]) -> None:
        """`owner` used these tools at once. The oldest uses are forgotten first."""
        lines = self._written()
        written = [
            {"id": use.id, "name": use.name, "arguments": use.arguments[:LONGEST_RESULT]}
            | {"result": use.result[:LONGEST_RESULT], "failed": use.failed}
            for use in uses
        ]
        lines.append({"role": "tools", "content": "", "owner": owner, "uses": written})
        places = [i for i, line in enumerate(lines) if isinstance(line, dict) and line.get("role") == "tools"]
        for i in reversed(places[:-MOST_USES]):
            del lines[i]

    def overflow(self) -> str:
        """What should be summed up, as lines; empty while there is little of it."""
        if not self._waiting or len(self._written()) < self._kept + self._waiting:
            return ""
        said = [entry for entry in self._entries() if entry.role in ("user", "assistant")]
        if len(said) < self._kept + self._waiting:
            return ""
        return "\n".join(f"{entry.role}: {entry.content}" for entry in said[: -self._kept])

    def forget(self, summary: str | None) -> None:
        """Drop the overflow, for which `summary` stands from now on. None: nothing new does."""
        self._trim(self._kept)
        if summary is not None:
            self._state.storage[SUMMARY] = summary[:LONGEST_SUMMARY]

    def summary(self) -> str:
        """What stands for what is no longer remembered."""
        return stored(self._state.storage, SUMMARY, str) or ""

    def _trim(self, texts: int) -> None:
        lines = self._written()
        if len(lines) <= texts:
            return
        spoken = [i for i, line in enumerate(lines) if not (isinstance(line, dict) and line.get("role") in _UNSAID)]
        if len(spoken) > texts:
            del lines[: spoken[-texts]]

    def _written(self) -> list[Any]:
        lines = self._state.storage.get(MEMORY)
        if not isinstance(lines, list):
            lines = self._state.storage[MEMORY] = []
        return lines

    def _entries(self) -> list[_Entry]:
        return stored(self._state.storage, MEMORY, list[_Entry]) or []


def without_told(storage: dict[str, Any]) -> dict[str, Any]:
    """A session's storage without what came from outside the conversation."""
    written = storage.get(MEMORY)
    if not isinstance(written, list):
        return storage
    return storage | {MEMORY: [line for line in written if not _is_told(line)]}


def _is_told(line: Any) -> bool:
    return isinstance(line, dict) and line.get("role") == "told"


def _lines(entry: _Entry, owner: str | None) -> Iterator[Line]:
    if entry.role == "told":
        yield Line("user", entry.content)
    elif entry.role != "tools":
        yield Line(entry.role, entry.content)
    elif entry.owner == owner and entry.uses:
        calls = tuple(ToolCall(use.id, use.name, use.arguments) for use in entry.uses)
        yield Line("assistant", "", calls)
        yield from (Line("tool", use.result, call_id=use.id) for use in entry.uses)
