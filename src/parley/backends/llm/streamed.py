"""A language model behind an HTTP stream (aiohttp), whatever its format: sending, waiting, breaking off, failing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import msgspec

import parley
from parley.backends.llm.connections import Connections
from parley.backends.llm.failures import of_error, of_status
from parley.backends.llm.place import Place
from parley.backends.llm.reading import Reading, WireFormat, cut
from parley.backends.llm.sse import EventReader
from parley.ports.clock import Clock
from parley.ports.llm import Asked, ModelUnavailable, Piece

USER_AGENT = f"Parley/{parley.__version__}"
LARGEST = 32 * 1024 * 1024
"""Bytes of one answer's stream."""
LARGEST_EVENT = 8 * 1024 * 1024
LARGEST_ERROR = 64 * 1024
USAGE_SECONDS = 5.0
"""How long the usage is waited for once the answer has ended."""
FAREWELL_SECONDS = 0.25
"""How long the end of a stream is waited for after the answer's, so that its connection can be used again."""


class StreamedModel:
    """See `LanguageModel`. All texts that one read from the network brings come as one piece."""

    def __init__(self, place: Place, wire: WireFormat, connections: Connections, clock: Clock) -> None:
        self._place = place
        self._wire = wire
        self._connections = connections
        self._clock = clock
        self._address = wire.address(place)
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=place.waits.connect)
        self._headers = {
            "content-type": "application/json",
            "accept": "text/event-stream",
            "accept-encoding": "identity",
            "user-agent": USER_AGENT,
            **wire.headers(place),
        }

    async def answer(self, asked: Asked) -> AsyncGenerator[Piece, None]:
        """See `LanguageModel.answer`."""
        place, reading = self._place, self._wire.reading(asked, self._place)
        loop = asyncio.get_running_loop()
        async with self._sent(self._wire.body(asked, place)) as (response, deadline):
            events = EventReader()
            size = 0
            while not reading.is_over:
                data = await self._read(response, deadline, reading)
                size += len(data)
                if size > LARGEST or events.pending > LARGEST_EVENT:
                    raise ModelUnavailable(f"{place.who} answers without end", "malformed")
                failed = self._take(reading, events, data)
                pieces = reading.pieces.take()
                if pieces:
                    deadline = loop.time() + (USAGE_SECONDS if reading.is_whole else place.waits.between)
                    for piece in pieces:
                        yield piece
                if failed is not None:
                    raise failed
                if not data:
                    break
            await self._drain(response)

    def _take(self, reading: Reading, events: EventReader, data: bytes) -> ModelUnavailable | None:
        """Read what came; the failure, if there is one, once the pieces before it are passed on."""
        try:
            for event in events.feed(data) if data else events.end():
                reading.take(event)
                if reading.is_over:
                    break
            if reading.is_over or not data:
                reading.end()
        except ModelUnavailable as failed:
            return failed
        return None

    @asynccontextmanager
    async def _sent(self, body: bytes) -> AsyncIterator[tuple[aiohttp.ClientResponse, float]]:
        """The response to a request that was taken, and until when its first piece must come; closed afterwards."""
        deadline = asyncio.get_running_loop().time() + self._place.waits.first
        response = await self._send(body, deadline)
        try:
            if response.status != 200:
                error = await self._read_error(response, deadline)
                headers = {name.lower(): value for name, value in response.headers.items()}
                raise of_status(self._place.who, response.status, error, headers, self._clock.now_ms())
            if response.content_type != "text/event-stream":
                await self._check_type(response, deadline)
            yield response, deadline
        finally:
            response.close()

    async def _send(self, body: bytes, deadline: float) -> aiohttp.ClientResponse:
        place = self._place
        try:
            async with asyncio.timeout_at(deadline):
                return await self._connections.session().post(
                    self._address, data=body, headers=self._headers, allow_redirects=False, timeout=self._timeout
                )
        except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError) as error:
            raise ModelUnavailable(f"{place.who} cannot be trusted: TLS failed", "refused") from error
        except aiohttp.ClientConnectorDNSError as error:
            raise ModelUnavailable(f"{place.who} cannot be reached: no such host") from error
        except aiohttp.ConnectionTimeoutError as error:
            raise ModelUnavailable(f"{place.who} cannot be reached: it takes no connection", "timeout") from error
        except TimeoutError as error:
            raise self._late("did not answer", place.waits.first) from error
        except aiohttp.ClientConnectorError as error:
            reason = (error.os_error.strerror or "connection failed").lower()
            raise ModelUnavailable(f"{place.who} cannot be reached: {reason}") from error
        except (aiohttp.InvalidURL, ValueError) as error:
            raise ModelUnavailable(f"{place.model} has a URL or a key that cannot be used", "refused") from error
        except (aiohttp.ClientError, OSError) as error:
            raise ModelUnavailable(f"{place.who} broke the connection before it answered", "cut") from error

    async def _read(self, response: aiohttp.ClientResponse, deadline: float, reading: Reading) -> bytes:
        """What has come, else what comes next; empty at the end. A cut after the answer's end is an end."""
        try:
            data = response.content.read_nowait()
            if data:
                return data
            async with asyncio.timeout_at(deadline):
                return await response.content.readany()
        except TimeoutError as error:
            if reading.is_whole:
                return b""
            raise self._late("fell silent", None) from error
        except (aiohttp.ClientError, OSError) as error:
            if reading.is_whole:
                return b""
            raise cut(self._place) from error

    async def _read_error(self, response: aiohttp.ClientResponse, deadline: float) -> bytes:
        try:
            async with asyncio.timeout_at(deadline):
                return await response.content.read(LARGEST_ERROR)
        except (TimeoutError, aiohttp.ClientError, OSError):
            return b""

    async def _check_type(self, response: aiohttp.ClientResponse, deadline: float) -> None:
        """Not all servers name the type of a stream; JSON and pages are none."""
        if response.content_type not in ("application/json", "text/html"):
            return
        said = await self._read_error(response, deadline)
        try:
            error = msgspec.json.decode(said)
        except msgspec.DecodeError:
            error = None
        if isinstance(error, dict) and error.get("error"):
            raise of_error(self._place.who, error)
        raise ModelUnavailable(
            f"{self._place.who} answers with {response.content_type} and not with a stream: check the URL", "malformed"
        )

    async def _drain(self, response: aiohttp.ClientResponse) -> None:
        try:
            async with asyncio.timeout(FAREWELL_SECONDS):
                while not response.content.at_eof():
                    await response.content.readany()
        except (TimeoutError, aiohttp.ClientError, OSError):
            return

    def _late(self, what: str, seconds: float | None) -> ModelUnavailable:
        within = "" if seconds is None else f" within {seconds:g} s"
        return ModelUnavailable(f"{self._place.who} {what}{within}", "timeout")
