"""The crew step: playbooks that pass the user on to one another, and have their ways out in common.

Source: Conversations API, section 8 (Crew).
"""

from __future__ import annotations

from parley.domain.model_steps import Crew
from parley.domain.playbooks import Route
from parley.domain.traces import debug
from parley.engine.conditions import holds
from parley.engine.conversing import TALKING, after, has_the_word, not_for_it, system_of
from parley.engine.listening import listen
from parley.engine.next import Next
from parley.engine.offering import Role
from parley.engine.playing import Failed, Passed, Result, play
from parley.engine.steps.agent import merged
from parley.engine.turn import Turn

MEMBER = "member"
"""Storage of a frame: the playbook of the crew that talks."""
_CHOOSING = "Choose who is to answer the user. Say nothing yourself."


async def talk_as_crew(step: Crew, turn: Turn) -> Next:
    """Have the playbook answer that talks, or the one that the user is passed on to."""
    action = turn.take()
    gone = None if action is None else not_for_it(step.listening, action, turn)
    if gone is not None:
        return gone
    has_word = action is not None or has_the_word(step, turn)
    if turn.frame.storage.get(TALKING) != step.id:
        turn.frame.storage.pop(MEMBER, None)
    turn.frame.storage[TALKING] = step.id
    if not has_word:
        return listen(step.listening, turn)
    return after(await _play(step, turn), step, turn, is_first=action is None)


async def _play(step: Crew, turn: Turn) -> Result:
    member = _active(step, turn) or await _choose(step, turn)
    if member is None:
        turn.emit(debug("nobody of the crew may talk now", level="error", context="crew"))
        return Failed()
    while True:
        turn.frame.storage[MEMBER] = member.playbook
        result = await play(_role(step, member, turn), step, turn)
        if not isinstance(result, Passed):
            return result
        member = result.route


def _active(step: Crew, turn: Turn) -> Route | None:
    name = turn.frame.storage.get(MEMBER)
    return next((member for member in step.members if member.playbook == name), None)


async def _choose(step: Crew, turn: Turn) -> Route | None:
    """Who begins: the model chooses, the first one talks where it does not."""
    members = _allowed(step, turn)
    if len(members) < 2:
        return members[0] if members else None
    system = system_of(_CHOOSING, turn)
    role = Role(f"{turn.frame.workflow}/{step.id}", system, step.settings, peers=members, is_silent=True)
    result = await play(role, step, turn)
    return result.route if isinstance(result, Passed) else members[0]


def _allowed(step: Crew, turn: Turn) -> tuple[Route, ...]:
    known = turn.program.playbooks
    return tuple(m for m in step.members if m.playbook in known and (m.when is None or holds(m.when, turn)))


def _role(step: Crew, member: Route, turn: Turn) -> Role:
    playbook = turn.program.playbooks[member.playbook or ""]
    return Role(
        playbook.name,
        system_of(playbook.instructions, turn),
        merged(step.settings, playbook.settings),
        (*playbook.tools, *step.tools),
        step.paths,
        peers=tuple(each for each in step.members if each != member),
    )
