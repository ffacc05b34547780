"""HTTP long-polling under an Engine.IO link: the poll that waits, and the answer it gets. Knows no ASGI."""

import asyncio

from parley.transports.engineio.protocol import CLOSE, NOOP, Packet, Reason, encode_payload
from parley.transports.engineio.send_buffer import SendBuffer


class PollingCarrier:
    """Carries the packets of a link that lives on HTTP. At most one poll and one POST at a time."""

    __slots__ = ("_poll", "is_posting")

    def __init__(self) -> None:
        self._poll: asyncio.Future[bytes] | None = None
        self.is_posting = False

    @property
    def is_polling(self) -> bool:
        return self._poll is not None

    async def poll(self) -> bytes:
        """Wait for the body of the answer."""
        self._poll = asyncio.get_running_loop().create_future()
        try:
            return await self._poll
        finally:
            self._poll = None

    def deliver(self, buffer: SendBuffer) -> None:
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(encode_payload(buffer.take()))

    def release_poll(self) -> None:
        self._answer(NOOP)

    def close(self, reason: Reason, left: list[Packet]) -> list[bytes]:
        """A peer that closed by itself is released with a noop; any other is told to close.

        What is left goes before, in an answer of its own: a client that finds both in one forgets the first.
        """
        if reason is Reason.TRANSPORT_CLOSE:
            self._answer(NOOP)
            return []
        bodies = [encode_payload(left), CLOSE] if left else [CLOSE]
        return bodies[1:] if self._answer(bodies[0]) else bodies

    def _answer(self, body: bytes) -> bool:
        if self._poll is None or self._poll.done():
            return False
        self._poll.set_result(body)
        return True
