"""The set step of a language model: its answers become variables."""

from __future__ import annotations

import asyncio

from parley.domain.conditions import Literally
from parley.domain.model_steps import PromptedSet
from parley.domain.steps import Assignment
from parley.engine.asking import answer_to
from parley.engine.assigning import value_for
from parley.engine.next import Goto, Next
from parley.engine.turn import Turn


async def set_by_prompts(step: PromptedSet, turn: Turn) -> Next:
    """Ask for all of them at once, then set them in order. None of the prompts sees what another one has set."""
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(answer_to(value.prompt, turn)) for value in step.values]
    for value, task in zip(step.values, asked, strict=True):
        answer = task.result()
        if answer is not None:
            turn.variables.set(value.variable, value_for(Assignment(value.variable, Literally(answer)), turn))
    return Goto(step.then)
