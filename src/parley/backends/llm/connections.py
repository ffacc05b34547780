"""Connections to providers (aiohttp), shared by all models of a process and kept for the next question."""

from __future__ import annotations

import aiohttp

IDLE_SECONDS = 60.0
MOST = 2000
"""Connections at once; what is asked beyond that waits, and its waiting counts."""


class Connections:
    """Opened when they are first needed."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    def session(self) -> aiohttp.ClientSession:
        """The session; it sends no cookies, follows no redirects and reads no proxy settings."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=MOST, keepalive_timeout=IDLE_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
            )
        return self._session

    async def close(self) -> None:
        """Close all of them."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()
