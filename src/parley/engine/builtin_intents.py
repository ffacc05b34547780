"""What the builtin intents do where nothing else takes them, and which of them an audio player obeys.

`VF.STOP` ends the conversation, `VF.START_OVER` begins it anew, `VF.REPEAT` says again what was said, as the setting
`repeat` has it, and asks again. `VF.HELP` and the rest do nothing of themselves: without a trigger, and with no choice
that listens for them, they are replies that fit nothing. Source: engine, sections 1.8 (commands) and 1.10 (interaction,
stream).
"""

from __future__ import annotations

from collections.abc import Iterable

from parley.domain.acting_intents import REPEAT, START_OVER, STOP
from parley.engine.next import FINISH, RESTART, Goto, Next
from parley.engine.saying import repeat
from parley.engine.turn import Turn

PLAYER = frozenset({"PAUSE", "RESUME", "PLAY", "START_OVER", "NEXT", "PREVIOUS", "CANCEL", "STOP", "END"})
_PREFIX = "VF."


def of_itself(intent: str, turn: Turn) -> Next | None:
    """What the intent does without a trigger; None where it does nothing."""
    if intent == STOP:
        return FINISH
    if intent == START_OVER:
        return RESTART
    if intent == REPEAT and turn.program.settings.repeat != "off":
        repeat(turn)
        return Goto(turn.frame.step)
    return None


def player_command(intent: str) -> str | None:
    """What the intent says to an audio player."""
    command = intent.removeprefix(_PREFIX)
    return command if intent.startswith(_PREFIX) and command in PLAYER else None


def player_intents(declared: Iterable[str]) -> set[str]:
    """Those of the declared intents that a player obeys."""
    return {intent for intent in declared if player_command(intent) is not None}
