"""Picks up changed agent files: new sessions get the new version, live ones stay on theirs."""

from __future__ import annotations

from pathlib import Path

import structlog
from watchfiles import awatch

from parley.app import Opened
from parley.errors import BadProject
from parley.projects.load import load
from parley.session.stocking import stock

log = structlog.get_logger()


async def reload_on_change(paths: tuple[Path, ...], opened: Opened) -> None:
    """Watch until cancelled. A file with errors changes nothing; its problems are logged."""
    folders = {path if path.is_dir() else path.parent for path in paths}
    async for changes in awatch(*folders):
        changed = {Path(name).resolve() for _, name in changes}
        for path in paths:
            whole = path.resolve()
            if any(whole == one or whole in one.parents for one in changed):
                await _reload(path, opened)


async def _reload(path: Path, opened: Opened) -> None:
    try:
        project = load(path).project
    except BadProject as bad:
        log.error("agent not reloaded", path=str(path), problems=bad.message.splitlines())
        return
    await opened.house.catalog.serve(project)
    if opened.house.library is not None:
        await stock(opened.house.library, project)
    log.info("agent reloaded", project=project.id)
