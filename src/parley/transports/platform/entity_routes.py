"""The people and things that conversations are with (decisions, "Entities"; platform API, section 7)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, Field, StringConstraints

from parley.domain.workspace import WorkspaceID, WorldEntity
from parley.errors import InvalidInput, NotFound
from parley.transports.platform.access import BadRequest, Called, TheEstate
from parley.transports.platform.shapes import CanonicalID, Email, Name, Phone, moment
from parley.workspaces.entities import Entities, Sought

router = APIRouter(prefix="/v1/{workspace_id}/world/entities", tags=["Entities"])
EntityType = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[a-z0-9_]+$")]
System = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[a-z0-9_\-]+$")]
SystemsID = Annotated[str, StringConstraints(min_length=1, max_length=256)]


class EntityBody(BaseModel):
    """What is known; what is left out stays as it is."""

    entity_type: EntityType | None = None
    display_name: Name | None = None
    phone: Phone | None = None
    email: Email | None = None
    external_ids: Annotated[dict[System, SystemsID], Field(max_length=50)] | None = None
    state: Annotated[dict[str, Any], Field(max_length=200)] | None = None


class ExternalID(BaseModel):
    """An id in another system."""

    system: System
    value: SystemsID


class ResolveBody(BaseModel):
    """By what an entity is looked for: each that is given is tried."""

    entity_type: EntityType
    entity_id: UUID | None = None
    canonical_id: SystemsID | None = None
    phone: Phone | None = None
    email: Email | None = None
    external_id: ExternalID | None = None
    limit: Annotated[int, Field(ge=1, le=50)] = 25


class EntityShown(BaseModel):
    """An entity."""

    id: UUID
    workspace_id: UUID
    entity_type: str
    canonical_id: str | None
    display_name: str | None
    name: str | None
    phone: str | None
    email: str | None
    external_ids: dict[str, str]
    state: dict[str, Any]
    confidence: float = 1.0
    event_count: int = 0
    has_projection: bool = True
    created_at: datetime
    updated_at: datetime


class Unknown:
    """What entities cannot be found by here: they are neither tagged nor measured, and keep no events."""

    def __init__(
        self,
        source: str | None = None,
        tags: Annotated[list[str] | None, Query()] = None,
        semantic: Annotated[str | None, Query(max_length=500)] = None,
    ) -> None:
        self._given = {"source": source, "tags": tags, "semantic": semantic}

    def refuse(self) -> None:
        """Raises `InvalidInput` where one of them is given."""
        for name, value in self._given.items():
            if value is not None:
                raise InvalidInput.at(f"query.{name}", "nothing: find entities by entity_type, q or source_system")


class EntityList(BaseModel):
    """One page of entities."""

    entities: list[EntityShown]
    total: int
    has_more: bool
    next_offset: int | None = None


class Match(BaseModel):
    """An entity that was found, and by what."""

    entity_id: UUID
    entity_type: str
    confidence: float = 1.0
    matched_on: list[str]
    summary: dict[str, Any]


class Matches(BaseModel):
    """All that fit."""

    total: int
    matches: list[Match]


@router.get("")
async def list_entities(
    caller: Called,
    estate: TheEstate,
    unknown: Annotated[Unknown, Depends()],
    types: Annotated[list[str] | None, Query(alias="entity_type")] = None,
    q: Annotated[str | None, Query(max_length=256)] = None,
    source_system: Annotated[str | None, Query(max_length=64)] = None,
    has_projection: bool | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
) -> EntityList:
    """The entities of the workspace, oldest first. Each has its state as it is: none waits for a projection."""
    unknown.refuse()
    sought = Sought(None if types is None else frozenset(types), q, source_system)
    if has_projection is False:
        return EntityList(entities=[], total=0, has_more=False)
    found, total = await estate.entities.list(caller.workspace.id, sought, at_most=limit, skipped=offset)
    following = offset + limit if offset + limit < total else None
    page = [_shown(entity) for entity in found]
    return EntityList(entities=page, total=total, has_more=following is not None, next_offset=following)


@router.post("/resolve", responses={400: {"description": "No identifier provided or invalid input."}})
async def resolve_entity(body: ResolveBody, caller: Called, estate: TheEstate) -> Matches:
    """Find entities by id, canonical id, phone number, e-mail address or external id."""
    given = body.model_dump(exclude_none=True, include=set(_WAYS))
    if not given:
        raise BadRequest(f"No identifier provided: give one of {', '.join(_WAYS)}.")
    matches: dict[str, Match] = {}
    for way in given:
        found = await _found(way, body, caller.workspace.id, estate.entities)
        if found is None or found.entity_type != body.entity_type:
            continue
        match = matches.setdefault(found.id, _match(found))
        match.matched_on.append(way)
    kept = list(matches.values())[: body.limit]
    return Matches(total=len(matches), matches=kept)


@router.get("/{entity_id}")
async def get_entity(entity_id: UUID, caller: Called, estate: TheEstate) -> EntityShown:
    """One entity."""
    return _shown(await estate.entities.get(caller.workspace.id, str(entity_id)))


@router.put("/{canonical_id}", responses={201: {"model": EntityShown, "description": "It is new."}})
async def put_entity(
    canonical_id: CanonicalID, body: EntityBody, caller: Called, estate: TheEstate, response: Response
) -> EntityShown:
    """Make an entity (201), or add to what is known of it (200)."""
    given = body.model_dump(exclude_unset=True)
    if given.get("entity_type") is None:
        given.pop("entity_type", None)
    entity, is_new = await estate.entities.put(caller.workspace.id, canonical_id, given)
    response.status_code = 201 if is_new else 200
    return _shown(entity)


_WAYS = ("entity_id", "canonical_id", "phone", "email", "external_id")


async def _found(way: str, body: ResolveBody, workspace: WorkspaceID, entities: Entities) -> WorldEntity | None:
    try:
        match way:
            case "entity_id":
                return await entities.get(workspace, str(body.entity_id))
            case "canonical_id":
                return await entities.of_canonical(workspace, body.canonical_id or "")
            case "phone":
                return await entities.known_by(workspace, phone=body.phone)
            case "email":
                return await entities.known_by(workspace, email=body.email)
            case _:
                named = body.external_id
                names = ("", "") if named is None else (named.system, named.value)
                return await entities.known_by(workspace, external=names)
    except NotFound:
        return None


def _match(entity: WorldEntity) -> Match:
    summary = _shown(entity).model_dump(
        mode="json", include={"canonical_id", "display_name", "email", "external_ids", "name", "phone", "event_count"}
    )
    return Match(entity_id=UUID(entity.id), entity_type=entity.entity_type, matched_on=[], summary=summary)


def _shown(entity: WorldEntity) -> EntityShown:
    return EntityShown(
        id=UUID(entity.id),
        workspace_id=UUID(entity.workspace),
        entity_type=entity.entity_type,
        canonical_id=entity.canonical_id,
        display_name=entity.display_name,
        name=entity.display_name,
        phone=entity.phone,
        email=entity.email,
        external_ids=entity.external_ids,
        state=entity.state,
        created_at=moment(entity.created_at),
        updated_at=moment(entity.updated_at),
    )
