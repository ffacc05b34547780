"""The speak step: one of its variants, as speech."""

from __future__ import annotations

from parley.domain.steps import Speak
from parley.engine.next import Goto, Next
from parley.engine.saying import speak_aloud, variant_of
from parley.engine.turn import Turn


def speak(step: Speak, turn: Turn) -> Next:
    """Speak a variant and go on."""
    said = variant_of(step.id, step.variants, turn)
    if said is not None:
        speak_aloud(said, turn)
    return Goto(step.then)
