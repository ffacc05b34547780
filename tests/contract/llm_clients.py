"""Our clients against the test server, and what came of an answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field

from tests.model_server import ModelServer, model_server

from parley.backends.clock import SystemClock
from parley.backends.llm.connections import Connections
from parley.backends.llm.formats import FORMATS
from parley.backends.llm.place import Place, Prices, Waits
from parley.backends.llm.streamed import StreamedModel
from parley.ports.llm import Asked, LanguageModel, Line, Notice, Piece, Thought, ToolCall, ToolOffer, Usage

KEY = "sk-very-secret-key"
QUESTION = Asked((Line("user", "How is the weather?"),), "Be brief.", (ToolOffer("weather"), ToolOffer("time")))


@dataclass
class Heard:
    """An answer, taken apart."""

    text: str = ""
    thoughts: str = ""
    calls: list[ToolCall] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    usage: Usage | None = None
    pieces: list[Piece] = field(default_factory=list)


async def hear(model: LanguageModel, asked: Asked = QUESTION) -> Heard:
    """All of an answer."""
    heard = Heard()
    async with aclosing(model.answer(asked)) as pieces:
        async for piece in pieces:
            assert heard.usage is None, "the usage is the last piece"
            heard.pieces.append(piece)
            match piece:
                case str():
                    heard.text += piece
                case Thought():
                    heard.thoughts += piece.text
                case ToolCall():
                    heard.calls.append(piece)
                case Notice():
                    heard.notices.append(piece.message)
                case Usage():
                    heard.usage = piece
    return heard


@asynccontextmanager
async def client(
    kind: str, *, url: str | None = None, waits: Waits | None = None, prices: Prices | None = None, key: str = KEY
) -> AsyncIterator[tuple[StreamedModel, ModelServer]]:
    """A client of one format, and the server that it speaks to."""
    connections = Connections()
    async with model_server() as server:
        base = url or (server.url if kind != "anthropic" else server.url.removesuffix("/v1"))
        place = Place("m", base.replace("PORT", str(server.port)), key, waits or Waits(), prices)
        try:
            yield StreamedModel(place, FORMATS[kind], connections, SystemClock()), server
        finally:
            await connections.close()
