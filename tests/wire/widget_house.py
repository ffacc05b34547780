"""A house with all that widgets need: transcripts, feedback, and a directory for files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from house_fixture import Opened, open_house
from parley.backends.files.local import LocalFiles
from parley.domain.project import Project
from parley.ports.clock import Clock
from parley.ports.files import Files
from parley.session.uploads import Uploads
from parley.transports.http.app import http_app

ORIGIN = "https://shop.example"


async def open_widget_house(
    path: Path, *projects: Project, clock: Clock | None = None, files: Files | None = None
) -> Opened:
    """Like `open_house`, with everything that is optional there."""
    opened = await open_house(*projects, clock=clock)
    house = replace(
        opened.house,
        transcripts=opened.store,
        feedback=opened.store.feedback,
        uploads=Uploads(files or LocalFiles(path / "files"), opened.clock, "a secret for tickets"),
    )
    return Opened(house, opened.store, opened.clock, http_app(house))
