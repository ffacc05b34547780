"""The prompt step: what a language model answers, said."""

from __future__ import annotations

from parley.domain.model_steps import Prompted
from parley.engine.asking import say_answer
from parley.engine.next import Goto, Next
from parley.engine.turn import Turn


async def answer_prompt(step: Prompted, turn: Turn) -> Next:
    """Say the answer and go on; the other way where there is none."""
    is_said = await say_answer(step.prompt, turn)
    return Goto(step.then if is_said or step.not_found is None else step.not_found.then)
