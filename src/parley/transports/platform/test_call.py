"""`WS /agent/test-call`: a real voice session without a telephone, in words or in PCM (platform API, section 6.1).

Sound goes both ways as binary frames of 16-bit PCM. It is heard and made by whatever speech the server has; without any
the call goes in words: `{"type": "user_message", "text": …}` in, `agent_transcript` out.
"""

from __future__ import annotations

import asyncio
import uuid
from contextlib import suppress
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec import Struct
from starlette.websockets import WebSocket, WebSocketDisconnect

from parley.domain.conversation_names import call_of
from parley.domain.ids import UserID
from parley.domain.injection import InjectionKind
from parley.domain.state import Contact
from parley.errors import NotFound, ParleyError
from parley.session.handle import SessionHandle
from parley.transports.platform.access import Caller
from parley.transports.platform.sockets import BAD, FAILED, NORMAL, NOT_FOUND, Turned, close, welcome
from parley.voice.call import Call, Over, Sound, Told
from parley.workspaces.estate import Estate
from parley.workspaces.services import ServiceView

VOICE = "voice"
RATES = range(8_000, 48_001)
SCENARIOS = ("inbound", "outbound", "silent")


class Command(Struct, frozen=True):
    """What a caller sends beside sound."""

    type: Literal["user_message", "inject_event", "inject_guidance", "refresh_context", "stop"]
    text: str | None = None
    message: str | None = None
    sender: str = "System"
    reason: str | None = None


_decode = msgspec.json.Decoder(Command).decode
_encode = msgspec.json.Encoder().encode
_KINDS: dict[str, InjectionKind] = {"inject_event": "external_event", "inject_guidance": "guidance"}


async def test_call(socket: WebSocket) -> None:
    """Serve one call."""
    estate: Estate = socket.app.state.estate
    try:
        caller = await welcome(socket, estate, socket.query_params.get("workspace_id"), "member")
        rate = _rate(socket.query_params.get("sample_rate"))
        service = await _service(socket, estate, caller)
        scenario = socket.query_params.get("scenario", "inbound")
        if scenario not in SCENARIOS:
            raise Turned(BAD, f"scenario: expected {' or '.join(SCENARIOS)}")
    except Turned as turned:
        await close(socket, turned.code, turned.reason)
        return
    with suppress(WebSocketDisconnect):
        await _Line(socket, estate, caller, service, rate, scenario).serve()


def _rate(text: str | None) -> int:
    if text is None:
        return 16_000
    if not (text.isascii() and text.isdecimal() and len(text) < 7 and int(text) in RATES):
        raise Turned(BAD, f"sample_rate: expected a number from {RATES[0]} to {RATES[-1]}")
    return int(text)


async def _service(socket: WebSocket, estate: Estate, caller: Caller) -> ServiceView:
    try:
        return await estate.services.get(caller.workspace, str(UUID(socket.query_params.get("service_id") or "")))
    except ValueError as error:
        raise Turned(BAD, "service_id: expected a UUID") from error
    except NotFound as error:
        raise Turned(NOT_FOUND, "Service not found.") from error


class _Line:
    """One caller's line."""

    def __init__(
        self, socket: WebSocket, estate: Estate, caller: Caller, service: ServiceView, rate: int, scenario: str
    ) -> None:
        self._socket = socket
        self._estate = estate
        self._caller = caller
        self._service = service
        self._rate = rate
        self._scenario = scenario

    async def serve(self) -> None:
        """From the first frame to the last."""
        try:
            session = await self._session()
        except ParleyError as error:
            await close(self._socket, FAILED, error.message)
            return
        await self._send("session_started", call_sid=call_of(session.id))
        await self._send("call_progress", status="initializing")
        speech = self._estate.speech
        call = Call(
            session,
            recognizer=None if speech is None else speech.recognizer,
            synthesizer=None if speech is None else speech.synthesizer,
            rate=self._rate,
        )
        registered = await self._estate.calls.add(self._caller.workspace.id, session.state())
        try:
            await self._send("call_progress", status="ready")
            await self._send("ready", output_sample_rate=self._rate)
            await call.begin()
            await self._talk(call, session)
        finally:
            call.close()
            await registered.leave()

    async def _session(self) -> SessionHandle:
        params = self._socket.query_params
        direction = "outbound" if self._scenario == "outbound" else "test"
        contact = Contact(VOICE, direction, service=self._service.id, caller=params.get("caller_id", "")[:256])
        contact = msgspec.structs.replace(contact, scenario=self._scenario)
        user = UserID(f"call:{uuid.uuid4()}")
        service = self._service
        directory = self._estate.house.directory
        return (await directory.obtain(service.project.id, user, service.environment, contact))[0]

    async def _talk(self, call: Call, session: SessionHandle) -> None:
        sending = asyncio.create_task(self._send_all(call))
        hearing = asyncio.create_task(self._hear_all(call, session))
        try:
            await asyncio.wait([sending, hearing], return_when=asyncio.FIRST_COMPLETED)
        finally:
            sending.cancel()
            hearing.cancel()
            await asyncio.gather(sending, hearing, return_exceptions=True)
        if session.state().ended is None:
            await self._estate.house.directory.end(session.id, "hangup")

    async def _send_all(self, call: Call) -> None:
        async for output in call.outputs():
            match output:
                case Sound(pcm=pcm):
                    await self._socket.send_bytes(pcm)
                case Told(type=type, data=data):
                    await self._send(type, **data)
                case Over(reason=reason):
                    await self._send("session_ended", reason=reason)
                    await close(self._socket, NORMAL)

    async def _hear_all(self, call: Call, session: SessionHandle) -> None:
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            if message.get("bytes") is not None:
                await call.hear(message["bytes"])
            elif message.get("text") is not None and not await self._command(message["text"], call, session):
                return

    async def _command(self, text: str, call: Call, session: SessionHandle) -> bool:
        """Do what a text frame says; False where the call is to end."""
        try:
            command = _decode(text)
        except msgspec.MsgspecError as error:
            await self._send("error", message=f"This frame is not understood: {error}")
            return True
        match command.type:
            case "stop":
                await self._estate.house.directory.end(session.id, "hangup")
                await self._send("session_ended", reason="stopped")
                await close(self._socket, NORMAL)
                return False
            case "user_message" if (command.text or "").strip():
                await call.say(command.text or "")
            case "inject_event" | "inject_guidance" if (command.message or "").strip():
                kind = _KINDS[command.type]
                await self._estate.injecting.inject(
                    session, kind, (command.message or "")[:5000], command.sender[:200], self._caller.key
                )
            case "refresh_context":
                pass
            case _:
                await self._send("error", message="This frame needs words: `text` or `message`.")
        return True

    async def _send(self, type: str, **data: Any) -> None:
        await self._socket.send_text(_encode({"type": type, **data}).decode())
