"""Sends webhooks: signed, tried again with longer and longer pauses, from a queue that outlives the process.

The signature is the hexadecimal HMAC-SHA256 of `v1:{timestamp}:{body}` (platform API, section 7); whoever gets it
refuses timestamps (seconds) that are more than five minutes off.
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
AT_ONCE = 16


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
        self._sending: set[asyncio.Task[None]] = set()
        self._is_stopped = False

    async def start(self) -> None:
        """Take up what was not sent when the last process ended."""
        for delivery in await self._webhooks.pending():
            self._begin(delivery)

    async def stop(self) -> None:
        """Send no more; what waits is taken up by the next process."""
        self._is_stopped = True
        sending = list(self._sending)
        for task in sending:
            task.cancel()
        await asyncio.gather(*sending, return_exceptions=True)

    async def send(self, workspace: WorkspaceID, type: str, payload: Payload) -> None:
        """Queue an event for every webhook of a workspace that wants it."""
        for webhook in await self._webhooks.list(workspace):
            if not webhook.types or type in webhook.types:
                self._begin(await self._webhooks.queue(webhook, type, payload))

    async def replay(self, webhook: Webhook, id: str) -> Delivery:
        """Send an event once more, whatever came of it. Raises `NotFound`."""
        before = await self._webhooks.delivery(webhook.id, id)
        again = await self._webhooks.queue_body(webhook, before.type, before.body, replay_of=before.id)
        self._begin(again)
        return again

    def _begin(self, delivery: Delivery) -> None:
        if self._is_stopped:
            return
        task = asyncio.get_running_loop().create_task(self._deliver(delivery))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _deliver(self, delivery: Delivery) -> None:
        while delivery.status == "pending":
            pause = (delivery.due_at - self._clock.now_ms()) / 1000
            if pause > 0:
                await self._clock.sleep(pause)
            try:
                async with self._room:
                    attempt = await self._try(delivery)
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
        request = Request("POST", webhook.url, headers, body, TIMEOUT, self._private_hosts)
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
