"""The last events of workspaces, in the store, so that their streams go on over a restart. Tells nobody of them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import structlog

from parley.domain.platform_event import PlatformEvent
from parley.ports.clock import Clock
from parley.ports.records import Page, Record, Records
from parley.workspaces.backlog import Backlog

log = structlog.get_logger()

KIND = "event"
KEPT_MS = 5 * 60 * 1000
SWEEP_MS = 60 * 1000
PAGE = 500
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(PlatformEvent).decode


class KeptEvents:
    """Written down behind whoever tells them: what was told in the last moment before a crash may be missing."""

    def __init__(self, records: Records, clock: Clock) -> None:
        self._records = records
        self._clock = clock
        self._backlog = Backlog("event not kept")
        self._swept_at = 0

    def keep(self, event: PlatformEvent) -> None:
        """Write it down, soon."""
        self._backlog.put(lambda: self._write(event))

    async def load(self) -> Sequence[PlatformEvent]:
        """Those of the last five minutes, of every workspace, in order; older ones are forgotten."""
        await self._sweep()
        found: list[PlatformEvent] = []
        after: Page | None = None
        while page := await self._records.list(KIND, None, after=after, at_most=PAGE):
            found += [_decode(record.data) for record in page]
            after = Page(page[-1].place, page[-1].id)
        return found

    async def close(self) -> None:
        """Write down what waits, and no more."""
        await self._backlog.cleared()

    async def _write(self, event: PlatformEvent) -> None:
        await self._records.add(Record(KIND, str(event.id), _encode(event), event.workspace, place=event.id))
        if self._clock.now_ms() - self._swept_at >= SWEEP_MS:
            await self._sweep()

    async def _sweep(self) -> None:
        self._swept_at = self._clock.now_ms()
        while page := await self._records.list(KIND, None, at_most=PAGE):
            old = [record for record in page if record.place < self._swept_at - KEPT_MS]
            for record in old:
                await self._records.remove(KIND, record.id)
            if len(old) < PAGE:
                return
