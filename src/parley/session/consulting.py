"""A question to a project's documents outside of any conversation, and a model's answer made of what they say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from msgspec import Struct

from parley.domain.ids import ProjectID
from parley.domain.narrowing import EVERYTHING, Narrowing
from parley.domain.prompt import ModelSettings
from parley.engine.grounding import grounded, is_no_answer
from parley.ports.knowledge import KnowledgeBase, Passage
from parley.ports.llm import Asked, LanguageModel, Line, ModelUnavailable, Notice, Thought, ToolCall, Usage

NO_MODEL = "No language model is set up on this server: these are the passages, without an answer made of them."
NOTHING_FOUND = "Nothing was found."
NOT_ANSWERED = "The passages do not hold the answer."
_SYSTEM = "Answer the user's question, as briefly as it can be answered."


class Question(Struct, frozen=True):
    """What is asked. `synthesis`: a model makes an answer of the passages, by `instruction` and `system`."""

    text: str
    limit: int
    synthesis: bool = True
    narrowing: Narrowing = EVERYTHING
    instruction: str = ""
    system: str = ""
    settings: ModelSettings = ModelSettings()


class Consulted(Struct, frozen=True):
    """What came of it. `output` None: there is no answer; `note` says why."""

    passages: Sequence[Passage]
    output: str | None = None
    usage: Usage = Usage("none")
    note: str = ""


class Consulting:
    """Asks the knowledge base, and the model where there is one."""

    def __init__(self, knowledge: KnowledgeBase, model: LanguageModel | None = None) -> None:
        self._knowledge = knowledge
        self._model = model

    async def ask(self, project: ProjectID, question: Question) -> Consulted:
        """The passages, and an answer where one is wanted and can be had."""
        found = await self._knowledge.search(project, question.text, question.limit, question.narrowing)
        if not question.synthesis:
            return Consulted(found)
        if not found:
            return Consulted(found, note=NOTHING_FOUND)
        if self._model is None:
            return Consulted(found, note=NO_MODEL)
        try:
            text, usage = await _answered(self._model, question, found)
        except ModelUnavailable as failed:
            return Consulted(found, note=f"The language model gave no answer: {failed.message}")
        if is_no_answer(text):
            return Consulted(found, usage=usage, note=NOT_ANSWERED)
        return Consulted(found, text.strip(), usage)


async def _answered(model: LanguageModel, question: Question, found: Sequence[Passage]) -> tuple[str, Usage]:
    """The model's whole answer. Raises `ModelUnavailable`."""
    system = "\n\n".join(filter(None, (question.system or _SYSTEM, question.instruction)))
    texts: list[str] = []
    usage = Usage("none")
    asked = Asked((Line("user", question.text),), grounded(system, found), settings=question.settings)
    async for piece in model.answer(asked):
        match piece:
            case str():
                texts.append(piece)
            case Usage():
                usage = piece
            case ToolCall() | Thought() | Notice():
                pass
            case _:
                assert_never(piece)
    return "".join(texts), usage
