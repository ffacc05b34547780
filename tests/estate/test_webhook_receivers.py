"""Webhooks as those who get them see it: what they can verify, what they cannot hold up, where nothing is sent."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from estate_fixture import Ground
from house_fixture import served
from parley.backends.clock import StillClock
from parley.backends.store.memory_records import MemoryRecords
from parley.backends.tools.http import HttpTools
from parley.domain.state import Contact
from parley.domain.webhook import Webhook
from parley.domain.workspace import WorkspaceID
from parley.ports.tools import Request, Response
from parley.workspaces import webhooks as keeping
from parley.workspaces.delivering import EACH, Delivering
from parley.workspaces.webhooks import Webhooks

ACME = WorkspaceID("acme")
SLOW, QUICK = "https://slow.example.org/", "https://quick.example.org/"
pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def clock() -> StillClock:
    return StillClock(now_ms=2_000_000_000_000)


@pytest.fixture
def webhooks(clock: StillClock) -> Webhooks:
    return Webhooks(MemoryRecords(), clock)


async def until(is_so: Callable[[], bool]) -> None:
    while not is_so():
        await asyncio.sleep(0)


async def finished(webhooks: Webhooks, webhook: Webhook) -> None:
    while any(delivery.status == "pending" for delivery in await webhooks.deliveries(webhook.id)):
        await asyncio.sleep(0)


class Application:
    """A receiver that knows nothing but the documentation."""

    def __init__(self) -> None:
        self.secret = ""
        self.taken: list[tuple[str, dict[str, object]]] = []
        self.refused = 0

    async def __call__(self, scope: dict, receive: Callable, send: Callable) -> None:  # type: ignore[type-arg]
        body = (await receive())["body"]
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        signed = b"v1:" + headers["x-parley-timestamp"].encode() + b":" + body
        expected = hmac.new(self.secret.encode(), signed, hashlib.sha256).hexdigest()
        status = 204
        if scope["path"] == "/moved":
            status = 307
        elif hmac.compare_digest(expected, headers["x-parley-signature"]):
            self.taken.append((headers["x-parley-event"], json.loads(body)))
        else:
            self.refused, status = self.refused + 1, 401
        location = [(b"location", b"/")] if status == 307 else []
        await send({"type": "http.response.start", "status": status, "headers": location})
        await send({"type": "http.response.body", "body": b""})


@asynccontextmanager
async def receiving(*private: str) -> AsyncIterator[tuple[Application, str, HttpTools]]:
    application, tools = Application(), HttpTools()
    async with served(application) as (host, port):  # type: ignore[arg-type]
        yield application, f"http://{host}:{port}", tools
        await tools.close()


async def test_a_receiver_verifies_the_signature_by_the_documentation(webhooks: Webhooks, clock: StillClock) -> None:
    async with receiving() as (application, url, tools):
        webhook = await webhooks.create(ACME, f"{url}/hook")
        delivering = Delivering(webhooks, tools, clock, frozenset({"127.0.0.1"}))
        application.secret = "another secret"
        await delivering.send(ACME, "runtime.session.start", {"type": "x", "data": {"name": "Zoë"}})
        await until(lambda: application.refused == 1)
        application.secret = webhook.secret
        await until(lambda: clock.sleepers == 1)
        await clock.advance(10)
        await finished(webhooks, webhook)
        assert application.taken == [("runtime.session.start", {"type": "x", "data": {"name": "Zoë"}})]
        await delivering.stop()


async def test_a_redirect_is_no_success_and_is_not_followed(webhooks: Webhooks, clock: StillClock) -> None:
    async with receiving() as (application, url, tools):
        webhook = await webhooks.create(ACME, f"{url}/moved")
        application.secret = webhook.secret
        delivering = Delivering(webhooks, tools, clock, frozenset({"127.0.0.1"}))
        await delivering.send(ACME, "runtime.session.start", {"type": "x"})
        await until(lambda: clock.sleepers == 1)
        (delivery,) = await webhooks.deliveries(webhook.id)
        assert [(attempt.status, attempt.error) for attempt in delivery.attempts] == [(307, "")]
        assert application.taken == []
        await delivering.stop()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0", "169.254.169.254", "[::ffff:127.0.0.1]"])
async def test_nothing_is_sent_into_the_operators_own_network(webhooks: Webhooks, clock: StillClock, host: str) -> None:
    async with receiving() as (application, url, tools):
        port = url.rpartition(":")[2]
        webhook = await webhooks.create(ACME, f"http://{host}:{port}/hook")
        delivering = Delivering(webhooks, tools, clock)
        await delivering.send(ACME, "runtime.session.start", {"type": "x"})
        await until(lambda: clock.sleepers == 1)
        (delivery,) = await webhooks.deliveries(webhook.id)
        assert "private network" in delivery.attempts[0].error
        assert (application.taken, application.refused) == ([], 0)
        await delivering.stop()


class Hanging:
    """Lets who calls the slow one wait until it is freed; the quick one takes all at once."""

    def __init__(self) -> None:
        self.freed = asyncio.Event()
        self.got: list[Request] = []

    async def send(self, request: Request) -> Response:
        self.got.append(request)
        if request.url == SLOW:
            await self.freed.wait()
        return Response(200, "", request.url)

    def post(self, request: Request) -> None:
        raise AssertionError("webhooks wait for their answer")

    def at(self, url: str) -> list[str]:
        return [dict(request.headers)["x-parley-event"] for request in self.got if request.url == url]


async def test_a_receiver_that_hangs_holds_nobody_else_up(webhooks: Webhooks, clock: StillClock) -> None:
    slow, quick, tools = await webhooks.create(ACME, SLOW), await webhooks.create(ACME, QUICK), Hanging()
    delivering = Delivering(webhooks, tools, clock)
    for n in range(100):
        await delivering.send(ACME, "runtime.session.start", {"n": n}, about=f"talk {n}")
    await finished(webhooks, quick)
    assert (len(tools.at(QUICK)), len(tools.at(SLOW))) == (100, EACH)
    tools.freed.set()
    await finished(webhooks, slow)
    assert len(tools.at(SLOW)) == 100


async def test_what_is_told_of_one_conversation_is_tried_in_order(webhooks: Webhooks, clock: StillClock) -> None:
    slow, tools = await webhooks.create(ACME, SLOW), Hanging()
    delivering = Delivering(webhooks, tools, clock)
    await delivering.send(ACME, "runtime.call.start", {}, about="talk 1")
    await delivering.send(ACME, "runtime.escalation.requested", {}, about="talk 1")
    await delivering.send(ACME, "runtime.call.end", {}, about="talk 1")
    await delivering.send(ACME, "runtime.session.start", {}, about="talk 2")
    await until(lambda: len(tools.got) == 2)
    assert set(tools.at(SLOW)) == {"runtime.call.start", "runtime.session.start"}
    tools.freed.set()
    await finished(webhooks, slow)
    told = [type for type in tools.at(SLOW) if type != "runtime.session.start"]
    assert told == ["runtime.call.start", "runtime.escalation.requested", "runtime.call.end"]


async def test_what_waits_for_a_dead_receiver_is_bounded(
    webhooks: Webhooks, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "KEPT", 3)
    monkeypatch.setattr(keeping, "MOST", 5)
    dead = await webhooks.create(ACME, SLOW)
    made = []
    for n in range(20):
        made.append(await webhooks.queue(dead, "runtime.session.start", {"n": n}))
        await clock.advance(1)
    assert [each.id for each in await webhooks.pending()] == [each.id for each in made[-8:]]


async def test_the_log_holds_no_secret_and_no_payload(client: httpx.AsyncClient, ground: Ground) -> None:
    url = "https://example.org/hook?token=sesame"
    made = (await client.post(ground.at("/webhooks"), json={"url": url})).json()
    project = next(iter(ground.opened.house.catalog.projects()))
    contact = Contact("voice", direction="test", caller="+15550100")
    await ground.opened.house.directory.obtain(project.id, "ada", project.environments[0], contact)  # type: ignore[arg-type]
    await ground.estate.announcing.told()
    log = await client.get(ground.at(f"/webhooks/{made['id']}/deliveries"))
    assert log.json()["items"][0]["event_type"] == "runtime.call.start"
    for hidden in (made["secret"], "sesame", "+15550100", "signature"):
        assert hidden not in log.text
    await ground.estate.close()
