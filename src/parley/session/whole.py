"""A conversation from its beginning: every finished turn, page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator

from parley.domain.ids import SessionID
from parley.domain.transcript import TurnRecord
from parley.ports.transcripts import Transcripts

PAGE = 200


async def all_turns(transcripts: Transcripts, session: SessionID) -> AsyncIterator[list[TurnRecord]]:
    """Every finished turn, in pages, in order."""
    after = 0
    while True:
        page = await transcripts.turns(session, after=after, at_most=PAGE)
        told = [turn for turn in page if turn.said]
        if not told:
            return
        yield told
        after = max(turn.said[-1].offset for turn in told if turn.said)
