"""The composition root: the only file that names a backend."""

from __future__ import annotations

import asyncio
import dataclasses
import secrets
import tempfile
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID, uuid4

import structlog

from parley.backends.clock import SystemClock
from parley.backends.embeddings import minilm
from parley.backends.embeddings.hashed import Hashed
from parley.backends.files.address import SCHEME, parse_address
from parley.backends.files.local import LocalFiles
from parley.backends.files.s3 import S3Files
from parley.backends.files.s3_signature import S3Credentials
from parley.backends.knowledge.documents import SqliteDocuments
from parley.backends.knowledge.hybrid import Hybrid
from parley.backends.knowledge.meaning import Meanings
from parley.backends.knowledge.readers import Readers
from parley.backends.knowledge.shelves import FileShelf, MemoryShelf
from parley.backends.llm.configured import ConfiguredModels
from parley.backends.mcp.clients import McpClients, is_installed
from parley.backends.props import Furnished
from parley.backends.scripts.inline import InlineScripts
from parley.backends.scripts.workers import Workers
from parley.backends.secrets import KeptSecrets, read_secrets
from parley.backends.speech.scripted import ScriptedRecognizer, ScriptedSynthesizer
from parley.backends.store.memory import MemoryStore
from parley.backends.store.sqlite import SqliteStore
from parley.backends.tools.guard import GuardedNetwork
from parley.backends.tools.http import HttpTools
from parley.config import MEMORY, Settings
from parley.domain.program import Program
from parley.domain.project import Project
from parley.domain.steps import Code, Function
from parley.domain.tools import FunctionTool
from parley.domain.workspace import Workspace
from parley.engine.redacting import redacted_reason
from parley.engine.tools.places import places_of
from parley.engine.world import World
from parley.errors import BadProject
from parley.ports.clock import Clock
from parley.ports.embeddings import Embedder
from parley.ports.knowledge import KnowledgeBase
from parley.ports.llm import LanguageModel
from parley.ports.mcp import McpFailed
from parley.ports.reading import DocumentReader
from parley.ports.tools import Tools
from parley.projects.load import load
from parley.session.access import Access, create_key
from parley.session.archive import Archive
from parley.session.catalog import Catalog
from parley.session.consulting import Consulting
from parley.session.directory import Directory
from parley.session.environments import Environments
from parley.session.house import House
from parley.session.injections import Injections
from parley.session.keys import SessionKeys
from parley.session.library import Library
from parley.session.overlays import Overlays
from parley.session.properties import Properties
from parley.session.stocking import hosts_of, tended
from parley.session.uploads import Uploads
from parley.session.work import Surroundings
from parley.workspaces.estate import Estate, Speech, estate_of
from parley.workspaces.keys import TOKEN

log = structlog.get_logger()

Backend = MemoryStore | SqliteStore
OWNER_DAYS = 3650
"""How long a key that an operator makes on the command line is good."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A house that is open, and what its owner has to show at the door."""

    house: House
    api_key: str
    projects: tuple[Project, ...]
    estate: Estate
    workspace: Workspace
    workspace_key: str


async def open_store(data: str, *, exclusive: bool) -> Backend:
    """The store that `--data` names, open. Raises `StoreUnavailable` with one clear line."""
    if data == MEMORY:
        return MemoryStore(clock=SystemClock())
    if "://" in data:
        scheme = data.split("://", 1)[0]
        raise BadProject(f"--data {scheme}://...: this release stores in a file or in {MEMORY}")
    store = SqliteStore(Path(data).expanduser(), clock=SystemClock(), exclusive=exclusive)
    await store.open()
    return store


def files_of(settings: Settings) -> LocalFiles | S3Files:
    """The place for users' files. Raises `BadProject` with one clear line."""
    if settings.files is not None and settings.files.startswith(SCHEME):
        keys = settings.bucket_keys
        if keys is None:
            raise BadProject("A bucket for users' files needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.")
        bucket, region = parse_address(settings.files)
        return S3Files(bucket, S3Credentials(keys.id, keys.secret, region, keys.token), SystemClock())
    if settings.files is None and settings.data == MEMORY:
        return LocalFiles(Path(tempfile.mkdtemp(prefix="parley-files-")), is_temporary=True)
    return LocalFiles(directory_of_files(Path(settings.data), settings.files))


def directory_of_files(data: Path, files: str | None) -> Path:
    """Where users' files are: in `files`, where it says so, else beside the data file. Raises `BadProject`."""
    if files is not None and files.startswith(SCHEME):
        raise BadProject(f"Users' files are in {files}, which is no directory.")
    return (data.with_name(f"{data.name}.files") if files is None else Path(files)).expanduser()


def document_reader() -> DocumentReader:
    """Reads documents, also for commands that look at them outside a server."""
    return Readers()


def scripts_in_this_process() -> InlineScripts:
    """Runs an agent's code for commands that look at it outside a server."""
    return InlineScripts()


