"""The documents that an agent's files name, brought into the library; those that they name no more go."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

from parley.domain.document import EXTENSIONS, Document, DocumentID
from parley.domain.ids import ProjectID
from parley.domain.knowledge_settings import DocumentSource
from parley.domain.project import Project
from parley.errors import ParleyError
from parley.session.library import Given, Hosts, Library

log = structlog.get_logger()

PATIENCE_SECONDS = 20.0
"""How long a server waits for its agents' documents before it serves without those that are still being read."""


async def stock(library: Library, project: Project) -> None:
    """Only what has changed is read anew. What cannot be read is told in the log, and stays as it was."""
    sources = {_id(project.id, source): source for source in project.documents}
    known = {document.id: document for document in await library.list(project.id) if document.origin == "agent"}
    for id in known.keys() - sources.keys():
        await library.remove(project.id, id)
    for id, source in sources.items():
        try:
            if source.url is None or id not in known or not _is_described(known[id], source):
                await library.add(project.id, await _given(id, source), patience=60)
            document = await library.find(project.id, id)
        except (OSError, ParleyError) as error:
            log.error("a document of the agent is not here", project=project.id, name=source.name, error=str(error))
            continue
        if document.problem:
            log.error("a document cannot be read", project=project.id, name=source.name, problem=document.problem)


async def _given(id: DocumentID, source: DocumentSource) -> Given:
    common = {"tags": source.tags, "metadata": source.metadata, "refresh": source.refresh, "origin": "agent", "id": id}
    if source.path is None:
        return Given(source.name, "url", url=source.url, **common)  # type: ignore[arg-type]
    path = Path(source.path)
    data = await asyncio.to_thread(path.read_bytes)
    return Given(source.name, EXTENSIONS[path.suffix.lower()], data, **common)  # type: ignore[arg-type]


def _is_described(document: Document, source: DocumentSource) -> bool:
    """It is here as the files have it."""
    names = ("name", "url", "tags", "metadata", "refresh")
    return document.status != "ERROR" and all(getattr(document, name) == getattr(source, name) for name in names)


def _id(project: ProjectID, source: DocumentSource) -> DocumentID:
    """The same for the same file or address, at every start."""
    return DocumentID(hashlib.sha256(f"{project}\0{source.url or source.name}".encode()).hexdigest()[:24])


@asynccontextmanager
async def tended(library: Library, projects: Sequence[Project]) -> AsyncIterator[None]:
    """Meanwhile the documents that the agents' files name are taken in, and pages fetched again when they are due.

    Waits a little for the first of it, so that an agent of ordinary size knows its documents when it is first asked.
    """
    filling = asyncio.create_task(_fill(library, projects))
    await asyncio.wait({filling}, timeout=PATIENCE_SECONDS)
    keeping = asyncio.create_task(library.keep([project.id for project in projects]))
    try:
        yield
    finally:
        filling.cancel()
        keeping.cancel()
        await asyncio.gather(filling, keeping, return_exceptions=True)


async def _fill(library: Library, projects: Sequence[Project]) -> None:
    for project in projects:
        try:
            await library.mend(project.id)
            await stock(library, project)
        except ParleyError as error:
            log.error("the agent's documents cannot be taken in", project=project.id, error=error.message)


def hosts_of(projects: Sequence[Project]) -> Hosts:
    """The hosts of the operator's own network that the agents' files allow them to call."""
    named = {
        project.id: frozenset(
            host.lower() for environment in project.environments for host in environment.program.settings.private_hosts
        )
        for project in projects
    }
    return lambda project: named.get(project, frozenset())
