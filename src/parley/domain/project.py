"""A project: environments under stable aliases, each with the program that new sessions get."""

from __future__ import annotations

import hashlib
from typing import Any

from msgspec import Struct

from parley.domain.ids import EnvironmentAlias, ProjectID, UserID
from parley.domain.knowledge_settings import DocumentSource
from parley.domain.program import Program
from parley.errors import NotFound

LEGACY_ALIASES = frozenset({"development", "production", "staging"})


class Environment(Struct, frozen=True):
    """`share` is the part of the users that are routed here, in percent of the project's total.

    `program` is what is published; `draft` is what is not yet, None where it is the same.
    """

    alias: EnvironmentAlias
    program: Program
    share: float
    draft: Program | None = None

    def drafted(self) -> Environment:
        """This environment as it will be once its draft is published."""
        return self if self.draft is None else Environment(self.alias, self.draft, self.share)


class Project(Struct, frozen=True):
    """The first environment is the default one. Shares are relative to their sum.

    `origins` are the web origins that may use the public routes; empty: any. `widget` is how the chat widget looks,
    as far as the project says (docs/reference/widget-routes.md).
    """

    id: ProjectID
    name: str
    environments: tuple[Environment, ...]
    origins: tuple[str, ...] = ()
    widget: dict[str, Any] = {}
    documents: tuple[DocumentSource, ...] = ()

    def environment(self, alias: str) -> Environment:
        """The environment under this alias. Raises `NotFound`.

        `development`, `staging` and `production` mean the default environment in a project that has none of that
        name: old clients send them (Conversations API, section 2.7).
        """
        for environment in self.environments:
            if environment.alias == alias:
                return environment
        if alias in LEGACY_ALIASES:
            return self.environments[0]
        names = ", ".join(e.alias for e in self.environments)
        raise NotFound(f"Environment '{alias}' does not exist. This project has: {names}.", code="no_environment")

    def routed(self, user: UserID) -> Environment:
        """The environment that the traffic split gives this user: the same one every time.

        A hash of project and user picks a point; the environments' shares divide the line (Conversations API, 2.7).
        """
        if len(self.environments) == 1:
            return self.environments[0]
        total = sum(e.share for e in self.environments)
        digest = hashlib.sha256(f"{self.id}\0{user}".encode("utf-8", "surrogatepass")).digest()
        point = int.from_bytes(digest[:8], "big") / 2**64 * total
        for environment in self.environments:
            point -= environment.share
            if point < 0:
                return environment
        return self.environments[0]