@asynccontextmanager
async def open_props(settings: Settings) -> AsyncIterator[Furnished]:
    """What conversations are tried with, for commands that run outside a server. Raises `BadProject`."""
    async with open_model(settings) as model, open_embedder(settings) as embedder:
        yield Furnished(model, embedder)


async def copy_data(store: Backend, into: Path) -> None:
    """Write a copy of everything in the store as it is at one moment, while it may be in use."""
    if isinstance(store, SqliteStore):
        await store.backup(into)


async def copy_files(files: Path, into: Path) -> int:
    """Copy a directory of users' files, and say how many there are. There may be no such directory."""
    return await LocalFiles(files).copy(into) if files.exists() else 0


def clock() -> Clock:
    """The time, for commands that run outside a server."""
    return SystemClock()


def now_ms() -> int:
    """Milliseconds since 1970, for commands that run outside a server."""
    return SystemClock().now_ms()


@asynccontextmanager
async def open_house(settings: Settings) -> AsyncIterator[Opened]:
    """A house that serves the projects under `settings.paths`; finishes what it took before it closes."""
    projects = tuple(load(path).project for path in settings.paths)
    _check_unique(projects)
    files = files_of(settings)
    store = await open_store(settings.data, exclusive=True)
    try:
        await files.open()
        overlays = Overlays(store.records, store.versions, SystemClock())
        served = tuple([await overlays.laid_over(project) for project in projects])
        async with (
            _with_tools(_open_world(store, served, settings), served, settings) as world,
            open_embedder(settings) as embedder,
            open_knowledge(store, embedder, world.tools, projects) as (library, knowledge),
            tended(library, projects),
        ):
            house = await _furnish(store, files, replace(world, knowledge=knowledge), embedder, overlays, settings)
            house = replace(house, library=library, consulting=Consulting(knowledge, world.model))
            for project in projects:
                await house.catalog.serve(project)
            key = await create_key(
                store.keyring, house.clock.now_ms(), label="made by parley serve", project=None, key=settings.api_key
            )
            hosts, speech = settings.private_hosts, speech_of(settings)
            estate = estate_of(house, store.records, store, store.conversations, world.tools, hosts, speech)
            await estate.open()
            workspace, workspace_key = await _first_workspace(estate, settings)
            sweeping = asyncio.create_task(house.directory.sweep())
            try:
                yield Opened(house, key, projects, estate, workspace, workspace_key)
            finally:
                sweeping.cancel()
                house.catalog.stop_learning()
                await house.directory.drain(settings.drain_seconds)
                await estate.close()
    finally:
        await files.close()
        await store.close()


@asynccontextmanager
async def _open_world(store: Backend, projects: tuple[Project, ...], settings: Settings) -> AsyncIterator[World]:
    """What steps reach beyond the conversation. Processes for scripts are started where a program has some."""
    scripts, tools = Workers(), HttpTools()
    try:
        if any(_has_scripts(environment.program) for project in projects for environment in project.environments):
            await scripts.open()
        await tools.open()
        async with open_model(settings) as model:
            yield World(scripts, tools, store.effects, now_ms=SystemClock().now_ms, model=model)
    finally:
        await tools.close()
        await scripts.close()


@asynccontextmanager
async def open_model(settings: Settings) -> AsyncIterator[LanguageModel | None]:
    """The language model that the settings name. Raises `BadProject`."""
    choice = settings.model
    models = ConfiguredModels(SystemClock(), choice.key_of, url=choice.url, key=choice.key)
    try:
        yield models.open(choice.names, choice.file)
    finally:
        await models.close()


@asynccontextmanager
async def _with_tools(
    opening: AbstractAsyncContextManager[World], projects: tuple[Project, ...], settings: Settings
) -> AsyncIterator[World]:
    """The world, and what models' tools reach besides. Raises `BadProject`."""
    using = [p.id for p in projects if any(environment.program.servers for environment in p.environments)]
    if using and not is_installed():
        raise BadProject(f"'{using[0]}' uses MCP servers, which need the official SDK. Run: pip install 'parley[mcp]'")
    vault, clock = secrets_of(settings), SystemClock()
    for warning in vault.warnings:
        log.warning(warning)
    async with opening as world:
        mcp = McpClients(GuardedNetwork, clock)
        meeting = asyncio.create_task(_meet(mcp, vault, projects))
        try:
            yield dataclasses.replace(world, mcp=mcp, sleep=clock.sleep, search=settings.search, vault=vault)
        finally:
            meeting.cancel()
            await world.errands.close()
            await mcp.close()


def speech_of(settings: Settings) -> Speech | None:
    """What calls are heard and spoken with. Raises `BadProject` with one clear line."""
    if settings.speech == "scripted":
        log.warning("calls have scripted speech: tones that stand for letters, which no person understands")
        return Speech(ScriptedRecognizer(), ScriptedSynthesizer())
    if settings.speech != "off":
        raise BadProject(f"PARLEY_SPEECH={settings.speech}: it is one of off and scripted.")
    return None


def secrets_of(settings: Settings) -> KeptSecrets:
    """The agents' secrets. Raises `BadProject` with one clear line."""
    return read_secrets(settings.secrets.file, settings.secrets.given)


