"""The builtin intents that do something of themselves, where no trigger and no step takes them.

Source: engine, section 1.8 (commands).
"""

from __future__ import annotations

from parley.domain.program import Program

STOP, START_OVER, REPEAT = "VF.STOP", "VF.START_OVER", "VF.REPEAT"


def acting_intents(program: Program) -> frozenset[str]:
    """Those of them that the agent knows."""
    names = (STOP, START_OVER) if program.settings.repeat == "off" else (STOP, START_OVER, REPEAT)
    return frozenset(intent for intent in names if intent in program.intents)
