"""Puts messages into live sessions, durably, and keeps a receipt of what became of each (decisions, "Injection")."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
import structlog
from msgspec.structs import replace

from parley.domain.ids import SessionID, TurnID, new_id
from parley.domain.injection import WAITING, Injection, InjectionID, InjectionKind, InjectionStage, Receipt
from parley.errors import Conflict, InvalidInput, NotFound, StoreUnavailable, Taken
from parley.ports.clock import Clock
from parley.ports.records import Page, Record, Records

log = structlog.get_logger()

KIND = "injection"
PAGE = 500
KEY_LIFE_MS = 24 * 60 * 60 * 1000
OTHER = "Idempotency-Key: this key was used for another message within a day. Use a fresh key for each message."
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Receipt).decode
Watcher = Callable[[Receipt], None]


class Injections:
    """Receipts by session. Watchers are told of every step that an injection takes."""

    def __init__(self, records: Records, clock: Clock) -> None:
        self._records = records
        self._clock = clock
        self._watchers: list[Watcher] = []

    def watch(self, watcher: Watcher) -> None:
        """Call `watcher` with every receipt that changes. It must neither wait nor raise."""
        self._watchers.append(watcher)

    def fresh(
        self,
        session: SessionID,
        kind: InjectionKind,
        message: str,
        sender: str,
        by: str | None = None,
        operator: str | None = None,
    ) -> Injection:
        """An injection that is not kept yet."""
        now = self._clock.now_ms()
        return Injection(InjectionID(new_id(now)), session, kind, message, sender, now, by, operator)

    async def keep(self, injection: Injection, *, is_heard: bool, key: str | None) -> tuple[Receipt, bool]:
        """Keep it, durably. With a `key` that was used within a day, the first receipt and False.

        Raises `InvalidInput` where that was for another message, `StoreUnavailable`.
        """
        receipt = Receipt(
            injection,
            "delivered" if is_heard else "queued_no_subscriber",
            "accepted" if is_heard else "queued",
            injection.received_at,
        )
        aliases = () if key is None else (f"{injection.session} {key}",)
        record = Record(KIND, injection.id, _encode(receipt), injection.session, aliases, injection.received_at)
        try:
            await self._records.add(record)
        except Taken:
            return await self._first(record, receipt)
        self._tell(receipt)
        return receipt, True

    async def _first(self, record: Record, receipt: Receipt) -> tuple[Receipt, bool]:
        """The key was used before: for this very message a short while ago, or it is free again."""
        known = await self._records.find(KIND, record.aliases[0])
        if known is not None and known.place > record.place - KEY_LIFE_MS:
            first = _decode(known.data)
            if _content(first.injection) != _content(receipt.injection):
                raise InvalidInput(OTHER)
            return first, False
        try:
            if known is not None:
                await self._records.save(replace(known, aliases=(), revision=known.revision + 1))
            await self._records.add(record)
        except Conflict:
            # Another took the key in the same moment, or the old receipt moved: look again.
            return await self._first(record, receipt)
        self._tell(receipt)
        return receipt, True

    async def get(self, session: SessionID, id: str) -> Receipt:
        """Raises `NotFound`, for another session's too."""
        record = await self._records.get(KIND, id)
        if record is None or record.scope != session:
            raise NotFound("Injection not found.", code="no_injection")
        return _decode(record.data)

    async def waiting(self, session: SessionID, used: frozenset[str]) -> Sequence[Injection]:
        """What the session has not used yet. `used`: what its saved state says it has, noted as that here."""
        found = []
        for receipt in await self._all(session):
            if receipt.stage not in WAITING:
                continue
            if receipt.injection.id in used:
                await self.move(receipt.injection, "folded_into_turn")
            else:
                found.append(receipt.injection)
        return found

    async def move(self, injection: Injection, stage: InjectionStage, turn: TurnID | None = None) -> None:
        """It has come this far. What cannot be noted now is noted when the session is next woken."""
        try:
            record = await self._records.get(KIND, injection.id)
            if record is None:
                return
            receipt = replace(_decode(record.data), stage=stage, turn=turn, changed_at=self._clock.now_ms())
            await self._records.save(replace(record, data=_encode(receipt), revision=record.revision + 1))
        except Conflict:
            return
        except StoreUnavailable as error:
            log.warning("receipt not noted", injection=injection.id, error=error.code)
            return
        self._tell(receipt)

    async def expire(self, session: SessionID) -> None:
        """The session is over: what it has not used, it never will."""
        for receipt in await self._all(session):
            if receipt.stage in WAITING:
                await self.move(receipt.injection, "expired")

    async def forget(self, session: SessionID) -> None:
        """Delete what was put into a session."""
        while records := await self._records.list(KIND, session):
            for record in records:
                await self._records.remove(KIND, record.id)

    async def _all(self, session: SessionID) -> Sequence[Receipt]:
        found: list[Receipt] = []
        after: Page | None = None
        while page := await self._records.list(KIND, session, after=after, at_most=PAGE):
            found += [_decode(record.data) for record in page]
            if len(page) < PAGE:
                break
            after = Page(page[-1].place, page[-1].id)
        return found

    def _tell(self, receipt: Receipt) -> None:
        for watcher in self._watchers:
            watcher(receipt)


def _content(injection: Injection) -> tuple[str, ...]:
    return injection.kind, injection.message, injection.sender, injection.operator or ""
