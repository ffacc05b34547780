"""Which intent a text is most like, by the vectors of its utterances. For texts that nothing else has understood.

The vectors are made once for a version, beside whatever else goes on; until then nothing is alike.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from msgspec import Struct

from parley.domain.program import Intent
from parley.engine.words import LONGEST, normal
from parley.ports.embeddings import Embedder, Vectors

_MOST_SURE = 0.94
"""Below what a misspelt utterance can have."""
_GAP = re.compile(r"\{\s*([^{}]+?)\s*\}")
_NOT = frozenset(
    ("not", "dont", "doesnt", "didnt", "never", "no", "wont", "cant", "without", "isnt", "nicht", "kein", "pas")
)
_CONTRARY = (
    ("on", "off"),
    ("up", "down"),
    ("open", "close"),
    ("start", "stop"),
    ("enable", "disable"),
    ("add", "remove"),
    ("more", "less"),
    ("before", "after"),
    ("in", "out"),
    ("buy", "sell"),
    ("increase", "decrease"),
    ("first", "last"),
)


class Alike(Struct, frozen=True):
    """`entities` are the names in the gaps of the utterance that the text is like."""

    intent: str
    confidence: float
    entities: tuple[str, ...]


class Likeness:
    """The utterances of an agent. `threshold` None: the embedder's own."""

    def __init__(self, intents: Mapping[str, Intent], embedder: Embedder, threshold: float | None = None) -> None:
        self._said = [(intent.name, utterance) for intent in intents.values() for utterance in intent.utterances]
        self._embedder = embedder
        self._threshold = embedder.alike if threshold is None else threshold
        self._vectors: Vectors | None = None

    async def prepare(self) -> None:
        """Make the vectors of all utterances."""
        self._vectors = await self._embedder.embed([_plain(utterance) for _, utterance in self._said])

    async def find(self, text: str, among: Collection[str]) -> Alike | None:
        """The intent, of those in `among`, that the text is most like; None when it is like none of them."""
        if self._vectors is None or not self._said or not among or not normal(text):
            return None
        likeness = await self._embedder.compare(text[:LONGEST], self._vectors)
        best = None
        for like, (intent, utterance) in zip(likeness, self._said, strict=True):
            if like >= self._threshold and intent in among and (best is None or like > best[0]):
                best = (like, intent, utterance)
        if best is None or is_contrary(text, best[2]):
            return None
        return Alike(best[1], round(min(best[0], _MOST_SURE), 4), tuple(_GAP.findall(best[2])))


def is_contrary(text: str, utterance: str) -> bool:
    """One denies what the other says, or says on where the other says off: vectors hardly see that."""
    said, other = set(normal(text).split()), set(normal(utterance).split())
    if bool(said & _NOT) != bool(other & _NOT):
        return True
    return any(
        (one in said and two in other and two not in said and one not in other)
        or (two in said and one in other and one not in said and two not in other)
        for one, two in _CONTRARY
    )


def _plain(utterance: str) -> str:
    """The utterance with the names of its entities as words."""
    return _GAP.sub(lambda gap: gap[1].replace("_", " "), utterance)
