"""A conversation as the terminal holds it, with an agent in this process. `remote.py` has the other kind."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Protocol

import msgspec

from parley.app import Opened
from parley.domain.actions import Wire, parse_action
from parley.domain.ids import UserID
from parley.domain.transcript import Traced, TurnConfig
from parley.session.handle import Post, SessionHandle


class Conversation(Protocol):
    """Actions go in, traces (as JSON objects) come out."""

    @property
    def name(self) -> str:
        """The agent's."""
        ...

    async def begin(self) -> None:
        """Start a session; the one before is over. Raises `ParleyError` with what to do."""
        ...

    def answer(self, action: Wire) -> AsyncIterator[dict[str, Any]]:
        """The traces of one turn as they come. Raises `ParleyError`, `SessionEnded` when the session is over."""
        ...

    async def state(self) -> dict[str, Any]:
        """The state of the session."""
        ...


class LocalConversation:
    """With the first project of a house that is open in this process."""

    def __init__(self, opened: Opened, user: str) -> None:
        self._directory = opened.house.directory
        self._project = opened.projects[0]
        self._user = UserID(user)
        self._session: SessionHandle | None = None

    @property
    def name(self) -> str:
        """The agent's."""
        return self._project.name

    async def begin(self) -> None:
        """Start a session."""
        environment = self._project.routed(self._user)
        self._session = await self._directory.create(self._project.id, self._user, environment)

    async def answer(self, action: Wire) -> AsyncIterator[dict[str, Any]]:
        """The traces of one turn."""
        assert self._session is not None
        answer = await self._session.post(Post(parse_action(action), TurnConfig(completion_events=True)))
        async for portion in answer.read():
            for emission in portion:
                if isinstance(emission.body, Traced):
                    yield msgspec.json.decode(emission.body.data)

    async def state(self) -> dict[str, Any]:
        """The state of the session."""
        assert self._session is not None
        return self._session.state().shown()
