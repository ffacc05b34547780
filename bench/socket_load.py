"""A load generator for socket.io servers: many raw WebSocket peers that each send an event and wait for three.

Cheap on purpose: requests are prebuilt frames with a zero mask, and answers are counted in bytes after the first
has been read in full. It takes one core; `cpu` tells how much of it.
"""

import asyncio
import gc
import resource
import time
from typing import Any

import msgspec

EVENT = b'42["action.send","Hello, how are you today?"]'
REQUEST = bytes((0x81, 0x80 | len(EVENT))) + b"\0\0\0\0" + EVENT
JOIN = b"\x81\x82\0\0\0\x0040"
EVENTS_BACK = 3


class Measure(msgspec.Struct):
    """What one run gave."""

    connections: int
    exchanges: int
    seconds: float
    p50_ms: float
    p99_ms: float
    generator_cpu: float

    @property
    def rate(self) -> float:
        return self.exchanges / self.seconds


class Peer(asyncio.Protocol):
    """One connection: it opens, joins the default namespace, and exchanges while it is told to."""

    __slots__ = ("_heard", "_size", "_state", "_wanted", "begun", "is_running", "latencies", "ready", "transport")

    def __init__(self, latencies: list[float]) -> None:
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.latencies = latencies
        self.is_running = False
        self.begun = 0.0
        self._state = "upgrading"
        self._heard = b""
        self._size = 0
        self._wanted = 0

    def connection_made(self, transport: Any) -> None:
        self.transport: asyncio.Transport = transport
        transport.write(
            b"GET /v4/interact/socket/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\n"
            b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )

    def data_received(self, data: bytes) -> None:
        if self._state == "exchanging":
            self._size += len(data)
            if self._size >= self._wanted:
                now = time.perf_counter()
                self.latencies.append(now - self.begun)
                self._size = 0
                if self.is_running:
                    self.begun = now
                    self.transport.write(REQUEST)
        else:
            self._heard += data
            self._open()

    def _open(self) -> None:
        if self._state == "upgrading" and b"\r\n\r\n" in self._heard:
            self._heard = self._heard.partition(b"\r\n\r\n")[2]
            self._state = "opening"
        if self._state == "opening" and b'"maxPayload":' in self._heard and self._heard.endswith(b"}"):
            self._heard = b""
            self._state = "joining"
            self.transport.write(JOIN)
        elif self._state == "joining" and b'40{"sid":"' in self._heard and self._heard.endswith(b"}"):
            self._heard = b""
            self._state = "measuring"
            self.transport.write(REQUEST)
        elif self._state == "measuring" and self._heard.count(b'42["action.') == EVENTS_BACK:
            self._wanted = len(self._heard)
            self._state = "exchanging"
            self.ready.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.ready.done():
            self.ready.set_exception(error or ConnectionError("closed while opening"))

    def start(self) -> None:
        self.is_running = True
        self.begun = time.perf_counter()
        self.transport.write(REQUEST)


async def open_peers(port: int, count: int, latencies: list[float], at_once: int = 50) -> list[Peer]:
    """Connect `count` peers, `at_once` at a time."""
    loop = asyncio.get_running_loop()
    gate = asyncio.Semaphore(at_once)

    async def connect() -> Peer:
        async with gate:
            _, peer = await loop.create_connection(lambda: Peer(latencies), "127.0.0.1", port)
            await peer.ready
            return peer

    return list(await asyncio.gather(*(connect() for _ in range(count))))


async def exchange(peers: list[Peer], latencies: list[float], seconds: float) -> Measure:
    """Let every peer exchange without pause for `seconds`."""
    gc.collect()
    gc.disable()
    latencies.clear()
    cpu = _cpu()
    begun = time.perf_counter()
    for peer in peers:
        peer.start()
    await asyncio.sleep(seconds)
    took = time.perf_counter() - begun
    done = sorted(latencies)
    cpu = _cpu() - cpu
    for peer in peers:
        peer.is_running = False
    await asyncio.sleep(0.3)
    gc.enable()
    return Measure(
        connections=len(peers),
        exchanges=len(done),
        seconds=took,
        p50_ms=done[len(done) // 2] * 1000,
        p99_ms=done[len(done) * 99 // 100] * 1000,
        generator_cpu=cpu / took,
    )


def close_peers(peers: list[Peer]) -> None:
    for peer in peers:
        peer.transport.abort()


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
