"""The message step: one of its variants, as text."""

from __future__ import annotations

from parley.domain.steps import Message
from parley.engine.next import Goto, Next
from parley.engine.saying import say, variant_of
from parley.engine.turn import Turn


def send_message(step: Message, turn: Turn) -> Next:
    """Say a variant and go on."""
    said = variant_of(step.id, step.variants, turn)
    if said is not None:
        say(said, turn)
    return Goto(step.then)
