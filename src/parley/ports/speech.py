"""Ears and mouths: what was said in a stream of sound, and the sound of a text.

Sound is signed 16-bit little-endian mono PCM (decisions, "Audio") at a rate that is agreed when an ear or a voice is
opened. Order: what was heard first is told first; sound comes in the order of the text. Failure: `SpeechUnavailable`.
Who stops iterating a voice stops it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from msgspec import Struct

from parley.errors import ParleyError


class Heard(Struct, frozen=True):
    """Something that was said. `text` is empty where speech has only begun; `is_final`: nothing is added to it.

    `confidence` is between 0 and 1.
    """

    text: str
    is_final: bool
    confidence: float = 1.0


class SpeechUnavailable(ParleyError):
    """Speech cannot be understood or made now."""

    code = "speech_unavailable"


class Ear(Protocol):
    """Listens to one speaker."""

    def hear(self, pcm: bytes) -> Sequence[Heard]:
        """The next piece of sound, and what is known by it. Raises `SpeechUnavailable`."""
        ...

    def finish(self) -> Sequence[Heard]:
        """There is no more sound: what was left open."""
        ...


class Recognizer(Protocol):
    """Understands speech."""

    def open(self, rate: int) -> Ear:
        """An ear for sound of `rate` samples a second. Raises `SpeechUnavailable`."""
        ...


class Synthesizer(Protocol):
    """Speaks."""

    def say(self, text: str, rate: int) -> AsyncIterator[bytes]:
        """The sound of a text in pieces of 20 to 200 ms. Raises `SpeechUnavailable`."""
        ...
