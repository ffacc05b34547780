"""What clients must never do, and what they are told: never a 500, never a traceback."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from house_fixture import API_KEY, Opened, Talk, exchange, open_house, raw_request, served, split_response

LAUNCH = b'{"action": {"type": "launch"}}'


async def post(talk: Talk, content: bytes, path: str = "/v4/interact", **headers: str) -> httpx.Response:
    return await talk.client.post(path, content=content, headers={"authorization": talk.key, **headers})


@pytest.mark.parametrize("path", ["/v4/interact", "/v4/interact/stream"])
@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        (b"", "malformed_json", "The body is empty; a JSON object is expected."),
        (b"{", "malformed_json", "The body is not valid JSON: Input data was truncated."),
        (b"nonsense", "malformed_json", "The body is not valid JSON: invalid character (byte 4)."),
        (LAUNCH + b"x", "malformed_json", "The body is not valid JSON: trailing characters (byte 31)."),
        (b"\xef\xbb\xbf" + LAUNCH, "malformed_json", "The body is not valid JSON: invalid character (byte 0)."),
        (b'{"action":{"type":"text","payload":"\xff"}}', "malformed_json", "The body is not UTF-8."),
        (
            b'{"action":{"type":"text","payload":"\\ud800"}}',
            "malformed_json",
            "The body is not valid JSON: a \\u escape is half of a surrogate pair.",
        ),
        (
            b'{"action":{"type":"text","payload":"\\udc00 x"}}',
            "malformed_json",
            "The body is not valid JSON: a \\u escape is half of a surrogate pair.",
        ),
        (b'{"action":NaN}', "malformed_json", "The body is not valid JSON: invalid character (byte 10)."),
        (b"[]", "invalid_input", "body: expected object"),
        (b'"launch"', "invalid_input", "body: expected object"),
        (b"null", "invalid_input", "body: expected object"),
        (b"{}", "invalid_input", "action: expected object"),
        (b'{"action":null}', "invalid_input", "action: expected object"),
        (b'{"action":"launch"}', "invalid_input", "action: expected object"),
        (b'{"action":{}}', "invalid_input", "action.type: expected non-empty string"),
        (b'{"action":{"type":""}}', "invalid_input", "action.type: expected non-empty string"),
        (b'{"action":{"type":["launch"]}}', "invalid_input", "action.type: expected non-empty string"),
        (b'{"action":{"type":"text"}}', "invalid_input", "action.payload: expected string"),
        (b'{"action":{"type":"text","payload":{}}}', "invalid_input", "action.payload: expected string"),
        (
            b'{"action":{"type":"intent","payload":{}}}',
            "invalid_input",
            "action.payload.intent: expected object",
        ),
        (b'{"action":{"type":"text","payload":1e999}}', "invalid_input", "action[...]: number out of range"),
        (
            b'{"action":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
            "invalid_input",
            "body: expected at most 100 values inside one another",
        ),
        (
            b'{"action":{"type":"launch"},"variables":{"a":' + b'{"a":' * 500 + b"1" + b"}" * 500 + b"}}",
            "invalid_input",
            "body: expected at most 100 values inside one another",
        ),
    ],
)
async def test_bad_bodies_are_named(talk: Talk, path: str, content: bytes, code: str, message: str) -> None:
    answer = await post(talk, content, path)
    assert answer.status_code == 400
    assert answer.json() == {"statusCode": 400, "error": "Bad Request", "message": message, "code": code}
    assert await talk.launch() == ["Hello, you!"]


async def test_brackets_in_texts_are_no_depth(talk: Talk) -> None:
    await talk.launch()
    nested = '"[{\\' * 300
    assert await talk.say(nested) == [f"You said: {nested}"]


async def test_numbers_of_any_size_are_kept(talk: Talk) -> None:
    big = {"a": 123456789012345678901234567890, "b": -(2**70), "c": 1e308}
    assert await talk.launch(variables=big) == ["Hello, you!"]


@pytest.mark.parametrize("path", ["/v4/interact", "/v4/interact/stream"])
async def test_large_bodies_are_refused(talk: Talk, path: str) -> None:
    answer = await post(talk, b" " * (1024 * 1024 + 1), path)
    assert answer.status_code == 413
    assert answer.json()["code"] == "body_too_large"
    assert (await post(talk, LAUNCH + b" " * (1024 * 1024 - len(LAUNCH)), path)).status_code == 200


async def test_a_chunked_body_is_refused_while_it_is_being_sent(opened: Opened, talk: Talk) -> None:
    async with served(opened.app) as address:
        head = f"POST /v4/interact HTTP/1.1\r\nHost: x\r\nAuthorization: {talk.key}\r\n"
        chunks = (b"10000\r\n" + b" " * 65536 + b"\r\n") * 17
        response = await exchange(address, head.encode() + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)
        status, headers, body = split_response(response)
        assert (status, json.loads(body)["code"]) == (413, "body_too_large")
        assert headers["connection"] == "close"


async def test_a_declared_size_is_refused_before_the_body_comes(opened: Opened, talk: Talk) -> None:
    async with served(opened.app) as address:
        head = f"POST /v4/interact HTTP/1.1\r\nHost: x\r\nAuthorization: {talk.key}\r\nContent-Length: 99999999\r\n\r\n"
        status, _, _ = split_response(await exchange(address, head.encode()))
        assert status == 413


@pytest.mark.parametrize(
    "lines",
    [
        "Content-Length: 5\r\nContent-Length: 7\r\n",
        "Content-Length: five\r\n",
        "Content-Length: -1\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 30\r\nTransfer-Encoding: nonsense\r\n",
    ],
)
async def test_contradicting_lengths_are_400(opened: Opened, talk: Talk, lines: str) -> None:
    async with served(opened.app) as address:
        head = f"POST /v4/interact HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: {talk.key}\r\n{lines}\r\n"
        response = await exchange(address, head.encode() + LAUNCH)
        assert response.startswith(b"HTTP/1.1 400 ")


async def test_a_body_without_a_length_is_empty(opened: Opened, talk: Talk) -> None:
    async with served(opened.app) as address:
        head = f"POST /v4/interact HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: {talk.key}\r\n\r\n"
        status, _, body = split_response(await exchange(address, head.encode()))
        assert (status, json.loads(body)["code"]) == (400, "malformed_json")


async def test_a_client_that_leaves_amid_its_request_harms_nobody(opened: Opened, talk: Talk) -> None:
    async with served(opened.app) as address:
        whole = raw_request("POST", "/v4/interact", {"Authorization": talk.key}, LAUNCH)
        for end in range(0, len(whole), 7):
            _, writer = await asyncio.open_connection(*address)
            writer.write(whole[:end])
            writer.close()
        status, _, _ = split_response(await exchange(address, whole))
        assert status == 200


@pytest.mark.parametrize(
    "path", ["/", "/v4", "/v4/interact/x", "/v5/interact", "//v4/interact", "/v4/Interact", "/%00"]
)
async def test_unknown_paths_are_404_json(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.post(f"http://parley.test{path}", content=LAUNCH)
    assert answer.status_code == 404
    assert answer.json() == {
        "statusCode": 404,
        "error": "Not Found",
        "message": "There is nothing under this path.",
        "code": "no_route",
    }


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/v4/interact", "POST, OPTIONS"),
        ("DELETE", "/v4/interact/stream", "POST, OPTIONS"),
        ("POST", "/v4/interact/stream/abc", "GET, HEAD, OPTIONS"),
        ("PATCH", "/state/user/u", "GET, PUT, POST, DELETE, HEAD, OPTIONS"),
        ("BREW", "/health", "GET, HEAD, OPTIONS"),
    ],
)
async def test_wrong_methods_are_405_with_allow(client: httpx.AsyncClient, method: str, path: str, allow: str) -> None:
    answer = await client.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allow)
    assert answer.json()["code"] == "method_not_allowed"


async def test_options_tell_the_methods(client: httpx.AsyncClient) -> None:
    answer = await client.options("/v4/interact")
    assert (answer.status_code, answer.headers["allow"]) == (204, "POST, OPTIONS")


async def test_a_trailing_slash_means_nothing(talk: Talk) -> None:
    assert (await post(talk, LAUNCH, "/v4/interact/")).status_code == 200


@pytest.mark.parametrize(
    ("user", "status"),
    [
        ("a%2Fb", 200),
        ("%C3%A9", 200),
        ("a%20b+c", 200),
        ("%F0%9F%98%80", 200),
        ("%00", 400),
        ("a%0Ab", 400),
        ("%7F", 400),
        ("%FF", 400),
        ("%ED%A0%80", 400),
        ("", 400),
        ("%", 200),
    ],
)
async def test_users_in_paths_are_percent_encoded(opened: Opened, user: str, status: int) -> None:
    async with served(opened.app) as address:
        headers = {"Authorization": API_KEY, "ProjectID": "shop"}
        got, _, body = split_response(
            await exchange(address, raw_request("POST", f"/state/user/{user}/interact", headers, LAUNCH))
        )
    assert got == status, body


@pytest.mark.parametrize("user", ["a\0b", "a\nb", "\x7f", "\x1b[2J"])
async def test_users_hold_no_control_characters(client: httpx.AsyncClient, user: str) -> None:
    answer = await client.post("/v4/project/shop/session", json={"userID": user}, headers={"authorization": API_KEY})
    assert answer.status_code == 400
    assert answer.json()["message"] == "userID: expected text without control characters"


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": ""},
        {"authorization": "Bearer "},
        {"authorization": "Bearer"},
        {"authorization": "\xff\xfe"},
        {"authorization": "a" * 60_000},
        {"authorization": "..", "cookie": "\x80"},
    ],
)
async def test_junk_in_headers_is_401(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    for path in ("/v4/interact", "/v4/interact/stream", "/v4/project/shop/session", "/state/user/u/interact"):
        answer = await client.post(path, content=LAUNCH, headers=raw)
        assert answer.status_code == 401


@pytest.mark.parametrize("key", ["", "x" * 257, "\xff", "tab\there"])
async def test_idempotency_keys_are_short_and_printable(talk: Talk, key: str) -> None:
    raw = [(b"authorization", talk.key.encode()), (b"idempotency-key", key.encode("latin-1"))]
    answer = await talk.client.post("/v4/interact", content=LAUNCH, headers=raw)
    assert answer.status_code == 400
    assert answer.json()["message"] == "Idempotency-Key: expected 1 to 256 printable ASCII characters"


async def test_what_nobody_foresaw_is_a_500_without_details(opened: Opened, talk: Talk, monkeypatch: Any) -> None:
    async def broken(*_: object) -> None:
        raise ValueError("secret detail")

    monkeypatch.setattr(opened.house.directory, "recall", broken)
    answer = await post(talk, LAUNCH)
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal_error"
    assert "secret" not in answer.text and "Traceback" not in answer.text


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
TYPES = st.sampled_from(
    ["launch", "text", "message", "file", "intent", "event", "action", "path-x", "no-reply", "end", "dtmf", "x"]
)
ACTIONS = st.fixed_dictionaries(
    {"type": TYPES | JSONS}, optional={"payload": JSONS, "diagramID": JSONS, "time": JSONS, "metadata": JSONS}
)
BODIES = st.fixed_dictionaries(
    {},
    optional={
        "action": ACTIONS | JSONS,
        "request": ACTIONS | JSONS,
        "variables": st.dictionaries(st.text(), JSONS, max_size=4) | JSONS,
        "state": st.fixed_dictionaries({}, optional={"variables": JSONS, "stack": JSONS}) | JSONS,
        "config": JSONS,
        "stack": JSONS,
        "storage": JSONS,
        "sessionID": JSONS,
        "userID": JSONS,
    },
)
PATHS = st.sampled_from(
    [
        ("POST", "/v4/interact"),
        ("POST", "/v4/interact/stream"),
        ("POST", "/v4/project/shop/session"),
        ("POST", "/v4/project/shop/environment/main/session"),
        ("POST", "/v2/project/shop/user/u/interact/stream"),
        ("POST", "/v2/project/shop/session/{key}/event"),
        ("POST", "/state/user/u/interact?verbose=true"),
        ("PUT", "/state/user/u"),
        ("POST", "/state/user/u"),
        ("GET", "/state/user/u"),
        ("PATCH", "/state/user/u/variables"),
        ("GET", "/v4/interact/stream/x"),
    ]
)
QUIET = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


async def _never_a_500(method: str, path: str, content: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    opened = await open_house()
    async with opened.client() as client:
        talk = await Talk.start(client, "u")
        session_routes = path.startswith("/v4/interact")
        key = (talk.key if session_routes else API_KEY).encode()
        answer = await client.request(
            method,
            path.replace("{key}", talk.key),
            content=content,
            headers=[(b"authorization", key), (b"projectid", b"shop"), *headers],
        )
        assert answer.status_code < 500, (path, content, answer.text)
        assert "Traceback" not in answer.text
        again = await client.get("/state/user/u", headers={"authorization": API_KEY, "projectID": "shop"})
        assert again.status_code == 200, again.text


@given(PATHS, BODIES | JSONS)
@QUIET
async def test_no_json_body_is_ever_a_500(route: tuple[str, str], body: object) -> None:
    await _never_a_500(*route, json.dumps(body).encode(), [])


@given(PATHS, st.binary(max_size=200) | st.binary(max_size=20).map(lambda b: LAUNCH[:20] + b + LAUNCH[20:]))
@QUIET
async def test_no_bytes_are_ever_a_500(route: tuple[str, str], content: bytes) -> None:
    await _never_a_500(*route, content, [])


NAMES = st.sampled_from(
    [b"authorization", b"idempotency-key", b"last-event-id", b"versionid", b"projectid", b"prefer", b"origin", b"host"]
)


@given(PATHS, st.lists(st.tuples(NAMES, st.binary(max_size=30)), max_size=4))
@QUIET
async def test_no_header_is_ever_a_500(route: tuple[str, str], headers: list[tuple[bytes, bytes]]) -> None:
    await _never_a_500(*route, LAUNCH, headers)


@given(st.lists(st.binary(max_size=12), max_size=8), st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH"]))
@QUIET
async def test_no_path_is_ever_a_500(parts: list[bytes], method: str) -> None:
    opened = await open_house()
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": LAUNCH}

    async def send(message: Any) -> None:
        sent.append(message)

    for prefix in (b"/", b"/state/user/", b"/v2/project/", b"/v4/project/"):
        path = prefix + b"/".join(parts)
        scope = {
            "type": "http",
            "method": method,
            "path": path.decode("utf-8", "replace"),
            "raw_path": path,
            "root_path": "",
            "query_string": path,
            "headers": [(b"authorization", API_KEY.encode()), (b"projectid", b"shop")],
        }
        await opened.app(scope, receive, send)
    assert all(message["status"] < 500 for message in sent if "status" in message)
