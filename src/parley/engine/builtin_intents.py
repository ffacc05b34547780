"""What the builtin intents do where nothing else takes them, and which of them an audio player obeys.

`VF.STOP` ends the conversation, `VF.START_OVER` begins it anew, `VF.REPEAT` says what was last said and asks again.
`VF.HELP` and the rest do nothing of themselves: they need a trigger. Source: engine, section 1.10 (interaction,
stream).
"""

from __future__ import annotations

from collections.abc import Iterable

from parley.engine.next import FINISH, RESTART, Goto, Next
from parley.engine.saying import say_again
from parley.engine.turn import Turn

STOP, START_OVER, REPEAT = "VF.STOP", "VF.START_OVER", "VF.REPEAT"
ACTING = frozenset({STOP, START_OVER, REPEAT})
PLAYER = frozenset({"PAUSE", "RESUME", "PLAY", "START_OVER", "NEXT", "PREVIOUS", "CANCEL", "STOP", "END"})
_PREFIX = "VF."


def of_itself(intent: str, turn: Turn) -> Next | None:
    """What the intent does without a trigger; None where it does nothing."""
    if intent == STOP:
        return FINISH
    if intent == START_OVER:
        return RESTART
    if intent == REPEAT:
        say_again(turn)
        return Goto(turn.frame.step)
    return None


def player_command(intent: str) -> str | None:
    """What the intent says to an audio player."""
    command = intent.removeprefix(_PREFIX)
    return command if intent.startswith(_PREFIX) and command in PLAYER else None


def player_intents(declared: Iterable[str]) -> set[str]:
    """Those of the declared intents that a player obeys."""
    return {intent for intent in declared if player_command(intent) is not None}
