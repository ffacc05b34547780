"""The steps that ask a language model or a knowledge base."""

from __future__ import annotations

from msgspec import Struct

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
    """A way on that the model may choose. `variables` are set to what it gives along."""

    name: str
    about: str = ""
    variables: tuple[str, ...] = ()
    then: Target = None


class AgentStep(StepBase, frozen=True, tag="agent"):
    """Lets a model talk: it answers each reply by its instructions, until it chooses one of its paths.

    `then` follows where a path leads nowhere. `each_turn`: the way after each answer, instead of waiting.
    """

    instructions: str = ""
    settings: ModelSettings = ModelSettings()
    paths: tuple[AgentPath, ...] = ()
    each_turn: Way | None = None
    listening: Listening = Listening()


class Knowledge(StepBase, frozen=True, tag="knowledge"):
    """Looks for a question in the knowledge base: what is found goes into `variable`, a list of texts.

    `not_found`: the way when there is nothing.
    """

    question: str = ""
    variable: str = ""
    limit: int = 3
    not_found: Way | None = None
