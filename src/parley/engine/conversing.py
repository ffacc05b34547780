"""What the steps have in common in which a model talks with the user: whose action it is, when it has the first word,
what becomes of the end of its work.
"""

from __future__ import annotations

from typing import assert_never

from parley.domain.actions import Action, IntentMatched, NoReply
from parley.domain.model_steps import AgentPath, AgentStep, Crew
from parley.domain.step_parts import Listening
from parley.domain.traces import PathPayload, PathTrace
from parley.engine import triggers
from parley.engine.listening import go_on_listening, listen, no_match, unanswered, unheard
from parley.engine.next import FINISH, Goto, Next
from parley.engine.pending import is_pending
from parley.engine.playing import Ended, Failed, GivenBack, Left, Passed, Rested, Result, Running, Uncalled
from parley.engine.reply import said_in
from parley.engine.templates import render
from parley.engine.turn import Turn

TALKING = "talking"
"""Storage of a frame: the step in which a model is talking, until it leaves."""


def not_for_it(listening: Listening, action: Action, turn: Turn) -> Next | None:
    """Where an action leads that is not for the model to answer: silence, a trigger's intent, nobody's words."""
    if isinstance(action, NoReply):
        return unanswered(action, listening, turn)
    if listening.elsewhere and isinstance(action, IntentMatched):
        gone = triggers.by_intent(turn, action.intent)
        if gone is not None:
            return gone
    return unheard(action, turn) if said_in(action) is None else None


def has_the_word(step: AgentStep | Crew, turn: Turn) -> bool:
    """Whether the model is to speak although the user has said nothing new: at first, and when it owes an answer."""
    if is_pending(step.id, turn):
        return True
    if turn.is_hushed:
        return False
    if turn.frame.storage.get(TALKING) != step.id:
        return step.talks_first
    return turn.variables.memory.spoke_last == "user"


def system_of(instructions: str, turn: Turn) -> str:
    """The agent's prompt, then the instructions of what is active: of nothing else."""
    router = turn.program.router
    parts = ("" if router is None else router.prompt, instructions)
    return "\n\n".join(text for part in parts if (text := render(part, turn.variables).strip()))


def after(result: Result, step: AgentStep | Crew, turn: Turn, *, is_first: bool) -> Next:
    """Where the conversation goes from what the model has come to."""
    match result:
        case Left():
            return leave(step, result.path, turn)
        case Running():
            return result.push
        case GivenBack():
            turn.frame.storage.pop(TALKING, None)
            return Goto(None)
        case Ended():
            return FINISH
        case Failed():
            return no_match(step.listening, turn)
        case Rested() | Passed() | Uncalled():
            if step.each_turn is not None:
                turn.frame.storage.pop(TALKING, None)
                return Goto(step.each_turn.then)
            return listen(step.listening, turn) if is_first else go_on_listening(step.listening, turn)
        case _:
            assert_never(result)


def leave(step: AgentStep | Crew, path: AgentPath, turn: Turn) -> Next:
    """Go the way of a path; on with the step where it leads nowhere."""
    turn.frame.storage.pop(TALKING, None)
    turn.emit(PathTrace(PathPayload(f"choice:{step.paths.index(path) + 1}")))
    return Goto(step.then if path.then is None else path.then)
