"""Changes to a session's state that clients make between turns (Conversations API, section 2.3).

Built-in variables are the server's: a client's values for them are passed over, so that what was read can be
written back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from parley.domain.builtin_variables import BUILTIN_VARIABLES
from parley.domain.state import Frame, SessionState
from parley.engine.stack import kept_storage
from parley.errors import InvalidInput

Change = Callable[[SessionState], None]


def settable(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the variables that a client may set."""
    return {name: value for name, value in variables.items() if name not in BUILTIN_VARIABLES}


def check_size(current: Mapping[str, Any], new: Mapping[str, Any], limit: int) -> None:
    """Raises `InvalidInput` when the variables together would have more than `limit` bytes as JSON."""
    if len(msgspec.json.encode({**current, **new})) > limit:
        raise InvalidInput(f"variables: expected at most {limit} bytes for all of a session's variables")


def merged_variables(new: Mapping[str, Any]) -> Change:
    """Set these variables, keep the others."""

    def change(state: SessionState) -> None:
        state.variables.update(new)

    return change


def briefed(instruction: str, context: Mapping[str, Any]) -> Change:
    """Tell models more of this conversation: an instruction takes the place of the one before, facts that of facts of
    the same name, and of variables."""

    def change(state: SessionState) -> None:
        before = state.contact
        facts = {**before.context, **context}
        state.contact = replace(before, instruction=instruction or before.instruction, context=facts)
        state.variables.update(settable(context))

    return change


def replaced(stack: Sequence[Frame], storage: Mapping[str, Any], variables: Mapping[str, Any]) -> Change:
    """Put a whole state in place of the one that is there; the built-in variables stay."""

    def change(state: SessionState) -> None:
        kept = {name: value for name, value in state.variables.items() if name in BUILTIN_VARIABLES}
        state.stack = list(stack)
        state.storage = dict(storage)
        state.variables = {**variables, **kept}

    return change


def begun_anew(state: SessionState) -> None:
    """Forget where the conversation stands; its variables stay, and what its transcript is marked with."""
    state.stack = []
    state.storage = kept_storage(state)


def ended(reason: str) -> Change:
    """The session is over."""

    def change(state: SessionState) -> None:
        state.ended = reason

    return change
