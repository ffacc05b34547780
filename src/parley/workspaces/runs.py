"""Conversations of any channel as runs: what of them lives, who has them, and how they ended (platform API, 5.1)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Literal

import msgspec
from msgspec import Struct

from parley.domain.ids import ProjectID
from parley.domain.state import SessionState
from parley.domain.workspace import Workspace
from parley.errors import InvalidInput
from parley.ports.clock import Clock
from parley.ports.conversations import Conversations, Wanted
from parley.workspaces.operators import Operators
from parley.workspaces.services import Services

RunStatus = Literal["running", "paused", "completed", "failed", "timed_out"]
Filter = Literal["live", "running", "paused", "completed", "failed", "timed_out"]
CHANNELS = ("voice", "sms", "whatsapp", "web", "email")
TIMED_OUT = frozenset({"inactivity_timeout", "max_duration"})
PAGE = 200
SCANNED = 5_000
"""How many conversations one page looks through for those that are wanted; the next page goes on from there."""
_LIVE: dict[str | None, bool | None] = {None: None, "live": True, "running": True, "paused": True}


class Place(Struct, frozen=True, array_like=True):
    """Where a page begins: after the first `passed` that began at `until`, in milliseconds since 1970."""

    until: int | None = None
    passed: int = 0

    def after(self, state: SessionState) -> Place:
        """The place behind this one."""
        return Place(state.created_at, self.passed + 1 if state.created_at == self.until else 1)


class RunPage(Struct, frozen=True):
    """Runs, newest first. `following` asks for the next page; None after the last."""

    states: Sequence[SessionState]
    following: str | None


class RunCounts(Struct, frozen=True):
    """How many there are."""

    total: int
    live: int
    paused: int
    by_channel: dict[str, int]
    """Of the live ones."""


class Runs:
    """The runs of each workspace."""

    def __init__(self, conversations: Conversations, services: Services, operators: Operators, clock: Clock) -> None:
        self._conversations = conversations
        self._services = services
        self._operators = operators
        self._clock = clock

    async def page(
        self, workspace: Workspace, status: Filter | None, channel: str | None, at_most: int, token: str | None
    ) -> RunPage:
        """Those of this status and channel. Raises `InvalidInput` for a token that is none of these."""
        projects, now = await self._projects(workspace), self._clock.now_ms()
        place, seen = _place(token), 0
        found: list[SessionState] = []
        while seen < SCANNED:
            wanted = Wanted(projects, _LIVE.get(status, False), channel, until=place.until)
            states = await self._conversations.list(wanted, at_most=PAGE, skipped=place.passed)
            for state in states:
                if status in (None, "live", status_of(state, now)):
                    if len(found) == at_most:
                        return RunPage(found, _token(place))
                    found.append(state)
                place, seen = place.after(state), seen + 1
            if len(states) < PAGE:
                return RunPage(found, None)
        return RunPage(found, _token(place))

    async def counts(self, workspace: Workspace) -> RunCounts:
        """All of a workspace, counted."""
        projects = await self._projects(workspace)
        by_channel = {each: await self._conversations.count(Wanted(projects, True, each)) for each in CHANNELS}
        takers = await self._operators.list(workspace.id)
        return RunCounts(
            total=await self._conversations.count(Wanted(projects)),
            live=await self._conversations.count(Wanted(projects, True)),
            paused=len({each.call for each in takers if each.mode == "takeover"}),
            by_channel={channel: count for channel, count in by_channel.items() if count},
        )

    async def _projects(self, workspace: Workspace) -> tuple[ProjectID, ...]:
        return tuple(sorted({service.project.id for service in await self._services.of(workspace)}))


def status_of(state: SessionState, now_ms: int) -> RunStatus:
    """A run in which a person has the conversation is paused: its agent is."""
    if state.ended is not None:
        return "timed_out" if state.ended in TIMED_OUT else "completed"
    return "paused" if holder_of(state, now_ms) is not None else "running"


def holder_of(state: SessionState, now_ms: int) -> str | None:
    """The operator who has the conversation now."""
    hold = state.held(now_ms)
    return None if hold is None else hold.operator


def _token(place: Place) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def _place(token: str | None) -> Place:
    if token is None:
        return Place()
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)), type=Place)
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise InvalidInput.at("query.continuation_token", "what the page before gave") from error
