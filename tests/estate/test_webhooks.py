"""Webhooks: signed, tried again, kept over restarts, logged, sent once more."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import httpx
import pytest

from estate_fixture import Ground
from parley.backends.clock import StillClock
from parley.backends.store.memory_records import MemoryRecords
from parley.domain.webhook import Webhook
from parley.domain.workspace import WorkspaceID
from parley.ports.tools import Request, RequestFailed, Response
from parley.workspaces.delivering import PAUSES, Delivering, sign
from parley.workspaces.webhooks import Webhooks

ACME = WorkspaceID("acme")
URL = "https://example.org/hook"


class Receiver:
    """Answers with one status after another; None is no answer."""

    def __init__(self, *statuses: int | None) -> None:
        self.got: list[Request] = []
        self._statuses = list(statuses)
        self.arrived = asyncio.Event()

    async def send(self, request: Request) -> Response:
        self.got.append(request)
        self.arrived.set()
        status = self._statuses.pop(0) if self._statuses else 200
        if status is None:
            raise RequestFailed("nobody answers")
        return Response(status, "", request.url)

    def post(self, request: Request) -> None:
        raise AssertionError("webhooks wait for their answer")


async def until(is_so: Callable[[], bool]) -> None:
    while not is_so():
        await asyncio.sleep(0)


@pytest.fixture
def clock() -> StillClock:
    return StillClock(now_ms=2_000_000_000_000)


@pytest.fixture
def webhooks(clock: StillClock) -> Webhooks:
    return Webhooks(MemoryRecords(), clock)


def headers(request: Request) -> dict[str, str]:
    return dict(request.headers)


async def finished(webhooks: Webhooks, webhook: Webhook) -> None:
    while any(delivery.status == "pending" for delivery in await webhooks.deliveries(webhook.id)):
        await asyncio.sleep(0)


async def test_what_is_sent_is_signed_to_the_byte(webhooks: Webhooks, clock: StillClock) -> None:
    webhook, receiver = await webhooks.create(ACME, URL), Receiver()
    await Delivering(webhooks, receiver, clock).send(ACME, "runtime.session.start", {"type": "x", "data": {"ü": 1}})
    await finished(webhooks, webhook)
    (request,) = receiver.got
    told = headers(request)
    assert told["x-parley-timestamp"] == "2000000000"
    assert told["x-parley-signature"] == sign(webhook.secret, 2_000_000_000, request.body or b"")
    assert told["x-parley-event"] == "runtime.session.start"
    assert json.loads(request.body or b"") == {"type": "x", "data": {"ü": 1}}


async def test_only_who_wants_a_type_gets_it(webhooks: Webhooks, clock: StillClock) -> None:
    wants = await webhooks.create(ACME, URL, ["runtime.call.end"])
    await webhooks.create(WorkspaceID("other"), URL)
    receiver = Receiver()
    delivering = Delivering(webhooks, receiver, clock)
    await delivering.send(ACME, "runtime.session.start", {})
    await delivering.send(ACME, "runtime.call.end", {})
    await finished(webhooks, wants)
    assert [headers(request)["x-parley-event"] for request in receiver.got] == ["runtime.call.end"]


@pytest.mark.timeout(30)
async def test_it_is_tried_again_with_longer_pauses_until_it_is_taken(webhooks: Webhooks, clock: StillClock) -> None:
    webhook, receiver = await webhooks.create(ACME, URL), Receiver(500, None, 302)
    await Delivering(webhooks, receiver, clock).send(ACME, "runtime.session.end", {})
    for tries, pause in enumerate(PAUSES[:3], 1):
        await until(lambda tries=tries: len(receiver.got) == tries and clock.sleepers == 1)
        await clock.advance(pause * 0.9)
        assert len(receiver.got) == tries
        await clock.advance(pause * 0.36)
    await finished(webhooks, webhook)
    (delivery,) = await webhooks.deliveries(webhook.id)
    assert delivery.status == "delivered"
    assert [(a.status, a.error) for a in delivery.attempts] == [
        (500, ""),
        (None, "nobody answers"),
        (302, ""),
        (200, ""),
    ]
    assert len({headers(request)["x-parley-delivery"] for request in receiver.got}) == 1


@pytest.mark.timeout(30)
async def test_it_is_given_up_in_the_end_and_can_be_sent_once_more(webhooks: Webhooks, clock: StillClock) -> None:
    webhook, receiver = await webhooks.create(ACME, URL), Receiver(*[410] * (len(PAUSES) + 1))
    delivering = Delivering(webhooks, receiver, clock)
    await delivering.send(ACME, "runtime.session.end", {"n": 1})
    for tries, pause in enumerate(PAUSES, 1):
        await until(lambda tries=tries: len(receiver.got) == tries and clock.sleepers == 1)
        await clock.advance(pause * 1.26)
    await finished(webhooks, webhook)
    (failed,) = await webhooks.deliveries(webhook.id)
    assert (failed.status, len(failed.attempts)) == ("failed", len(PAUSES) + 1)
    await delivering.replay(webhook, failed.id)
    await finished(webhooks, webhook)
    again = (await webhooks.deliveries(webhook.id))[0]
    assert (again.status, again.replay_of, again.body) == ("delivered", failed.id, failed.body)
    assert headers(receiver.got[-1])["x-parley-delivery"] == failed.id


@pytest.mark.timeout(30)
async def test_what_was_not_sent_is_sent_by_the_next_process(webhooks: Webhooks, clock: StillClock) -> None:
    webhook, dead = await webhooks.create(ACME, URL), Receiver(None)
    first = Delivering(webhooks, dead, clock)
    await first.send(ACME, "runtime.session.end", {})
    await until(lambda: len(dead.got) == 1 and clock.sleepers == 1)
    await first.stop()
    receiver = Receiver()
    await Delivering(webhooks, receiver, clock).start()
    await until(lambda: clock.sleepers == 2)
    await clock.advance(PAUSES[0] * 1.26)
    await finished(webhooks, webhook)
    assert len(receiver.got) == 1


async def test_sessions_are_announced_over_http(client: httpx.AsyncClient, ground: Ground) -> None:
    made = await client.post(ground.at("/webhooks"), json={"url": URL, "event_types": ["runtime.session.end"]})
    assert made.status_code == 201
    hook = made.json()
    assert hook["secret"].startswith("whsec_")
    at = ground.at(f"/webhooks/{hook['id']}")
    assert "secret" not in (await client.get(at)).json()
    service = (await client.get(ground.at("/services"))).json()["items"][0]["id"]
    talk = (await client.post(ground.at("/conversations"), json={"service_id": service})).json()
    await client.delete(ground.at(f"/conversations/{talk['id']}"))
    await ground.estate.announcing.told()
    (logged,) = (await client.get(f"{at}/deliveries")).json()["items"]
    assert logged["event_type"] == "runtime.session.end"
    delivery = await ground.estate.webhooks.delivery(hook["id"], logged["id"])
    body = json.loads(delivery.body)
    assert body["resource"] == "project-shop"
    assert set(body["data"]) >= {"userID", "projectID", "environmentID", "sessionID", "startTime", "endTime"}
    assert body["data"]["endReason"] == "closed"
    assert (await client.post(f"{at}/deliveries/{logged['id']}/replay")).status_code == 202
    assert (await client.post(f"{at}/deliveries/nothing/replay")).status_code == 404
    rotated = (await client.post(f"{at}/rotate-secret")).json()
    assert rotated["secret"] not in ("", hook["secret"])
    assert (await client.delete(at)).status_code == 204
    assert (await client.get(at)).status_code == 404
    await ground.estate.close()


@pytest.mark.parametrize("body", [{}, {"url": "ftp://x"}, {"url": "https://"}, {"url": URL, "event_types": ["x"]}])
async def test_a_webhook_needs_an_address_and_types_that_exist(
    client: httpx.AsyncClient, ground: Ground, body: dict[str, object]
) -> None:
    assert (await client.post(ground.at("/webhooks"), json=body)).status_code == 422
