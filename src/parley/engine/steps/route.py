"""The agent itself, at the bottom of the stack: it answers, or goes to a playbook or a workflow.

Whatever ends hands over to it. It then has a word only where the user has heard none yet, so that a scripted greeting
is not talked over and a playbook's last words are not repeated. Source: Conversations API, section 8.
"""

from __future__ import annotations

from typing import assert_never

from msgspec.structs import replace

from parley.domain.actions import EventSent
from parley.domain.model_steps import Routing
from parley.domain.own_workflows import ROUTER
from parley.domain.step_parts import Listening
from parley.engine.conversing import not_for_it, system_of
from parley.engine.listening import go_on_listening, listen, no_match
from parley.engine.next import FINISH, Next
from parley.engine.offering import Role
from parley.engine.pending import settle
from parley.engine.playing import Ended, Failed, GivenBack, Left, Passed, Rested, Running, Uncalled, play
from parley.engine.stack import CALLED
from parley.engine.turn import Turn
from parley.ports.llm import Line

_LISTENING = Listening()
_EVENT = "(The event `{}` has happened.)"


async def route(step: Routing, turn: Turn) -> Next:
    """Answer what the user says, or go where that is answered."""
    router = turn.program.router
    if router is None:
        return FINISH
    action = turn.take()
    gone = None if action is None else not_for_it(_LISTENING, action, turn)
    if gone is not None:
        return gone
    is_called = turn.frame.storage.pop(CALLED, None) is not None
    role = Role(ROUTER, system_of(router.instructions, turn), router.settings, routes=router.routes)
    if action is None and not is_called and turn.variables.memory.spoke_last == "assistant":
        settle(step.id, turn)
        return listen(_LISTENING, turn)
    if is_called and isinstance(turn.action, EventSent):
        role = replace(role, note=(Line("user", _EVENT.format(turn.action.name)),))
    result = await play(role, step, turn)
    match result:
        case Running():
            return result.push
        case Ended():
            return FINISH
        case Failed():
            return no_match(_LISTENING, turn)
        case Rested() | Left() | Passed() | GivenBack() | Uncalled():
            return listen(_LISTENING, turn) if action is None else go_on_listening(_LISTENING, turn)
        case _:
            assert_never(result)
