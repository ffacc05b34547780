"""How conversations went, in the words of the operators who were in them (platform API, section 5)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import msgspec

from parley.domain.operator import WrapUp
from parley.ports.records import Record, Records

KIND = "wrap up"
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(WrapUp).decode


class WrapUps:
    """By session."""

    def __init__(self, records: Records) -> None:
        self._records = records

    async def keep(self, wrap_up: WrapUp) -> None:
        """Durable when it returns."""
        await self._records.add(Record(KIND, str(uuid.uuid4()), _encode(wrap_up), wrap_up.session, (), wrap_up.at))

    async def of(self, session: str) -> Sequence[WrapUp]:
        """Oldest first, a hundred at most."""
        return [_decode(record.data) for record in await self._records.list(KIND, session, at_most=100)]
