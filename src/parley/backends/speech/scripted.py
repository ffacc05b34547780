"""Speech that is none: texts as levels of sound, which only this recognizer understands. For tests and dry runs.

It sounds like a modem, and is honest about that: nobody could take it for a voice. A byte is `SPAN` samples of one
level, never zero; a text is its bytes in UTF-8; a silence of `SILENCE` samples ends it. So what is spoken here can be
heard here, to the letter, at every rate and however the sound is cut.
"""

from __future__ import annotations

import array
import sys
from collections.abc import AsyncIterator, Sequence

from parley.ports.speech import Heard

SPAN = 80
SILENCE = 800
STEP = 100
CHUNK_SECONDS = 0.1
_NOISE = STEP // 2


def encode(text: str) -> bytes:
    """The sound of a text, with the silence after it."""
    samples = array.array("h", [(byte + 1) * STEP for byte in text.encode() for _ in range(SPAN)])
    samples.extend([0] * SILENCE)
    return _little(samples).tobytes()


def _little(samples: array.array[int]) -> array.array[int]:
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


class ScriptedSynthesizer:
    """Speaks in levels."""

    async def say(self, text: str, rate: int) -> AsyncIterator[bytes]:
        """See `Synthesizer.say`."""
        sound = encode(text)
        size = int(rate * CHUNK_SECONDS) * 2
        for start in range(0, len(sound), size):
            yield sound[start : start + size]


class ScriptedEar:
    """Hears levels."""

    def __init__(self) -> None:
        self._odd = b""
        self._level: int | None = None
        self._count = 0
        self._quiet = 0
        self._text = bytearray()
        self._has_begun = False

    def hear(self, pcm: bytes) -> Sequence[Heard]:
        """See `Ear.hear`."""
        pcm = self._odd + pcm
        even = len(pcm) & ~1
        self._odd = pcm[even:]
        samples = array.array("h")
        samples.frombytes(pcm[:even])
        found: list[Heard] = []
        for sample in _little(samples):
            found += self._sample(sample)
        return found

    def finish(self) -> Sequence[Heard]:
        """See `Ear.finish`."""
        self._end_byte()
        return self._end_text()

    def _sample(self, sample: int) -> Sequence[Heard]:
        if abs(sample) < _NOISE:
            self._end_byte()
            self._quiet += 1
            return self._end_text() if self._quiet == SILENCE // 2 else ()
        self._quiet = 0
        level = round(sample / STEP) - 1
        if level != self._level:
            self._end_byte()
            self._level = level
        self._count += 1
        if self._has_begun:
            return ()
        self._has_begun = True
        return (Heard("", is_final=False),)

    def _end_byte(self) -> None:
        """A level that lasted: as many times its byte as it lasted spans."""
        if self._level is not None and 0 <= self._level < 256:
            self._text += bytes([self._level]) * round(self._count / SPAN)
        self._level, self._count = None, 0

    def _end_text(self) -> Sequence[Heard]:
        if not self._has_begun:
            return ()
        text = self._text.decode("utf-8", "replace").strip()
        self._text.clear()
        self._has_begun = False
        return (Heard(text, is_final=True, confidence=1.0 if text else 0.0),)


class ScriptedRecognizer:
    """Understands what a `ScriptedSynthesizer` says."""

    def open(self, rate: int) -> ScriptedEar:
        """See `Recognizer.open`."""
        return ScriptedEar()
