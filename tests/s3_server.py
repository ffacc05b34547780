"""A small store that speaks S3 and believes nothing: every signature, policy and condition is checked.

Written from the published rules of Signature Version 4 and apart from what it tests.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.parser import BytesParser
from typing import Any
from urllib.parse import parse_qsl, quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from parley.ports.clock import Clock

KEY, SECRET, REGION, BUCKET = "AKIATESTTESTTEST", "a/secret+that=is known", "eu-test-1", "uploads"


class S3Server:
    """One bucket in memory, as an ASGI application."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.objects: dict[str, bytes] = {}
        self.is_broken = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        await self._answer(request, body)(scope, receive, send)

    def _answer(self, request: Request, body: bytes) -> Response:
        if self.is_broken:
            return Response("<Error/>", 503)
        path = request.url.path.removeprefix(f"/{BUCKET}").removeprefix("/")
        try:
            if request.method == "POST":
                return self._posted(request, body)
            self._check_url(request)
        except AssertionError as refused:
            return Response(f"<Error><Code>AccessDenied</Code><Message>{refused}</Message></Error>", 403)
        return self._object(request, path, body) if path else self._list(request)

    def _object(self, request: Request, key: str, body: bytes) -> Response:
        if request.method == "PUT":
            if request.headers.get("if-none-match") == "*" and key in self.objects:
                return Response("", 412)
            self.objects[key] = body
            return Response("", 200)
        if request.method == "DELETE":
            self.objects.pop(key, None)
            return Response("", 204)
        data = self.objects.get(key)
        if data is None:
            return Response("<Error><Code>NoSuchKey</Code></Error>", 404)
        query = request.query_params
        headers = {"content-type": query.get("response-content-type", "binary/octet-stream")}
        if "response-content-disposition" in query:
            headers["content-disposition"] = query["response-content-disposition"]
        match = re.fullmatch(r"bytes=0-(\d+)", request.headers.get("range", ""))
        return Response(data[: int(match[1]) + 1] if match else data, 206 if match else 200, headers)

    def _list(self, request: Request) -> Response:
        prefix = request.query_params["prefix"]
        found = "".join(f"<Contents><Key>{key}</Key></Contents>" for key in self.objects if key.startswith(prefix))
        return Response(f'<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{found}</ListBucketResult>')

    def _posted(self, request: Request, body: bytes) -> Response:
        fields, file = form_of(request.headers["content-type"], body)
        time, policy = fields["x-amz-date"], fields["policy"]
        assert fields["x-amz-algorithm"] == "AWS4-HMAC-SHA256", "algorithm"
        assert fields["x-amz-credential"] == f"{KEY}/{time[:8]}/{REGION}/s3/aws4_request", "credential"
        assert hmac.compare_digest(fields["x-amz-signature"], self._sign(time, policy)), "signature"
        told = json.loads(base64.b64decode(policy))
        now = datetime.fromtimestamp(self.clock.now_ms() / 1000, UTC)
        assert now < datetime.fromisoformat(told["expiration"]), "expired"
        covered = {"policy", "x-amz-signature", "file"}
        for condition in told["conditions"]:
            covered |= self._holds(condition, fields, len(file))
        assert set(fields) <= covered, f"fields without a condition: {set(fields) - covered}"
        self.objects[fields["key"]] = file
        return Response("<PostResponse/>", int(fields.get("success_action_status", "204")))

    def _holds(self, condition: Any, fields: dict[str, str], size: int) -> set[str]:
        if isinstance(condition, list):
            kind, low, high = condition
            assert kind == "content-length-range", kind
            assert low <= size <= high, "size"
            return set()
        ((name, value),) = condition.items()
        assert (BUCKET if name == "bucket" else fields.get(name)) == value, name
        return {name}

    def _check_url(self, request: Request) -> None:
        query = dict(parse_qsl(request.url.query, keep_blank_values=True))
        given, time = query.pop("X-Amz-Signature", ""), query.get("X-Amz-Date", "")
        assert query["X-Amz-Credential"] == f"{KEY}/{time[:8]}/{REGION}/s3/aws4_request", "credential"
        made = datetime.strptime(time, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        now = datetime.fromtimestamp(self.clock.now_ms() / 1000, UTC)
        assert now < made + timedelta(seconds=int(query["X-Amz-Expires"])), "expired"
        names = query["X-Amz-SignedHeaders"].split(";")
        assert "host" in names, "host"
        lines = [
            request.method,
            quote(request.url.path),
            "&".join(
                sorted(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in query.items())
            ),
            *(f"{name}:{request.headers[name]}" for name in names),
            "",
            ";".join(names),
            "UNSIGNED-PAYLOAD",
        ]
        digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
        text = f"AWS4-HMAC-SHA256\n{time}\n{time[:8]}/{REGION}/s3/aws4_request\n{digest}"
        assert hmac.compare_digest(given, self._sign(time, text)), "signature"

    @staticmethod
    def _sign(time: str, text: str) -> str:
        key = ("AWS4" + SECRET).encode()
        for part in (time[:8], REGION, "s3", "aws4_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def form_of(content_type: str, body: bytes) -> tuple[dict[str, str], bytes]:
    """The fields of a multipart form, and its file."""
    message = BytesParser().parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    fields: dict[str, str] = {}
    file = b""
    for part in parts_of(message):
        name = str(part.get_param("name", header="content-disposition"))
        data = part.get_payload(decode=True)
        assert isinstance(data, bytes)
        if name == "file":
            file = data
            break  # S3 reads nothing that comes after the file
        fields[name.lower()] = data.decode()
    return fields, file


def parts_of(message: Message) -> Iterator[Message]:
    """The parts of a multipart message."""
    payload = message.get_payload()
    assert isinstance(payload, list), "multipart"
    for part in payload:
        assert isinstance(part, Message)
        yield part
