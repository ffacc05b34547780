"""What a suite lets the world answer: services, MCP servers and documents, each as it is written down."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from parley.domain.ids import ProjectID
from parley.ports.knowledge import Passage
from parley.ports.mcp import TIMEOUT, McpAnswer, McpFailed, McpPlace, RemoteTool
from parley.ports.tools import Request, RequestFailed, Response

HttpAnswers = Mapping[str, Callable[[Request], Response]]


def http_answers(world: Mapping[str, Any]) -> HttpAnswers:
    """By `METHOD address`. `fails` is why there is no answer, `echo` tells what was sent."""
    return {request: partial(_answer, answer or {}) for request, answer in world.items()}


def _answer(answer: Mapping[str, Any], request: Request) -> Response:
    if "fails" in answer:
        raise RequestFailed(str(answer["fails"]))
    body = str(answer.get("text", ""))
    if "json" in answer:
        body = json.dumps(answer["json"])
    if "echo" in answer:
        sent = (request.body or b"").decode()
        headers = {name.lower(): value for name, value in request.headers}
        body = json.dumps({"method": request.method, "url": request.url, "body": sent, "headers": headers})
    shown = tuple((name, str(value)) for name, value in answer.get("headers", {}).items())
    return Response(answer.get("status", 200), "", request.url, shown, body.encode())


class Documents:
    """A knowledge base (`ports/knowledge.py`) that finds the documents with a word of the question in them."""

    def __init__(self, documents: Sequence[str]) -> None:
        self._documents = list(documents)

    async def search(self, project: ProjectID, question: str, limit: int, narrowing: Any = None) -> list[Passage]:
        """See `KnowledgeBase.search`. Nothing is narrowed."""
        words = set(re.findall(r"\w{4,}", question.lower()))
        found = [text for text in self._documents if words & set(re.findall(r"\w+", text.lower()))]
        return [Passage(text, 0.9, f"doc-{self._documents.index(text)}", {"name": "Doc"}) for text in found[:limit]]


class McpAnswers:
    """MCP servers (`ports/mcp.py`) by their address: each a mapping of tools to `{text, json, fails, error}`."""

    def __init__(self, servers: Mapping[str, Mapping[str, Any]]) -> None:
        self._servers = servers

    async def tools(self, place: McpPlace, timeout: float = TIMEOUT) -> list[RemoteTool]:
        """See `McpServers.tools`."""
        return [
            RemoteTool(name, str((answer or {}).get("about", "")), (answer or {}).get("parameters", {"type": "object"}))
            for name, answer in self._server(place).items()
        ]

    async def call(self, place: McpPlace, tool: str, arguments: dict[str, Any], timeout: float = TIMEOUT) -> McpAnswer:
        """See `McpServers.call`."""
        answer = self._server(place).get(tool)
        if answer is None or "fails" in answer:
            raise McpFailed(str((answer or {}).get("fails", f"nothing is written down for the tool {tool}")))
        found = answer.get("json")
        return McpAnswer(str(answer.get("text", json.dumps(found))), found, is_error=bool(answer.get("error")))

    def _server(self, place: McpPlace) -> Mapping[str, Any]:
        server = self._servers.get(place.url)
        if server is None:
            raise McpFailed(f"nothing is written down for {place.url}")
        return server
