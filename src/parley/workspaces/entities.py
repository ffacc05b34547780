"""The people and things that conversations are with, by every name they have (decisions, "Entities")."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from parley.domain.workspace import EntityID, WorkspaceID, WorldEntity
from parley.errors import Conflict, NotFound, Taken
from parley.ports.clock import Clock
from parley.ports.records import Page, Record, Records

KIND = "entity"
LONGEST_STATE = 50_000
"""Bytes as JSON of what is known of an entity; more is not told to agents."""
ANOTHER = "Another entity has this phone number, e-mail address or external id. Each names one entity of a workspace."
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(WorldEntity).decode


class Sought(Struct, frozen=True):
    """Which entities. None: all of them.

    `text` stands in a name, a type, a canonical id, a phone number or an id; `system` is one that knows the entity.
    """

    types: frozenset[str] | None = None
    text: str | None = None
    system: str | None = None

    def fits(self, entity: WorldEntity) -> bool:
        """It is one of these."""
        return (
            (self.types is None or entity.entity_type in self.types)
            and (self.text is None or any(self.text.lower() in each.lower() for each in _texts(entity)))
            and (self.system is None or self.system in _systems(entity))
        )


class Entities:
    """Entities by workspace."""

    def __init__(self, records: Records, clock: Clock) -> None:
        self._records = records
        self._clock = clock

    async def put(
        self, workspace: WorkspaceID, canonical_id: str, given: Mapping[str, Any]
    ) -> tuple[WorldEntity, bool]:
        """The entity of this canonical id with what is given put over what is known; True where it is new.

        Raises `Conflict` when another entity has one of its names.
        """
        for _ in range(8):
            known = await self._records.find(KIND, _canonical(workspace, canonical_id))
            try:
                if known is None:
                    return await self._add(workspace, canonical_id, given), True
                return await self._change(known, given), False
            except Taken as taken:
                if known is not None or await self._records.find(KIND, _canonical(workspace, canonical_id)) is None:
                    raise Taken(ANOTHER) from taken
            except Conflict:
                continue
        raise Conflict("This entity is being changed by others all the time. Try again.")

    async def get(self, workspace: WorkspaceID, id: str) -> WorldEntity:
        """Raises `NotFound`, for another workspace's entity too."""
        record = await self._records.get(KIND, id)
        if record is None or record.scope != workspace:
            raise NotFound("Entity not found.", code="no_entity")
        return _decode(record.data)

    async def of_canonical(self, workspace: WorkspaceID, canonical_id: str) -> WorldEntity:
        """Raises `NotFound`."""
        return await self._named(_canonical(workspace, canonical_id))

    async def known_by(
        self,
        workspace: WorkspaceID,
        *,
        phone: str | None = None,
        email: str | None = None,
        external: tuple[str, str] = ("", ""),
    ) -> WorldEntity:
        """Whom this number, address or external id (system, id) names: the first that is given. Raises `NotFound`."""
        if phone is not None:
            return await self._named(_phone(workspace, phone))
        if email is not None:
            return await self._named(_email(workspace, email))
        return await self._named(_external(workspace, *external))

    async def list(
        self, workspace: WorkspaceID, sought: Sought, *, at_most: int, skipped: int = 0
    ) -> tuple[Sequence[WorldEntity], int]:
        """A page of them, oldest first, and how many there are in all. To find some reads all of the workspace."""
        end = skipped + at_most
        if sought == Sought():
            records = await self._records.list(KIND, workspace, at_most=end)
            return [_decode(each.data) for each in records[skipped:]], await self._records.count(KIND, workspace)
        found: list[WorldEntity] = []
        after: Page | None = None
        while page := await self._records.list(KIND, workspace, after=after, at_most=500):
            found += filter(sought.fits, (_decode(record.data) for record in page))
            after = Page(page[-1].place, page[-1].id)
        return found[skipped:end], len(found)

    async def _named(self, alias: str) -> WorldEntity:
        record = await self._records.find(KIND, alias)
        if record is None:
            raise NotFound("Entity not found.", code="no_entity")
        return _decode(record.data)

    async def _add(self, workspace: WorkspaceID, canonical_id: str, given: Mapping[str, Any]) -> WorldEntity:
        now = self._clock.now_ms()
        kind = type_of(canonical_id.split(":")[1])
        entity = WorldEntity(EntityID(str(uuid.uuid4())), workspace, kind, now, now, canonical_id)
        entity = _with(entity, given)
        await self._records.add(Record(KIND, entity.id, _encode(entity), workspace, _aliases(entity), now))
        return entity

    async def _change(self, record: Record, given: Mapping[str, Any]) -> WorldEntity:
        entity = replace(_with(_decode(record.data), given), updated_at=self._clock.now_ms())
        await self._records.save(
            replace(record, data=_encode(entity), aliases=_aliases(entity), revision=record.revision + 1)
        )
        return entity


def type_of(text: str) -> str:
    """A type as entities have it: small letters, digits and `_`."""
    return re.sub(r"[^a-z0-9_]", "_", text.lower())


def _texts(entity: WorldEntity) -> Sequence[str]:
    found = (entity.display_name, entity.entity_type, entity.canonical_id, entity.phone, entity.id)
    return [each for each in found if each is not None]


def _systems(entity: WorldEntity) -> Sequence[str]:
    return [*entity.external_ids, *((entity.canonical_id or "").split(":")[:1])]


def _with(entity: WorldEntity, given: Mapping[str, Any]) -> WorldEntity:
    """`external_ids` and `state` are merged, everything else is replaced."""
    changes = dict(given)
    for name in ("external_ids", "state"):
        if changes.get(name) is not None:
            changes[name] = {**getattr(entity, name), **changes[name]}
        else:
            changes.pop(name, None)
    return replace(entity, **changes)


def _aliases(entity: WorldEntity) -> tuple[str, ...]:
    workspace = entity.workspace
    names = [_external(workspace, system, id) for system, id in entity.external_ids.items()]
    if entity.canonical_id is not None:
        names.append(_canonical(workspace, entity.canonical_id))
    if entity.phone is not None:
        names.append(_phone(workspace, entity.phone))
    if entity.email is not None:
        names.append(_email(workspace, entity.email))
    return tuple(sorted(set(names)))


def _canonical(workspace: str, id: str) -> str:
    return f"{workspace} canonical {id}"


def _phone(workspace: str, number: str) -> str:
    return f"{workspace} phone {number}"


def _email(workspace: str, address: str) -> str:
    return f"{workspace} email {address.strip().casefold()}"


def _external(workspace: str, system: str, id: str) -> str:
    # Both may hold a colon: the length tells where the one ends.
    return f"{workspace} external {len(system)} {system}:{id}"


def facts_of(entity: WorldEntity) -> dict[str, Any]:
    """What agents get to know of who or what a conversation is with: facts by name, one of them `entity`."""
    told: dict[str, Any] = {"id": entity.id, "type": entity.entity_type}
    if entity.display_name:
        told["display_name"] = entity.display_name
    if len(msgspec.json.encode(entity.state)) <= LONGEST_STATE:
        told["state"] = entity.state
    return {"entity": told}
