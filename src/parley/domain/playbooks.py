"""What a language model is told to do: playbooks, and the agent that chooses among them.

Source: Conversations API, section 8 (agent model).
"""

from __future__ import annotations

from msgspec import Struct

from parley.domain.conditions import Test
from parley.domain.ids import StepID, WorkflowID
from parley.domain.prompt import ModelSettings
from parley.domain.step_parts import Said


class Needed(Struct, frozen=True, omit_defaults=True):
    """A variable that has to have a value. `about` tells the model what to ask for.

    `type` is one of JSON Schema's, None for any; `choices` are all values that are allowed.
    """

    variable: str
    about: str = ""
    type: str | None = None
    choices: tuple[str, ...] = ()


class Exit(Struct, frozen=True, omit_defaults=True):
    """A way out of a playbook that the model may choose, wherever the playbook is run.

    `variables` are set to what it gives along, `needs` are those that it has to give or that have a value already. It
    leads to `workflow`, at `step` (None: its beginning); None: to whoever ran the playbook. `ends`: to the end.
    """

    name: str
    about: str = ""
    variables: tuple[str, ...] = ()
    needs: tuple[Needed, ...] = ()
    workflow: WorkflowID | None = None
    step: StepID | None = None
    ends: bool = False


class Playbook(Struct, frozen=True, omit_defaults=True):
    """Instructions for a model, and the tools (by name) that it may use while it follows them. Texts are templates.

    `title` is what people call it, where that is not its name.
    """

    name: str
    instructions: str = ""
    about: str = ""
    tools: tuple[str, ...] = ()
    settings: ModelSettings = ModelSettings()
    exits: tuple[Exit, ...] = ()
    title: str = ""


class Route(Struct, frozen=True, omit_defaults=True):
    """A playbook or a workflow that the agent may go to: exactly one of both.

    `about` is what the router reads; empty: as the playbook has it. `when` has to hold for it to be offered at all
    (entry condition); `needs` have to be known before it is entered.
    """

    playbook: str | None = None
    workflow: WorkflowID | None = None
    about: str = ""
    when: Test | None = None
    needs: tuple[Needed, ...] = ()


class MemoryLimit(Struct, frozen=True, omit_defaults=True):
    """How much of the conversation a model is told: `turns` of it, and with `summary` a summary of what came before."""

    turns: int = 50
    summary: bool = True


class CostLimit(Struct, frozen=True, omit_defaults=True):
    """What a conversation may cost, in US dollars, and what is said when it ends for that."""

    dollars: float
    said: tuple[Said, ...] = ()


class Router(Struct, frozen=True, omit_defaults=True):
    """The agent itself. `prompt` goes along with every question to a model; `instructions` only when it routes.

    `tools` are those of every playbook too. `first` is run when a conversation begins; whatever ends without a way on
    hands over to the router.
    """

    prompt: str = ""
    instructions: str = ""
    routes: tuple[Route, ...] = ()
    tools: tuple[str, ...] = ()
    settings: ModelSettings = ModelSettings()
    first: WorkflowID | None = None
