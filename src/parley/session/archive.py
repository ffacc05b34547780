"""The transcripts of projects: searched by what they are marked with, and read whole.

A transcript is a session's turns, and has its session's id.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from parley.domain.ids import ProjectID, SessionID, UserID
from parley.domain.project import Project
from parley.domain.state import SessionState
from parley.domain.transcript import TurnRecord
from parley.domain.transcript_property import Filter, Marked
from parley.errors import InvalidInput, NotFound
from parley.ports.conversations import Conversations, Wanted
from parley.ports.transcripts import Transcripts
from parley.session.directory import Directory
from parley.session.properties import Properties
from parley.session.whole import all_turns


class Asked(Struct, frozen=True):
    """A search: the first `take` transcripts, newest first, without the first `skip`. Filters must all fit."""

    wanted: Wanted
    filters: tuple[Filter, ...] = ()
    take: int = 20
    skip: int = 0


class Found(Struct, frozen=True):
    """A transcript without what was said."""

    state: SessionState
    marks: Sequence[Marked]


class Archive:
    """Reads what sessions have left."""

    def __init__(
        self, directory: Directory, conversations: Conversations, transcripts: Transcripts, properties: Properties
    ) -> None:
        self._directory = directory
        self._conversations = conversations
        self._transcripts = transcripts
        self.properties = properties

    async def search(self, project: Project, asked: Asked) -> list[Found]:
        """What fits. Raises `InvalidInput` where a filter names no property of the project."""
        properties = await self.properties.list(project)
        names = {each.id: each.name for each in properties}
        for i, each in enumerate(asked.filters):
            if each.property not in names:
                raise InvalidInput.at(f"filters[{i}].id", "the id of a transcript property of this project")
        filters = tuple(replace(each, name=names[each.property]) for each in asked.filters)
        wanted = replace(asked.wanted, filters=filters)
        states = await self._conversations.list(wanted, at_most=asked.take, skipped=asked.skip)
        return [Found(state, list((await self.properties.of(state, properties)).values())) for state in states]

    async def find(self, project: Project, id: str) -> Found:
        """One transcript. Raises `NotFound`, for another project's too."""
        state = await self._state(project.id, id)
        marks = await self.properties.of(state, await self.properties.list(project))
        return Found(state, list(marks.values()))

    async def of_user(self, project: ProjectID, user: UserID) -> list[SessionID]:
        """The sessions of a user, newest first."""
        wanted, found = Wanted((project,), user=user), list[SessionID]()
        while page := await self._conversations.list(wanted, skipped=len(found)):
            found += [state.id for state in page]
        return found

    async def mark(self, project: Project, property: str, transcript: str, value: str) -> None:
        """Set a property of one transcript. Raises `NotFound`, `InvalidInput`."""
        state = await self._state(project.id, transcript)
        await self.properties.give(project, property, state, value)

    def turns(self, state: SessionState) -> AsyncIterator[list[TurnRecord]]:
        """What was done and said, in pages, oldest first."""
        return all_turns(self._transcripts, state.id)

    async def _state(self, project: ProjectID, id: str) -> SessionState:
        try:
            state = (await self._directory.recall(SessionID(id))).state()
        except NotFound as error:
            raise _unknown(id) from error
        if state.project != project:
            raise _unknown(id)
        return state


def _unknown(id: str) -> NotFound:
    return NotFound(f"There is no transcript '{id[:64]}' in this project.", code="no_transcript")
