"""A stored session performed again, turn by turn, with what each turn got from the world then."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from parley.domain.actions import parse_kept
from parley.domain.recording import Heard, decode_heard
from parley.domain.state import Frame, SessionState
from parley.domain.transcript import Emission, TurnRecord
from parley.engine.agent import Agent
from parley.engine.hearing import HeardWorld
from parley.engine.interpreter import run
from parley.engine.seed import seed
from parley.engine.world import NOWHERE, World
from parley.errors import ParleyError
from parley.ports.knowledge import KnowledgeBase
from parley.ports.llm import LanguageModel
from parley.ports.mcp import McpServers
from parley.ports.scripts import Scripts
from parley.replay.recalled import Recalled
from parley.session.answer import Answer
from parley.session.edits import Change, ended
from parley.session.merging import MERGED
from parley.session.outbox import Outbox
from parley.session.performance import Performance


class Remark(Struct, frozen=True):
    """Something that the recording does not hold, found after `place` emissions of the turn."""

    place: int
    text: str


class Rehearsed(Struct, frozen=True):
    """A turn as it was (`record.said`), and as it goes now. `unasked` was asked of the world only then."""

    record: TurnRecord
    said: tuple[Emission, ...]
    remarks: tuple[Remark, ...] = ()
    unasked: tuple[str, ...] = ()


class Rehearsal:
    """One session from its beginning, with this agent. Everything it changes is its own."""

    def __init__(self, stored: SessionState, agent: Agent, scripts: Scripts) -> None:
        self._agent = agent
        self._scripts = scripts
        self._state = SessionState(
            stored.id, stored.project, stored.environment, agent.version, stored.user, stored.created_at
        )
        self._state.contact = stored.contact
        seed(agent.program, self._state, {})
        self._outbox = Outbox(1, 1)

    async def perform(self, turns: Sequence[TurnRecord]) -> list[Rehearsed]:
        """All turns that are over, in the order in which they were performed."""
        over = [(turn.said[0].offset, turn) for turn in turns if turn.said]
        return [await self._turn(turn) for _, turn in sorted(over, key=lambda pair: pair[0])]

    async def _turn(self, record: TurnRecord) -> Rehearsed:
        remarks: list[Remark] = []
        answer = Answer(replace(record, heard=None, said=None))

        def remark(text: str) -> None:
            remarks.append(Remark(len(answer.said), text))

        heard = _heard(record, remark)
        self._take_up(heard, answer, record, remark)
        answer.accept()
        ear: list[Recalled] = []

        def recalled() -> Recalled:
            if not ear:
                redact = self._agent.program.settings.recording.redact
                ear.append(Recalled(heard, redact, remark, lambda: performance.interrupt()))
            return ear[0]

        world = HeardWorld(_stage(self._scripts, record.accepted_at), recalled)
        performance = Performance(self._state, self._agent, answer, self._outbox, _Held(record.accepted_at), world)
        try:
            said = (await performance.run(run)).said or ()
        except ParleyError as failure:
            remark(f"the turn failed: {failure.message}")
            said = tuple(answer.said)
        performance.release()
        unasked = ear[0].unasked() if ear else heard.exchanges
        return Rehearsed(record, said, tuple(remarks), tuple(f"{each.port}: {each.about}" for each in unasked))

    def _take_up(self, heard: Heard, answer: Answer, record: TurnRecord, remark: Any) -> None:
        """What the answer does, and the state that it begins with."""
        action = record.action or {}
        if "type" in action:
            answer.action = parse_kept(action)
            if heard.state is not None:
                self._state.variables |= heard.state.get("variables", {})
        elif "end" in action:
            answer.change = ended(str(action["end"]))
        elif action.get("edit") == MERGED:
            answer.is_merged = True
        elif heard.state is None:
            remark("not recorded: a client changed the state here")
            answer.change = lambda state: None
        else:
            answer.change = _as_it_was(heard.state)


class _Held:
    """A clock that stands."""

    def __init__(self, now_ms: int) -> None:
        self._now_ms = now_ms

    def now_ms(self) -> int:
        """See `Clock.now_ms`."""
        return self._now_ms

    async def sleep(self, seconds: float) -> None:
        """See `Clock.sleep`."""
        await asyncio.sleep(seconds)


def _stage(scripts: Scripts, now_ms: int) -> World:
    """A world in which everything is there and nothing is ever reached: the recording answers."""
    there: Any = NOWHERE.tools
    return World(
        scripts,
        NOWHERE.tools,
        NOWHERE.effects,
        now_ms=lambda: now_ms,
        model=cast(LanguageModel, there),
        knowledge=cast(KnowledgeBase, there),
        mcp=cast(McpServers, there),
        sleep=asyncio.sleep,
    )


def _heard(record: TurnRecord, remark: Any) -> Heard:
    try:
        return decode_heard(record.heard)
    except msgspec.MsgspecError as error:
        remark(f"the recording of this turn cannot be read: {error}")
        return Heard()


def _as_it_was(kept: dict[str, Any]) -> Change:
    def change(state: SessionState) -> None:
        state.stack = msgspec.convert(kept["stack"], list[Frame])
        state.storage = dict(kept["storage"])
        state.variables = dict(kept["variables"])

    return change
