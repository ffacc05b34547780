"""Doors that hold every answer against what is documented; what does not keep to it is in `BROKEN`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import described
from documented import answer_faults, event_faults, frame_faults, is_platform
from parley.domain.platform_event import PlatformEvent
from parley.session.house import House
from parley.transports.front import Front
from parley.workspaces.estate import Estate

BROKEN: list[str] = []


class WatchedFront(Front):
    """Lets everything through and writes down what should not have come."""

    def __init__(self, house: House, *, estate: Estate, **more: Any) -> None:
        super().__init__(house, estate=estate, **more)
        estate.events.listen(hear)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not is_platform(scope["path"]):
            await watched(super().__call__, scope, receive, send)
            return
        answer = Watch(scope["method"], scope["path"])

        async def send_watched(message: Message) -> None:
            answer.take(message)
            await send(message)

        await super().__call__(scope, receive, send_watched)


class WatchedDoor:
    """The same for the door of the Conversations API alone."""

    def __init__(self, door: ASGIApp) -> None:
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await watched(self._door, scope, receive, send)


async def watched(door: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve a request of the Conversations API: what was taken, and what it was answered with, are as described."""
    operation = described.operation_of(scope["method"], scope["path"]) if scope["type"] == "http" else None
    if operation is None:
        await door(scope, receive, send)
        return
    exchange = Exchange(f"{scope['method']} {scope['path']}", operation)

    async def receive_watched() -> Message:
        message = await receive()
        exchange.sent += message.get("body", b"")
        return message

    async def send_watched(message: Message) -> None:
        exchange.take(message)
        await send(message)

    await door(scope, receive_watched, send_watched)


class Exchange:
    """A request, and its answer as it is sent."""

    def __init__(self, name: str, operation: described.Wire) -> None:
        self.sent = b""
        self._name = name
        self._operation = operation
        self._status = 0
        self._headers: dict[str, str] = {}
        self._body = b""

    def take(self, message: Message) -> None:
        """The next part of the answer."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._headers = {name.decode().lower(): value.decode("latin-1") for name, value in message["headers"]}
            return
        self._body += message.get("body", b"")
        if not message.get("more_body"):
            told = described.answer_faults(self._operation, self._status, self._headers, self._body)
            if self._status < 300:
                told += [f"it took {fault}" for fault in described.request_faults(self._operation, self.sent)]
            BROKEN.extend(f"{self._name} {self._status}: {fault}" for fault in told)


class Watch:
    """One answer of the platform API, as it is sent."""

    def __init__(self, method: str, path: str) -> None:
        self._method = method
        self._path = path
        self._status = 0
        self._headers: dict[str, str] = {}
        self._body = b""

    def take(self, message: Message) -> None:
        """The next part of it."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._headers = {name.decode().lower(): value.decode("latin-1") for name, value in message["headers"]}
        elif message["type"] == "http.response.body":
            self._body += message.get("body", b"")
            if "text/event-stream" in self._headers.get("content-type", ""):
                self._read_frames()
            if not message.get("more_body"):
                BROKEN.extend(answer_faults(self._method, self._path, self._status, self._headers, self._body))

    def _read_frames(self) -> None:
        *whole, self._body = self._body.split(b"\n\n")
        for block in whole:
            fields = dict(line.split(": ", 1) for line in block.decode().split("\n"))
            if "event" not in fields:
                continue
            data = fields["data"].encode()
            is_turn = self._path.endswith(("/turns", "/turns/stream"))
            told = frame_faults(fields["event"], data) if is_turn else event_faults(fields["event"], _decode(data))
            BROKEN.extend(f"{self._method} {self._path}: {fault}" for fault in told)


def hear(event: PlatformEvent) -> None:
    """An event of a workspace, as those who listen get it."""
    BROKEN.extend(event_faults(event.type, _decode(_encode(event.data))))


@pytest.fixture(autouse=True)
def everything_keeps_to_the_documents() -> Iterator[None]:
    """Whatever a test gets from a watched front is as documented."""
    BROKEN.clear()
    yield
    if BROKEN:
        pytest.fail("\n".join(BROKEN))


_encode = msgspec.json.encode
_decode = msgspec.json.decode
