"""What every way out of the house promises (ports/tools.py), held against a real server."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request as Received
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route
from tests.house_fixture import served

from parley.backends.tools.addresses import is_public
from parley.backends.tools.http import USER_AGENT, HttpTools
from parley.ports.tools import LARGEST, Request, RequestFailed

HERE = frozenset({"127.0.0.1", "localhost"})


async def echo(request: Received) -> Response:
    body = (await request.body()).decode()
    client = request.client.port if request.client else 0
    shown = {"method": request.method, "url": str(request.url), "body": body, "headers": dict(request.headers)}
    return JSONResponse(shown | {"port": client}, headers={"set-cookie": "a=b"})


async def moved(request: Received) -> Response:
    return RedirectResponse(request.query_params["to"], int(request.query_params.get("status", 302)))


async def circle(request: Received) -> Response:
    return RedirectResponse("/circle")


async def large(request: Received) -> Response:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(2 * LARGEST // 65536):
            yield b"x" * 65536

    return StreamingResponse(parts())


async def packed(request: Received) -> Response:
    size = int(request.query_params["size"])
    return Response(gzip.compress(b"x" * size), headers={"content-encoding": "gzip"})


async def slow(request: Received) -> Response:
    await asyncio.sleep(5)
    return Response("late")


@asynccontextmanager
async def server() -> AsyncIterator[str]:
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]
    handlers = (echo, moved, circle, large, packed, slow)
    app = Starlette(routes=[Route(f"/{handler.__name__}", handler, methods=methods) for handler in handlers])
    async with served(app) as (_, port):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
async def base() -> AsyncIterator[str]:
    async with server() as address:
        yield address


@pytest.fixture
async def tools() -> AsyncIterator[HttpTools]:
    made = HttpTools()
    await made.open()
    yield made
    await made.close()


async def sent(tools: HttpTools, method: str, url: str, **more: Any) -> Any:
    response = await tools.send(Request(method, url, private_hosts=HERE, **more))
    return json.loads(response.body)


async def test_a_request_arrives_as_it_was_sent(tools: HttpTools, base: str) -> None:
    shown = await sent(tools, "POST", f"{base}/echo?q=a b&ü=1", headers=(("X-A", "é"), ("host", "x")), body=b"body")
    assert (shown["method"], shown["body"]) == ("POST", "body")
    assert shown["url"].endswith("/echo?q=a%20b&%C3%BC=1")
    headers = shown["headers"]
    assert (headers["user-agent"], headers["content-length"]) == (USER_AGENT, "4")
    assert headers["host"] == base.removeprefix("http://")


async def test_connections_are_reused_and_nothing_is_remembered(tools: HttpTools, base: str) -> None:
    shown = [await sent(tools, "GET", f"{base}/echo") for _ in range(3)]
    assert len({each["port"] for each in shown}) == 1
    assert "cookie" not in shown[2]["headers"]


async def test_redirects_are_followed_and_lose_what_is_secret(tools: HttpTools, base: str) -> None:
    async with server() as other:
        secret = (("Authorization", "x"), ("X-Plain", "y"))
        url = f"{base}/moved?to={other}/echo"
        response = await tools.send(Request("POST", url, secret, b"body", private_hosts=HERE))
        assert (response.url, response.is_redirected) == (f"{other}/echo", True)
        shown = await sent(tools, "POST", url, headers=secret, body=b"body")
        assert (shown["method"], shown["body"], shown["headers"].get("authorization")) == ("GET", "", None)
        assert shown["headers"]["x-plain"] == "y"
        kept = await sent(tools, "POST", f"{base}/moved?status=307&to={base}/echo", headers=secret, body=b"body")
        assert (kept["method"], kept["body"], kept["headers"]["authorization"]) == ("POST", "body", "x")


async def refused(tools: HttpTools, url: str, why: str, **more: Any) -> None:
    with pytest.raises(RequestFailed, match=why):
        await tools.send(Request("GET", url, **{"private_hosts": HERE, **more}))


async def test_a_circle_of_redirects_ends(tools: HttpTools, base: str) -> None:
    await refused(tools, f"{base}/circle", "redirects more than 5 times")


async def test_private_addresses_are_refused_unless_they_are_named(tools: HttpTools, base: str) -> None:
    port = base.rpartition(":")[2]
    for host in ("127.0.0.1", "localhost", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "127.1"):
        await refused(tools, f"http://{host}:{port}/echo", "private network|cannot be found", private_hosts=frozenset())
    await refused(tools, f"{base}/echo", "private network", private_hosts=frozenset({"other.test"}))
    await refused(tools, f"{base}/echo", "private network", private_hosts=frozenset({"127.0.0.1:1"}))
    assert (
        await tools.send(Request("GET", f"{base}/echo", private_hosts=frozenset({f"127.0.0.1:{port}"})))
    ).status == 200
    # A connection that one project may use is not there for another.
    await refused(tools, f"{base}/echo", "private network", private_hosts=frozenset())


async def test_a_redirect_into_a_private_network_is_refused(tools: HttpTools, base: str) -> None:
    url = f"{base}/moved?to=http://169.254.169.254/latest/meta-data"
    await refused(tools, url, "private network")
    await refused(tools, f"{base}/moved?to=file:///etc/passwd", "begins with http")


async def test_a_name_is_judged_by_all_that_it_stands_for(
    tools: HttpTools, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(base.rpartition(":")[2])

    async def resolve(*args: Any, **kwargs: Any) -> Any:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in ("93.184.216.34", "127.0.0.1")]

    monkeypatch.setattr(asyncio.get_running_loop().__class__, "getaddrinfo", resolve, raising=False)
    await refused(tools, f"http://rebinding.test:{port}/echo", "private network")


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        *[
            (address, False)
            for address in (
                "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
                "224.0.0.1", "255.255.255.255", "168.63.129.16", "192.0.0.192", "198.18.0.1", "240.0.0.1", "::", "::1",
                "fe80::1%eth0", "fd00:ec2::254", "ff02::1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::7f00:1",
                "64:ff9b::a00:1", "2002:7f00:1::", "2001:0:a00:1::", "not an address",
            )
        ],
    ],
)  # fmt: skip
def test_addresses(address: str, public: bool) -> None:
    assert is_public(address) is public


async def test_sizes_are_limited(tools: HttpTools, base: str) -> None:
    await refused(tools, f"{base}/large", "larger than")
    await refused(tools, f"{base}/packed?size={50 * LARGEST}", "larger than")
    await refused(tools, f"{base}/echo", "larger than", body=b"x" * (LARGEST + 1))
    response = await tools.send(Request("GET", f"{base}/packed?size=1000", private_hosts=HERE))
    assert response.body == b"x" * 1000


async def test_time_is_limited(tools: HttpTools, base: str) -> None:
    await refused(tools, f"{base}/slow", "no response after 0.1 s", timeout=0.1)


@pytest.mark.parametrize(
    "url", ["", "x", "ftp://x.test/", "http://", "http://x.test:99999/", "//x", "http://[::1", "\0", "http://xn--/"]
)
async def test_what_is_no_url_is_refused(tools: HttpTools, url: str) -> None:
    with pytest.raises(RequestFailed):
        await tools.send(Request("GET", url, timeout=2))


@pytest.mark.parametrize("header", [("X\r\nY", "1"), ("X", "a\r\nHost: evil"), ("", "x"), ("ü", "x"), ("X", "\0")])
async def test_headers_cannot_break_out(tools: HttpTools, base: str, header: tuple[str, str]) -> None:
    with pytest.raises(RequestFailed):
        await tools.send(Request("GET", f"{base}/echo", (header,), private_hosts=HERE))


async def test_a_method_cannot_break_out(tools: HttpTools, base: str) -> None:
    with pytest.raises(RequestFailed):
        await tools.send(Request("GET / HTTP/1.1\r\nX: y", f"{base}/echo", private_hosts=HERE))


async def test_nobody_there_is_told(tools: HttpTools) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        await refused(tools, f"http://127.0.0.1:{free.getsockname()[1]}/", "failed", timeout=2)


async def test_in_the_background_it_is_sent_before_the_tools_close(base: str) -> None:
    tools = HttpTools()
    seen: list[str] = []

    async def note(request: Received) -> Response:
        seen.append(request.method)
        return Response("")

    async with served(Starlette(routes=[Route("/", note, methods=["POST"])])) as (_, port):
        tools.post(Request("POST", f"http://127.0.0.1:{port}/", body=b"x", private_hosts=HERE))
        await tools.close()
    assert seen == ["POST"]
