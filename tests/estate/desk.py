"""An operator's desk for tests: agents that hand over, clients that talk with them, and what operators do about it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import msgspec

from estate_fixture import Ground, break_ground
from house_fixture import open_house
from parley.backends.clock import StillClock
from parley.backends.llm.scripted import script_of
from parley.domain.actions import Launch, parse_action
from parley.domain.conversation_names import call_of, conversation_of
from parley.domain.state import Contact
from parley.domain.transcript import Traced
from parley.domain.workspace import WorkspaceKey
from parley.ports.llm import LanguageModel
from parley.projects.load import load
from parley.session.handle import Post, SessionHandle
from parley.session.outbox import Portion

FLOW = """
project: flow
variables: {name: Ada, topic: ""}
intents: {human: [human please], boss: [your boss please]}
workflows:
  main:
    - ask: Yes?
      into: topic
    - say: "You said {topic}."
    - handoff: {to: genesys, say: "One moment, {name}."}
    - say: Back with the robot.
    - ask: More?
      into: topic
    - say: "Again {topic}."
    - ask: More?
      into: topic
  passing_on: {trigger: boss, steps: [{forward: "+4930123456"}, {ask: Anything else?, into: topic}]}
  final: {trigger: human, steps: [{handoff: {say: A person comes.}}, {say: After.}]}
"""
THINKING = """
project: think
agent: {routes: {orders: {}, fetch_person: {when: wants a person}}}
tools: {call_somebody: {workflow: calling, about: Fetch a person.}}
playbooks:
  orders: {when: orders, instructions: Serve., tools: [call_somebody]}
workflows:
  fetch_person: {steps: [{handoff: {to: counter, say: I'll fetch somebody.}}, {say: Back at the desk.}]}
  calling: [{handoff: {to: counter, say: "One moment, please."}}, {say: And on we go.}]
"""
RULES = """
- {when: order, choose: orders}
- {when: person, choose: fetch_person}
- {when: help, tools: [call_somebody], calls: {call_somebody: {}}}
- {answer: Hm.}
"""


@dataclass
class Caller:
    """Somebody who talks with an agent, and what they are shown meanwhile."""

    session: SessionHandle
    shown: list[str]

    @property
    def sid(self) -> str:
        """The call's sid."""
        return call_of(self.session.id)

    @property
    def conversation(self) -> str:
        """The conversation's UUID."""
        return conversation_of(self.session.id)

    async def does(self, action: dict[str, Any]) -> list[str]:
        """Send an action. What is shown until it is answered."""
        before = len(self.shown)
        await (await self.session.post(Post(parse_action(action)))).whole()
        return self.shown[before:]

    async def says(self, text: str) -> list[str]:
        """Send words."""
        return await self.does({"type": "text", "payload": text})


@dataclass
class Desk:
    """One operator's client, and the house behind it."""

    ground: Ground
    clock: StillClock
    client: httpx.AsyncClient

    async def caller(self, project: str, channel: str = "web", user: str = "ada") -> Caller:
        """Somebody with whom the agent has begun to talk."""
        estate = self.ground.estate
        services = await estate.services.of(self.ground.ours)
        service = next(each for each in services if each.project.id == project)
        contact = Contact(channel, service=service.id, caller="+15550100" if channel == "voice" else "")
        directory = estate.house.directory
        session, _ = await directory.obtain(service.project.id, user, service.environment, contact)  # type: ignore[arg-type]
        shown: list[str] = []
        session.follow(lambda portion: shown.extend(shown_in(portion)))
        await (await session.post(Post(Launch({"type": "launch"}, {})))).whole()
        return Caller(session, shown)

    async def operator(self, name: str) -> str:
        """A new operator's id."""
        answer = await self.client.post(
            self.ground.at("/operators"), json={"name": name, "email": f"{name}@example.org"}
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def does(self, operator: str, what: str, caller: Caller, **body: Any) -> httpx.Response:
        """An operator does something about somebody's conversation."""
        at = self.ground.at(f"/operators/{operator}/{what}")
        return await self.client.post(at, json={"call_sid": caller.sid, **body})

    async def get(self, path: str) -> Any:
        """What the workspace answers to this path."""
        await self.ground.estate.reporting.told()
        answer = await self.client.get(self.ground.at(path))
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def estate_key(self) -> WorkspaceKey:
        """The key of this client."""
        return await self.ground.estate.keys.open(f"Bearer {self.ground.keys['owner']}")

    def events(self) -> list[tuple[str, dict[str, Any]]]:
        """What the workspace is told from here on."""
        told: list[tuple[str, dict[str, Any]]] = []
        self.ground.estate.events.listen(lambda event: told.append((event.type, event.data)))
        return told


@asynccontextmanager
async def open_desk(folder: Path, model: LanguageModel | None = None, **more: Any) -> AsyncIterator[Desk]:
    """A desk in a house with both agents."""
    projects = []
    for name, text in (("flow", FLOW), ("think", THINKING)):
        (folder / f"{name}.yaml").write_text(text)
        projects.append(load(folder / f"{name}.yaml").project)
    clock = StillClock(now_ms=2_000_000_000_000)
    opened = await open_house(*projects, clock=clock, model=model or script_of(RULES), **more)
    ground = await break_ground(opened)
    async with ground.client() as client:
        yield Desk(ground, clock, client)


def shown_in(portion: Portion) -> list[str]:
    """What a client is shown: words, and of a chat with a person its events too."""
    found = []
    for emission in portion.emissions:
        if not isinstance(emission.body, Traced) or emission.body.type not in ("text", "speak", "live-agent-handoff"):
            continue
        payload = msgspec.json.decode(emission.body.data).get("payload") or {}
        event = payload.get("event")
        found.append(payload["message"] if event is None else f"{event}: {payload['message']}")
    return found


async def settled() -> None:
    """Every task that can go on has gone on."""
    for _ in range(50):
        await asyncio.sleep(0)
