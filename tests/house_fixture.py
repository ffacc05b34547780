"""A whole house on the memory store, small agents to live in it, and a real server to reach it by."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
import uvicorn
from starlette.types import ASGIApp

from parley.backends.clock import SystemClock
from parley.backends.store.memory import MemoryStore
from parley.domain.conditions import Template, Truthy
from parley.domain.ids import EnvironmentAlias, ProjectID, StepID, WorkflowID
from parley.domain.program import Program, Settings, Variable, Workflow
from parley.domain.project import Environment, Project
from parley.domain.steps import Assignment, Branch, Capture, Choice, Condition, End, Message, Option, Said, Set
from parley.engine.interpreter import run
from parley.engine.turn import Turn
from parley.engine.world import NOWHERE, World
from parley.ports.clock import Clock
from parley.ports.llm import LanguageModel
from parley.session.access import Access, create_key
from parley.session.archive import Archive
from parley.session.catalog import Catalog
from parley.session.directory import Directory
from parley.session.environments import Environments
from parley.session.house import House
from parley.session.injections import Injections
from parley.session.keys import SessionKeys
from parley.session.overlays import Overlays
from parley.session.properties import Properties
from parley.session.work import Surroundings
from parley.transports.http.app import http_app
from watched_front import WatchedDoor

API_KEY = "VF.DM.0123456789abcdef01234567.test-secret"
PROJECT = "shop"
MAIN = WorkflowID("main")
Engine = Callable[[Turn], Coroutine[Any, Any, None]]


def say(id: str, *texts: str, then: str | None = None) -> Message:
    """A step that says one of these."""
    return Message(StepID(id), then=_step(then), variants=tuple(Said(text) for text in texts))


def _step(id: str | None) -> StepID | None:
    return None if id is None else StepID(id)


def program(name: str = "echo", greeting: str = "Hello, {name}!", settings: Settings | None = None) -> Program:
    """Greets, then says everything back until it hears `bye`; `buttons` shows buttons, `count` counts."""
    steps = [
        say("greet", greeting, then="listen"),
        Capture(StepID("listen"), then=StepID("which"), variable="heard"),
        Condition(
            StepID("which"),
            then=StepID("echo"),
            branches=(
                Branch(Truthy('heard == "bye"'), StepID("farewell")),
                Branch(Truthy('heard == "buttons"'), StepID("choose")),
                Branch(Truthy('heard == "count"'), StepID("count")),
            ),
        ),
        say("echo", "You said: {heard}", then="listen"),
        say("farewell", "Goodbye.", then="end"),
        End(StepID("end")),
        Set(StepID("count"), then=StepID("counted"), assignments=(Assignment("n", Template("{n}1")),)),
        say("counted", "one", then="more"),
        say("more", "two", then="last"),
        say("last", "three", then="listen"),
        Choice(
            StepID("choose"),
            options=(
                Option("yes", label="Yes", then=StepID("echo")),
                Option("no", label="No", then=StepID("farewell")),
            ),
        ),
    ]
    workflow = Workflow(MAIN, "Main", {step.id: step for step in steps}, StepID("greet"))
    variables = {"name": Variable("you", persist=True), "heard": Variable(), "n": Variable("")}
    return Program(name, MAIN, {MAIN: workflow}, variables, settings=settings or Settings())


def project(id: str = PROJECT, *, settings: Settings | None = None, origins: tuple[str, ...] = ()) -> Project:
    """One environment, `main`."""
    main = Environment(EnvironmentAlias("main"), program(settings=settings), 100)
    return Project(ProjectID(id), "Shop", (main,), origins)


def split_project(id: str = PROJECT) -> Project:
    """Two environments that greet differently, 70 to 30."""
    return Project(
        ProjectID(id),
        "Shop",
        (
            Environment(EnvironmentAlias("main"), program("a", "Hello from main."), 70),
            Environment(EnvironmentAlias("candidate"), program("b", "Hello from candidate."), 30),
        ),
    )


@dataclass
class Opened:
    """A house, what is behind it, and the door in front of it."""

    house: House
    store: Any
    clock: Clock
    app: ASGIApp

    def __post_init__(self) -> None:
        self.app = WatchedDoor(self.app)

    def client(self) -> httpx.AsyncClient:
        """A client in the same process, without a network."""
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=True)
        return httpx.AsyncClient(transport=transport, base_url="http://parley.test")


async def open_house(
    *projects: Project,
    store: Any = None,
    clock: Clock | None = None,
    engine: Engine = run,
    rate_per_minute: int | None = None,
    body_limit: int = 1024 * 1024,
    model: LanguageModel | None = None,
    world: World = NOWHERE,
) -> Opened:
    """A house with these projects (`project()` when there are none) and `API_KEY`."""
    clock = clock or SystemClock()
    kept = store or MemoryStore(clock=clock)
    overlays = Overlays(kept.records, kept.versions, clock)
    catalog = Catalog(kept.versions, lay=overlays.laid_over)
    for served in projects or (project(),):
        await catalog.serve(served)
    with contextlib.suppress(Exception):
        await create_key(kept.keyring, clock.now_ms(), label="test", project=None, key=API_KEY)
    reached = replace(world, model=model or world.model)
    around = Surroundings(kept, kept, clock, engine, reached, injections=Injections(kept.records, clock))
    directory = Directory(catalog, around)
    access = Access(kept.keyring, catalog, clock)
    house = House(
        *(directory, catalog, SessionKeys("a secret of at least thirty-two bytes"), access, clock, kept, body_limit),
        environments=Environments(overlays, catalog, clock),
        archive=Archive(directory, kept.conversations, kept, Properties(kept.records, clock)),
    )
    return Opened(house, kept, clock, http_app(house, rate_per_minute=rate_per_minute))


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[tuple[str, int]]:
    """The app behind a real uvicorn on a free port, in this process' loop."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(128)
    config = uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="off", server_header=False, timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:
        await asyncio.sleep(0.005)
    try:
        yield listening.getsockname()
    finally:
        server.should_exit = True
        await serving


