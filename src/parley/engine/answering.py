"""How users answer what an intent asks them for: `a {size} one, please` to `Which size?`. Knows no turn.

Source: engine, section 1.7: what such a reply says of the intent's entities is added to what the intent has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from parley.domain.program import Intent
from parley.engine.entities import Entities
from parley.engine.gapped import Gapped
from parley.engine.moment import Moment
from parley.engine.words import LONGEST, words_of


class Answers:
    """The answers that the required entities of all intents have, those with the most words of their own first."""

    def __init__(self, intents: Mapping[str, Intent], entities: Entities) -> None:
        self._entities = entities
        self._said: dict[tuple[str, str], list[Gapped]] = {}
        for intent in intents.values():
            for wanted in intent.required:
                if wanted.answers:
                    gapped = [Gapped(answer) for answer in wanted.answers if "{" in answer]
                    self._said[intent.name, wanted.entity] = sorted(gapped, key=lambda each: -len(each.needed))

    def read(self, intent: str, wanted: str, text: str, moment: Moment) -> list[dict[str, Any]]:
        """What the text says in answer to being asked for `wanted`, as intent actions carry it; empty: it is none."""
        answers = self._said.get((intent, wanted))
        if not answers:
            return []
        text = text[:LONGEST]
        words = words_of(text)

        def value_of(entity: str, part: str) -> Any:
            return self._entities.whole(entity, part, moment)

        for answer in answers:
            gaps = answer.match(text, words, value_of) if words else None
            found = [{"name": name, "value": value_of(name, raw), "query": raw} for name, raw in gaps or ()]
            if found and all(entity["value"] is not None for entity in found):
                return found
        return []
