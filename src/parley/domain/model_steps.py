"""The steps that ask a language model or a knowledge base."""

from __future__ import annotations

from msgspec import Struct

from parley.domain.playbooks import Needed, Route
from parley.domain.prompt import ModelSettings, Prompt
from parley.domain.step_parts import Listening, StepBase, Target, Way


class Prompted(StepBase, frozen=True, tag="prompt"):
    """Says what a model answers. `not_found`: the way when it has no answer or cannot be asked."""

    prompt: Prompt = Prompt()
    not_found: Way | None = None


class PromptedValue(Struct, frozen=True):
    """A variable gets what a model answers."""

    variable: str
    prompt: Prompt


class PromptedSet(StepBase, frozen=True, tag="prompt_set"):
    """Sets variables to what a model answers; all are asked for at once. One without an answer keeps its value."""

    values: tuple[PromptedValue, ...] = ()


class AgentPath(Struct, frozen=True, omit_defaults=True):
    """A way on that the model may choose. `variables` are set to what it gives along; each of `needs` it has to give,
    or it has a value already.
    """

    name: str
    about: str = ""
    variables: tuple[str, ...] = ()
    then: Target = None
    needs: tuple[Needed, ...] = ()


class AgentStep(StepBase, frozen=True, tag="agent"):
    """Lets a model talk: it answers each reply by its instructions, until it chooses one of its paths.

    `playbook`: its instructions, tools and settings, to which those of the step are added. `then` follows where a path
    leads nowhere. `each_turn`: the way after each answer, instead of waiting. Without `talks_first` it waits for the
    user. `hands_back`: the model may also give the conversation back to the agent.
    """

    instructions: str = ""
    settings: ModelSettings = ModelSettings()
    paths: tuple[AgentPath, ...] = ()
    each_turn: Way | None = None
    listening: Listening = Listening()
    playbook: str | None = None
    tools: tuple[str, ...] = ()
    talks_first: bool = True
    hands_back: bool = False


class Crew(StepBase, frozen=True, tag="crew"):
    """Lets one of several playbooks talk, which may pass the user on to another. The paths are those of all of them.

    `members` are routes to playbooks, whose own exits are not looked at. The rest is as of `AgentStep`.
    """

    members: tuple[Route, ...] = ()
    settings: ModelSettings = ModelSettings()
    paths: tuple[AgentPath, ...] = ()
    each_turn: Way | None = None
    listening: Listening = Listening()
    tools: tuple[str, ...] = ()
    talks_first: bool = True


class Operator(StepBase, frozen=True, tag="operator"):
    """Has a model choose one of the paths without a word to the user; it may use tools before.

    An answer that is none is asked for again `retries` times, then the path is taken that it is most like.
    `not_found`: the way where there is none, or no model.
    """

    instructions: str = ""
    settings: ModelSettings = ModelSettings()
    paths: tuple[AgentPath, ...] = ()
    tools: tuple[str, ...] = ()
    retries: int = 2
    not_found: Way | None = None


class Routing(StepBase, frozen=True, tag="router"):
    """The agent itself: it answers, or goes to one of the program's routes. Never written by an author."""


class Knowledge(StepBase, frozen=True, tag="knowledge"):
    """Looks for a question in the knowledge base: what is found goes into `variable`, a list of texts.

    `not_found`: the way when there is nothing.
    """

    question: str = ""
    variable: str = ""
    limit: int = 3
    not_found: Way | None = None
