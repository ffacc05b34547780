"""The events of each workspace as they happen, and those of the last five minutes for who comes back (section 4.1)."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import contextmanager
from typing import Any

from parley.domain.platform_event import PlatformEvent
from parley.domain.workspace import WorkspaceID
from parley.errors import Busy
from parley.ports.clock import Clock
from parley.workspaces.kept_events import KeptEvents

KEPT_MS = 5 * 60 * 1000
KEPT = 10_000
STREAMS = 100
"""How many streams a workspace may have."""
WAITING = 1_000
"""How many events a stream may be behind before it is cut: it comes back with the last id."""

Listener = Callable[[PlatformEvent], None]


class TooSlow(Exception):
    """A stream is too far behind."""


class Events:
    """Tells events to listeners and streams, in order; keeps the last ones. Never waits for anybody.

    `kept` gets those that a stream may want after a restart: where one is open, or was a short while ago.
    """

    def __init__(self, clock: Clock, kept: KeptEvents | None = None) -> None:
        self._clock = clock
        self._written = kept
        self._streamed: dict[WorkspaceID, int] = {}
        """When a workspace last had a stream."""
        self._last = 0
        self._kept: dict[WorkspaceID, deque[PlatformEvent]] = {}
        self._streams: dict[WorkspaceID, list[EventStream]] = {}
        self._listeners: list[Listener] = []

    def tell(self, workspace: WorkspaceID, type: str, data: dict[str, Any]) -> PlatformEvent:
        """Something happened."""
        self._last = max(self._last + 1, self._clock.now_ms())
        event = PlatformEvent(self._last, workspace, type, data)
        kept = self._kept.setdefault(workspace, deque(maxlen=KEPT))
        kept.append(event)
        while kept[0].id < event.id - KEPT_MS:
            kept.popleft()
        if self._written is not None and self._is_streamed(workspace):
            self._written.keep(event)
        for listener in self._listeners:
            listener(event)
        for stream in self._streams.get(workspace, ()):
            stream.put(event)
        return event

    def streams_of(self, workspace: WorkspaceID) -> int:
        """How many streams a workspace has open."""
        return len(self._streams.get(workspace, ()))

    def close(self) -> None:
        """End every stream: whoever reads one comes back to another process."""
        for streams in self._streams.values():
            for stream in streams:
                stream.end()

    async def restore(self) -> None:
        """Know what an earlier process has told: ids go on after it, and who comes back gets it."""
        for event in () if self._written is None else await self._written.load():
            self._kept.setdefault(event.workspace, deque(maxlen=KEPT)).append(event)
            self._streamed[event.workspace] = self._clock.now_ms()
            self._last = max(self._last, event.id)

    async def shut(self) -> None:
        """Write down what was told."""
        if self._written is not None:
            await self._written.close()

    def _is_streamed(self, workspace: WorkspaceID) -> bool:
        if self._streams.get(workspace):
            self._streamed[workspace] = self._clock.now_ms()
            return True
        return self._streamed.get(workspace, 0) > self._clock.now_ms() - KEPT_MS

    def listen(self, listener: Listener) -> None:
        """Call `listener` with every event of every workspace. It must not raise."""
        self._listeners.append(listener)

    def open(self, workspace: WorkspaceID, after: int | None) -> EventStream:
        """A stream of what comes, and before it of what came after the event `after`. Raises `Busy` at the cap."""
        streams = self._streams.setdefault(workspace, [])
        if len(streams) >= STREAMS:
            raise Busy(f"This workspace has {STREAMS} streams open. Close one first.", code="too_many_streams")
        missed = [] if after is None else [event for event in self._kept.get(workspace, ()) if event.id > after]
        stream = EventStream(missed, lambda: self._leave(workspace, stream))
        streams.append(stream)
        self._streamed[workspace] = self._clock.now_ms()
        return stream

    def _leave(self, workspace: WorkspaceID, stream: EventStream) -> None:
        self._streams[workspace].remove(stream)
        self._streamed[workspace] = self._clock.now_ms()


class EventStream:
    """One reader of a workspace's events."""

    def __init__(self, missed: list[PlatformEvent], leave: Callable[[], None]) -> None:
        self._waiting: deque[PlatformEvent] = deque(missed)
        self._leave = leave
        self._woken = asyncio.Event()
        self._is_behind = False
        self._is_over = False

    @property
    def has_news(self) -> bool:
        """Something waits to be read."""
        return bool(self._waiting)

    def end(self) -> None:
        """Nothing more is read."""
        self._is_over = True
        self._woken.set()

    def put(self, event: PlatformEvent) -> None:
        """The next event."""
        if len(self._waiting) >= WAITING:
            self._is_behind = True
        else:
            self._waiting.append(event)
        self._woken.set()

    def nudge(self) -> None:
        """Let the reader have nothing, so that it may say that it is alive."""
        self._woken.set()

    async def read(self) -> AsyncIterator[PlatformEvent | None]:
        """Events as they come; None after each nudge. Raises `TooSlow` when the reader is too far behind."""
        while not self._is_over:
            while self._waiting and not self._is_over:
                yield self._waiting.popleft()
            if self._is_behind:
                raise TooSlow
            self._woken.clear()
            await self._woken.wait()
            if not self._waiting and not self._is_behind and not self._is_over:
                yield None

    @contextmanager
    def reading(self) -> Any:
        """Leaves when the block is left."""
        try:
            yield self
        finally:
            self._leave()
