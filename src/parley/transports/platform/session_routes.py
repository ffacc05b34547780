"""Starting a web conversation with a known person (seed 003, `sessions/start`)."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from parley.domain.conversation_names import conversation_of
from parley.errors import InvalidInput, NotFound
from parley.transports.platform.access import Called, TheEstate
from parley.transports.platform.shapes import CanonicalID
from parley.transports.platform.turn_shapes import at

router = APIRouter(prefix="/v1/{workspace_id}/sessions", tags=["Sessions"])
UNKNOWN = "Service or entity not found."


class StartSessionRequest(BaseModel):
    """Exactly one of `entity_id` and `canonical_id`."""

    service_id: UUID
    entity_id: UUID | None = None
    canonical_id: CanonicalID | None = None
    channel_kind: Literal["web"]
    greeting: Annotated[str | None, Field(max_length=2000)] = None


class StartSessionResponse(BaseModel):
    """The conversation, and whether it was open already."""

    conversation_id: UUID
    session_status: Literal["created", "already_active"]
    channel_kind: Literal["web"]
    entity_id: UUID
    service_id: UUID
    created_at: str


@router.post(
    "/start",
    status_code=201,
    responses={404: {"description": UNKNOWN}, 503: {"description": "Agent service unavailable."}},
)
async def start_text_session(body: StartSessionRequest, caller: Called, estate: TheEstate) -> StartSessionResponse:
    """Start a web text session with an entity, or find the one that is open."""
    if (body.entity_id is None) == (body.canonical_id is None):
        raise InvalidInput.at("entity_id", "exactly one of entity_id and canonical_id")
    try:
        service = await estate.services.get(caller.workspace, str(body.service_id))
        entity = (
            await estate.entities.get(caller.workspace.id, str(body.entity_id))
            if body.canonical_id is None
            else await estate.entities.of_canonical(caller.workspace.id, body.canonical_id)
        )
    except NotFound as error:
        raise NotFound(UNKNOWN, code=error.code) from error
    session, is_new = await estate.talks.with_entity(service, entity)
    if is_new:
        await (await estate.talks.greet(session)).accepted()
    return StartSessionResponse(
        conversation_id=UUID(conversation_of(session.id)),
        session_status="created" if is_new else "already_active",
        channel_kind="web",
        entity_id=UUID(entity.id),
        service_id=UUID(service.id),
        created_at=at(session.state().created_at),
    )
