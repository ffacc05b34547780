"""The properties of projects' transcripts, and their values: what agents set, and what people add afterwards.

A value that somebody set over an API stands before the one that the agent set. See `domain/transcript_property.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from parley.domain.ids import ProjectID, UserID, new_id
from parley.domain.project import Project
from parley.domain.state import SessionState
from parley.domain.transcript_property import (
    GIVEN,
    PROPERTIES,
    Given,
    Kind,
    Marked,
    Property,
    given_in,
    number_in,
    set_by_agent,
    text_of,
)
from parley.errors import Conflict, InvalidInput, NotFound, Taken
from parley.ports.clock import Clock
from parley.ports.records import Record, Records

KIND = "transcript property"
MOST = 100
LONGEST_NAME = 256
LONGEST_VALUE = 8_000
ATTEMPTS = 8


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Property).decode


class Properties:
    """Properties by project, values by transcript."""

    def __init__(self, records: Records, clock: Clock) -> None:
        self._records = records
        self._clock = clock

    async def list(self, project: Project) -> list[Property]:
        """Those that were made, oldest first, then those that the agent sets besides."""
        made = [_decode(each.data) for each in await self._records.list(KIND, project.id, at_most=MOST)]
        names = {each.name for each in made}
        return made + [_of_agent(project.id, name) for name in set_by_agent(project) if name not in names]

    async def get(self, project: Project, id: str) -> Property:
        """Raises `NotFound`."""
        for each in await self.list(project):
            if each.id == id:
                return each
        raise NotFound("This project has no such property.", code="no_property")

    async def create(self, project: Project, name: str, kind: Kind) -> Property:
        """A new property. Raises `InvalidInput`, and `Taken` where there is one of this name."""
        _check_name(name)
        if await self._records.count(KIND, project.id) >= MOST:
            raise InvalidInput(f"name: this project has {MOST} properties; delete one first")
        now = self._clock.now_ms()
        made = Property(new_id(now), project.id, name, kind, now, now)
        try:
            await self._records.add(Record(KIND, made.id, _encode(made), project.id, (_alias(project.id, name),), now))
        except Taken as taken:
            raise Taken(f"This project has a property '{name}' already.") from taken
        return made

    async def rename(self, project: Project, id: str, name: str) -> None:
        """Raises `NotFound`, `InvalidInput`, `Conflict`, and `Taken` where there is one of this name."""
        _check_name(name)
        record = await self._made(project, id)
        renamed = replace(_decode(record.data), name=name, updated_at=self._clock.now_ms())
        aliases = (_alias(project.id, name),)
        try:
            await self._records.save(
                replace(record, data=_encode(renamed), aliases=aliases, revision=record.revision + 1)
            )
        except Taken as taken:
            raise Taken(f"This project has a property '{name}' already.") from taken

    async def remove(self, project: Project, id: str) -> None:
        """The property and what was set of it are gone. Raises `NotFound`, `InvalidInput`."""
        await self._made(project, id)
        await self._records.remove(KIND, id)

    async def give(self, project: Project, id: str, state: SessionState, value: str) -> None:
        """Set a property of one transcript. Raises `NotFound`, `InvalidInput`, `Conflict`."""
        made = _decode((await self._made(project, id)).data)
        _check_value(made, value)
        scope = _scope(state.project, state.user)
        for _ in range(ATTEMPTS):
            record = await self._records.get(GIVEN, state.id)
            values = {} if record is None else given_in(record.data)
            data = _encode({**values, id: Given(value, self._clock.now_ms())})
            try:
                if record is None:
                    await self._records.add(Record(GIVEN, state.id, data, scope))
                else:
                    await self._records.save(replace(record, data=data, revision=record.revision + 1))
            except Conflict:
                continue
            return
        raise Conflict("The properties of this transcript are being set by others all the time. Try again.")

    async def of(self, state: SessionState, properties: Sequence[Property]) -> dict[str, Marked]:
        """What one transcript is marked with, by the ids of the properties."""
        record = await self._records.get(GIVEN, state.id)
        given = {} if record is None else given_in(record.data)
        kept = state.storage.get(PROPERTIES)
        set_in_talk = kept if isinstance(kept, Mapping) else {}
        marks: dict[str, Marked] = {}
        for each in properties:
            if each.id in given:
                marks[each.id] = Marked(each, given[each.id].value, given[each.id].at)
            elif each.name in set_in_talk:
                marks[each.id] = Marked(each, text_of(set_in_talk[each.name]), state.active_at)
        return marks

    async def forget(self, project: ProjectID, user: UserID) -> None:
        """Delete what was set of all transcripts of this user."""
        while records := await self._records.list(GIVEN, _scope(project, user)):
            for record in records:
                await self._records.remove(GIVEN, record.id)

    async def _made(self, project: Project, id: str) -> Record:
        record = await self._records.get(KIND, id)
        if record is None or record.scope != project.id:
            found = await self.get(project, id)
            raise InvalidInput(f"propertyID: the agent itself sets '{found.name}'; it cannot be changed here")
        return record


def _of_agent(project: ProjectID, name: str) -> Property:
    """The id is made of the name, so that it is the same after a restart."""
    id = hashlib.sha256(f"property/{project}/{name}".encode("utf-8", "surrogatepass")).hexdigest()[:24]
    return Property(id, project, name, "string", 0, 0, is_default=True)


def _alias(project: ProjectID, name: str) -> str:
    return f"{project}/{name}"


def _scope(project: ProjectID, user: UserID) -> str:
    return f"{project}/{user}"


def _check_name(name: str) -> None:
    if not name.strip() or len(name) > LONGEST_NAME:
        raise InvalidInput.at("name", f"text of 1 to {LONGEST_NAME} characters")


def _check_value(made: Property, value: str) -> None:
    if len(value) > LONGEST_VALUE:
        raise InvalidInput.at("value", f"at most {LONGEST_VALUE} characters")
    if made.kind == "boolean" and value not in ("true", "false"):
        raise InvalidInput.at("value", f"true or false, as '{made.name}' is a boolean")
    if made.kind == "number" and number_in(value) is None:
        raise InvalidInput.at("value", f"a number, as '{made.name}' is one")
