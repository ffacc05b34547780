"""Which web pages may talk to the socket door, and the CORS headers that tell a browser so."""

from typing import Literal

Headers = list[tuple[bytes, bytes]]


class Origins:
    """Echoes an allowed origin with credentials; never answers `*`."""

    def __init__(self, allowed: frozenset[str] | Literal["*"]) -> None:
        self._allowed = allowed

    def allow(self, origin: str | None, host: str | None) -> bool:
        """Whether a request may come in; one without an origin does not come from a web page."""
        if origin is None or self._allowed == "*":
            return True
        return origin in self._allowed or (host is not None and origin.partition("://")[2] == host)

    @staticmethod
    def headers(origin: str | None) -> Headers:
        """The headers for an allowed origin."""
        if origin is None:
            return []
        return [
            (b"access-control-allow-origin", origin.encode("latin-1")),
            (b"access-control-allow-credentials", b"true"),
            (b"vary", b"Origin"),
        ]

    @staticmethod
    def preflight_headers(requested: str | None) -> Headers:
        """What an allowed origin may send."""
        headers = [
            (b"access-control-allow-methods", b"GET,POST,OPTIONS"),
            (b"access-control-max-age", b"600"),
        ]
        if requested is not None:
            headers.append((b"access-control-allow-headers", requested.encode("latin-1")))
        return headers
