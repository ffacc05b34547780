"""What was done to a project's environments over an API, laid over what the project's files say.

See docs/decisions/0601-environments-in-the-store.md. Times are milliseconds since 1970.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from parley.domain.ids import EnvironmentAlias, VersionID
from parley.domain.program import Program
from parley.domain.project import Environment, Project


class Release(Struct, frozen=True, omit_defaults=True):
    """A version that was published. `number` counts an environment's releases from 1."""

    name: str
    version: VersionID
    number: int
    at: int
    description: str | None = None
    is_automatic: bool = False


class EnvironmentOverlay(Struct, frozen=True, omit_defaults=True):
    """One environment. The newest release, the last one, is what is published; without one it is the draft.

    `draft` is None where a file says what the draft is. `name` is what people call the environment, None: its alias.
    """

    alias: EnvironmentAlias
    created_at: int
    name: str | None = None
    draft: VersionID | None = None
    releases: tuple[Release, ...] = ()


class Overlay(Struct, frozen=True, omit_defaults=True):
    """All of a project. `traffic` is a share for each alias; None: the shares are those of the files."""

    environments: tuple[EnvironmentOverlay, ...] = ()
    traffic: dict[str, float] | None = None

    def find(self, alias: str) -> EnvironmentOverlay | None:
        """What is known of one environment."""
        return next((each for each in self.environments if each.alias == alias), None)

    def put(self, environment: EnvironmentOverlay) -> Overlay:
        """With this environment in place of the one of its alias, or behind the others."""
        if self.find(environment.alias) is None:
            return replace(self, environments=(*self.environments, environment))
        others = (environment if each.alias == environment.alias else each for each in self.environments)
        return replace(self, environments=tuple(others))

    def without(self, alias: str) -> Overlay:
        """Without this environment; its part of the traffic is nobody's."""
        kept = tuple(each for each in self.environments if each.alias != alias)
        traffic = None if self.traffic is None else {a: s for a, s in self.traffic.items() if a != alias}
        return Overlay(kept, traffic)

    def versions(self) -> set[VersionID]:
        """The versions that are served because of this overlay."""
        drafts = {each.draft for each in self.environments if each.draft is not None}
        return drafts | {each.releases[-1].version for each in self.environments if each.releases}


def lay_over(file: Project, overlay: Overlay, programs: Mapping[VersionID, Program]) -> Project:
    """The project as it is served. `programs` has what `overlay.versions()` names, as far as it is still there.

    Environments of the files come first, in their order; then those that live in the store alone.
    """
    served = [_released(each, overlay.find(each.alias), programs) for each in file.environments]
    known = {each.alias for each in served}
    for each in overlay.environments:
        draft = None if each.draft is None else programs.get(each.draft)
        if each.alias not in known and draft is not None:
            served.append(_released(Environment(each.alias, draft, 0), each, programs))
    return replace(file, environments=_divided(tuple(served), overlay.traffic))


def _released(
    environment: Environment, overlay: EnvironmentOverlay | None, programs: Mapping[VersionID, Program]
) -> Environment:
    """The environment with what was published of it; what it has is its draft."""
    if overlay is None or not overlay.releases:
        return environment
    published = programs.get(overlay.releases[-1].version)
    if published is None or published == environment.program:
        return environment
    return replace(environment, program=published, draft=environment.program)


def _divided(environments: tuple[Environment, ...], traffic: Mapping[str, float] | None) -> tuple[Environment, ...]:
    """With the shares that were set; with those of the files where nobody who was given one is left."""
    if traffic is None or not any(traffic.get(each.alias, 0) for each in environments):
        return environments
    return tuple(replace(each, share=traffic.get(each.alias, 0)) for each in environments)
