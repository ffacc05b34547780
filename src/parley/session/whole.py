"""A conversation from its beginning: every finished turn, page by page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from parley.domain.ids import SessionID, TurnID
from parley.domain.transcript import TurnRecord
from parley.ports.transcripts import Transcripts

PAGE = 200


async def all_turns(transcripts: Transcripts, session: SessionID) -> AsyncIterator[list[TurnRecord]]:
    """Every finished turn, in pages, in order. Others may work between two pages."""
    since: TurnID | None = None
    while page := await transcripts.page(session, since, PAGE):
        told = [turn for turn in page if turn.said]
        if told:
            yield told
        since = page[-1].id
        await asyncio.sleep(0)
