"""`/v1/auth/me` and the workspaces themselves (platform API, section 7)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, StringConstraints

from parley.domain.ids import ProjectID
from parley.domain.workspace import Workspace, WorkspaceID
from parley.errors import InvalidInput, NotFound
from parley.transports.platform.access import Called, Holder, TheEstate
from parley.transports.platform.shapes import Limit, Name, Paginated, Token, moment, page_of

router = APIRouter(prefix="/v1", tags=["Workspaces"])
Slug = Annotated[str, StringConstraints(min_length=2, max_length=63, pattern=r"^[a-z0-9][a-z0-9-]*[a-z0-9]$")]
Environment = Literal["production", "staging", "development"]
Region = Literal["local", "us-east-1", "ap-southeast-2", "eu-central-1", "ca-central-1"]
"""`local` is ours: where this server stands. The others are labels."""
Connector = Literal[
    "revolution",
    "epic",
    "cerner",
    "allscripts",
    "fhir_store",
    "hubspot",
    "athenahealth",
    "charmhealth",
    "eclinicalworks",
    "meditab",
]


class AuthInfo(BaseModel):
    """Whose key this is, and until when it is good."""

    workspace_id: UUID
    key_id: str
    name: str | None
    expires_at: datetime
    expires_in_seconds: int
    role: str


class WorkspaceBody(BaseModel):
    """A new workspace."""

    slug: Slug
    name: Name
    environment: Environment = "staging"
    region: Region = "local"
    backend_org_id: Name | None = None


class WorkspaceChange(BaseModel):
    """What is to change; what is left out stays. There are no connectors here."""

    name: Name | None = None
    environment: Environment | None = None
    region: Region | None = None
    connector_type: Connector | None = None


class WorkspaceShown(BaseModel):
    """A workspace."""

    id: UUID
    slug: str
    name: str
    environment: str
    backend_org_id: str | None = None
    region: str
    connector_type: str | None = None
    provisioned_at: datetime | None = None
    created_at: datetime
    updated_at: datetime


class WorkspaceMade(WorkspaceShown):
    """A new workspace with its first key, which is shown once."""

    api_key: str


class MoveBody(BaseModel):
    """Where a project goes."""

    workspace_id: UUID


class ProjectMoved(BaseModel):
    """A project, and the workspace that it belongs to from now on."""

    project_id: str
    workspace_id: UUID


@router.get("/auth/me")
async def get_auth_info(holder: Holder, estate: TheEstate) -> AuthInfo:
    """Whose key this is."""
    left = max(0, holder.expires_at - estate.clock.now_ms()) // 1000
    expires = moment(holder.expires_at)
    return AuthInfo(
        workspace_id=UUID(holder.workspace),
        key_id=holder.id,
        name=holder.name,
        expires_at=expires,
        expires_in_seconds=left,
        role=holder.role,
    )


@router.post("/me/workspaces", status_code=201)
async def create_my_workspace(body: WorkspaceBody, holder: Holder, estate: TheEstate) -> WorkspaceMade:
    """Make a workspace. Its first key, of an owner, is in the answer and nowhere else."""
    made = await estate.workspaces.create(**body.model_dump())
    _, plain = await estate.keys.create(made.id, "owner", 90, name="first key")
    return WorkspaceMade(**_shown(made).model_dump(), api_key=plain)


@router.get("/workspaces")
async def list_workspaces(
    holder: Holder, estate: TheEstate, limit: Limit = 10, continuation_token: Token = 0
) -> Paginated[WorkspaceShown]:
    """The workspaces that this key opens: its own."""
    own = await estate.workspaces.get(holder.workspace)
    return page_of([_shown(own)], limit, continuation_token)


@router.get("/workspaces/{workspace_id}")
async def get_workspace(caller: Called) -> WorkspaceShown:
    """One workspace."""
    return _shown(caller.workspace)


@router.patch("/workspaces/{workspace_id}")
async def update_workspace(body: WorkspaceChange, caller: Called, estate: TheEstate) -> WorkspaceShown:
    """Change what it is called, or where it stands."""
    if body.connector_type is not None:
        raise InvalidInput.at("connector_type", "nothing: this server has no connectors")
    return _shown(await estate.workspaces.change(caller.workspace.id, **body.model_dump(exclude_none=True)))


@router.post("/{workspace_id}/projects/{project_id}/move")
async def move_project(project_id: str, body: MoveBody, caller: Called, estate: TheEstate) -> ProjectMoved:
    """Give a project to another workspace, with its conversations; its services get new ids. Ours."""
    projects = {service.project.id for service in await estate.services.of(caller.workspace)}
    if project_id not in projects:
        raise NotFound("Project not found.", code="no_project")
    to = WorkspaceID(str(body.workspace_id))
    moved = await estate.workspaces.move(ProjectID(project_id), caller.workspace, to)
    await estate.audit.note(caller.key, "project.moved", {"project_id": project_id, "to": moved.id})
    return ProjectMoved(project_id=project_id, workspace_id=UUID(moved.id))


def _shown(workspace: Workspace) -> WorkspaceShown:
    return WorkspaceShown(
        id=UUID(workspace.id),
        slug=workspace.slug,
        name=workspace.name,
        environment=workspace.environment,
        backend_org_id=workspace.backend_org_id,
        region=workspace.region,
        created_at=moment(workspace.created_at),
        updated_at=moment(workspace.updated_at),
    )
