"""What was said between a client's own turns while nobody listened: told with the next answer, which is all it hears.

A person who has taken over speaks when they like; a client that only posts actions would never know. What is told again
keeps the `turnID` and the time of when it was said, so that nobody takes it for said twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from msgspec import Raw

from parley.domain.actions import Action, Authored, Injected, Joined, Left
from parley.domain.state import SessionState
from parley.domain.transcript import Emission, Traced

MOST = 100
"""How many traces are kept for a client that does not come; the oldest are forgotten first."""
_FOR_BUILDERS = frozenset({"debug", "log", "block", "flow", "path"})


def owe(action: Action, said: Sequence[Emission], state: SessionState) -> None:
    """Nobody heard what a turn of the server's own has said. How it began who begins a conversation knows."""
    if isinstance(action, Authored) and not action.by:
        return
    if isinstance(action, Authored | Joined | Left | Injected):
        traces = [each.body for each in said if isinstance(each.body, Traced) and each.body.type not in _FOR_BUILDERS]
        if traces:
            state.owed = [*state.owed, *(bytes(each.data).decode() for each in traces)][-MOST:]


def pay(action: Action, state: SessionState, excluded: frozenset[str]) -> Iterator[Traced]:
    """What a client's turn tells before it says anything itself."""
    if isinstance(action, Authored | Joined | Left | Injected):
        return
    owed, state.owed = state.owed, []
    for text in owed:
        kind = str(msgspec.json.decode(text)["type"])
        if kind not in excluded:
            yield Traced(kind, Raw(text.encode()))
