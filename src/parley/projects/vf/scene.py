"""What the reader of a node may ask: where its ways lead, what ids mean, and a place for its remarks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from parley.domain.ids import StepID
from parley.domain.program import Trigger
from parley.domain.prompt import Prompt
from parley.domain.steps import GoTo, Said, Step
from parley.projects.vf.conditions import Conditions
from parley.projects.vf.entries import Entries
from parley.projects.vf.layout import Layout, Node
from parley.projects.vf.messages import Messages
from parley.projects.vf.names import Names
from parley.projects.vf.prompts import Prompts
from parley.projects.vf.rich_text import RichText
from parley.projects.vf.toolbox import AgentTools


class Library(Struct, frozen=True):
    """What an export holds once for all its diagrams.

    `words`: what users say for an intent, in small letters. `voice`: the texts are spoken.
    """

    names: Names
    rich: RichText
    conditions: Conditions
    messages: Messages
    prompts: Prompts
    entries: Entries
    words: dict[str, frozenset[str]]
    layouts: dict[str, Layout]
    voice: bool
    tools: AgentTools


class Scene:
    """One diagram while its nodes are read. `added` holds steps that no node stands for."""

    def __init__(self, library: Library, layout: Layout) -> None:
        self.names, self.rich, self.conditions = library.names, library.rich, library.conditions
        self.voice, self.prompts_of, self.tools = library.voice, library.prompts, library.tools
        self._library, self._layout = library, layout
        self._remarks: list[str] = []
        self.passes = False
        self.added: dict[StepID, Step] = {}

    def remark(self, what: str) -> None:
        """Say what differs in the node that is being read."""
        self._remarks.append(what)

    def taken(self) -> tuple[tuple[str, ...], bool]:
        """The remarks since the last time, and whether the node became a pass-through."""
        found, passes = (tuple(self._remarks), self.passes)
        self._remarks, self.passes = [], False
        return found, passes

    def go(self, target: str | None) -> StepID | None:
        """Where a way leads that ends the workflow when it is not connected."""
        return self._layout.place(target)

    def next(self, node: Node) -> StepID | None:
        """What comes after the node."""
        return self._layout.follow(node, node.ports.next)

    def follow(self, node: Node, target: str | None) -> StepID | None:
        """Where a way leads that falls through to the next step when it is not connected."""
        return self._layout.follow(node, target)

    def layout(self, diagram: object) -> Layout | None:
        """Another diagram; this one where none is named."""
        if not diagram:
            return self._layout
        return self._library.layouts.get(diagram) if isinstance(diagram, str) else None

    def is_here(self, layout: Layout) -> bool:
        """Whether it is the diagram that is being read."""
        return layout.id == self._layout.id

    def entry(self, intent: str, diagram: str = "") -> Trigger | None:
        """Where an intent leads."""
        return self._library.entries.of_intent(intent, diagram)

    def means(self, intent: str | None, words: str) -> bool:
        """Whether these words are an utterance of the intent."""
        return intent is not None and words.strip().casefold() in self._library.words.get(intent, ())

    def meant_by(self, words: str) -> Trigger | None:
        """Where an intent leads that these words are an utterance of."""
        return next(
            (t for intent in self._library.words if self.means(intent, words) and (t := self.entry(intent))), None
        )

    def leave_for(self, id: str, trigger: Trigger) -> StepID:
        """A step of its own that goes where the trigger does."""
        step = StepID(id)
        self.added[step] = GoTo(step, workflow=trigger.workflow, then=trigger.step)
        return step

    def prompt_of_message(self, id: object) -> Prompt | None:
        """The prompt that answers instead of a message's variants."""
        prompt = self._library.messages.prompt(id)
        return None if prompt is None else self.prompts_of.prompt(prompt)

    def written(self, value: Any) -> str:
        """A text of a node as a template, in Markup or inline; empty where there is none."""
        if isinstance(value, str):
            return self.names.template(value).strip()
        return self.rich.template(value).strip() if value else ""

    def message(self, id: object) -> tuple[Said, ...]:
        """The variants of a message of the content library."""
        return self._library.messages.variants(id)

    def prompts(self, values: Iterable[Any]) -> tuple[Said, ...]:
        """Prompts written in the node itself; those that say nothing are left out."""
        return tuple(said for value in values if (said := self._prompt(value)) is not None)

    def _prompt(self, value: Any) -> Said | None:
        content = value.get("content", value.get("text")) if isinstance(value, dict) else value
        said = self.rich.said(content)
        return said if said.text.strip() else None

    def pass_through(self, node: Node, why: str, target: str | None = None) -> GoTo:
        """The step of a node that cannot be run: it goes on."""
        self.passes = True
        self.remark(why)
        way = node.ports.any() if target is None else target
        return GoTo(StepID(node.id), node.name, self._layout.follow(node, way))
