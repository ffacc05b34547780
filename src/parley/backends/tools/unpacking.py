"""The body of a response as it comes: unpacked, and refused once it is too large."""

from __future__ import annotations

import zlib

from parley.ports.tools import LARGEST, RequestFailed

ACCEPTED = "gzip, deflate"


class Unpacking:
    """Takes parts of a body. `encoding` is its `Content-Encoding`."""

    def __init__(self, encoding: str) -> None:
        self._body = bytearray()
        kind = encoding.strip().lower()
        if kind not in ("", "identity", "gzip", "x-gzip", "deflate"):
            raise RequestFailed(f"the response is packed as '{kind[:20]}'")
        self._is_packed = kind not in ("", "identity")
        # 32: finds out by itself whether it is gzip or zlib.
        self._unpacker = zlib.decompressobj(32 + zlib.MAX_WBITS)

    def take(self, part: bytes) -> None:
        """One more part. Raises `RequestFailed`."""
        if self._is_packed:
            try:
                part = self._unpacker.decompress(part, LARGEST + 1 - len(self._body))
            except zlib.error as error:
                raise RequestFailed("the response cannot be unpacked") from error
        self._body += part
        if len(self._body) > LARGEST:
            raise RequestFailed(f"the response is larger than {LARGEST} bytes")

    def body(self) -> bytes:
        """All of it."""
        return bytes(self._body)
