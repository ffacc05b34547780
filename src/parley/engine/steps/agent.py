"""The agent step: a language model that answers replies by its instructions until it chooses one of its paths."""

from __future__ import annotations

from msgspec.structs import replace

from parley.domain.model_steps import AgentStep
from parley.domain.prompt import ModelSettings
from parley.domain.traces import debug
from parley.engine.conversing import TALKING, after, has_the_word, not_for_it, system_of
from parley.engine.listening import listen
from parley.engine.next import Next
from parley.engine.offering import Role
from parley.engine.playing import play
from parley.engine.turn import Turn


async def converse(step: AgentStep, turn: Turn) -> Next:
    """Answer; wait for the next reply, or go the way that was chosen."""
    action = turn.take()
    gone = None if action is None else not_for_it(step.listening, action, turn)
    if gone is not None:
        return gone
    has_word = action is not None or has_the_word(step, turn)
    turn.frame.storage[TALKING] = step.id
    if not has_word:
        return listen(step.listening, turn)
    return after(await play(_role(step, turn), step, turn), step, turn, is_first=action is None)


def _role(step: AgentStep, turn: Turn) -> Role:
    playbook = None if step.playbook is None else turn.program.playbooks.get(step.playbook)
    if step.playbook is not None and playbook is None:
        turn.emit(debug(f"playbook '{step.playbook}' does not exist", level="error"))
    instructions, tools, settings = step.instructions, step.tools, step.settings
    if playbook is not None:
        instructions = f"{playbook.instructions}\n\n{instructions}"
        tools, settings = (*playbook.tools, *tools), merged(playbook.settings, settings)
    return Role(
        step.playbook or f"{turn.frame.workflow}/{step.id}",
        system_of(instructions, turn),
        settings,
        tools,
        step.paths,
        hands_back=step.hands_back,
    )


def merged(common: ModelSettings, own: ModelSettings) -> ModelSettings:
    """The step's own settings, and for what it leaves open the playbook's."""
    left_open = {name: getattr(common, name) for name in ModelSettings.__struct_fields__ if getattr(own, name) is None}
    return replace(own, **left_open)
