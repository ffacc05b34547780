"""The environments of projects, and what may be done to them while they are served.

Source: Conversations API, section 2.7; the stable API's OpenAPI document, `/v1/stable/environment`; decision 0601.
"""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Callable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from parley.domain.ids import EnvironmentAlias, ProjectID, VersionID
from parley.domain.overlay import EnvironmentOverlay, Overlay, Release
from parley.domain.project import Environment, Project
from parley.errors import InvalidInput, NotFound, Taken
from parley.ports.clock import Clock
from parley.session.catalog import Catalog
from parley.session.overlays import Overlays

MOST = 10
"""Environments of a project. Source: Conversations API, section 2.7."""
MOST_RELEASES = 1_000
LONGEST = 256
ALIAS = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
RESERVED = frozenset({"main", "merge", "update-traffic-split"})
"""`main` is the name of the default environment, the others are names of routes."""


class EnvironmentShown(Struct, frozen=True):
    """An environment as people see it. `percent` of the traffic goes to it."""

    alias: EnvironmentAlias
    name: str
    is_main: bool
    created_at: int
    releases: tuple[Release, ...]
    percent: float


class Environments:
    """Reads and changes the environments of projects that are served. A change is durable once it is served."""

    def __init__(self, overlays: Overlays, catalog: Catalog, clock: Clock) -> None:
        self._overlays = overlays
        self._catalog = catalog
        self._clock = clock
        self._changing = asyncio.Lock()

    async def list(self, project: ProjectID) -> list[EnvironmentShown]:
        """All of a project, the default one first. Raises `NotFound`."""
        served, overlay = self._catalog.project(project), await self._overlays.of(project)
        return [_shown(each, served, overlay) for each in served.environments]

    async def get(self, project: ProjectID, alias: str) -> EnvironmentShown:
        """Raises `NotFound`."""
        environment = self._find(project, alias)
        return _shown(environment, self._catalog.project(project), await self._overlays.of(project))

    async def rename(self, project: ProjectID, alias: str, name: str) -> None:
        """People call it so from now on; its alias stays. Raises `NotFound`, `InvalidInput`."""
        _check_name("name", name)
        async with self._changing:
            self._find(project, alias)
            await self._change(project, alias, lambda known: replace(known, name=name))

    async def clone(self, project: ProjectID, alias: str, copy: str, name: str) -> EnvironmentShown:
        """A new environment with the draft of this one, and what is published of it. No traffic goes to it.

        Raises `NotFound`, `InvalidInput`, and `Taken` where the project has one of this alias.
        """
        _check_name("name", name)
        if ALIAS.fullmatch(copy) is None or copy in RESERVED:
            raise InvalidInput.at("alias", "1 to 64 letters, digits, _ and -, none of " + ", ".join(sorted(RESERVED)))
        async with self._changing:
            source = self._find(project, alias)
            served = self._catalog.project(project)
            if any(each.alias == copy for each in served.environments):
                raise Taken(f"This project has an environment '{copy}' already.")
            if len(served.environments) >= MOST:
                raise InvalidInput(f"alias: this project has {MOST} environments; delete one first")
            cloned = self._cloned(source, await self._overlays.of(project), copy, name)
            await self._overlays.change(project, lambda overlay: overlay.without(copy).put(cloned))
            await self._catalog.serve_again(project)
        return await self.get(project, copy)

    async def publish(self, project: ProjectID, alias: str, name: str, description: str | None) -> Release:
        """New sessions get what is now the draft, whatever becomes of the draft. Raises `NotFound`, `InvalidInput`."""
        _check_name("name", name)
        async with self._changing:
            environment = self._find(project, alias)
            version = self._version(environment.drafted())
            return await self._release(project, alias, name, version, description=description)

    async def merge(self, project: ProjectID, source: str, target: str, *, removes_source: bool) -> Release:
        """What is published of the source is published in the target too. Raises `NotFound`, `InvalidInput`."""
        async with self._changing:
            merged = self._find(project, source)
            self._find(project, target)
            if source == target:
                raise InvalidInput("targetEnvironmentAlias: an environment cannot be merged into itself")
            if removes_source:
                self._check_removable(project, source)
            version = self._version(merged)
            release = await self._release(project, target, f"Merged from {source}", version, is_automatic=True)
            if removes_source:
                await self._overlays.change(project, lambda overlay: _moved(overlay, source, target).without(source))
                await self._catalog.serve_again(project)
            return release

    async def remove(self, project: ProjectID, alias: str) -> None:
        """Nothing begins in it any more; what lives in it goes on. Raises `NotFound`, `InvalidInput`."""
        async with self._changing:
            environment = self._find(project, alias)
            self._check_removable(project, alias)
            if environment.share > 0:
                message = (
                    f"environmentAlias: traffic goes to '{alias}'; route it to others first (update-traffic-split)"
                )
                raise InvalidInput(message)
            await self._overlays.change(project, lambda overlay: overlay.without(alias))
            await self._catalog.serve_again(project)

    async def split(self, project: ProjectID, traffic: Mapping[str, float]) -> None:
        """Route these parts, in percent, of all users' new sessions to these environments. Raises `InvalidInput`."""
        async with self._changing:
            aliases = {each.alias for each in self._catalog.project(project).environments}
            for alias, percent in traffic.items():
                if alias not in aliases:
                    raise InvalidInput.at(f"traffic.{alias[:64]}", "one of " + ", ".join(sorted(aliases)))
                if not 0 <= percent <= 100:
                    raise InvalidInput.at(f"traffic.{alias}", "number from 0 to 100")
            if not math.isclose(math.fsum(traffic.values()), 100, abs_tol=1e-6):
                raise InvalidInput.at("traffic", "percentages that sum to 100")
            kept = {alias: float(percent) for alias, percent in traffic.items()}
            await self._overlays.change(project, lambda overlay: replace(overlay, traffic=kept))
            await self._catalog.serve_again(project)

    def _find(self, project: ProjectID, alias: str) -> Environment:
        environments = self._catalog.project(project).environments
        for environment in environments:
            if environment.alias == alias:
                return environment
        names = ", ".join(each.alias for each in environments)
        raise NotFound(f"Environment '{alias[:64]}' does not exist. This project has: {names}.", code="no_environment")

    def _version(self, environment: Environment) -> VersionID:
        return self._catalog.current(environment).version

    def _check_removable(self, project: ProjectID, alias: str) -> None:
        if alias == self._catalog.project(project).environments[0].alias:
            raise InvalidInput("environmentAlias: the main environment of a project cannot be deleted")
        if self._catalog.is_filed(project, alias):
            raise InvalidInput(f"environmentAlias: '{alias}' is in the agent's files; delete it there")

    def _cloned(self, source: Environment, overlay: Overlay, alias: str, name: str) -> EnvironmentOverlay:
        now, known = self._clock.now_ms(), overlay.find(source.alias)
        releases: tuple[Release, ...] = ()
        if known is not None and known.releases:
            version = self._version(source)
            releases = (Release(f"Cloned from {source.alias}", version, 1, now, is_automatic=True),)
        return EnvironmentOverlay(EnvironmentAlias(alias), now, name, self._version(source.drafted()), releases)

    async def _release(
        self,
        project: ProjectID,
        alias: str,
        name: str,
        version: VersionID,
        *,
        description: str | None = None,
        is_automatic: bool = False,
    ) -> Release:
        now = self._clock.now_ms()

        def change(known: EnvironmentOverlay) -> EnvironmentOverlay:
            number = known.releases[-1].number + 1 if known.releases else 1
            release = Release(name, version, number, now, description, is_automatic)
            # What lives in the store alone has no file that says what its draft is: it is what came in.
            draft = version if is_automatic and known.draft is not None else known.draft
            return replace(known, draft=draft, releases=(*known.releases, release)[-MOST_RELEASES:])

        return (await self._change(project, alias, change)).releases[-1]

    async def _change(
        self, project: ProjectID, alias: str, change: Callable[[EnvironmentOverlay], EnvironmentOverlay]
    ) -> EnvironmentOverlay:
        now = self._clock.now_ms()

        def changed(overlay: Overlay) -> Overlay:
            known = overlay.find(alias) or EnvironmentOverlay(EnvironmentAlias(alias), now)
            return overlay.put(change(known))

        overlay = await self._overlays.change(project, changed)
        await self._catalog.serve_again(project)
        return overlay.find(alias) or EnvironmentOverlay(EnvironmentAlias(alias), now)


def _shown(environment: Environment, project: Project, overlay: Overlay) -> EnvironmentShown:
    known = overlay.find(environment.alias) or EnvironmentOverlay(environment.alias, 0)
    total = math.fsum(each.share for each in project.environments)
    return EnvironmentShown(
        alias=environment.alias,
        name=known.name or environment.alias,
        is_main=environment is project.environments[0],
        created_at=known.created_at,
        releases=known.releases,
        percent=round(environment.share / total * 100, 6) if total else 0,
    )


def _moved(overlay: Overlay, source: str, target: str) -> Overlay:
    """The source's part of the traffic goes to the target."""
    if overlay.traffic is None:
        return overlay
    share = overlay.traffic.get(source, 0) + overlay.traffic.get(target, 0)
    return replace(overlay, traffic={**overlay.traffic, target: share})


def _check_name(path: str, name: str) -> None:
    if not name.strip() or len(name) > LONGEST:
        raise InvalidInput.at(path, f"text of 1 to {LONGEST} characters")
