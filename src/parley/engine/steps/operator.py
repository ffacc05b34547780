"""The operator step: a model chooses one of the ways, and the user hears nothing of it.

Source: Conversations API, section 8 (Operator: silent, retries, then the nearest match).
"""

from __future__ import annotations

from rapidfuzz import fuzz

from parley.domain.model_steps import AgentPath, Operator
from parley.domain.traces import PathPayload, PathTrace, debug
from parley.engine.conversing import system_of
from parley.engine.next import FINISH, WAIT, Goto, Next
from parley.engine.offering import Role
from parley.engine.playing import Ended, Failed, Left, Rested, Running, Uncalled, play
from parley.engine.templates import render
from parley.engine.turn import Turn

_CHOOSING = "Choose one of the ways by calling it. The user hears nothing of what you say."


async def decide(step: Operator, turn: Turn) -> Next:
    """Go the way that the model chooses, or the one that its words or the user's are most like."""
    turn.take()
    system = system_of(f"{step.instructions}\n\n{_CHOOSING}", turn)
    role = Role(f"{turn.frame.workflow}/{step.id}", system, step.settings, step.tools, step.paths, is_silent=True)
    text = ""
    for _ in range(step.retries + 1):
        result = await play(role, step, turn)
        match result:
            case Left():
                return _go(step, result.path, turn)
            case Running():
                return result.push
            case Ended():
                return FINISH
            case Rested():
                return WAIT
            case Uncalled():
                text = result.text
            case Failed():
                return _not_found(step)
    turn.emit(debug(f"the model chose no way in {step.retries + 1} answers", level="warn", context="operator"))
    nearest = _nearest(step, text or str(turn.variables.get("last_utterance") or ""), turn)
    return _not_found(step) if nearest is None else _go(step, nearest, turn)


def _go(step: Operator, path: AgentPath, turn: Turn) -> Next:
    turn.emit(PathTrace(PathPayload(f"choice:{step.paths.index(path) + 1}")))
    return Goto(step.then if path.then is None else path.then)


def _not_found(step: Operator) -> Next:
    return Goto(step.then if step.not_found is None else step.not_found.then)


def _nearest(step: Operator, text: str, turn: Turn) -> AgentPath | None:
    """The path whose name and description have most in common with the text; None where nothing has."""

    def likeness(path: AgentPath) -> float:
        told = f"{path.name.replace('_', ' ')} {render(path.about, turn.variables)}"
        return fuzz.token_set_ratio(text.casefold(), told.casefold())

    best = max((path for path in step.paths if not path.needs), key=likeness, default=None)
    return best if best is not None and text.strip() and likeness(best) >= _LIKE else None


_LIKE = 30.0
"""Of 100."""