async def _meet(mcp: McpClients, vault: KeptSecrets, projects: tuple[Project, ...]) -> None:
    """Ask the MCP servers for their tools, so that the first conversation need not wait for them."""
    for project in projects:
        for environment in project.environments:
            for name, place, redaction in places_of(environment.program, vault(project.id, environment.alias)):
                try:
                    await mcp.tools(place)
                except McpFailed as failed:
                    why = redacted_reason(failed.message, place.url, redaction)
                    log.warning("an MCP server does not tell its tools", project=project.id, server=name, why=why)


def _has_scripts(program: Program) -> bool:
    return any(isinstance(tool, FunctionTool) for tool in program.tools.values()) or any(
        isinstance(step, Code | Function) for workflow in program.workflows.values() for step in workflow.steps.values()
    )


@asynccontextmanager
async def open_embedder(settings: Settings, executor: Executor | None = None) -> AsyncIterator[Embedder | None]:
    """What makes vectors of texts, with a thread of its own (or `executor`) where that takes long.

    Raises `BadProject`.
    """
    kind = settings.embeddings
    if kind == "auto":
        kind = "minilm" if minilm.is_installed() else "off"
    if kind == "minilm" and executor is not None:
        yield minilm.MiniLm(executor)
    elif kind == "minilm":
        with ThreadPoolExecutor(1, "embeddings") as executor:
            yield minilm.MiniLm(executor)
    elif kind in ("hashed", "off"):
        yield Hashed() if kind == "hashed" else None
    else:
        raise BadProject(f"PARLEY_EMBEDDINGS={kind}: it is one of auto, minilm, hashed and off.")


@asynccontextmanager
async def open_knowledge(
    store: Backend, embedder: Embedder | None, tools: Tools, projects: Sequence[Project] = ()
) -> AsyncIterator[tuple[Library, KnowledgeBase]]:
    """Where documents are kept and searched: in the store's file, or in memory beside it."""
    shelf = MemoryShelf() if isinstance(store, MemoryStore) else FileShelf(store.database)
    documents, meanings = SqliteDocuments(shelf), Meanings(embedder)
    library = Library(documents, document_reader(), meanings, tools, SystemClock(), hosts_of(projects))
    try:
        yield library, Hybrid(shelf, embedder)
    finally:
        await library.close()
        await shelf.close()


@asynccontextmanager
async def open_library(store: Backend, settings: Settings) -> AsyncIterator[tuple[Library, KnowledgeBase]]:
    """The documents of a store, for commands that work beside a server."""
    tools = HttpTools()
    try:
        async with open_embedder(settings) as embedder, open_knowledge(store, embedder, tools) as opened:
            yield opened
    finally:
        await tools.close()


async def _furnish(
    store: Backend,
    files: LocalFiles | S3Files,
    world: World,
    embedder: Embedder | None,
    overlays: Overlays,
    settings: Settings,
) -> House:
    clock = SystemClock()
    catalog = Catalog(store.versions, embedder, overlays.laid_over)
    around = Surroundings(store, store, clock, world=world, injections=Injections(store.records, clock))
    directory = Directory(catalog, around)
    secret = await store.keyring.secret("session-key", secrets.token_hex(32))
    return House(
        directory=directory,
        catalog=catalog,
        keys=SessionKeys(secret),
        access=Access(store.keyring, catalog, clock),
        clock=clock,
        probe=store,
        body_limit=settings.body_limit,
        transcripts=store,
        feedback=store.feedback,
        uploads=Uploads(files, clock, await store.keyring.secret("upload-ticket", secrets.token_hex(32))),
        environments=Environments(overlays, catalog, clock),
        archive=Archive(directory, store.conversations, store, Properties(store.records, clock)),
    )


async def _first_workspace(estate: Estate, settings: Settings) -> tuple[Workspace, str]:
    """The default workspace, and a key of its owner. Raises `BadProject` with one clear line."""
    try:
        preset = None if settings.workspace is None else str(UUID(settings.workspace))
    except ValueError as error:
        raise BadProject(f"WORKSPACE={settings.workspace}: it is a UUID, such as {uuid4()}.") from error
    if settings.workspace_key is not None and not TOKEN.fullmatch(settings.workspace_key):
        raise BadProject("WORKSPACE_KEY holds characters that a key cannot have. Use letters, digits, - . _ and ~.")
    workspace = await estate.workspaces.default(preset)
    if preset not in (None, workspace.id):
        raise BadProject(f"WORKSPACE={preset}: the data has a default workspace already, {workspace.id}.")
    _, key = await estate.keys.create(
        workspace.id, "owner", OWNER_DAYS, name="made by parley serve", plaintext=settings.workspace_key
    )
    return workspace, key


def _check_unique(projects: tuple[Project, ...]) -> None:
    seen: set[str] = set()
    for project in projects:
        if project.id in seen:
            raise BadProject(f"Two of the paths hold a project with the id '{project.id}'. Ids must differ.")
        seen.add(project.id)
