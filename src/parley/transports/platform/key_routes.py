"""The keys of a workspace (platform API, section 7)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, StringConstraints

from parley.domain.workspace import ROLES, Role, WorkspaceKey, is_at_least
from parley.errors import InvalidInput
from parley.transports.platform.access import Called, Caller, Forbidden, TheEstate
from parley.transports.platform.shapes import Limit, Name, Paginated, Token, moment, page_of

router = APIRouter(prefix="/v1/{workspace_id}/api-keys", tags=["API keys"])
Days = Annotated[int, Field(ge=1, le=90)]
Permission = Annotated[str, StringConstraints(min_length=1, max_length=128)]


class KeyBody(BaseModel):
    """A new key. `permissions` are kept and shown; what a key may do is its role's."""

    duration_days: Days
    name: Name | None = None
    role: Annotated[str, StringConstraints(max_length=64)] = "member"
    permissions: Annotated[list[Permission], Field(max_length=128)] = []


class KeyRotation(BaseModel):
    """For how long the new secret is good."""

    duration_days: Days


class KeyMade(BaseModel):
    """A key with its plaintext, which is shown once."""

    key_id: str
    api_key: str
    name: str | None
    role: str
    permissions: list[str]
    expires_at: datetime
    created_by_entity_id: UUID | None = None
    created_by_credential_id: UUID | None


class KeyShown(BaseModel):
    """A key without its secret."""

    id: UUID
    workspace_id: UUID
    created_by_entity_id: UUID | None = None
    created_by_credential_id: UUID | None
    key_id: str
    name: str | None
    role: str
    permissions: list[str]
    expires_at: datetime
    last_used_at: datetime | None = None
    created_at: datetime
    updated_at: datetime


@router.get("")
async def list_api_keys(
    caller: Called,
    estate: TheEstate,
    mine_only: Annotated[bool, Query()] = False,
    limit: Limit = 10,
    continuation_token: Token = 0,
) -> Paginated[KeyShown]:
    """The keys of the workspace; `mine_only`: those that this key has made."""
    found = await estate.keys.list(caller.workspace.id, at_most=10_000)
    wanted = [_shown(key) for key in found if not mine_only or key.created_by == caller.key.id]
    return page_of(wanted, limit, continuation_token)


@router.post("", status_code=201)
async def create_api_key(body: KeyBody, caller: Called, estate: TheEstate) -> KeyMade:
    """Make a key, whose role is at most the caller's."""
    role = _role(body.role)
    _check_rank(caller, role)
    key, plain = await estate.keys.create(
        caller.workspace.id,
        role,
        body.duration_days,
        name=body.name,
        permissions=body.permissions,
        by=caller.key,
    )
    return _made(key, plain)


@router.delete("/{key_id}", status_code=204)
async def delete_api_key(key_id: str, caller: Called, estate: TheEstate) -> None:
    """Revoke a key at once."""
    _check_rank(caller, (await estate.keys.get(caller.workspace.id, key_id)).role)
    await estate.keys.revoke(caller.workspace.id, key_id)


@router.post("/{key_id}/rotate")
async def rotate_api_key(key_id: str, body: KeyRotation, caller: Called, estate: TheEstate) -> KeyMade:
    """Give a key a new secret; the old one opens nothing from now on."""
    _check_rank(caller, (await estate.keys.get(caller.workspace.id, key_id)).role)
    key, plain = await estate.keys.rotate(caller.workspace.id, key_id, body.duration_days)
    return _made(key, plain)


def _role(text: str) -> Role:
    for role in ROLES:
        if role == text:
            return role
    raise InvalidInput.at("role", " or ".join(ROLES))


def _check_rank(caller: Caller, role: Role) -> None:
    if not is_at_least(caller.key.role, role):
        raise Forbidden(f"A key of the role '{caller.key.role}' cannot make or change one of '{role}'.")


def _made(key: WorkspaceKey, plain: str) -> KeyMade:
    return KeyMade(
        key_id=key.id,
        api_key=plain,
        name=key.name,
        role=key.role,
        permissions=list(key.permissions),
        expires_at=moment(key.expires_at),
        created_by_credential_id=None if key.created_by is None else UUID(key.created_by),
    )


def _shown(key: WorkspaceKey) -> KeyShown:
    return KeyShown(
        id=UUID(key.id),
        workspace_id=UUID(key.workspace),
        created_by_credential_id=None if key.created_by is None else UUID(key.created_by),
        key_id=key.id,
        name=key.name,
        role=key.role,
        permissions=list(key.permissions),
        expires_at=moment(key.expires_at),
        created_at=moment(key.created_at),
        updated_at=moment(key.updated_at),
    )
