"""Looking something up in the agent's documents during a turn. Knows no steps and no model.

Source: Conversations API, sections 4 (`knowledgeBase`) and 8 (query modes).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from msgspec import UNSET

from parley.domain.channel_traces import KnowledgePayload, KnowledgeTrace
from parley.domain.narrowing import EVERYTHING, Narrowing
from parley.domain.traces import debug
from parley.engine.grounding import LONGEST_REWRITTEN, REWRITE
from parley.engine.turn import Turn
from parley.errors import StoreUnavailable
from parley.ports.knowledge import Passage
from parley.ports.llm import Asked, Line

MOST_LINES = 8
"""Of the conversation, that go along when a question is rewritten."""
Rewriting = Callable[[Asked], Awaitable[str | None]]
"""What a model says; None when it cannot be asked."""


async def look_up(
    question: str,
    limit: int,
    turn: Turn,
    rewriting: Rewriting,
    said: Sequence[Line] = (),
    narrowing: Narrowing = EVERYTHING,
) -> list[Passage]:
    """What the knowledge base says; nothing, with a debug trace, where there is none or it cannot be searched.

    `said` is the conversation so far. Where the agent wants questions rewritten, the trace tells of both.
    """
    if turn.world.knowledge is None:
        turn.emit(debug("no knowledge base is set up here", level="error", context="knowledge"))
        return []
    lines = (*said[-MOST_LINES:], Line("user", question))
    rewritten = None
    if turn.program.settings.knowledge.rewrite and len(lines) > 1 and turn.world.model is not None:
        rewritten = ((await rewriting(Asked(lines, REWRITE))) or "").strip()[:LONGEST_REWRITTEN] or None
    try:
        found = list(
            await turn.world.knowledge.search(turn.state.project, rewritten or question, limit, narrowing)
            if not narrowing.is_empty
            else await turn.world.knowledge.search(turn.state.project, rewritten or question, limit)
        )
    except StoreUnavailable as failed:
        turn.emit(debug(f"the documents cannot be searched: {failed.message}", level="error", context="knowledge"))
        return []
    chunks = [{"score": p.score, "documentID": p.document, "documentData": p.data} for p in found]
    shown = [{"role": line.role, "content": line.content} for line in (lines if rewritten else lines[-1:])]
    query = {"messages": shown, "output": rewritten}
    turn.emit(KnowledgeTrace(KnowledgePayload(chunks, query if chunks or rewritten else UNSET)))
    return found
