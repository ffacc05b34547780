"""The knowledge step: what the agent's documents say about a question, into a variable."""

from __future__ import annotations

from parley.domain.model_steps import Knowledge
from parley.engine.asking import passages_for
from parley.engine.next import Goto, Next
from parley.engine.templates import render
from parley.engine.turn import Turn


async def search_knowledge(step: Knowledge, turn: Turn) -> Next:
    """Search and go on; the other way where nothing is found."""
    found = await passages_for(render(step.question, turn.variables), step.limit, turn)
    if step.variable:
        turn.variables.set(step.variable, [passage.content for passage in found])
    return Goto(step.then if found or step.not_found is None else step.not_found.then)
