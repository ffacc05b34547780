"""The steps that workflows are made of, as compiled: frozen, and told apart by `kind`.

`then` (and every other target) is the id of a step of the same workflow; None means that the workflow is over
and its caller goes on. Texts are templates. Source: engine, section 1.10; Conversations API, section 8.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from parley.domain.channel_steps import CallForward, Handoff, Stream
from parley.domain.conditions import Literally, Test, Value
from parley.domain.ids import WorkflowID
from parley.domain.model_steps import AgentStep, Crew, Knowledge, Operator, Prompted, PromptedSet, Routing
from parley.domain.prompt import Briefing
from parley.domain.step_parts import EntityMapping as EntityMapping
from parley.domain.step_parts import Listening as Listening
from parley.domain.step_parts import NoMatch as NoMatch
from parley.domain.step_parts import NoReply as NoReply
from parley.domain.step_parts import Option as Option
from parley.domain.step_parts import Said as Said
from parley.domain.step_parts import StepBase as StepBase
from parley.domain.step_parts import Target as Target
from parley.domain.step_parts import Way as Way
from parley.domain.world_steps import Api as Api
from parley.domain.world_steps import Code as Code
from parley.domain.world_steps import Function as Function


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
    """An entity to capture, the variable it goes into, and what to say while it is missing.

    `placeholder` is an example of it, for the model that asks. `given_up`: the way when all has been said in vain.
    """

    entity: str
    variable: str
    reprompts: tuple[Said, ...] = ()
    placeholder: str = ""
    given_up: Way | None = None


class Exits(Struct, frozen=True, omit_defaults=True):
    """What makes a capture stop, told in words: a model finds whether one of these holds. All are templates."""

    scenarios: tuple[str, ...]
    then: Target = None


class Capture(StepBase, frozen=True, tag="capture"):
    """Waits for a reply: the whole of it goes into `variable`, or each of `entities` is found in it and asked for.

    Exactly one of `variable` and `entities` is set, and what follows goes with entities. `improvises`: a model asks for
    what is missing, and the reprompts are for when it cannot. `rules`, templates, are kept: by what the model asks, and
    by the values, which a model checks. `briefing` is for all that the model is asked.
    """

    variable: str | None = None
    entities: tuple[WantedEntity, ...] = ()
    listening: Listening = Listening()
    improvises: bool = False
    rules: tuple[str, ...] = ()
    exits: Exits | None = None
    briefing: Briefing = Briefing()


class Branch(Struct, frozen=True, omit_defaults=True):
    """The way to go when the test holds."""

    test: Test
    then: Target = None


class Condition(StepBase, frozen=True, tag="condition"):
    """Goes the way of the first branch that holds, else `then`. `briefing` is for the branches that a model decides."""

    branches: tuple[Branch, ...] = ()
    briefing: Briefing = Briefing()


class Assignment(Struct, frozen=True):
    """A variable gets a value."""

    variable: str
    value: Value


class Set(StepBase, frozen=True, tag="set"):
    """Sets variables, in order, then properties of the conversation's transcript."""

    assignments: tuple[Assignment, ...] = ()
    properties: tuple[Assignment, ...] = ()


class Call(StepBase, frozen=True, tag="call"):
    """Runs another workflow and comes back.

    `inputs` become variables of the called frame; `outputs` are copied back (caller's variable: callee's).
    """

    workflow: WorkflowID = WorkflowID("")
    inputs: tuple[Assignment, ...] = ()
    outputs: dict[str, str] = {}


class GoToIntent(StepBase, frozen=True, tag="goto_intent"):
    """Goes on as if the user had meant an intent; at `then` where nothing starts with it."""

    intent: str = ""


class Random(StepBase, frozen=True, tag="random"):
    """Goes one of its ways by chance. `exhausts`: none twice before all have been taken."""

    ways: tuple[Target, ...] = ()
    exhausts: bool = False


class Reset(StepBase, frozen=True, tag="reset"):
    """Leaves everything and begins again where the conversation began; variables stay."""


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
    device: str | None = None


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
    `default` is the index of the path taken otherwise. `everywhere`: its paths are listened for as long as its workflow
    is on the stack, whether it waits or not.
    """

    action: str = ""
    body: Any = None
    body_is_json: bool = True
    stop: bool = False
    paths: tuple[ActionPath, ...] = ()
    default: int | None = None
    everywhere: bool = False


class End(StepBase, frozen=True, tag="end"):
    """Ends the conversation."""


Step = (
    Message
    | Speak
    | Choice
    | Capture
    | Condition
    | Set
    | Call
    | GoTo
    | Image
    | Cards
    | CustomAction
    | Code
    | Function
    | Api
    | GoToIntent
    | Random
    | Reset
    | Stream
    | CallForward
    | Handoff
    | Prompted
    | PromptedSet
    | AgentStep
    | Crew
    | Operator
    | Routing
    | Knowledge
    | End
)

NOTHING = Literally(None)
