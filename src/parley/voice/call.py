"""One call: a session that hears and speaks. Knows no transport and no telephone.

What a caller hears and sees is a stream of `Sound` and `Told`, in order. Sound is handed out as fast as it is played,
a little ahead. Somebody who speaks meanwhile interrupts it: what is left is thrown away, here and at the caller's.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

import msgspec
import structlog
from msgspec import Struct

from parley.domain.actions import Launch, Text
from parley.domain.transcript import Ended, Traced, TurnConfig
from parley.errors import ParleyError
from parley.ports.clock import Clock
from parley.ports.speech import Heard, Recognizer, SpeechUnavailable, Synthesizer
from parley.session.handle import OWN_KEY, Post, SessionHandle
from parley.session.outbox import Portion
from parley.voice.latency import Latency

log = structlog.get_logger()

WAITING = 2_000
"""How many things a caller may be behind before the call is cut."""
LEAD_MS = 200
"""How much sound a caller has in hand that is not played yet."""
SAID = ("speak", "text", "live-agent-handoff")
Note = Callable[[str, dict[str, Any]], None]


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
    """Hears with `recognizer`, speaks with `synthesizer`; None of them: in words alone. Rates in samples a second.

    `note` is told what was heard, how long it took to answer and when the agent was interrupted. Raises
    `SpeechUnavailable`.
    """

    def __init__(
        self,
        session: SessionHandle,
        clock: Clock,
        *,
        recognizer: Recognizer | None = None,
        synthesizer: Synthesizer | None = None,
        rate: int = 16_000,
        note: Note = lambda type, data: None,
    ) -> None:
        self._session = session
        self._clock = clock
        self._ear = None if recognizer is None else recognizer.open(rate)
        self._synthesizer = synthesizer
        self._rate = rate
        self._note = note
        self._latency = Latency(clock)
        self._out: asyncio.Queue[Output] = asyncio.Queue()
        self._to_say: asyncio.Queue[str | None] = asyncio.Queue()
        self._speaking: asyncio.Task[None] | None = None
        self._sounding: asyncio.Task[None] | None = None
        self._saying = ""
        self._played_until = 0.0
        """When what was handed out is played, in milliseconds since 1970."""
        self._interrupted = 0
        self._has_barged_in = False
        self._ended = "hangup"
        self._is_over = False
        self._leave = session.follow(self._follow, self._lost)

    @property
    def hears(self) -> bool:
        """There is an ear."""
        return self._ear is not None

    async def begin(self, *, greets: bool = True) -> None:
        """The line is open, and the agent speaks first; without `greets` it waits for the caller."""
        self._speaking = asyncio.get_running_loop().create_task(self._speak())
        if not greets:
            return
        self._latency.heard(is_greeting=True)
        wire: dict[str, Any] = {"type": "launch", "payload": {"resetState": False}}
        await self._post(Launch(wire, wire["payload"]), key=f"{OWN_KEY}greeting")

    async def hear(self, pcm: bytes) -> None:
        """The caller's next piece of sound."""
        if self._ear is None:
            return
        try:
            heard = self._ear.hear(pcm)
        except SpeechUnavailable as failed:
            self.tell("error", {"message": failed.message})
            return
        for each in heard:
            await self._heard(each)

    async def say(self, text: str) -> None:
        """The caller said this, in words."""
        await self._heard(Heard(text, is_final=True))

    def tell(self, type: str, data: dict[str, Any]) -> None:
        """Tell the caller something, after all that was told before."""
        self._put(Told(type, data))

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
        for task in (self._speaking, self._sounding):
            if task is not None:
                task.cancel()

    async def _heard(self, heard: Heard) -> None:
        if self._is_audible:
            self._stop_speaking()
        if not heard.is_final or not heard.text:
            return
        told: dict[str, Any] = {"transcript": heard.text, "stt_confidence": heard.confidence}
        self.tell("user_transcript", told)
        self._note("user_transcript", {**told, "is_barge_in": self._has_barged_in})
        self._has_barged_in = False
        if self._is_agents:
            self._latency.heard()
        wire = {"type": "text", "payload": heard.text}
        await self._post(Text(wire, heard.text))

    async def _post(self, action: Launch | Text, key: str | None = None) -> None:
        try:
            await self._session.post(Post(action, TurnConfig(), key=key))
        except ParleyError as refused:
            self.tell("error", {"message": refused.message})

    @property
    def _is_audible(self) -> bool:
        return self._sounding is not None or self._clock.now_ms() < self._played_until

    @property
    def _is_agents(self) -> bool:
        """It is the agent who answers, and no person."""
        return self._session.state().held(self._clock.now_ms()) is None

    def _stop_speaking(self) -> None:
        """The caller speaks: what is left unsaid stays so, and what the agent does for it is given up."""
        unsaid = self._hush()
        self._interrupted += 1
        self._has_barged_in = True
        self._session.interrupt()
        told = {"interrupted_text": self._saying, "discarded_texts": unsaid}
        self._note("barge_in", {**told, "total_barge_ins": self._interrupted})

    def _hush(self) -> list[str]:
        """Say nothing more of what was to be said; that is returned. That the call ends is no matter of sound."""
        unsaid = [self._to_say.get_nowait() for _ in range(self._to_say.qsize())]
        if None in unsaid:
            self._to_say.put_nowait(None)
        if self._sounding is not None:
            self._sounding.cancel()
            self._sounding = None
        self._played_until = 0.0
        for output in [self._out.get_nowait() for _ in range(self._out.qsize())]:
            if not isinstance(output, Sound):
                self._out.put_nowait(output)
        self.tell("interruption", {})
        return [text for text in unsaid if text]

    def _follow(self, portion: Portion) -> None:
        for emission in portion.emissions:
            match emission.body:
                case Ended(reason=reason):
                    self._end(reason)
                case Traced(type=type, data=data) if type in SAID:
                    payload = msgspec.json.decode(data).get("payload") or {}
                    if payload.get("event") == "participant_joined":
                        self._give_way()
                    text = payload.get("message")
                    if isinstance(text, str) and text.strip():
                        self._to_say.put_nowait(text)

    def _give_way(self) -> None:
        """A person speaks from here on: what the agent was still saying ends, and nobody waits for it any more."""
        self._latency.give_up()
        if self._is_audible or not self._to_say.empty():
            self._hush()

    def _lost(self) -> None:
        """The session goes on elsewhere, and its caller's line does not."""
        self._end("disconnected")

    def _end(self, reason: str) -> None:
        self._ended = reason
        self._to_say.put_nowait(None)

    async def _speak(self) -> None:
        """Say one thing after another; the end comes after the last."""
        while (text := await self._to_say.get()) is not None:
            self._latency.spoke()
            self.tell("agent_transcript", {"transcript": text})
            if self._synthesizer is None:
                self._tell_latency()
            else:
                self._saying = text
                sounding = self._sounding = asyncio.get_running_loop().create_task(self._sound(text, self._synthesizer))
                await asyncio.wait([sounding])
                if self._sounding is sounding:
                    self._sounding = None
        self._put(Over(self._ended))

    async def _sound(self, text: str, synthesizer: Synthesizer) -> None:
        try:
            async with aclosing(synthesizer.say(text, self._rate)) as sound:  # type: ignore[type-var]
                async for pcm in sound:
                    self._put(Sound(pcm))
                    self._tell_latency()
                    await self._keep_pace(len(pcm))
        except SpeechUnavailable as failed:
            self.tell("error", {"message": failed.message})
        except Exception as error:  # noqa: BLE001 - what cannot be spoken must not silence what comes after it
            log.warning("a text was not spoken", session=self._session.id, error=repr(error))
            self.tell("error", {"message": "This cannot be spoken now."})

    def _tell_latency(self) -> None:
        if (told := self._latency.sounded()) is not None:
            self.tell("latency", told)
            self._note("latency", told)

    async def _keep_pace(self, size: int) -> None:
        now = self._clock.now_ms()
        self._played_until = max(self._played_until, now) + size * 500 / self._rate
        ahead = self._played_until - now - LEAD_MS
        if ahead > 0:
            await self._clock.sleep(ahead / 1000)

    def _put(self, output: Output) -> None:
        if self._is_over:
            return
        if self._out.qsize() >= WAITING:
            log.warning("a caller is too slow", session=self._session.id)
            self.close()
            output = Over("too_slow")
        self._is_over = isinstance(output, Over)
        self._out.put_nowait(output)
