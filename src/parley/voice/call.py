"""One call: a session that hears and speaks. Knows no transport and no telephone.

What a caller hears and sees is a stream of `Sound` and `Told`, in order. Somebody who speaks while the agent does
interrupts it: what is left of its sound is to be thrown away.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import structlog
from msgspec import Struct

from parley.domain.actions import Launch, Text
from parley.domain.transcript import Ended, TurnConfig
from parley.errors import ParleyError
from parley.ports.speech import Heard, Recognizer, SpeechUnavailable, Synthesizer
from parley.session.handle import Post, SessionHandle
from parley.session.outbox import Portion

log = structlog.get_logger()

WAITING = 2_000
"""How many things a caller may be behind before the call is cut."""


class Sound(Struct, frozen=True):
    """Sound to play."""

    pcm: bytes


class Told(Struct, frozen=True):
    """Something to show or note: `type` and what belongs to it."""

    type: str
    data: dict[str, Any]


class Over(Struct, frozen=True):
    """The call is over; the reason is the session's end reason."""

    reason: str


Output = Sound | Told | Over


class Call:
    """Hears with `recognizer`, speaks with `synthesizer`; None of them: in words alone. Rates in samples a second."""

    def __init__(
        self,
        session: SessionHandle,
        *,
        recognizer: Recognizer | None = None,
        synthesizer: Synthesizer | None = None,
        rate: int = 16_000,
    ) -> None:
        self._session = session
        self._ear = None if recognizer is None else recognizer.open(rate)
        self._synthesizer = synthesizer
        self._rate = rate
        self._out: asyncio.Queue[Output] = asyncio.Queue()
        self._to_say: asyncio.Queue[str] = asyncio.Queue()
        self._speaking: asyncio.Task[None] | None = None
        self._is_speaking = False
        self._interrupted = 0
        self._leave = session.follow(self._follow)

    async def begin(self) -> None:
        """The agent speaks first."""
        self._speaking = asyncio.get_running_loop().create_task(self._speak())
        wire: dict[str, Any] = {"type": "launch", "payload": {"resetState": False}}
        await self._post(Launch(wire, wire["payload"]), key="greeting")

    async def hear(self, pcm: bytes) -> None:
        """The caller's next piece of sound."""
        if self._ear is None:
            return
        try:
            heard = self._ear.hear(pcm)
        except SpeechUnavailable as failed:
            self._tell("error", {"message": failed.message})
            return
        for each in heard:
            await self._heard(each)

    async def say(self, text: str) -> None:
        """The caller said this, in words."""
        await self._heard(Heard(text, is_final=True))

    async def outputs(self) -> AsyncIterator[Output]:
        """What the caller gets, until the call is over."""
        while True:
            output = await self._out.get()
            yield output
            if isinstance(output, Over):
                return

    def close(self) -> None:
        """Nobody is on the line any more; the session stays as it is."""
        self._leave()
        if self._speaking is not None:
            self._speaking.cancel()

    async def _heard(self, heard: Heard) -> None:
        if self._is_speaking and not heard.is_final:
            self._stop_speaking()
        if not heard.is_final or not heard.text:
            return
        self._tell("user_transcript", {"transcript": heard.text, "stt_confidence": heard.confidence})
        wire = {"type": "text", "payload": heard.text}
        await self._post(Text(wire, heard.text))

    async def _post(self, action: Launch | Text, key: str | None = None) -> None:
        try:
            await self._session.post(Post(action, TurnConfig(), key=key))
        except ParleyError as refused:
            self._tell("error", {"message": refused.message})

    def _stop_speaking(self) -> None:
        """The caller speaks: what is left unsaid stays so."""
        self._interrupted += 1
        while not self._to_say.empty():
            self._to_say.get_nowait()
        self._session.interrupt()
        self._tell("interruption", {})

    def _follow(self, portion: Portion) -> None:
        for emission in portion.emissions:
            body = emission.body
            if isinstance(body, Ended):
                self._to_say.put_nowait("")
                self._ended = body.reason
            elif getattr(body, "type", None) in ("speak", "text", "live-agent-handoff"):
                payload = msgspec.json.decode(body.data).get("payload") or {}  # type: ignore[union-attr]
                text = payload.get("message")
                if isinstance(text, str) and text.strip():
                    self._to_say.put_nowait(text)

    async def _speak(self) -> None:
        """Say one thing after another; the end comes after the last."""
        while True:
            text = await self._to_say.get()
            if not text:
                self._out.put_nowait(Over(self._ended))
                return
            self._tell("agent_transcript", {"transcript": text})
            if self._synthesizer is None:
                continue
            begun = self._interrupted
            self._is_speaking = True
            try:
                async for pcm in self._synthesizer.say(text, self._rate):
                    if self._interrupted != begun:
                        break
                    self._put(Sound(pcm))
            except SpeechUnavailable as failed:
                self._tell("error", {"message": failed.message})
            finally:
                self._is_speaking = False

    def _tell(self, type: str, data: dict[str, Any]) -> None:
        self._put(Told(type, data))

    def _put(self, output: Output) -> None:
        if self._out.qsize() >= WAITING:
            log.warning("a caller is too slow", session=self._session.id)
            self._out.put_nowait(Over("too_slow"))
            self.close()
            return
        self._out.put_nowait(output)

    _ended = "hangup"
