"""The projects that are served, and the versions that sessions run on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import structlog

from parley.domain.ids import ProjectID, VersionID
from parley.domain.program import Program, decode_program, encode_program, version_of
from parley.domain.project import Environment, Project
from parley.engine.agent import Agent
from parley.errors import NotFound
from parley.ports.embeddings import Embedder
from parley.ports.versions import Versions

log = structlog.get_logger()

Lay = Callable[[Project], Awaitable[Project]]


class Catalog:
    """Projects by id; agents by version, loaded from the store when a session needs an old one.

    `lay` makes of a project as its files have it the one that is served; None: it is served as it is.
    """

    def __init__(self, versions: Versions, embedder: Embedder | None = None, lay: Lay | None = None) -> None:
        self._versions = versions
        self._embedder = embedder
        self._lay = lay
        self._serving = asyncio.Lock()
        self._files: dict[ProjectID, Project] = {}
        self._learning: set[asyncio.Task[None]] = set()
        self._projects: dict[ProjectID, Project] = {}
        self._agents: dict[VersionID, Agent] = {}
        self._served: dict[int, tuple[Program, Agent]] = {}
        """Programs by identity: to name one by its content takes milliseconds when it is large."""

    async def serve(self, file: Project) -> None:
        """Serve a project, or a changed one from here on: live sessions stay on the version they began with."""
        async with self._serving:
            await self._lay_and_serve(file)

    async def serve_again(self, id: ProjectID) -> Project:
        """Serve a project as its files last had it, laid over anew. Raises `NotFound`."""
        async with self._serving:
            self.project(id)
            return await self._lay_and_serve(self._files[id])

    def is_filed(self, id: ProjectID, alias: str) -> bool:
        """The project's files have this environment."""
        return any(environment.alias == alias for environment in self._files[id].environments)

    async def _lay_and_serve(self, file: Project) -> Project:
        project = file if self._lay is None else await self._lay(file)
        for environment in project.environments:
            await self._serve(environment.program)
            if environment.draft is not None:
                await self._serve(environment.draft)
        self._files[file.id], self._projects[file.id] = file, project
        return project

    async def _serve(self, program: Program) -> None:
        version = version_of(program)
        if version not in self._agents:
            await self._versions.save(version, encode_program(program))
            self._agents[version] = await self._ready(Agent(version, program))
        self._served[id(program)] = (program, self._agents[version])

    def projects(self) -> Iterable[Project]:
        """All projects, in the order in which they came."""
        return self._projects.values()

    def project(self, id: ProjectID) -> Project:
        """One project. Raises `NotFound`."""
        project = self._projects.get(id)
        if project is None:
            raise NotFound(f"Project '{id}' is not served here.", code="no_project")
        return project

    def current(self, environment: Environment) -> Agent:
        """The agent that new sessions of this environment get."""
        return self._served[id(environment.program)][1]

    async def agent(self, version: VersionID) -> Agent:
        """The agent of this version. Raises `NotFound` when it was never stored."""
        agent = self._agents.get(version)
        if agent is None:
            stored = await self._versions.load(version)
            if stored is None:
                raise NotFound(f"Version '{version}' is not stored here.", code="no_version")
            agent = self._agents[version] = await self._ready(Agent(version, decode_program(stored)))
        return agent

    async def _ready(self, agent: Agent) -> Agent:
        """The agent with what it reads entities with. It learns its utterances while it serves."""
        understanding = agent.understanding
        await asyncio.to_thread(understanding.entities.load)
        if self._embedder is not None and agent.program.intents:
            learning = asyncio.create_task(understanding.learn(self._embedder, agent.program.settings.likeness))
            self._learning.add(learning)
            learning.add_done_callback(self._forget)
        return agent

    def _forget(self, learning: asyncio.Task[None]) -> None:
        self._learning.discard(learning)
        if not learning.cancelled() and learning.exception() is not None:
            log.warning("utterances were not learned", error=repr(learning.exception()))

    async def learned(self) -> None:
        """Wait until every agent knows its utterances."""
        await asyncio.gather(*self._learning)

    def stop_learning(self) -> None:
        """Leave the rest unlearned: the process is shutting down."""
        for learning in self._learning:
            learning.cancel()
