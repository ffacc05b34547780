"""The calls of one answer, each held against what was offered: nothing else is ever done.

Source: decisions, "Injection": what a user, a document or a tool says may talk a model into calling anything.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from parley.domain.traces import debug
from parley.engine.memory import Use
from parley.engine.offering import Meaning, Offered
from parley.engine.turn import Turn
from parley.ports.llm import ToolCall

MOST_CALLS = 16
"""Of one answer; what is called beyond is not done."""
_UNKNOWN = "There is no tool `{}`. There are: {}."


class Read(Struct, frozen=True):
    """A call, and what its name means. `error`: what the model reads in place of a result."""

    call: ToolCall
    meaning: Meaning | None
    error: str | None = None

    def use(self, result: str, *, failed: bool = False) -> Use:
        """The call with its result."""
        return Use(self.call.id, self.call.name, self.call.arguments, result, failed)


def read_calls(calls: tuple[ToolCall, ...], offered: Offered, turn: Turn) -> list[Read]:
    """The calls in the order in which they were made. One with the id of another is that one again, and is left out."""
    found: dict[str, Read] = {}
    for n, call in enumerate(calls, 1):
        named = call if call.id else replace(call, id=f"call_{turn.id}_{turn.spent.calls}_{n}")
        if named.id in found:
            turn.emit(debug(f"the model made the call '{named.id[:80]}' twice: it is made once", level="warn"))
            continue
        found[named.id] = _read(named, offered, turn, is_one_too_many=len(found) >= MOST_CALLS)
    return list(found.values())


def _read(call: ToolCall, offered: Offered, turn: Turn, *, is_one_too_many: bool) -> Read:
    meaning = offered.meanings.get(call.name)
    if meaning is None:
        turn.emit(debug(f"the model called '{call.name[:80]}', which it was not offered", level="warn"))
        return Read(call, None, _UNKNOWN.format(call.name[:80], ", ".join(offered.meanings) or "none"))
    if is_one_too_many:
        return Read(call, meaning, f"Not done: {MOST_CALLS} calls in one answer are enough.")
    return Read(call, meaning)
