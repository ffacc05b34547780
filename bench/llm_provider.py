"""A provider in a process of its own: speaks chat completions, answers every question with the same tokens.

`python -m bench.llm_provider PACE` waits PACE seconds between tokens; 0: as fast as the event loop turns.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import cast

import uvloop

TOKENS = 300
WORDS = [f"token{n} " for n in range(TOKENS)]
ANSWER = "".join(WORDS)
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def framed(event: dict[str, object] | str) -> bytes:
    """An event as one chunk of the body."""
    data = b"data: " + (event if isinstance(event, str) else json.dumps(event)).encode() + b"\n\n"
    return b"%x\r\n%s\r\n" % (len(data), data)


def chunk(delta: dict[str, str], finish: str | None = None) -> dict[str, object]:
    """A chunk as OpenAI writes it."""
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    head = {"id": "chatcmpl-AbCdEfGhIjKlMnOpQrStUvWxYz", "object": "chat.completion.chunk", "created": 1767225600}
    return {**head, "model": "bench-1", "service_tier": "default", "system_fingerprint": "fp_1", "choices": [choice]}


CHUNKS = [framed(chunk({"content": word})) for word in WORDS]
USAGE = {"prompt_tokens": 9, "completion_tokens": TOKENS, "total_tokens": TOKENS + 9}
LAST = framed(chunk({}, "stop")) + framed({**chunk({}), "choices": [], "usage": USAGE}) + framed("[DONE]")
END = LAST + b"0\r\n\r\n"


class Provider(asyncio.Protocol):
    """One connection, one request at a time."""

    pace = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep it."""
        self._transport = cast(asyncio.Transport, transport)
        self._buffer = b""

    def data_received(self, data: bytes) -> None:
        """Answer once the request is whole."""
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        if len(body) >= length:
            self._buffer = body[length:]
            self._transport.write(HEAD)
            self._next(0)

    def _next(self, n: int) -> None:
        if self._transport.is_closing():
            return
        loop = asyncio.get_running_loop()
        if n == TOKENS:
            self._transport.write(END)
            return
        self._transport.write(CHUNKS[n])
        if self.pace:
            loop.call_later(self.pace, self._next, n + 1)
        else:
            loop.call_soon(self._next, n + 1)


async def main(pace: float) -> None:
    """Serve until the parent goes."""
    Provider.pace = pace
    server = await asyncio.get_running_loop().create_server(Provider, "127.0.0.1", 0, backlog=1024)
    print(f"ready {server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.Loop) as runner:
        runner.run(main(float(sys.argv[1])))
