"""A served agent that asks a provider which a test holds in its hand, and a client of it through each of the doors."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Self

import aiohttp
from talker import DEADLINE, Documented, Place, WidgetTalker, a_place, traces
from tests.house_fixture import API_KEY, MAIN, PROJECT, say
from tests.model_server import ModelServer, model_server
from tests.model_streams import chunk, data

from parley.backends.clock import SystemClock
from parley.backends.llm.configured import ConfiguredModels
from parley.backends.props import Furnished
from parley.domain.ids import EnvironmentAlias, ProjectID, StepID
from parley.domain.model_steps import AgentStep
from parley.domain.program import Program, Workflow
from parley.domain.project import Environment, Project
from parley.domain.tools import SystemTool
from parley.engine.world import NOWHERE
from parley.trials.answers import Documents

STEPS = (say("hello", "Welcome.", then="talk"), AgentStep(StepID("talk"), instructions="Be kind.", tools=("look",)))
DOORS = ("documented", "widget", "sse")


def agent() -> Project:
    """Greets with a text of its author's, then lets the model talk, which may look things up."""
    workflow = Workflow(MAIN, "Main", {step.id: step for step in STEPS}, StepID("hello"))
    program = Program("shop", MAIN, {MAIN: workflow}, tools={"look": SystemTool("look", kind="knowledge")})
    return Project(ProjectID(PROJECT), "Shop", (Environment(EnvironmentAlias("main"), program, 100),), ())


def words(*pieces: str) -> bytes:
    """The provider writes these, and goes on."""
    return data(*(chunk({"content": piece}) for piece in pieces), ends="")


def whole(*pieces: str) -> bytes:
    """The provider writes these, and that is all."""
    return words(*pieces) + data(chunk({}, "stop"))


@dataclass
class Served:
    """A server with the agent, and the provider that it asks."""

    place: Place
    provider: ModelServer

    async def has_asked(self, times: int) -> None:
        """Return once the provider has been asked so often."""
        while len(self.provider.requests) < times:
            await asyncio.sleep(0)

    def asked(self, n: int) -> list[tuple[str, str]]:
        """Who had said what when the provider was asked for the n-th time, without the instructions."""
        lines = self.provider.requests[n].body["messages"]
        return [(line["role"], line["content"]) for line in lines if line["role"] in ("user", "assistant")]

    async def connect(self, door: str, **config: Any) -> Client:
        """A client that has a session there."""
        return await {"documented": OnDocumented, "widget": OnWidget, "sse": OnSse}[door].begin(self.place.port, config)


@asynccontextmanager
async def served() -> AsyncIterator[Served]:
    """The agent behind a real server, and its provider on a port of its own."""
    props = Furnished()
    async with model_server() as provider:
        models = ConfiguredModels(SystemClock(), {}.get, url=provider.url)
        world = replace(
            NOWHERE,
            model=models.open("openai:m", None),
            knowledge=Documents(["The rules: be on time."]),
            effects=props.effects(),
        )
        try:
            async with a_place(agent(), world=world) as place:
                yield Served(place, provider)
        finally:
            await models.close()


@dataclass
class Client:
    """What a test does through whichever door. `traces` is all that came so far."""

    def say(self, text: str, **config: Any) -> None:
        """Send a text."""
        raise NotImplementedError

    @property
    def traces(self) -> list[dict[str, Any]]:
        raise NotImplementedError

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return once this holds."""
        raise NotImplementedError

    async def over(self, turns: int) -> None:
        """Return once so many turns are over."""
        raise NotImplementedError

    def told(self, kind: str) -> list[dict[str, Any]]:
        """The payloads of these traces."""
        return [trace["payload"] for trace in self.traces if trace["type"] == kind]

    @property
    def written(self) -> str:
        """All that came of completions."""
        return "".join(payload.get("content", "") for payload in self.told("completion"))

    @property
    def said(self) -> list[str]:
        """All texts."""
        return [payload["message"] for payload in self.told("text")]


@dataclass
class OnSocket(Client):
    """A client of one of the socket dialects."""

    talker: Any
    config: dict[str, Any]

    @property
    def traces(self) -> list[dict[str, Any]]:
        return traces(self.talker.heard)

    async def until(self, condition: Callable[[], bool]) -> None:
        await self.talker.until(condition)

    async def over(self, turns: int) -> None:
        await self.talker.until(lambda: self._ends() >= turns)

    def _ends(self) -> int:
        return sum(
            event in ("action", "action.status") and payload["status"] == "completed"
            for event, payload in self.talker.heard
        )


class OnDocumented(OnSocket):
    """Dialect A."""

    @classmethod
    async def begin(cls, port: int, config: dict[str, Any]) -> Self:
        talker = await Documented.connect(port)
        await talker.start(config=config)
        return cls(talker, config)

    def say(self, text: str, **config: Any) -> None:
        self.talker.say(text, config={**self.config, **config})


class OnWidget(OnSocket):
    """Dialect B."""

    @classmethod
    async def begin(cls, port: int, config: dict[str, Any]) -> Self:
        talker = await WidgetTalker.connect(port)
        await talker.start(config=config)
        return cls(talker, config)

    def say(self, text: str, **config: Any) -> None:
        self.talker.emit("action", {"action": {"type": "text", "payload": text}, "config": config})


@dataclass
class OnSse(Client):
    """A client of the event streams: one for each action."""

    address: str
    key: str
    config: dict[str, Any]
    ends: int = 0
    heard: list[dict[str, Any]] = field(default_factory=list)
    reading: list[asyncio.Task[None]] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    async def begin(cls, port: int, config: dict[str, Any]) -> Self:
        address = f"http://127.0.0.1:{port}/v4"
        body, headers = {"userID": "ada"}, {"authorization": API_KEY}
        async with (
            aiohttp.ClientSession() as http,
            http.post(f"{address}/project/{PROJECT}/session", json=body, headers=headers) as response,
        ):
            return cls(address, (await response.json())["sessionKey"], config)

    def say(self, text: str, **config: Any) -> None:
        body = {"action": {"type": "text", "payload": text}, "config": {**self.config, **config}}
        self.reading.append(asyncio.create_task(self._read(body)))

    async def _read(self, body: dict[str, Any]) -> None:
        async with (
            aiohttp.ClientSession() as http,
            http.post(f"{self.address}/interact/stream", json=body, headers={"authorization": self.key}) as response,
        ):
            assert response.status == 200, await response.text()
            async for line in response.content:
                if line.startswith(b"data: "):
                    event = json.loads(line[6:])
                    self.heard += [event] if "payload" in event else []
                    self.changed.set()
        self.ends += 1
        self.changed.set()

    @property
    def traces(self) -> list[dict[str, Any]]:
        return self.heard

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(DEADLINE):
            while not condition():
                self._fail_early(self.reading)
                self.changed.clear()
                await self.changed.wait()

    def _fail_early(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        for task in tasks:
            if task.done():
                with contextlib.suppress(asyncio.CancelledError):
                    task.result()

    async def over(self, turns: int) -> None:
        await self.until(lambda: self.ends >= turns)
