"""How models behind HTTP fail, and what they must not tell: keys, prompts, answers."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
import structlog
from tests.contract.llm_clients import KEY, QUESTION, client, hear
from tests.model_server import HANG_SECONDS, ModelServer
from tests.model_streams import ANTHROPIC, CHAT, RESPONSES, anthropic_start, chunk, data, named, numbered, response

from parley.backends.llm.failures import retry_after
from parley.backends.llm.place import Waits
from parley.ports.llm import Asked, Line, ModelUnavailable, ToolOffer

KINDS = ["openai", "openai-responses", "anthropic"]
GOOD = {"openai": CHAT["openai"], "openai-responses": RESPONSES["a text"], "anthropic": ANTHROPIC["a text"]}
SECRET = "the user's secret words"
ECHO = {"error": {"message": f"Incorrect API key provided: {KEY}. You said: {SECRET}", "type": KEY, "code": SECRET}}
STATUSES = [
    (400, "refused"),
    (401, "unauthorized"),
    (403, "unauthorized"),
    (404, "refused"),
    (408, "timeout"),
    (409, "unavailable"),
    (413, "refused"),
    (422, "refused"),
    (429, "rate_limited"),
    (500, "unavailable"),
    (502, "unavailable"),
    (503, "unavailable"),
    (504, "timeout"),
    (529, "unavailable"),
    (302, "refused"),
]


async def failure(kind: str, server: ModelServer, model: Any, asked: Asked = QUESTION) -> ModelUnavailable:
    """How an answer fails; nothing secret is in it or in the log."""
    with structlog.testing.capture_logs() as logs, pytest.raises(ModelUnavailable) as failed:
        await hear(model, asked)
    told = f"{failed.value} {failed.value.message} {logs}"
    assert KEY not in told and SECRET not in told and "127.0.0.1/" not in told
    assert "m at 127.0.0.1" in failed.value.message
    return failed.value


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("status", "kind_of_failure"), STATUSES)
async def test_each_status_has_its_kind(kind: str, status: int, kind_of_failure: str) -> None:
    async with client(kind) as (model, server):
        server.fail(status, ECHO)
        failed = await failure(kind, server, model)
    assert failed.failure == kind_of_failure
    assert f"HTTP {status}" in failed.message


@pytest.mark.parametrize("body", [b"", b"<html>", b"null", b"[]", b'{"error": 3}', b'{"error":', b"\xff" * 100_000])
async def test_an_error_that_is_none_of_theirs(body: bytes) -> None:
    async with client("openai") as (model, server):
        server.fail(500, body)
        assert (await failure("openai", server, model)).failure == "unavailable"


async def test_a_model_that_is_not_there_is_said_so() -> None:
    async with client("openai") as (model, server):
        server.fail(404, {"error": {"code": "model_not_found", "type": "invalid_request_error"}})
        message = (await failure("openai", server, model)).message
    assert message.startswith("m at 127.0.0.1")
    assert "model_not_found" in message and "check the model's name" in message


@pytest.mark.parametrize(
    ("header", "value", "seconds"),
    [
        ("retry_after", "7", 7.0),
        ("retry_after", "0.5", 0.5),
        ("retry_after_ms", "1500", 1.5),
        ("retry_after", "Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("retry_after", "soon", None),
        ("retry_after", "-3", None),
    ],
)
async def test_the_provider_says_when_to_come_back(header: str, value: str, seconds: float | None) -> None:
    async with client("openai") as (model, server):
        server.fail(429, {"error": {"type": "requests"}}, **{header: value})
        assert (await failure("openai", server, model)).retry_after == seconds


def test_a_date_to_come_back_is_counted_from_now() -> None:
    assert retry_after({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 1445412470_000) == 10.0


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, "content_filter", "filtered"),
        (400, "context_length_exceeded", "refused"),
        (429, "insufficient_quota", "refused"),
    ],
)
async def test_codes_say_more_than_the_status(status: int, code: str, expected: str) -> None:
    async with client("openai") as (model, server):
        server.fail(status, {"error": {"code": code, "message": SECRET}})
        assert (await failure("openai", server, model)).failure == expected


ERRORS_IN_STREAMS = [
    ("openai", data({"error": {"message": SECRET, "type": "server_error"}}), "unavailable"),
    ("openai", data({"error": {"message": SECRET, "code": 429}}), "rate_limited"),
    ("openai", data({"error": SECRET}), "unavailable"),
    ("openai", data({"object": "error", "message": SECRET, "type": "BadRequest.invalid", "code": 400}), "refused"),
    ("openai", b'event: error\ndata: {"type": "rate_limit"}\n\n', "rate_limited"),
    ("openai", data(chunk({"content": "Half"}), chunk({}, "content_filter")), "filtered"),
    ("openai", data(chunk({"refusal": SECRET}), chunk({}, "stop")), "filtered"),
    ("openai", b"data: {broken\n\n", "malformed"),
    ("openai", b"data: 7\n\n", "malformed"),
    ("openai", data(chunk({"content": "Half"}), ends=""), "cut"),
    ("anthropic", named({"type": "error", "error": {"type": "overloaded_error", "message": SECRET}}), "unavailable"),
    ("anthropic", named({"type": "error", "error": {"type": "rate_limit_error", "message": SECRET}}), "rate_limited"),
    ("anthropic", named(anthropic_start(), {"type": "message_delta", "delta": {"stop_reason": "refusal"}}), "filtered"),
    ("anthropic", b"event: message_start\ndata: {}\n\n", "malformed"),
    ("anthropic", named(anthropic_start(), {"type": "ping"}), "cut"),
    ("openai-responses", numbered({"type": "error", "code": "server_error", "message": SECRET}), "unavailable"),
    (
        "openai-responses",
        numbered({"type": "response.failed", "response": response(error={"code": "rate_limit_exceeded"})}),
        "rate_limited",
    ),
    (
        "openai-responses",
        numbered(
            {
                "type": "response.incomplete",
                "response": response(incomplete_details={"reason": "content_filter"}),
            }
        ),
        "filtered",
    ),
    ("openai-responses", b"data: [7]\n\n", "malformed"),
]


@pytest.mark.parametrize(("kind", "stream", "expected"), ERRORS_IN_STREAMS)
async def test_errors_within_a_stream(kind: str, stream: bytes, expected: str) -> None:
    async with client(kind) as (model, server):
        server.reply(stream)
        assert (await failure(kind, server, model)).failure == expected


@pytest.mark.parametrize("kind", KINDS)
async def test_an_answer_that_is_too_long_for_its_limit_is_told_and_noticed(kind: str) -> None:
    streams = {
        "openai": data(chunk({"content": "Half"}), chunk({}, "length")),
        "anthropic": ANTHROPIC["a text"].data.replace(b"end_turn", b"max_tokens"),
        "openai-responses": numbered(
            {"type": "response.output_text.delta", "delta": "Half"},
            {
                "type": "response.incomplete",
                "response": response(incomplete_details={"reason": "max_output_tokens"}),
            },
        ),
    }
    async with client(kind) as (model, server):
        server.reply(streams[kind])
        heard = await hear(model)
    assert heard.text and ["max_tokens" in notice for notice in heard.notices] == [True]


async def test_an_answer_whose_end_was_said_survives_a_cut() -> None:
    gate = asyncio.Event()
    async with client("openai") as (model, server):
        server.reply(data(chunk({"content": "All of it."}), chunk({}, "stop"), ends=""), gate, ends="cut")
        gate.set()
        heard = await hear(model)
    assert heard.text == "All of it."


@pytest.mark.parametrize("kind", KINDS)
async def test_a_connection_that_breaks_before_the_first_piece(kind: str) -> None:
    async with client(kind) as (model, server):
        server.reply(b": here I am\n\n", ends="cut")
        assert (await failure(kind, server, model)).failure == "cut"


@pytest.mark.timeout(HANG_SECONDS)
@pytest.mark.parametrize(
    ("stream", "waits"),
    [
        (b"", Waits(first=0.05)),
        (named({"type": "ping"}), Waits(first=0.05)),
        (data(chunk({"content": "Half"}), ends=""), Waits(between=0.05)),
    ],
    ids=["nothing", "only signs of life", "half an answer"],
)
async def test_a_silence_ends_the_waiting(stream: bytes, waits: Waits) -> None:
    kind = "anthropic" if b"ping" in stream else "openai"
    async with client(kind, waits=waits) as (model, server):
        server.reply(stream, ends="never")
        assert (await failure(kind, server, model)).failure == "timeout"
        await server.left.wait()


async def test_nobody_listens_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
        async with client("openai", url=url) as (model, server):
            failed = await failure("openai", server, model)
    assert failed.failure == "unavailable"
    assert "cannot be reached" in failed.message


async def test_a_server_that_speaks_no_tls() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    plain = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    url = f"https://127.0.0.1:{plain.sockets[0].getsockname()[1]}/v1"
    async with client("openai", url=url) as (model, server):
        failed = await failure("openai", server, model)
    plain.close()
    assert failed.failure == "refused"
    assert "TLS" in failed.message


async def test_a_page_instead_of_a_stream_is_a_wrong_url() -> None:
    async with client("openai") as (model, server):
        server.reply(b"<html>Hi</html>", headers={"content-type": "text/html"})
        assert "check the URL" in (await failure("openai", server, model)).message


async def test_an_error_that_calls_itself_a_success() -> None:
    async with client("openai") as (model, server):
        server.fail(200, {"error": {"type": "rate_limit_exceeded", "message": SECRET}})
        assert (await failure("openai", server, model)).failure == "rate_limited"


@pytest.mark.timeout(60)
async def test_an_event_without_end_is_broken_off() -> None:
    async with client("openai") as (model, server):
        server.reply(b"data: ", *[b"x" * 1_000_000] * 12, ends="never")
        assert (await failure("openai", server, model)).failure == "malformed"


async def test_neither_prompt_nor_answer_nor_key_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    lines = (Line("user", SECRET),)
    async with client("openai") as (model, server):
        server.reply(data(chunk({"content": SECRET}), chunk({}, "stop")))
        server.fail(401, ECHO)
        with structlog.testing.capture_logs() as logs:
            assert (await hear(model, Asked(lines))).text == SECRET
            with pytest.raises(ModelUnavailable):
                await hear(model, Asked(lines))
    assert SECRET not in caplog.text + str(logs)
    assert KEY not in caplog.text + str(logs) + repr(model)


async def test_the_trust_in_certificates_is_not_switched_off(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    pair = tmp_path / "pair.pem"
    made = await asyncio.create_subprocess_exec(
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1", "-days", "2"),
        *("-keyout", str(pair), "-out", str(tmp_path / "cert.pem")),
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert await made.wait() == 0
    context.load_cert_chain(tmp_path / "cert.pem", pair)
    served = ModelServer()
    server = await asyncio.start_server(served.serve, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    async with client("openai", url=f"https://127.0.0.1:{port}/v1") as (model, other):
        failed = await failure("openai", other, model)
    server.close()
    assert "TLS" in failed.message
    assert served.requests == []


async def test_names_that_a_provider_does_not_take_are_written_otherwise_and_come_back() -> None:
    tools = (ToolOffer("Ask a person!"), ToolOffer("Ask a person?"))
    async with client("openai") as (model, server):
        called = chunk({"tool_calls": [{"index": 0, "id": "c", "function": {"name": "Ask_a_person__2"}}]})
        server.reply(data(called, chunk({}, "tool_calls")))
        heard = await hear(model, Asked(QUESTION.lines, tools=tools))
    offered = [tool["function"]["name"] for tool in server.requests[0].body["tools"]]
    assert offered == ["Ask_a_person_", "Ask_a_person__2"]
    assert [(call.name, call.arguments) for call in heard.calls] == [("Ask a person?", "{}")]
