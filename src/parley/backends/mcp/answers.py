"""What the SDK gives, in the words of the port."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, assert_never

from mcp import ClientSession
from mcp_types import (
    AudioContent,
    CallToolResult,
    ContentBlock,
    EmbeddedResource,
    ImageContent,
    PaginatedRequestParams,
    ResourceLink,
    TextContent,
    TextResourceContents,
    Tool,
)

from parley.ports.mcp import McpAnswer, RemoteTool

_PAGES = 20
_MOST = 500


async def list_all(session: ClientSession) -> Sequence[RemoteTool]:
    """All tools of a server, page by page."""
    found: list[RemoteTool] = []
    cursor: str | None = None
    for _ in range(_PAGES):
        page = await session.list_tools(params=PaginatedRequestParams(cursor=cursor))
        found += [_tool(each) for each in page.tools]
        cursor = page.next_cursor
        if not cursor or len(found) >= _MOST:
            break
    return tuple(found[:_MOST])


def answer_of(result: CallToolResult) -> McpAnswer:
    """A result as a model reads it, and as captures look into it."""
    text = "\n".join(_shown(block) for block in result.content)
    found = result.structured_content
    if found is None:
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            found = None
    elif not text:
        text = json.dumps(found, ensure_ascii=False)
    return McpAnswer(text, found, result.is_error)


def _tool(tool: Tool) -> RemoteTool:
    hints = tool.annotations
    is_idempotent = hints is not None and bool(hints.read_only_hint or hints.idempotent_hint)
    return RemoteTool(tool.name, tool.description or "", _plain(tool.input_schema), is_idempotent)


def _plain(schema: Any) -> dict[str, Any]:
    return schema if isinstance(schema, dict) else {}


def _shown(block: ContentBlock) -> str:
    match block:
        case TextContent():
            return block.text
        case ImageContent() | AudioContent():
            return f"({block.type}, {block.mime_type}, {len(block.data) * 3 // 4} bytes)"
        case ResourceLink():
            return f"{block.title or block.name}: {block.uri}"
        case EmbeddedResource():
            inner = block.resource
            return inner.text if isinstance(inner, TextResourceContents) else f"(resource {inner.uri})"
        case _:
            assert_never(block)
