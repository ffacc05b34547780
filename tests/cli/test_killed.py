"""A server that is killed between what it promised and what it did: the next one does it, once."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from threading import Event, Thread
from typing import Any

import httpx
import pytest
from running import HANG_SECONDS, Server, run, serving

AGENT = """
project: desk
variables: {said: ""}
workflows:
  main:
    - ask: Yes?
      into: said
    - say: "The last I know is from {last_injection.sender}."
    - -> main
"""
WORKSPACE = str(uuid.UUID(int=7, version=4))
ENVIRONMENT = {"WORKSPACE": WORKSPACE, "WORKSPACE_KEY": "owner-of-the-desk", "PARLEY_PRIVATE_HOSTS": "127.0.0.1"}


@pytest.fixture
def data(tmp_path: Path) -> tuple[Path, Path]:
    agent = tmp_path / "agent.yaml"
    agent.write_text(AGENT)
    return agent, tmp_path / "data.db"


@contextmanager
def asking(*paths: Path) -> Iterator[tuple[Server, httpx.Client]]:
    agent, file = paths
    key = {"authorization": "Bearer owner-of-the-desk"}
    with (
        serving(agent, "--data", file, **ENVIRONMENT) as server,
        httpx.Client(base_url=f"{server.url}/v1/{WORKSPACE}", headers=key, timeout=HANG_SECONDS) as client,
    ):
        yield server, client


def inject(client: httpx.Client, talk: str, n: int) -> dict[str, Any]:
    headers = {"idempotency-key": f"k{n}"}
    body = {"message": f"fact {n}", "sender": f"desk {n}"}
    answer = client.post(f"/sessions/{talk}/inject", json=body, headers=headers)
    assert answer.status_code == 200
    return dict(answer.json())


def receipts(client: httpx.Client, talk: str, ids: list[str]) -> list[dict[str, Any]]:
    return [dict(client.get(f"/sessions/{talk}/injections/{id}").json()) for id in ids]


@pytest.mark.timeout(120)
def test_injections_are_drained_once_by_whoever_comes_after(data: tuple[Path, Path]) -> None:
    with asking(*data) as (server, client):
        service = client.get("/services").json()["items"][0]["id"]
        talk = client.post("/conversations", json={"service_id": service}).json()["id"]
        told = [inject(client, talk, n) for n in range(3)]
        server.process.kill()
    ids = [each["injection_id"] for each in told]
    with asking(*data) as (server, client):
        assert {each["stage"] for each in receipts(client, talk, ids)} == {"queued"}
        assert inject(client, talk, 1) == told[1]
        output = client.post(f"/conversations/{talk}/turns", json={"message": "Well?"}).json()["output"]
        assert output[0]["text"] == "The last I know is from desk 2."
        known = receipts(client, talk, ids)
        assert {each["stage"] for each in known} == {"shown"}
        server.process.kill()
    with asking(*data) as (_, client):
        client.post(f"/conversations/{talk}/turns", json={"message": "And now?"})
        assert receipts(client, talk, ids) == known
        client.delete(f"/conversations/{talk}")
        late = client.post(f"/sessions/{talk}/inject", json={"message": "hello"})
        assert (late.status_code, late.json()["detail"]) == (404, "Session not found.")


class Receiver(ThreadingHTTPServer):
    """Takes what is sent to `/taken`; never answers on `/hanging` until it is freed."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Receiving)
        self.got: Queue[tuple[str, dict[str, str], bytes]] = Queue()
        self.freed = Event()
        Thread(target=self.serve_forever, daemon=True).start()


class _Receiving(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        """Note it, and answer or hang."""
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.got.put((self.path, dict(self.headers), body))
        if self.path == "/hanging" and not self.server.freed.is_set():
            self.server.freed.wait(HANG_SECONDS)
            return
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


def next_of(receiver: Receiver, first: dict[str, str]) -> tuple[str, dict[str, str], bytes]:
    """The next request that brings the delivery of the first one."""
    while True:
        got = receiver.got.get(timeout=HANG_SECONDS)
        if got[1]["x-parley-delivery"] == first["x-parley-delivery"]:
            return got


def event_in(lines: Iterator[str]) -> dict[str, str]:
    """The next event of a stream."""
    found: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if line:
            found[name] = value
        elif "data" in found:
            return found
        else:
            found.clear()
    raise AssertionError(f"the stream ended with {found}")


@pytest.mark.timeout(120)
def test_a_webhook_that_was_not_taken_is_sent_again_under_its_name(data: tuple[Path, Path]) -> None:
    receiver = Receiver()
    with asking(*data) as (server, client):
        address = f"http://127.0.0.1:{receiver.server_port}/hanging"
        made = client.post("/webhooks", json={"url": address, "event_types": ["runtime.session.start"]}).json()
        service = client.get("/services").json()["items"][0]["id"]
        with client.stream("GET", "/events/stream") as stream:
            lines = stream.iter_lines()
            assert next(lines) == "retry: 3000"
            client.post("/conversations", json={"service_id": service})
            seen = event_in(lines)
            _, first, body = receiver.got.get(timeout=HANG_SECONDS)
            client.post("/conversations", json={"service_id": service})
            server.process.kill()
    receiver.freed.set()
    with asking(*data) as (_, client):
        before = {"last-event-id": str(int(seen["id"]) - 1)}
        with client.stream("GET", "/events/stream", headers=before) as stream:
            assert event_in(stream.iter_lines()) == seen
        _, second, again = next_of(receiver, first)
        assert (second["x-parley-delivery"], again) == (first["x-parley-delivery"], body)
        logged = client.get(f"/webhooks/{made['id']}/deliveries").json()["items"]
        assert logged[-1]["id"] == first["x-parley-delivery"]
        done = run("webhook", "replay", made["id"], logged[-1]["id"], "--data", data[1])
        assert "Queued as" in done.stdout
        _, third, once_more = next_of(receiver, first)
        assert (third["x-parley-delivery"], once_more) == (first["x-parley-delivery"], body)
    receiver.shutdown()
    receiver.server_close()
