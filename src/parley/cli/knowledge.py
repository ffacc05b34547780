"""`parley knowledge`: the documents of a project in a data file, also while a server uses it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from parley.domain.document import EXTENSIONS, Document, DocumentID
from parley.domain.ids import ProjectID
from parley.errors import InvalidInput

if TYPE_CHECKING:
    from rich.table import Table

    from parley.ports.knowledge import KnowledgeBase
    from parley.session.library import Given, Library

DATA = "parley.db"
PATIENCE_SECONDS = 600.0
LONGEST_SHOWN = 300
Data = Annotated[str, typer.Option(help="The data file that the server uses.")]
Of = Annotated[str, typer.Option("--project", help="The project's id.")]
T = TypeVar("T")

app = typer.Typer(help="Documents that agents answer from.", no_args_is_help=True)


@app.command("add")
def add(
    what: Annotated[list[str], typer.Argument(help="Files and web addresses.")],
    project: Of,
    tag: Annotated[list[str] | None, typer.Option(help="A tag; may be given more than once.")] = None,
    data: Data = DATA,
) -> None:
    """Add files or web pages. A file takes the place of the one that has its name."""

    async def use(library: Library, _: KnowledgeBase) -> list[Document]:
        return [await library.add(ProjectID(project), _given(each, tag or ()), PATIENCE_SECONDS) for each in what]

    documents = _with_library(data, use)
    for document in documents:
        _say(f"{document.id}  {document.name}: {document.problem or f'{document.chunks} passages'}")
    raise typer.Exit(1 if any(document.problem for document in documents) else 0)


@app.command("list")
def list_(project: Of, data: Data = DATA) -> None:
    """Show the documents of a project."""
    from rich.console import Console
    from rich.table import Column, Table

    async def use(library: Library, _: KnowledgeBase) -> Table:
        table = Table(Column("id", no_wrap=True, min_width=24), "name", "kind", "passages", "tags", "state", box=None)
        for each in await library.list(ProjectID(project)):
            state = each.problem or each.status.lower()
            table.add_row(each.id, each.name, each.kind, str(each.chunks), ", ".join(each.tags), state)
        return table

    Console().print(_with_library(data, use))


@app.command("remove")
def remove(
    id: Annotated[str, typer.Argument(help="The id that `parley knowledge list` shows.")],
    project: Of,
    data: Data = DATA,
) -> None:
    """Delete a document."""
    _with_library(data, lambda library, _: library.remove(ProjectID(project), DocumentID(id)))
    _say(f"Removed {id}.")


@app.command("refresh")
def refresh(
    id: Annotated[str, typer.Argument(help="The id that `parley knowledge list` shows.")],
    project: Of,
    data: Data = DATA,
) -> None:
    """Fetch a web page again."""
    document = _with_library(
        data, lambda library, _: library.refresh(ProjectID(project), DocumentID(id), PATIENCE_SECONDS)
    )
    _say(f"{document.name}: {document.problem or f'{document.chunks} passages'}")
    raise typer.Exit(1 if document.problem else 0)


@app.command("query")
def query(
    question: Annotated[str, typer.Argument(help="What to look for.")],
    project: Of,
    limit: Annotated[int, typer.Option(min=1, max=30, help="How many passages.")] = 3,
    data: Data = DATA,
) -> None:
    """Show the passages that a question finds."""
    found = _with_library(data, lambda _, knowledge: knowledge.search(ProjectID(project), question, limit))
    for passage in found:
        text = " ".join(passage.content.split())
        shown = text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
        _say(f"{passage.score:.2f}  {passage.data.get('name', '')}\n      {shown}")
    if not found:
        _say("Nothing was found.")


def _given(what: str, tags: tuple[str, ...] | list[str]) -> Given:
    from parley.session.library import Given

    if what.startswith(("http://", "https://")):
        return Given(what, "url", url=what, tags=tuple(tags), overwrite=True)
    path = Path(what)
    kind = EXTENSIONS.get(path.suffix.lower())
    if kind is None:
        raise InvalidInput(f"{what}: documents end in one of {', '.join(EXTENSIONS)}.")
    try:
        return Given(path.name, kind, path.read_bytes(), tags=tuple(tags), overwrite=True)
    except OSError as error:
        raise InvalidInput(f"{what} cannot be read: {error.strerror or error}.") from error


def _with_library(data: str, use: Callable[[Library, KnowledgeBase], Awaitable[T]]) -> T:
    from parley.app import Backend, open_library
    from parley.cli.data import with_store
    from parley.config import FromEnvironment, Settings

    async def run(store: Backend) -> T:
        settings = Settings((), embeddings=FromEnvironment().embeddings)
        async with open_library(store, settings) as (library, knowledge):
            return await use(library, knowledge)

    return with_store(data, run)


def _say(text: str) -> None:
    from rich.console import Console

    Console(highlight=False, soft_wrap=True, emoji=False).print(text, markup=False)
