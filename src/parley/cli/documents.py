"""The documents of an agent, read once to see whether they can be."""

from __future__ import annotations

import asyncio
from pathlib import Path

from parley.domain.document import CHUNK_SIZE, EXTENSIONS
from parley.domain.knowledge_settings import DocumentSource
from parley.ports.reading import DocumentReader, Unreadable
from parley.projects.load import load
from parley.projects.loaded import Problem


def unreadable(path: Path) -> list[Problem]:
    """A problem for each file that no passages can be made of."""
    documents = load(path).project.documents
    return asyncio.run(_read(documents)) if documents else []


async def _read(documents: tuple[DocumentSource, ...]) -> list[Problem]:
    from parley.app import document_reader

    reader = document_reader()
    found = await asyncio.gather(*(_problem(reader, Path(each.path)) for each in documents if each.path is not None))
    return [problem for problem in found if problem is not None]


async def _problem(reader: DocumentReader, file: Path) -> Problem | None:
    try:
        data = await asyncio.to_thread(file.read_bytes)
        await reader.read(EXTENSIONS[file.suffix.lower()], data, CHUNK_SIZE)
    except (Unreadable, OSError) as error:
        message = error.message if isinstance(error, Unreadable) else str(error.strerror or error)
        return Problem(str(file), 0, 0, message)
    return None
