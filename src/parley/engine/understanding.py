"""Which intent a text means, without a language model. Built once for an agent; knows no turn.

In order: an utterance word for word, or with its entities filled in (confidence 1); nearly an utterance, misspelt
(up to 0.95); an utterance around a gap that may be anything (0.5 to 0.6). What is none of these may still be like an
utterance (`guess`), where an embedder is there. Source: engine, section 1.6.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from msgspec import Struct
from rapidfuzz import fuzz, process
from rapidfuzz.distance import DamerauLevenshtein

from parley.domain.program import Entity, Intent
from parley.engine.answering import Answers
from parley.engine.entities import Entities
from parley.engine.gapped import Gapped, GappedIndex, Read
from parley.engine.likeness import Likeness
from parley.engine.listed import typos_in
from parley.engine.moment import Moment
from parley.engine.words import LONGEST, Word, words_of
from parley.ports.embeddings import Embedder

SURE = 0.6
"""An intent that is understood with no more than this does not take a reply away from a question."""
_NEARLY = 85.0
_MOST_NEARLY = 0.95
_OPEN = 0.6
_GUESSED = 0.5
_SLOT = re.compile(r"\{([^{}]+)\}")


class Understood(Struct, frozen=True):
    """`entities` are `{"name", "value", "query"}`, as intent actions carry them."""

    intent: str
    confidence: float
    entities: list[dict[str, Any]] = []


class Understanding:
    """The intents and entities of an agent, indexed."""

    def __init__(self, intents: Mapping[str, Intent], entities: Mapping[str, Entity]) -> None:
        self.entities = Entities(entities)
        self.answers = Answers(intents, self.entities)
        self._exact: dict[str, list[str]] = {}
        self._gapped = GappedIndex()
        for intent in intents.values():
            for utterance in intent.utterances:
                self._add(intent.name, utterance)
        self._forms = list(self._exact)
        self._intents = intents
        self._likeness: Likeness | None = None

    async def learn(self, embedder: Embedder, threshold: float | None = None) -> None:
        """Also understand what is like an utterance, from when this is done."""
        likeness = Likeness(self._intents, embedder, threshold)
        await likeness.prepare()
        self._likeness = likeness

    async def guess(self, text: str, moment: Moment, among: Collection[str]) -> Understood | None:
        """The intent that the text is most like: for texts that `understand` knows nothing about."""
        alike = None if self._likeness is None else await self._likeness.find(text, among)
        if alike is None:
            return None
        values = ((name, self.entities.find(name, text, moment)) for name in alike.entities)
        found = [{"name": name, "value": value, "query": text} for name, value in values if value is not None]
        return Understood(alike.intent, alike.confidence, found)

    def understand(self, text: str, moment: Moment, among: Collection[str] | None = None) -> Understood | None:
        """The intent that the text means, of those in `among` (None: of all). None when it means none of them."""
        text = text[:LONGEST]
        words = words_of(text)
        if not words or (among is not None and not among):
            return None
        plain = " ".join(word.text for word in words)
        for intent in self._exact.get(plain, ()):
            if among is None or intent in among:
                return Understood(intent, 1.0)
        best = max(self._filled(text, words, moment, among), key=lambda u: u.confidence, default=None)
        if best is not None and best.confidence == 1.0:
            return best
        return self._misspelt(plain, among) or best

    def _add(self, intent: str, utterance: str) -> None:
        if _SLOT.search(utterance):
            self._gapped.add(intent, Gapped(utterance))
            return
        plain = " ".join(word.text for word in words_of(utterance))
        if plain:
            self._exact.setdefault(plain, []).append(intent)

    def _filled(
        self, text: str, words: list[Word], moment: Moment, among: Collection[str] | None
    ) -> Iterator[Understood]:
        said = frozenset(word.text for word in words)

        def read(entity: str, part: str) -> Any:
            return self.entities.whole(entity, part, moment)

        for intent, utterance in self._gapped.candidates(said):
            if among is None or intent in among:
                gaps = utterance.match(text, words, read)
                if gaps is not None:
                    yield self._judged(intent, gaps, read)

    def _judged(self, intent: str, gaps: list[tuple[str, str]], read: Read) -> Understood:
        confidence = 1.0
        found: list[dict[str, Any]] = []
        for name, raw in gaps:
            value = read(name, raw)
            if value is not None:
                found.append({"name": name, "value": value, "query": raw})
            if value is None:
                confidence = _GUESSED
            elif self.entities.is_open(name):
                confidence = min(confidence, _OPEN)
        return Understood(intent, confidence, found)

    def _misspelt(self, plain: str, among: Collection[str] | None) -> Understood | None:
        near = process.extract(plain, self._forms, scorer=fuzz.ratio, score_cutoff=_NEARLY, limit=20)
        for form, score, _ in near:
            for intent in self._exact[form]:
                if (among is None or intent in among) and _has_the_words_of(plain, form):
                    return Understood(intent, round(min(score / 100, _MOST_NEARLY), 4))
        return None


def _has_the_words_of(text: str, form: str) -> bool:
    """Whether every word of the utterance is in the text, perhaps misspelt: "turn off" is not "turn on"."""
    said = text.split(" ")
    return all(word in said or _is_misspelt_in(word, said) for word in form.split(" "))


def _is_misspelt_in(word: str, said: list[str]) -> bool:
    typos = typos_in(word)
    return typos > 0 and (
        process.extractOne(word, said, scorer=DamerauLevenshtein.distance, score_cutoff=typos) is not None
    )
