"""A variant of an environment: what is published of it, or its draft. It is what new sessions run.

Source: Conversations API, sections 2.1, 2.2 and 2.7; for `development`, the public documentation of version aliases.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from parley.domain.ids import UserID
from parley.domain.project import Environment, Project
from parley.domain.state import WEB, Contact

Which = Literal["draft", "published"]
WHICH: tuple[Which, ...] = ("draft", "published")
DEVELOPMENT = "development"
_DRAFT = Contact(is_draft=True)


class Variant(Struct, frozen=True):
    """`environment` serves the variant alone. `is_either`: a session that lives on the other variant goes on."""

    environment: Environment
    is_draft: bool = False
    is_either: bool = False

    @property
    def contact(self) -> Contact:
        """How sessions are marked that begin here."""
        return _DRAFT if self.is_draft else WEB


def draft_of(environment: Environment) -> Variant:
    """What is not published yet."""
    return Variant(environment.drafted(), is_draft=True)


def variant_of(environment: Environment, which: str | None) -> Variant:
    """The draft, or what is published; that too where nobody asks for one."""
    return draft_of(environment) if which == "draft" else Variant(environment)


def named(project: Project, alias: str, which: str | None = None) -> Variant:
    """The variant of the environment under this alias. Raises `NotFound`.

    `development`, where it is no environment's own alias, means the draft of the default one: what is being worked on.
    Old clients send it without a thought, so a session of theirs that lives stays where it is.
    """
    environment = project.environment(alias)
    if which is not None or alias != DEVELOPMENT or environment.alias == alias:
        return variant_of(environment, which)
    return Variant(environment.drafted(), is_draft=environment.draft is not None, is_either=True)


def routed(project: Project, user: UserID, which: str | None = None) -> Variant:
    """The variant of the environment that the traffic split gives this user."""
    return variant_of(project.routed(user), which)
