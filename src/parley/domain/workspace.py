"""Who owns what: workspaces, their keys with roles, and the people and things that conversations are with.

Source: platform API, section 7; decisions, "Identity" and "Entities". Times are milliseconds since 1970, ids are UUIDs.
"""

from __future__ import annotations

from typing import Any, Literal, NewType

from msgspec import Struct

WorkspaceID = NewType("WorkspaceID", str)
EntityID = NewType("EntityID", str)
Role = Literal["viewer", "member", "admin", "owner"]
ROLES: tuple[Role, ...] = ("viewer", "member", "admin", "owner")
"""From the one that may do least."""


def is_at_least(role: Role, wanted: Role) -> bool:
    """A key of this role may do what needs that one."""
    return ROLES.index(role) >= ROLES.index(wanted)


class Workspace(Struct, frozen=True, omit_defaults=True):
    """Owns projects, keys, operators and entities. `is_default`: it has what no other workspace claims."""

    id: WorkspaceID
    name: str
    slug: str
    created_at: int
    updated_at: int
    environment: str = "production"
    region: str = "local"
    projects: tuple[str, ...] = ()
    is_default: bool = False
    backend_org_id: str | None = None


class WorkspaceKey(Struct, frozen=True, omit_defaults=True):
    """A key of a workspace. `digest` is the SHA-256 of its plaintext; `created_by` the id of the key that made it."""

    id: str
    workspace: WorkspaceID
    digest: str
    role: Role
    created_at: int
    expires_at: int
    name: str | None = None
    permissions: tuple[str, ...] = ()
    created_by: str | None = None
    updated_at: int = 0


class WorldEntity(Struct, frozen=True, omit_defaults=True):
    """Somebody or something that a conversation is with.

    `canonical_id` is `source:type:id`. `state` is what is known of it; agents see it as the variable `entity`.
    """

    id: EntityID
    workspace: WorkspaceID
    entity_type: str
    created_at: int
    updated_at: int
    canonical_id: str | None = None
    display_name: str | None = None
    phone: str | None = None
    email: str | None = None
    external_ids: dict[str, str] = {}
    state: dict[str, Any] = {}
