"""The knowledge tool: passages of the agent's documents for the model to answer from, marked as quotations.

Source: Conversations API, section 8 (KB).
"""

from __future__ import annotations

from typing import Any

from parley.domain.tools import Parameter, SystemTool
from parley.engine.asking import passages_for
from parley.engine.grounding import quoted
from parley.engine.tools.outcome import Outcome, Run, failed
from parley.engine.turn import Turn

PARAMETERS = (Parameter("question", "What to look up: a whole question in the user's language."),)
ABOUT = "Look something up in the knowledge base. Answer from what it finds."
_PASSAGES = 3
_MOST = 10


def prepare_knowledge(tool: SystemTool, arguments: dict[str, Any], turn: Turn) -> Run:
    """The search, ready to be made."""
    wanted = tool.options.get("limit")
    limit = min(max(wanted, 1), _MOST) if isinstance(wanted, int) else _PASSAGES

    async def run() -> Outcome:
        if turn.world.knowledge is None:
            return failed("no knowledge base is set up here")
        found = await passages_for(str(arguments["question"]), limit, turn)
        return Outcome(quoted(found) if found else "The knowledge base says nothing about this.")

    return run
