"""What steps are made of: texts, reprompts, things to choose from, and what every step has.

`then` (and every other target) is the id of a step of the same workflow; None means that the workflow is over
and its caller goes on. Texts are templates. Source: engine, section 1.10.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from parley.domain.conditions import Test
from parley.domain.ids import StepID

Target = StepID | None


class Said(Struct, frozen=True, omit_defaults=True):
    """One way of saying something.

    `slate` is rich text whose leaf texts are templates; None means that `text` is split at line breaks.
    `delay` is in milliseconds, None for the project's. `when` must hold for this variant to be used. `audio` is
    the URL of a recording, for spoken variants.
    """

    text: str
    slate: list[Any] | None = None
    delay: int | None = None
    when: Test | None = None
    audio: str | None = None


class NoMatch(Struct, frozen=True, omit_defaults=True):
    """What to do with a reply that fits nothing: the reprompts one after another, then the path if there is one.

    Without a path the global no-match is said and the step goes on waiting.
    """

    reprompts: tuple[Said, ...] = ()
    shuffled: bool = False
    has_path: bool = False
    then: Target = None


class NoReply(Struct, frozen=True, omit_defaults=True):
    """What to do with silence. `timeout` is in seconds, None for the project's. Otherwise like `NoMatch`."""

    timeout: float | None = None
    reprompts: tuple[Said, ...] = ()
    shuffled: bool = False
    has_path: bool = False
    then: Target = None


class Listening(Struct, frozen=True, omit_defaults=True):
    """How a step that waits treats what it did not ask for.

    `elsewhere`: triggers of this workflow and of the project may take the reply (scope GLOBAL); False keeps it here.
    """

    no_match: NoMatch = NoMatch()
    no_reply: NoReply | None = None
    elsewhere: bool = True


class EntityMapping(Struct, frozen=True):
    """An entity's value goes into a variable."""

    entity: str
    variable: str


class Option(Struct, frozen=True, omit_defaults=True):
    """One thing that a user can choose, by button, by label or by intent.

    `label` None: not shown, only listened for. `url` is opened by the client. `has_path` False: choosing it goes on
    with the step's own `then`. `event` is a project event that a click sends.
    """

    id: str
    label: str | None = None
    intent: str | None = None
    url: str | None = None
    mappings: tuple[EntityMapping, ...] = ()
    has_path: bool = True
    then: Target = None
    event: str | None = None


class Way(Struct, frozen=True, omit_defaults=True):
    """A way that a step may have or not: where it is absent, the step goes on with its `then`."""

    then: Target = None


class StepBase(Struct, frozen=True, tag_field="kind", omit_defaults=True):
    """What every step has. `name` is what its author calls it."""

    id: StepID
    name: str = ""
    then: Target = None
