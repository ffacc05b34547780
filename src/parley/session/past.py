"""What a session has said before: from memory where it is still there, else from the store."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from parley.domain.ids import SessionID
from parley.domain.transcript import TurnRecord
from parley.ports.transcripts import Transcripts
from parley.session.answer import Answer
from parley.session.outbox import Outbox, Portion

REPLAYED = 1_000
"""How many emissions back `recent_turns` goes."""


class Past:
    """For those who come back."""

    def __init__(self, session: SessionID, outbox: Outbox, transcripts: Transcripts) -> None:
        self._session = session
        self._outbox = outbox
        self._transcripts = transcripts

    async def since(self, epoch: int, offset: int) -> Sequence[Portion] | None:
        """Everything said after this place, None when it cannot be told without a hole."""
        if not self._is_common(epoch, offset) or offset >= self._outbox.next_offset:
            return None
        if offset + 1 >= self._outbox.oldest:
            return self._outbox.between(offset + 1, self._outbox.readable)
        return await self._told_before(offset)

    def _is_common(self, epoch: int, offset: int) -> bool:
        """Everything up to this place was told alike in its epoch and in the one that is now."""
        outbox = self._outbox
        return epoch == outbox.epoch or (epoch == outbox.epoch_before and offset < outbox.began)

    async def _told_before(self, offset: int) -> Sequence[Portion] | None:
        portions: list[Portion] = []
        while offset + 1 < self._outbox.oldest:
            turns = await self._transcripts.turns(self._session, after=offset)
            told = [turn for turn in turns if turn.said and turn.said[-1].offset > offset]
            if not told:
                return None
            for turn in told:
                emissions = [emission for emission in turn.said or () if emission.offset > offset]
                if emissions[0].offset != offset + 1:
                    return None
                portions.append(Portion(turn.message_id, emissions))
                offset = emissions[-1].offset
        return [*portions, *self._outbox.between(offset + 1, self._outbox.readable)]

    async def recent_turns(self, current: Answer | None) -> Sequence[TurnRecord]:
        """The turns of the last emissions, and what the `current` one has said so far."""
        recent = max(0, self._outbox.readable - REPLAYED)
        turns = await self._transcripts.turns(self._session, after=recent)
        told = [turn for turn in turns if turn.said is not None and turn.said[-1].offset < self._outbox.readable]
        if current is not None and not current.is_over:
            told.append(replace(current.record, said=tuple(current.readable)))
        return told
