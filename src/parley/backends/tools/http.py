"""Requests over the network (httpcore), with a pool of connections for each set of private hosts."""

from __future__ import annotations

import asyncio
import ssl

import httpcore
import httpx
import structlog

import parley
from parley.backends.tools.guard import GuardedNetwork
from parley.backends.tools.unpacking import ACCEPTED, Unpacking
from parley.ports.tools import LARGEST, Headers, Request, RequestFailed, Response

log = structlog.get_logger()

USER_AGENT = f"Parley/{parley.__version__}"
REDIRECTS = 5
POOLS = 64
BACKGROUND = 256
"""Requests under way that nobody waits for."""
_OWN = frozenset({"host", "content-length", "transfer-encoding", "connection", "accept-encoding", "te", "upgrade"})
_SECRET = frozenset({"authorization", "cookie", "proxy-authorization"})


class HttpTools:
    """See `Tools`."""

    def __init__(self) -> None:
        self._pools: dict[frozenset[str], httpcore.AsyncConnectionPool] = {}
        self._tls: ssl.SSLContext | None = None
        self._background: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Nothing to open: connections are made when they are needed."""

    async def close(self, seconds: float = 5.0) -> None:
        """Give what is under way a little time, and close all connections."""
        if self._background:
            _, late = await asyncio.wait(self._background, timeout=seconds)
            for task in late:
                task.cancel()
        for pool in self._pools.values():
            await pool.aclose()
        self._pools.clear()

    def post(self, request: Request) -> None:
        """See `Tools.post`."""
        if len(self._background) >= BACKGROUND:
            raise RequestFailed("too many requests are under way in the background")
        task = asyncio.get_running_loop().create_task(self._post(request))
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _post(self, request: Request) -> None:
        try:
            await self.send(request)
        except RequestFailed as failed:
            log.info("background request failed", error=failed.code)

    async def send(self, request: Request) -> Response:
        """See `Tools.send`."""
        if request.body is not None and len(request.body) > LARGEST:
            raise RequestFailed(f"the request is larger than {LARGEST} bytes")
        try:
            async with asyncio.timeout(request.timeout):
                return await self._follow(request, _parsed(request.url))
        except (TimeoutError, httpcore.TimeoutException) as error:
            raise RequestFailed(f"no response after {request.timeout:g} s") from error
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError, ssl.SSLError) as error:
            raise RequestFailed(f"the request failed: {str(error)[:200] or type(error).__name__}") from error

    async def _follow(self, request: Request, url: httpx.URL) -> Response:
        method, headers, body = request.method.upper(), _headers(request.headers), request.body
        for hop in range(REDIRECTS + 1):
            response = await self._once(request, method, url, headers, body)
            target = dict(response.headers).get("location")
            if response.status not in (301, 302, 303, 307, 308) or not target or not request.follows:
                return Response(
                    response.status, response.reason, str(url), response.headers, response.body, is_redirected=hop > 0
                )
            before, url = url, _parsed(target, url)
            if (url.scheme, url.host, url.port) != (before.scheme, before.host, before.port):
                headers = tuple((name, value) for name, value in headers if name.lower() not in _SECRET)
            if response.status == 303 or (response.status in (301, 302) and method == "POST"):
                method, body = ("HEAD" if method == "HEAD" else "GET"), None
        raise RequestFailed(f"it redirects more than {REDIRECTS} times")

    async def _once(
        self, request: Request, method: str, url: httpx.URL, headers: Headers, body: bytes | None
    ) -> Response:
        pool = self._pool(request.private_hosts)
        length = () if body is None and method in ("GET", "HEAD") else (("Content-Length", str(len(body or b""))),)
        raw = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        sent = [("Host", url.netloc.decode("ascii")), *headers, *length]
        try:
            encoded = [(name.encode("ascii"), value.encode("utf-8")) for name, value in sent]
            async with pool.stream(method, raw, headers=encoded, content=body) as response:
                pairs = tuple((n.decode("latin-1").lower(), v.decode("latin-1")) for n, v in response.headers)
                unpacking = Unpacking(dict(pairs).get("content-encoding", ""))
                async for part in response.aiter_stream():
                    unpacking.take(part)
        except (TypeError, ValueError, UnicodeError) as error:
            raise RequestFailed("the method or a header cannot be sent") from error
        reason = response.extensions.get("reason_phrase", b"").decode("latin-1")
        return Response(response.status, reason, str(url), pairs, unpacking.body())

    def _pool(self, private_hosts: frozenset[str]) -> httpcore.AsyncConnectionPool:
        pool = self._pools.get(private_hosts)
        if pool is None:
            if len(self._pools) >= POOLS:
                raise RequestFailed("too many different `private_hosts` are in use")
            self._tls = self._tls or httpcore.default_ssl_context()
            pool = self._pools[private_hosts] = httpcore.AsyncConnectionPool(
                ssl_context=self._tls,
                max_connections=200,
                max_keepalive_connections=50,
                keepalive_expiry=30,
                network_backend=GuardedNetwork(private_hosts),
            )
        return pool


def _parsed(text: str, base: httpx.URL | None = None) -> httpx.URL:
    try:
        url = httpx.URL(text.strip()) if base is None else base.join(text)
        host = url.host
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        raise RequestFailed("this is not a URL") from error
    if url.scheme not in ("http", "https") or not host:
        raise RequestFailed("a URL begins with http:// or https:// and names a host")
    return url


def _headers(given: Headers) -> Headers:
    kept = [(name.strip(), value.strip()) for name, value in given if name.strip().lower() not in _OWN]
    present = {name.lower() for name, _ in kept}
    usual = (("User-Agent", USER_AGENT), ("Accept", "*/*"))
    own = [(name, value) for name, value in usual if name.lower() not in present]
    return (*kept, *own, ("Accept-Encoding", ACCEPTED))
