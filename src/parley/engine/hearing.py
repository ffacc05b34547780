"""A world whose every answer passes an ear: one small wrapper a port, made when a step first reaches for it.

A turn that asks for nothing pays for one object. A port that is not named here is passed through unheard.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from typing import Any

import msgspec

from parley.domain.ids import EnvironmentAlias, ProjectID, SessionID, TurnID
from parley.engine.ear import Ear, Form, Question
from parley.engine.tools.errands import Errands
from parley.engine.world import Secrets, World
from parley.errors import Busy, StoreUnavailable
from parley.ports.effects import Effect, EffectName, Effects
from parley.ports.knowledge import KnowledgeBase, Passage
from parley.ports.llm import Asked, Failure, LanguageModel, ModelUnavailable, Notice, Piece, Thought, ToolCall, Usage
from parley.ports.mcp import McpAnswer, McpFailed, McpPlace, McpServers, RemoteTool
from parley.ports.scripts import Fetch, Ran, Script, Scripts
from parley.ports.tools import TIMEOUT, Request, RequestFailed, Response, Tools

_PIECES: dict[str, type[Any]] = {"thought": Thought, "call": ToolCall, "notice": Notice, "usage": Usage}
_NAMES = {kind: name for name, kind in _PIECES.items()}


class HeardWorld(World):
    """The real world as one turn sees it."""

    __slots__ = ("_ear", "_made", "_real")

    def __init__(self, real: World, ear: Callable[[], Ear]) -> None:
        object.__setattr__(self, "_real", real)
        object.__setattr__(self, "_made", {})
        object.__setattr__(self, "_ear", ear)

    def of(self, project: ProjectID, environment: EnvironmentAlias) -> World:
        """See `World.of`: what is heard stays heard."""
        real = object.__getattribute__(self, "_real")
        ear = object.__getattribute__(self, "_ear")
        return self if real.vault is None else HeardWorld(real.of(project, environment), ear)

    def __getattribute__(self, name: str) -> Any:
        if name == "of":
            return object.__getattribute__(self, name)
        if name not in _WRAPPERS:
            real = object.__getattribute__(self, "_real")
            return getattr(real, name)
        made = object.__getattribute__(self, "_made")
        if name not in made:
            real = getattr(object.__getattribute__(self, "_real"), name)
            made[name] = _WRAPPERS[name](real, object.__getattribute__(self, "_ear")())
        return made[name]


class _Tools:
    def __init__(self, tools: Tools, ear: Ear) -> None:
        self._tools = tools
        self._ear = ear

    async def send(self, request: Request) -> Response:
        """See `Tools.send`."""
        return await self._ear.call(_question(request), RESPONSE, lambda: self._tools.send(request))

    def post(self, request: Request) -> None:
        """See `Tools.post`. Nothing comes back."""
        self._tools.post(request)


class _Model:
    def __init__(self, model: LanguageModel, ear: Ear) -> None:
        self._model = model
        self._ear = ear

    def answer(self, asked: Asked) -> AsyncIterator[Piece]:
        """See `LanguageModel.answer`."""
        said = asked.lines[-1].content if asked.lines else asked.system
        question = Question("model", _encode(asked).decode(), said)
        return self._ear.stream(question, PIECES, lambda: self._model.answer(asked))


class _Knowledge:
    def __init__(self, knowledge: KnowledgeBase, ear: Ear) -> None:
        self._knowledge = knowledge
        self._ear = ear

    async def search(self, project: ProjectID, question: str, *more: Any, **options: Any) -> Sequence[Passage]:
        """See `KnowledgeBase.search`."""
        asked = Question("knowledge", _encode([question, more, options]).decode(), question)
        return await self._ear.call(
            asked, PASSAGES, lambda: self._knowledge.search(project, question, *more, **options)
        )


class _Scripts:
    def __init__(self, scripts: Scripts, ear: Ear) -> None:
        self._scripts = scripts
        self._ear = ear

    async def run(self, script: Script, fetch: Fetch | None = None) -> Ran:
        """See `Scripts.run`. What a script makes of the same things is the same: only failures are heard."""
        asked = Question("scripts", _encode(script).decode(), f"a {script.kind}")
        return await self._ear.work(asked, RAN, lambda: self._scripts.run(script, fetch), lambda ran: ran.error is None)


class _Effects:
    """What a turn that is run again is told of the first time."""

    def __init__(self, effects: Effects, ear: Ear) -> None:
        self._effects = effects
        self._ear = ear

    async def begin(self, name: EffectName, asked: str) -> Effect | None:
        """See `Effects.begin`."""
        return await self._known(name, lambda: self._effects.begin(name, asked))

    async def find(self, name: EffectName) -> Effect | None:
        """See `Effects.find`."""
        return await self._known(name, lambda: self._effects.find(name))

    async def finish(self, name: EffectName, effect: Effect) -> None:
        """See `Effects.finish`."""
        done = Question("effects", f"finish {name.effect}", f"finish {name.effect}")
        await self._ear.work(done, EFFECT, lambda: self._finish(name, effect), lambda _: True)

    async def _finish(self, name: EffectName, effect: Effect) -> Effect | None:
        await self._effects.finish(name, effect)
        return None

    async def settle(self, session: SessionID, turn: TurnID) -> None:
        """See `Effects.settle`."""
        await self._effects.settle(session, turn)

    async def _known(self, name: EffectName, look: Callable[[], Awaitable[Effect | None]]) -> Effect | None:
        asked = Question("effects", name.effect, name.effect)
        return await self._ear.work(asked, EFFECT, look, lambda known: known is None)


class _Mcp:
    """Who asks (the headers) is no part of the question."""

    def __init__(self, servers: McpServers, ear: Ear) -> None:
        self._servers = servers
        self._ear = ear

    async def tools(self, place: McpPlace, timeout: float = TIMEOUT) -> Sequence[RemoteTool]:
        """See `McpServers.tools`."""
        question = Question("mcp", place.url, f"the tools of {place.url}")
        return await self._ear.call(question, REMOTE_TOOLS, lambda: self._servers.tools(place, timeout))

    async def call(self, place: McpPlace, tool: str, arguments: dict[str, Any], timeout: float = TIMEOUT) -> McpAnswer:
        """See `McpServers.call`."""
        asked = _encode([place.url, tool, arguments]).decode()
        question = Question("mcp", asked, f"{tool} of {place.url}")
        return await self._ear.call(question, MCP, lambda: self._servers.call(place, tool, arguments, timeout))


class _Errands(Errands):
    """What was sent off in one turn is asked for in another."""

    def __init__(self, errands: Errands, ear: Ear) -> None:
        self._errands = errands
        self._ear = ear

    def start(self, name: EffectName, do: Coroutine[Any, Any, bytes], *, keep: bool) -> None:
        """See `Errands.start`."""
        is_started = False

        def start() -> None:
            nonlocal is_started
            is_started = True
            self._errands.start(name, do, keep=keep)

        try:
            self._ear.glance(_about(name, "start"), SENT, start)
        finally:
            if not is_started:
                do.close()

    def is_running(self, name: EffectName) -> bool:
        """See `Errands.is_running`."""
        return self._ear.glance(_about(name, "wait"), RUNNING, lambda: self._errands.is_running(name))

    def take(self, name: EffectName) -> bytes | None:
        """See `Errands.take`."""
        return self._ear.glance(_about(name, "take"), TAKEN, lambda: self._errands.take(name))


def _about(name: EffectName, verb: str) -> Question:
    return Question("errands", f"{verb} {name.turn} {name.effect}", f"{verb}: {name.effect}")


def _secrets(secrets: Secrets, ear: Ear) -> Secrets:
    return lambda name: ear.secret(name, secrets(name))


def _clock(now_ms: Callable[[], int], ear: Ear) -> Callable[[], int]:
    return lambda: ear.clock(now_ms)


def _model(model: LanguageModel | None, ear: Ear) -> _Model | None:
    return None if _is_missing("model", model, ear) or model is None else _Model(model, ear)


def _knowledge(knowledge: KnowledgeBase | None, ear: Ear) -> _Knowledge | None:
    return None if _is_missing("knowledge", knowledge, ear) or knowledge is None else _Knowledge(knowledge, ear)


def _mcp(servers: McpServers | None, ear: Ear) -> _Mcp | None:
    return None if _is_missing("mcp", servers, ear) or servers is None else _Mcp(servers, ear)


def _search(address: str | None, ear: Ear) -> str | None:
    return ear.fact("search", address)


def _is_missing(name: str, port: object | None, ear: Ear) -> bool:
    return ear.fact(name, None if port is None else "") is None


_WRAPPERS: dict[str, Callable[[Any, Ear], Any]] = {
    "scripts": _Scripts,
    "tools": _Tools,
    "effects": _Effects,
    "secrets": _secrets,
    "now_ms": _clock,
    "model": _model,
    "knowledge": _knowledge,
    "mcp": _mcp,
    "search": _search,
    "errands": _Errands,
}


def _question(request: Request) -> Question:
    """Headers are no part of it: they say who asks."""
    body = (request.body or b"").decode("utf-8", "replace")
    return Question("tools", f"{request.method} {request.url}\n{body}", f"{request.method} {request.url}")


_encode = msgspec.json.Encoder(order="deterministic").encode


def _pack_response(response: Response) -> Any:
    """The body as a text where it is one: a text can be searched and blackened."""
    packed = msgspec.to_builtins(response)
    try:
        return packed | {"body": {"text": response.body.decode()}}
    except UnicodeDecodeError:
        return packed


def _unpack_response(packed: Any) -> Response:
    body = packed.get("body", "")
    if isinstance(body, dict):
        return msgspec.structs.replace(
            msgspec.convert(packed | {"body": ""}, Response), body=body["text"].encode("utf-8", "replace")
        )
    return msgspec.convert(packed, Response)


def _pack_piece(piece: Piece) -> Any:
    return piece if isinstance(piece, str) else {_NAMES[type(piece)]: msgspec.to_builtins(piece)}


def _unpack_piece(packed: Any) -> Piece:
    if isinstance(packed, str):
        return packed
    ((name, fields),) = packed.items()
    piece: Piece = msgspec.convert(fields, _PIECES[name])
    return piece


def _model_failure(code: str, message: str) -> ModelUnavailable:
    try:
        return ModelUnavailable(message, msgspec.convert(code.removeprefix("model_"), Failure))
    except msgspec.ValidationError:
        return ModelUnavailable(message)


def _pack_effect(known: Effect | None) -> Any:
    if known is None or known.outcome is None:
        return msgspec.to_builtins(known)
    return {"asked": known.asked, "outcome": {"text": known.outcome.decode("utf-8", "replace")}}


def _unpack_effect(packed: Any) -> Effect | None:
    if packed is None:
        return None
    outcome = packed.get("outcome")
    return Effect(packed["asked"], None if outcome is None else outcome["text"].encode())


def _failed(code: str, message: str) -> RequestFailed:
    return RequestFailed(message, code=code)


RESPONSE: Form[Response] = Form(_pack_response, _unpack_response, _failed, RequestFailed)
PIECES: Form[list[Piece]] = Form(
    lambda pieces: [_pack_piece(piece) for piece in pieces],
    lambda packed: [_unpack_piece(each) for each in packed],
    _model_failure,
    ModelUnavailable,
)
PASSAGES: Form[Sequence[Passage]] = Form(
    lambda passages: msgspec.to_builtins(list(passages)),
    lambda packed: msgspec.convert(packed, list[Passage]),
    lambda code, message: StoreUnavailable(message, code=code),
    StoreUnavailable,
)
REMOTE_TOOLS: Form[Sequence[RemoteTool]] = Form(
    lambda tools: msgspec.to_builtins(list(tools)),
    lambda packed: msgspec.convert(packed, list[RemoteTool]),
    lambda code, message: McpFailed(message, code=code),
    McpFailed,
)
MCP: Form[McpAnswer] = Form(
    msgspec.to_builtins,
    lambda packed: msgspec.convert(packed, McpAnswer),
    lambda code, message: McpFailed(message, code=code),
    McpFailed,
)
RAN: Form[Ran] = Form(msgspec.to_builtins, lambda packed: msgspec.convert(packed, Ran), _failed, ())
EFFECT: Form[Effect | None] = Form(_pack_effect, _unpack_effect, _failed, ())
SENT: Form[None] = Form(lambda _: None, lambda _: None, lambda code, message: Busy(message, code=code), Busy)
RUNNING: Form[bool] = Form(bool, bool, _failed, ())
TAKEN: Form[bytes | None] = Form(
    lambda taken: None if taken is None else {"text": taken.decode("utf-8", "replace")},
    lambda packed: None if packed is None else packed["text"].encode(),
    _failed,
    (),
)
