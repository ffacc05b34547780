"""Commands about workspaces and webhooks that work on a data file, also while a server uses it."""

from __future__ import annotations

from uuid import UUID

from rich.console import Console

from parley.app import OWNER_DAYS, Backend, clock
from parley.cli.data import with_store
from parley.domain.workspace import ROLES, Role, WorkspaceID
from parley.errors import BadProject, Conflict
from parley.workspaces.audit import Audit
from parley.workspaces.delivering import WISHES
from parley.workspaces.keys import WorkspaceKeys
from parley.workspaces.registry import Workspaces
from parley.workspaces.webhooks import Webhooks

DEFAULT = "default"


def create_workspace_key(data: str, workspace: str, role: str, label: str, days: int | None) -> None:
    """Make a key of a workspace and print it. `workspace` is its id or its slug."""
    if role not in ROLES:
        raise BadProject(f"--role {role}: it is one of {', '.join(ROLES)}.")

    async def create(store: Backend) -> str:
        id = await _workspace(store, workspace)
        keys = WorkspaceKeys(store.records, clock())
        wanted: Role = next(each for each in ROLES if each == role)
        return (await keys.create(id, wanted, days or OWNER_DAYS, name=label or None))[1]

    Console(highlight=False, soft_wrap=True).print(with_store(data, create), markup=False)


def replay_delivery(data: str, webhook: str, delivery: str) -> None:
    """Queue a delivery once more: the server that uses the data sends it, soon or when it starts."""

    async def replay(store: Backend) -> str:
        webhooks = Webhooks(store.records, clock())
        again = await webhooks.again((await webhooks.of(webhook)).id, delivery)
        await webhooks.wish(again)
        return again.id

    id = with_store(data, replay)
    Console(highlight=False).print(f"Queued as {id}. A server that runs sends it within {WISHES:g} seconds.")


def verify_audit(data: str, workspace: str | None, holds: str | None) -> int:
    """Check audit trails and print what was found, a line each; 1 where one is broken or `holds` is in none."""

    async def verify(store: Backend) -> tuple[list[str], bool]:
        audit, workspaces = Audit(store.records, clock()), Workspaces(store.records, clock())
        found = await workspaces.list(at_most=10_000)
        wanted = None if workspace is None else await _workspace(store, workspace)
        lines, is_whole, is_held = [], True, holds is None
        for each in found:
            if wanted not in (None, each.id):
                continue
            try:
                trail = await audit.verify(each.id)
            except Conflict as broken:
                is_whole = False
                lines.append(f"{each.slug}: {broken.message}")
                continue
            is_held = is_held or holds in trail.digests
            last = f", the last {trail.digests[-1]}" if trail.digests else ""
            lines.append(f"{each.slug}: whole, {len(trail)} entries{last}")
        if not is_held:
            lines.append(f"No whole trail holds {holds}: what came up to it was taken away.")
        return lines, is_whole and is_held

    lines, is_good = with_store(data, verify)
    Console(highlight=False, soft_wrap=True).print("\n".join(lines), markup=False)
    return 0 if is_good else 1


async def _workspace(store: Backend, named: str) -> WorkspaceID:
    workspaces = Workspaces(store.records, clock())
    if named == DEFAULT:
        return (await workspaces.default()).id
    try:
        return (await workspaces.get(WorkspaceID(str(UUID(named))))).id
    except ValueError:
        for workspace in await workspaces.list(at_most=10_000):
            if workspace.slug == named:
                return workspace.id
    raise BadProject(f"There is no workspace '{named}'. Name its id or its slug; '{DEFAULT}' is always there.")
