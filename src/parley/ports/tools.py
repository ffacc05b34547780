"""What reaches out of the house on an agent's behalf: one HTTP request, and what came back.

Addresses: a host is called only if every address that its name stands for is public, or if the request names it among
its `private_hosts`; that holds for each redirect anew, and for the very address that is connected to. Sizes: at most
1 MB goes out and 1 MB comes in (unpacked). Time: `timeout` bounds the whole, redirects included. State: nothing is
kept from one request to the next (no cookies); connections may be, but are never shared beyond what a request may
reach. Repeats: a request is sent once; a failure after it was sent is told, not tried again.
"""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from parley.errors import ParleyError

LARGEST = 1024 * 1024
"""Bytes of a body, either way."""
TIMEOUT = 20.0

Headers = tuple[tuple[str, str], ...]


class Request(Struct, frozen=True):
    """`timeout` is in seconds. `private_hosts`: `name` or `name:port`. `follows` False: a redirect is the response."""

    method: str
    url: str
    headers: Headers = ()
    body: bytes | None = None
    timeout: float = TIMEOUT
    private_hosts: frozenset[str] = frozenset()
    follows: bool = True


class Response(Struct, frozen=True):
    """`url` is where it came from in the end. Names of headers are in lower case."""

    status: int
    reason: str
    url: str
    headers: Headers = ()
    body: bytes = b""
    is_redirected: bool = False


class RequestFailed(ParleyError):
    """No response: the address is refused or cannot be reached, the time is over, or something was too large."""

    code = "request_failed"


class Tools(Protocol):
    """Sends requests."""

    async def send(self, request: Request) -> Response:
        """Send it and wait for the response, whatever its status. Raises `RequestFailed`."""
        ...

    def post(self, request: Request) -> None:
        """Send it without waiting. Raises `RequestFailed` when too many are under way already."""
        ...
