"""The webhooks of a workspace and the log of what was sent to them. Sends nothing."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Sequence
from contextlib import suppress

import msgspec
from msgspec.structs import replace

from parley.domain.ids import new_id
from parley.domain.webhook import Delivery, Payload, Webhook
from parley.domain.workspace import WorkspaceID
from parley.errors import Conflict, NotFound
from parley.ports.clock import Clock
from parley.ports.records import Page, Record, Records

WEBHOOK = "webhook"
DELIVERY = "delivery"
WISH = "delivery wish"
"""A delivery that another process wants sent: the server looks for them."""
KEPT = 1_000
"""How many deliveries of a webhook are kept, and those that wait beyond them."""
MOST = 10_000
"""How many may wait for one webhook: beyond it the oldest are given up."""
TRIMMED = 200
"""How many deliveries are looked at when there are too many."""
_encode = msgspec.json.Encoder().encode
_decode_webhook = msgspec.json.Decoder(Webhook).decode
_decode_delivery = msgspec.json.Decoder(Delivery).decode


class Webhooks:
    """Webhooks by workspace, deliveries by webhook."""

    def __init__(self, records: Records, clock: Clock) -> None:
        self._records = records
        self._clock = clock

    async def create(
        self, workspace: WorkspaceID, url: str, types: Sequence[str] = (), name: str = "", secret: str | None = None
    ) -> Webhook:
        """A new webhook. Its secret is kept, as it has to sign."""
        now = self._clock.now_ms()
        signs_with = secret or f"whsec_{secrets.token_urlsafe(32)}"
        made = Webhook(str(uuid.uuid4()), workspace, url, signs_with, now, now, name, tuple(types))
        await self._records.add(Record(WEBHOOK, made.id, _encode(made), workspace, place=now))
        return made

    async def get(self, workspace: WorkspaceID, id: str) -> Webhook:
        """Raises `NotFound`, for another workspace's too."""
        return _decode_webhook((await self._record(workspace, id)).data)

    async def of(self, id: str) -> Webhook:
        """A webhook of any workspace. Raises `NotFound`."""
        record = await self._records.get(WEBHOOK, id)
        if record is None:
            raise NotFound("Webhook not found.", code="no_webhook")
        return _decode_webhook(record.data)

    async def list(self, workspace: WorkspaceID | None) -> Sequence[Webhook]:
        """A workspace's webhooks, or those of all, oldest first."""
        return [_decode_webhook(r.data) for r in await self._records.list(WEBHOOK, workspace, at_most=10_000)]

    async def rotate(self, workspace: WorkspaceID, id: str) -> Webhook:
        """The webhook with a new secret, which signs from now on. Raises `NotFound`, `Conflict`."""
        record = await self._record(workspace, id)
        changed = replace(
            _decode_webhook(record.data),
            secret=f"whsec_{secrets.token_urlsafe(32)}",
            updated_at=self._clock.now_ms(),
        )
        await self._records.save(replace(record, data=_encode(changed), revision=record.revision + 1))
        return changed

    async def remove(self, workspace: WorkspaceID, id: str) -> None:
        """Nothing is sent there any more, and the log is gone. Raises `NotFound`."""
        await self._record(workspace, id)
        await self._records.remove(WEBHOOK, id)
        while found := await self._records.list(DELIVERY, id, at_most=500):
            for record in found:
                await self._records.remove(DELIVERY, record.id)

    async def queue(self, webhook: Webhook, type: str, payload: Payload, about: str = "") -> Delivery:
        """Keep an event that is to be sent."""
        now = self._clock.now_ms()
        body = _encode(payload).decode()
        return await self._keep(Delivery(new_id(now), webhook.id, type, body, now, now, about=about))

    async def again(self, webhook: str, id: str) -> Delivery:
        """Keep a delivery that is to be sent once more, whatever came of it. Raises `NotFound`."""
        before, now = await self.delivery(webhook, id), self._clock.now_ms()
        first = before.replay_of or before.id
        return await self._keep(Delivery(new_id(now), webhook, before.type, before.body, now, now, replay_of=first))

    async def wish(self, delivery: Delivery) -> None:
        """Let the server that uses this store send what was kept here."""
        await self._records.add(Record(WISH, delivery.id, delivery.webhook.encode(), place=self._clock.now_ms()))

    async def wished(self) -> Sequence[Delivery]:
        """What other processes want sent, told once."""
        found = []
        for record in await self._records.list(WISH, ""):
            await self._records.remove(WISH, record.id)
            with suppress(NotFound):
                found.append(await self.delivery(record.data.decode(), record.id))
        return found

    async def _keep(self, made: Delivery) -> Delivery:
        await self._records.add(Record(DELIVERY, made.id, _encode(made), made.webhook, place=made.created_at))
        await self._trim(made.webhook)
        return made

    async def update(self, delivery: Delivery) -> None:
        """Keep what came of a try. Raises `NotFound` where it is gone meanwhile."""
        record = await self._records.get(DELIVERY, delivery.id)
        if record is None:
            raise NotFound("Delivery not found.", code="no_delivery")
        try:
            await self._records.save(replace(record, data=_encode(delivery), revision=record.revision + 1))
        except Conflict:
            return

    async def delivery(self, webhook: str, id: str) -> Delivery:
        """One delivery. Raises `NotFound`."""
        record = await self._records.get(DELIVERY, id)
        if record is None or record.scope != webhook:
            raise NotFound("Delivery not found.", code="no_delivery")
        return _decode_delivery(record.data)

    async def deliveries(self, webhook: str, *, after: Page | None = None, at_most: int = 100) -> Sequence[Delivery]:
        """The log, newest first."""
        found = await self._records.list(DELIVERY, webhook, after=after, at_most=at_most, newest=True)
        return [_decode_delivery(record.data) for record in found]

    async def pending(self) -> Sequence[Delivery]:
        """All that waits to be sent, of every workspace, oldest first."""
        found: list[Delivery] = []
        after: Page | None = None
        while page := await self._records.list(DELIVERY, None, after=after, at_most=500):
            found += [d for d in (_decode_delivery(record.data) for record in page) if d.status == "pending"]
            after = Page(page[-1].place, page[-1].id)
        return found

    async def _trim(self, webhook: str) -> None:
        extra = await self._records.count(DELIVERY, webhook) - KEPT
        if extra <= 0:
            return
        for record in await self._records.list(DELIVERY, webhook, at_most=min(extra, TRIMMED)):
            if _decode_delivery(record.data).status != "pending" or extra > MOST:
                await self._records.remove(DELIVERY, record.id)
                extra -= 1

    async def _record(self, workspace: WorkspaceID, id: str) -> Record:
        record = await self._records.get(WEBHOOK, id)
        if record is None or record.scope != workspace:
            raise NotFound("Webhook not found.", code="no_webhook")
        return record
