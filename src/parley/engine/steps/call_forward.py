"""The step that passes a call on."""

from __future__ import annotations

from msgspec import UNSET

from parley.domain.channel_steps import CallForward
from parley.domain.channel_traces import CallForwardPayload, CallForwardTrace
from parley.engine.escalating import ask_for_a_person
from parley.engine.next import Goto, Next
from parley.engine.templates import render
from parley.engine.turn import Turn

FORWARDED = "The agent forwards the call."


def forward_call(step: CallForward, turn: Turn) -> Next:
    """Tell the telephone where the call goes; what follows is said before it does."""
    address = render(step.address, turn.variables)
    by_phone = step.by == "phone"
    extension = render(step.extension, turn.variables) if by_phone else ""
    passes = step.passes_caller if by_phone and step.passes_caller is not None else UNSET
    ask_for_a_person(FORWARDED, turn)
    turn.emit(CallForwardTrace(CallForwardPayload(step.by, address, extension or UNSET, passes)))
    return Goto(step.then)