async def exchange(address: tuple[str, int], request: bytes) -> bytes:
    """Send bytes over a real socket and read until the server closes."""
    reader, writer = await asyncio.open_connection(*address)
    try:
        writer.write(request)
        await writer.drain()
        return await asyncio.wait_for(reader.read(), 20)
    finally:
        writer.close()


def raw_request(method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b"") -> bytes:
    """An HTTP/1.1 request that asks for the connection to be closed."""
    lines = [f"{method} {path} HTTP/1.1", "Host: parley.test", "Connection: close", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def split_response(response: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers in lower case, and the body with its chunks joined."""
    head, _, body = response.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
    if headers.get("transfer-encoding") == "chunked":
        body = _unchunked(body)
    return int(first.split(" ")[1]), headers, body


def _unchunked(data: bytes) -> bytes:
    joined = b""
    while data:
        size, _, data = data.partition(b"\r\n")
        length = int(size, 16)
        if length == 0:
            break
        joined += data[:length]
        data = data[length + 2 :]
    return joined


@dataclass
class Talk:
    """One session over HTTP."""

    client: httpx.AsyncClient
    key: str

    @classmethod
    async def start(cls, client: httpx.AsyncClient, user: str = "ada", project: str = PROJECT) -> Talk:
        """Start a session in `main`."""
        answer = await client.post(
            f"/v4/project/{project}/environment/main/session",
            json={"userID": user},
            headers={"authorization": API_KEY},
        )
        assert answer.status_code == 200, answer.text
        return cls(client, answer.json()["sessionKey"])

    async def send(self, action: dict[str, Any], headers: dict[str, str] | None = None, **more: Any) -> httpx.Response:
        """Post an action and get the whole answer."""
        return await self.client.post(
            "/v4/interact", json={"action": action, **more}, headers={"authorization": self.key, **(headers or {})}
        )

    async def stream(
        self, action: dict[str, Any], headers: dict[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        """Post an action and read the whole stream."""
        return await self.client.post(
            "/v4/interact/stream",
            json={"action": action, **more},
            headers={"authorization": self.key, **(headers or {})},
        )

    async def say(self, text: str, **more: Any) -> list[str]:
        """The messages that a text is answered with."""
        return messages((await self.send({"type": "text", "payload": text}, **more)).json()["traces"])

    async def launch(self, **more: Any) -> list[str]:
        """The messages that a launch is answered with."""
        return messages((await self.send({"type": "launch"}, **more)).json()["traces"])


def messages(traces: list[dict[str, Any]]) -> list[str]:
    """What is said in these traces."""
    return [trace["payload"]["message"] for trace in traces if trace["type"] == "text"]


@dataclass(frozen=True)
class Event:
    """One server-sent event."""

    event: str
    id: str
    data: str


def events_of(body: bytes) -> list[Event]:
    """The whole events of a stream, as strictly as the contract has them; an unfinished one is left out."""
    assert body[:1] in (b"", b"\n"), "a stream opens with a blank line"
    events = []
    # Cut first and decode then: the unfinished one may end in the middle of a character.
    *whole, _ = body[1:].split(b"\n\n")
    for block in (each.decode() for each in whole):
        if block.startswith(":"):
            continue
        first, second, third = block.split("\n")
        assert first.startswith("event: ") and second.startswith("id: ") and third.startswith("data: "), block
        events.append(Event(first[7:], second[4:], third[6:]))
    return events
