"""How long a caller waits: from when they were heard until the agent's first words, and until these sound.

Milliseconds, as the union `ObserverSSEEvent` has them (platform API, section 4.2). What the engine does is measured
whole: `render_ms` is all of it, `nav_ms` nothing. Knows no call.
"""

from __future__ import annotations

from typing import Any

from parley.ports.clock import Clock


class Latency:
    """Times one answer after another. An answer is timed once, up to its first sound."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heard_at: int | None = None
        self._spoke_at: int | None = None
        self._is_greeting = False

    def heard(self, *, is_greeting: bool = False) -> None:
        """The caller has said something, or is to be greeted."""
        self._heard_at, self._spoke_at, self._is_greeting = self._clock.now_ms(), None, is_greeting

    def give_up(self) -> None:
        """The agent does not answer any more."""
        self._heard_at = None

    def spoke(self) -> None:
        """The agent's words are there."""
        if self._spoke_at is None:
            self._spoke_at = self._clock.now_ms()

    def sounded(self) -> dict[str, Any] | None:
        """They sound, or are shown where nothing sounds: how long it took. None: that was told before."""
        heard_at, spoke_at = self._heard_at, self._spoke_at
        if heard_at is None or spoke_at is None:
            return None
        self._heard_at = None
        return latency(spoke_at - heard_at, self._clock.now_ms() - spoke_at, is_greeting=self._is_greeting)


def latency(engine_ms: int, audio_ms: int, *, is_greeting: bool = False) -> dict[str, Any]:
    """What was measured, as clients know it."""
    return {
        "engine_ms": engine_ms,
        "nav_ms": 0,
        "render_ms": engine_ms,
        "audio_ttfb_ms": audio_ms,
        "e2e_ttfb_ms": engine_ms + audio_ms,
        "continuation": False,
        "is_greeting": is_greeting,
    }
