"""The workspaces of this house, and which of them a project belongs to."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from parley.domain.ids import ProjectID
from parley.domain.workspace import Workspace, WorkspaceID
from parley.errors import Conflict, NotFound
from parley.ports.clock import Clock
from parley.ports.records import Page, Record, Records

KIND = "workspace"
DEFAULT_SLUG = "default"
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Workspace).decode


class Workspaces:
    """Workspaces by id. What no workspace claims belongs to the default one."""

    def __init__(self, records: Records, clock: Clock) -> None:
        self._records = records
        self._clock = clock
        self._owners: dict[ProjectID, Workspace] = {}
        """Asked for with every event; thrown away with every change."""

    async def default(self, preset: str | None = None) -> Workspace:
        """The default workspace, made where there is none yet; `preset` is the id that it then gets."""
        known = await self._records.find(KIND, DEFAULT_SLUG)
        if known is not None:
            return _decode(known.data)
        try:
            return await self._add(preset or str(uuid.uuid4()), "Default", DEFAULT_SLUG, is_default=True)
        except Conflict:
            return await self.default()

    async def create(self, name: str, slug: str, **more: str | None) -> Workspace:
        """A new workspace; `more` are fields of `Workspace`. Raises `Conflict` when the slug is taken."""
        return await self._add(str(uuid.uuid4()), name, slug, **more)

    async def get(self, id: WorkspaceID) -> Workspace:
        """Raises `NotFound`."""
        return _decode((await self._record(id)).data)

    async def list(self, *, after: Page | None = None, at_most: int = 100) -> Sequence[Workspace]:
        """Workspaces, oldest first."""
        return [_decode(record.data) for record in await self._records.list(KIND, "", after=after, at_most=at_most)]

    async def change(self, id: WorkspaceID, **changes: str) -> Workspace:
        """Change what it is called, or where it stands. Raises `NotFound`, `Conflict`."""
        return await self._change(id, **changes)

    async def claim(self, id: WorkspaceID, projects: Sequence[ProjectID]) -> Workspace:
        """These projects belong to this workspace from now on. Raises `NotFound`, `Conflict` where another has one."""
        workspace = await self.get(id)
        return await self._change(id, projects=tuple(sorted({*workspace.projects, *projects})))

    async def move(self, project: ProjectID, source: Workspace, to: WorkspaceID) -> Workspace:
        """A project of `source` belongs to another workspace from now on. Raises `NotFound`, `Conflict`."""
        target = await self.get(to)
        if target.id == source.id:
            return target
        if project in source.projects:
            await self._change(source.id, projects=tuple(each for each in source.projects if each != project))
        return target if target.is_default else await self.claim(target.id, [project])

    async def owner_of(self, project: ProjectID) -> Workspace:
        """The workspace that a project belongs to."""
        owners = self._owners
        if project not in owners:
            record = await self._records.find(KIND, _claim(project))
            # What changes meanwhile leaves this behind: what was read before it is not remembered.
            owners[project] = await self.default() if record is None else _decode(record.data)
        return owners[project]

    async def owns(self, workspace: Workspace, project: ProjectID) -> bool:
        """The project belongs to the workspace."""
        if project in workspace.projects:
            return True
        return workspace.is_default and await self._records.find(KIND, _claim(project)) is None

    async def _add(self, id: str, name: str, slug: str, **more: object) -> Workspace:
        now = self._clock.now_ms()
        workspace = Workspace(WorkspaceID(id), name, slug, now, now, **more)  # type: ignore[arg-type]
        await self._records.add(Record(KIND, workspace.id, _encode(workspace), aliases=_aliases(workspace), place=now))
        return workspace

    async def _change(self, id: WorkspaceID, **changes: object) -> Workspace:
        record = await self._record(id)
        changed = replace(_decode(record.data), updated_at=self._clock.now_ms(), **changes)
        await self._records.save(
            replace(record, data=_encode(changed), aliases=_aliases(changed), revision=record.revision + 1)
        )
        self._owners = {}
        return changed

    async def _record(self, id: WorkspaceID) -> Record:
        record = await self._records.get(KIND, id)
        if record is None:
            raise NotFound("Workspace not found.", code="no_workspace")
        return record


def _aliases(workspace: Workspace) -> tuple[str, ...]:
    return tuple(sorted([workspace.slug, *map(_claim, workspace.projects)]))


def _claim(project: str) -> str:
    return f"project {project}"
