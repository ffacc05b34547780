"""The steps that workflows are made of, as compiled: frozen, and told apart by `kind`.

`then` (and every other target) is the id of a step of the same workflow; None means that the workflow is over
and its caller goes on. Texts are templates. Source: engine, section 1.10; Conversations API, section 8.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from parley.domain.conditions import Literally, Test, Value
from parley.domain.ids import StepID, WorkflowID

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
    with the step's own `then`.
    """

    id: str
    label: str | None = None
    intent: str | None = None
    url: str | None = None
    mappings: tuple[EntityMapping, ...] = ()
    has_path: bool = True
    then: Target = None


class StepBase(Struct, frozen=True, tag_field="kind", omit_defaults=True):
    """What every step has. `name` is what its author calls it."""

    id: StepID
    name: str = ""
    then: Target = None


class Message(StepBase, frozen=True, tag="message"):
    """Says one of its variants: the first whose condition holds, else one without condition at random."""

    variants: tuple[Said, ...] = ()


class Speak(StepBase, frozen=True, tag="speak"):
    """Like Message, for voice projects: a `speak` trace."""

    variants: tuple[Said, ...] = ()


class Choice(StepBase, frozen=True, tag="choice"):
    """Shows buttons and waits for one of its options."""

    options: tuple[Option, ...] = ()
    listening: Listening = Listening()


class WantedEntity(Struct, frozen=True, omit_defaults=True):
    """An entity to capture, the variable it goes into, and what to say while it is missing."""

    entity: str
    variable: str
    reprompts: tuple[Said, ...] = ()


class Capture(StepBase, frozen=True, tag="capture"):
    """Waits for a reply: the whole of it goes into `variable`, or each of `entities` is found in it and asked for.

    Exactly one of `variable` and `entities` is set.
    """

    variable: str | None = None
    entities: tuple[WantedEntity, ...] = ()
    listening: Listening = Listening()


class Branch(Struct, frozen=True, omit_defaults=True):
    """The way to go when the test holds."""

    test: Test
    then: Target = None


class Condition(StepBase, frozen=True, tag="condition"):
    """Goes the way of the first branch that holds, else `then`."""

    branches: tuple[Branch, ...] = ()


class Assignment(Struct, frozen=True):
    """A variable gets a value."""

    variable: str
    value: Value


class Set(StepBase, frozen=True, tag="set"):
    """Sets variables, in order."""

    assignments: tuple[Assignment, ...] = ()


class Call(StepBase, frozen=True, tag="call"):
    """Runs another workflow and comes back.

    `inputs` become variables of the called frame; `outputs` are copied back (caller's variable: callee's).
    """

    workflow: WorkflowID = WorkflowID("")
    inputs: tuple[Assignment, ...] = ()
    outputs: dict[str, str] = {}


class GoTo(StepBase, frozen=True, tag="goto"):
    """Goes on elsewhere: at `then` in `workflow`, at its beginning when `then` is None; does not come back.

    `workflow` None stays in this one.
    """

    workflow: WorkflowID | None = None


class Image(StepBase, frozen=True, tag="image"):
    """Shows a picture. `url` is a template; sizes are in pixels."""

    url: str = ""
    width: float | None = None
    height: float | None = None
    visibility: str | None = None


class CardContent(Struct, frozen=True, omit_defaults=True):
    """What one card shows; all texts are templates."""

    title: str = ""
    text: str = ""
    slate: list[Any] | None = None
    image: str | None = None
    buttons: tuple[Option, ...] = ()
    id: str = ""


class Cards(StepBase, frozen=True, tag="cards"):
    """Shows one card (`layout` "card") or several. With `waits` it then waits for a button like a Choice."""

    cards: tuple[CardContent, ...] = ()
    layout: Literal["card", "Carousel", "List"] = "card"
    waits: bool = False
    listening: Listening = Listening()


class ActionPath(Struct, frozen=True, omit_defaults=True):
    """A way on from a custom action: taken by an action whose type is `label`."""

    label: str
    then: Target = None


class CustomAction(StepBase, frozen=True, tag="custom"):
    """Sends a trace of its own type to the client; with `stop` it waits for an action that names one of its paths.

    `body` is JSON whose strings are templates, or with `body_is_json` False a template text that is sent as it is.
    `default` is the index of the path taken otherwise.
    """

    action: str = ""
    body: Any = None
    body_is_json: bool = True
    stop: bool = False
    paths: tuple[ActionPath, ...] = ()
    default: int | None = None


class End(StepBase, frozen=True, tag="end"):
    """Ends the conversation."""


Step = Message | Speak | Choice | Capture | Condition | Set | Call | GoTo | Image | Cards | CustomAction | End

NOTHING = Literally(None)
