"""Sends webhooks: signed, tried again with longer and longer pauses, from a queue that outlives the process.

The signature is the hexadecimal HMAC-SHA256 of `v1:{timestamp}:{body}` (platform API, section 7); whoever gets it
refuses timestamps (seconds) that are more than five minutes off. Order: what one webhook is told of one conversation is
tried in the order in which it happened; what has to be tried again may come after what happened later.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import random

import structlog
from msgspec.structs import replace

from parley.domain.webhook import Attempt, Delivery, Payload, Webhook
from parley.domain.workspace import WorkspaceID
from parley.errors import NotFound, StoreUnavailable
from parley.ports.clock import Clock
from parley.ports.tools import Request, RequestFailed, Tools
from parley.workspaces.webhooks import Webhooks

log = structlog.get_logger()

PAUSES = (5.0, 30.0, 120.0, 600.0, 3_600.0, 6 * 3_600.0, 12 * 3_600.0)
"""Seconds between tries; after the last one it has failed."""
TIMEOUT = 10.0
AT_ONCE, EACH = 64, 4
"""How many are sent at once, in all and to one webhook: who answers slowly holds nobody else up."""
WISHES = 5.0
"""Seconds after which it is noticed that another process wants something sent."""


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """The signature of a body at a time in seconds."""
    return hmac.new(secret.encode(), b"v1:%d:%b" % (timestamp, body), hashlib.sha256).hexdigest()


class Delivering:
    """The one sender of a process. `private_hosts` are those of the operator's own network that may be called."""

    def __init__(
        self, webhooks: Webhooks, tools: Tools, clock: Clock, private_hosts: frozenset[str] = frozenset()
    ) -> None:
        self._webhooks = webhooks
        self._tools = tools
        self._clock = clock
        self._private_hosts = private_hosts
        self._room = asyncio.Semaphore(AT_ONCE)
        self._lanes: dict[str, asyncio.Semaphore] = {}
        self._lines: dict[tuple[str, str], asyncio.Event] = {}
        """The first try of the last event about each conversation."""
        self._sending: dict[str, asyncio.Task[None]] = {}
        self._looking: asyncio.Task[None] | None = None
        self._is_stopped = False

    async def start(self) -> None:
        """Take up what was not sent when the last process ended, and what other processes want sent."""
        for delivery in await self._webhooks.pending():
            self._begin(delivery)
        self._looking = asyncio.get_running_loop().create_task(self._look())

    async def stop(self) -> None:
        """Send no more; what waits is taken up by the next process."""
        self._is_stopped = True
        sending = [*self._sending.values(), *(() if self._looking is None else (self._looking,))]
        for task in sending:
            task.cancel()
        await asyncio.gather(*sending, return_exceptions=True)

    async def send(self, workspace: WorkspaceID, type: str, payload: Payload, about: str = "") -> None:
        """Queue an event about a conversation for every webhook of a workspace that wants it."""
        for webhook in await self._webhooks.list(workspace):
            if not webhook.types or type in webhook.types:
                self._begin(await self._webhooks.queue(webhook, type, payload, about))

    async def replay(self, webhook: Webhook, id: str) -> Delivery:
        """Send an event once more, whatever came of it. Raises `NotFound`."""
        again = await self._webhooks.again(webhook.id, id)
        self._begin(again)
        return again

    async def _look(self) -> None:
        while True:
            await self._clock.sleep(WISHES)
            try:
                for delivery in await self._webhooks.wished():
                    self._begin(delivery)
            except StoreUnavailable as error:
                log.warning("replays postponed", error=error.code)

    def _begin(self, delivery: Delivery) -> None:
        if self._is_stopped or delivery.id in self._sending or delivery.status != "pending":
            return
        task = asyncio.get_running_loop().create_task(self._in_line(delivery))
        self._sending[delivery.id] = task
        task.add_done_callback(lambda _: self._sending.pop(delivery.id, None))

    async def _in_line(self, delivery: Delivery) -> None:
        """Deliver it, after the first try of what happened before in the same conversation."""
        if not delivery.about or delivery.attempts:
            await self._deliver(delivery, asyncio.Event())
            return
        place, tried = (delivery.webhook, delivery.about), asyncio.Event()
        before, self._lines[place] = self._lines.get(place), tried
        try:
            if before is not None:
                await before.wait()
            await self._deliver(delivery, tried)
        finally:
            tried.set()
            if self._lines.get(place) is tried:
                del self._lines[place]

    async def _deliver(self, delivery: Delivery, tried: asyncio.Event) -> None:
        lane = self._lanes.setdefault(delivery.webhook, asyncio.Semaphore(EACH))
        while delivery.status == "pending":
            pause = (delivery.due_at - self._clock.now_ms()) / 1000
            if pause > 0:
                await self._clock.sleep(pause)
            try:
                async with lane, self._room:
                    attempt = await self._try(delivery)
                tried.set()
                delivery = _after(delivery, attempt)
                await self._webhooks.update(delivery)
            except NotFound:
                return
            except StoreUnavailable as error:
                log.warning("delivery not noted", delivery=delivery.id, error=error.code)
                await self._clock.sleep(PAUSES[0])

    async def _try(self, delivery: Delivery) -> Attempt:
        webhook = await self._webhooks.of(delivery.webhook)
        now = self._clock.now_ms()
        body = delivery.body.encode()
        headers = (
            ("content-type", "application/json"),
            ("user-agent", "Parley-Webhooks/1"),
            ("x-parley-delivery", delivery.replay_of or delivery.id),
            ("x-parley-event", delivery.type),
            ("x-parley-timestamp", str(now // 1000)),
            ("x-parley-signature", sign(webhook.secret, now // 1000, body)),
        )
        request = Request("POST", webhook.url, headers, body, TIMEOUT, self._private_hosts, follows=False)
        try:
            response = await self._tools.send(request)
        except RequestFailed as failed:
            return Attempt(now, error=failed.message)
        return Attempt(now, response.status)


def _after(delivery: Delivery, attempt: Attempt) -> Delivery:
    """The delivery after a try: done, to be tried again, or given up."""
    attempts = (*delivery.attempts, attempt)
    if attempt.status is not None and 200 <= attempt.status < 300:
        return replace(delivery, attempts=attempts, status="delivered")
    if len(attempts) > len(PAUSES):
        return replace(delivery, attempts=attempts, status="failed")
    pause = PAUSES[len(attempts) - 1] * (1 + random.random() / 4)
    return replace(delivery, attempts=attempts, due_at=attempt.at + round(pause * 1000))
