"""A question as the keyword search takes it."""

from __future__ import annotations

import re

MOST = 32
_WORD = re.compile(r"\w+")
_LONGEST = 64
_COMMON = frozenset(
    [
        *("a", "about", "after", "all", "also", "am", "an", "and", "any", "are", "as", "at", "be", "been", "but"),
        *("by", "can", "could", "did", "do", "does", "for", "from", "get", "give", "had", "has", "have", "how", "i"),
        *("if", "in", "into", "is", "it", "its", "just", "let", "like", "may", "me", "my", "need", "no", "not", "of"),
        *("on", "or", "our", "out", "please", "should", "so", "some", "tell", "than", "that", "the", "their", "them"),
        *("then", "there", "these", "they", "this", "to", "up", "us", "want", "was", "we", "were", "what", "when"),
        *("where", "which", "who", "why", "will", "with", "would", "you", "your", "der", "die", "das", "und", "ist"),
        *("ein", "eine", "ich", "wie", "was", "wo", "zu", "mit", "für", "auf", "den", "dem", "von", "le", "la"),
        *("les", "un", "une", "et", "est", "que", "qui", "pour", "dans", "sur", "el", "los", "las", "una", "y", "en"),
        *("por", "para", "con"),
    ]
)
"""Words that say little, of which a question may be full."""


def keywords(question: str) -> list[str]:
    """The words of a question that say something, each once; all of them where none does."""
    words = list(dict.fromkeys(word[:_LONGEST].lower() for word in _WORD.findall(question.replace("\0", " "))))
    telling = [word for word in words if word not in _COMMON]
    return (telling or words)[:MOST]


def match_of(words: list[str], shelf: str) -> str:
    """The expression for FTS5: any of the words, in the passages of one shelf."""
    anything = " OR ".join(f'"{word}"' for word in words)
    return f"shelf : {shelf} AND {{content heading}} : ({anything})"
