"""Frames on their way to one client: in order, bounded, and closed after the last one."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from starlette.websockets import WebSocket

from parley.backends.clock import StillClock
from parley.errors import Busy
from parley.transports.platform.outlet import WAITING, Outlet
from parley.transports.platform.sockets import BUSY
from parley.workspaces.seats import Seats


class Wire:
    """The server's side of a socket whose client reads only while it `reads`."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.reads = asyncio.Event()
        self.is_gone = False

    async def receive(self) -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(self, message: Any) -> None:
        if message["type"] != "websocket.accept":
            await self.reads.wait()
        if self.is_gone:
            raise OSError
        self.sent.append(dict(message))

    async def socket(self) -> WebSocket:
        socket = WebSocket({"type": "websocket", "headers": []}, self.receive, self.send)  # type: ignore[arg-type]
        await socket.accept()
        return socket

    def frames(self) -> list[dict[str, Any]]:
        return [json.loads(each["text"]) for each in self.sent if each["type"] == "websocket.send"]


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


async def test_what_was_put_is_sent_in_order_and_then_the_socket_is_closed(clock: StillClock) -> None:
    wire = Wire()
    wire.reads.set()
    outlet = Outlet(await wire.socket(), clock)
    for n in range(3):
        outlet.put("message", n=n)
    outlet.end(4001, "enough")
    outlet.put("message", n=3)
    await outlet.serve()
    assert wire.frames() == [{"type": "message", "n": n} for n in range(3)]
    assert (wire.sent[-1]["code"], wire.sent[-1]["reason"]) == (4001, "enough")


async def test_what_was_put_is_sent_although_the_client_says_no_more(clock: StillClock) -> None:
    wire = Wire()
    outlet = Outlet(await wire.socket(), clock)

    async def hear() -> None:
        outlet.put("session_ended")
        outlet.end()
        asyncio.get_running_loop().call_soon(wire.reads.set)

    await outlet.serve(hear())
    assert wire.frames() == [{"type": "session_ended"}]


async def test_a_client_that_does_not_read_is_cut_and_costs_no_more_memory(
    clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parley.transports.platform.outlet.CLOSING", 0)
    wire = Wire()
    outlet = Outlet(await wire.socket(), clock)
    for n in range(WAITING + 10):
        outlet.put("message", n=n)
    assert outlet.is_ended
    await outlet.serve()
    assert wire.frames() == []


async def test_a_client_that_reads_again_is_told_why_it_is_cut(clock: StillClock) -> None:
    wire = Wire()
    outlet = Outlet(await wire.socket(), clock)
    for n in range(WAITING + 1):
        outlet.put("message", n=n)
    wire.reads.set()
    await outlet.serve()
    assert wire.sent[-1]["code"] == BUSY


async def test_a_client_that_is_gone_is_no_failure(clock: StillClock) -> None:
    wire = Wire()
    outlet = Outlet(await wire.socket(), clock)
    wire.is_gone = True
    wire.reads.set()
    outlet.put("message")
    await outlet.serve()
    assert wire.frames() == []


async def test_only_who_hears_nothing_gets_a_ping(clock: StillClock) -> None:
    wire = Wire()
    wire.reads.set()
    outlet = Outlet(await wire.socket(), clock)
    serving = asyncio.create_task(outlet.serve())
    await clock.advance(10)
    outlet.put("message")
    await clock.advance(10)
    assert wire.frames() == [{"type": "message"}]
    await clock.advance(10)
    assert wire.frames() == [{"type": "message"}, {"type": "ping"}]
    outlet.end()
    await serving


def test_a_seat_is_free_again_when_it_is_left_also_by_a_failure() -> None:
    seats = Seats(1)
    with pytest.raises(ValueError), seats.taking("a"):
        with seats.taking("b"), pytest.raises(Busy), seats.taking("a"):
            pass
        raise ValueError
    with seats.taking("a"):
        pass
