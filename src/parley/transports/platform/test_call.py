"""`WS /agent/test-call`: a real voice session without a telephone, in words or in PCM (platform API, section 6.1).

Sound goes both ways as binary frames of 16-bit PCM. It is heard and made by whatever speech the server has; without any
the call goes in words: `{"type": "user_message", "text": …}` in, `agent_transcript` out.
"""

from __future__ import annotations

import asyncio
import uuid
from contextlib import ExitStack, suppress
from typing import Annotated, Any

import msgspec
import structlog
from msgspec import Meta, Struct
from starlette.websockets import WebSocket, WebSocketDisconnect

from parley.domain.conversation_names import call_of
from parley.domain.ids import UserID
from parley.domain.injection import InjectionKind
from parley.errors import ParleyError
from parley.session.handle import SessionHandle
from parley.session.outbox import Portion
from parley.transports.platform.access import Caller
from parley.transports.platform.call_request import CallRequest, read_call_request
from parley.transports.platform.sockets import (
    BAD,
    FAILED,
    NORMAL,
    Turned,
    close,
    heard,
    key_ends,
    welcome,
)
from parley.transports.platform.turn_shapes import tool_told_by, traces_in
from parley.voice.call import Call, Over, Sound, Told
from parley.workspaces.entities import facts_of
from parley.workspaces.estate import Estate
from parley.workspaces.talks import Briefing

log = structlog.get_logger()

NO_EARS = 'This server has no speech, so nothing is heard. Send words: {"type": "user_message", "text": …}.'


class Words(Struct, frozen=True, tag_field="type", tag="user_message"):
    """The caller says something, in words."""

    text: Annotated[str, Meta(min_length=1, max_length=10_000)]


class InjectEvent(Struct, frozen=True, tag_field="type", tag="inject_event"):
    """A fact for the agent."""

    message: Annotated[str, Meta(min_length=1, max_length=5_000)]
    sender: Annotated[str, Meta(max_length=200)] = "System"


class InjectGuidance(InjectEvent, frozen=True, tag_field="type", tag="inject_guidance"):
    """Coaching for the agent."""


class RefreshContext(Struct, frozen=True, tag_field="type", tag="refresh_context"):
    """What is known of the call's entity has changed: the agent is to know it."""


class Stop(Struct, frozen=True, tag_field="type", tag="stop"):
    """The caller hangs up."""

    reason: str | None = None


_decode = msgspec.json.Decoder(Words | InjectEvent | InjectGuidance | RefreshContext | Stop).decode
_encode = msgspec.json.Encoder().encode


async def test_call(socket: WebSocket) -> None:
    """Serve one call."""
    estate: Estate = socket.app.state.estate
    try:
        caller = await welcome(socket, estate, socket.query_params.get("workspace_id"))
        request = await read_call_request(socket, estate, caller)
    except Turned as turned:
        await close(socket, turned.code, turned.reason)
        return
    except ParleyError as error:
        await close(socket, FAILED, error.message)
        return
    with suppress(WebSocketDisconnect):
        await _Line(socket, estate, caller, request).serve()


class _Line:
    """One caller's line."""

    def __init__(self, socket: WebSocket, estate: Estate, caller: Caller, request: CallRequest) -> None:
        self._socket = socket
        self._estate = estate
        self._caller = caller
        self._request = request
        self._is_deaf_told = False
        self._begun: dict[str, int] = {}
        """When the tools were called that run now."""

    async def serve(self) -> None:
        """From the first frame to the last."""
        with ExitStack() as claims:
            try:
                session = await self._session()
                call = self._call(session)
                claims.enter_context(self._estate.owners.taking(session.id))
            except ParleyError as error:
                await close(self._socket, FAILED, error.message)
                return
            await self._serve(call, session)

    async def _serve(self, call: Call, session: SessionHandle) -> None:
        registered = await self._estate.calls.add(self._caller.workspace.id, session.state())
        unfollow = session.follow(lambda portion: self._tell_tools(call, portion), counts=False)
        try:
            await self._send("session_started", call_sid=call_of(session.id))
            await self._send("call_progress", status="initializing")
            await self._send("call_progress", status="ready")
            await self._send("ready", output_sample_rate=self._request.rate)
            await call.begin(greets=self._request.scenario != "silent")
            await self._talk(call, session)
        finally:
            unfollow()
            call.close()
            await registered.leave()
            await self._hang_up(session)

    def _call(self, session: SessionHandle) -> Call:
        speech, observing = self._estate.speech, self._estate.observing
        return Call(
            session,
            self._estate.clock,
            recognizer=None if speech is None else speech.recognizer,
            synthesizer=None if speech is None else speech.synthesizer,
            rate=self._request.rate,
            note=lambda type, data: observing.note(session.id, type, data),
        )

    async def _session(self) -> SessionHandle:
        service, contact = self._request.service, self._request.contact
        user = UserID(f"call:{uuid.uuid4()}")
        directory = self._estate.house.directory
        return (await directory.obtain(service.project.id, user, service.environment, contact))[0]

    async def _talk(self, call: Call, session: SessionHandle) -> None:
        """Until the session ends, the caller hangs up or the key is over."""
        sending = asyncio.create_task(self._send_all(call))
        hearing = asyncio.create_task(self._hear_all(call, session))
        key = asyncio.create_task(key_ends(self._estate, self._caller.key))
        tasks: list[asyncio.Task[Any]] = [sending, hearing, key]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            for failed in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(failed, Exception) and not isinstance(failed, WebSocketDisconnect):
                    log.error("a call failed", session=session.id, exc_info=failed)
        if sending in done:
            await close(self._socket, NORMAL)
        elif hearing in done:
            await self._say_stopped()
        else:
            await close(self._socket, BAD, "This key opens nothing any more.")

    async def _say_stopped(self) -> None:
        with suppress(WebSocketDisconnect, RuntimeError):
            await self._send("session_ended", reason="stopped")
        await close(self._socket, NORMAL)

    async def _hang_up(self, session: SessionHandle) -> None:
        if session.state().ended is not None:
            return
        try:
            await self._estate.house.directory.end(session.id, "hangup")
        except ParleyError as error:
            log.warning("a call was not ended", session=session.id, error=error.code)

    async def _send_all(self, call: Call) -> None:
        async for output in call.outputs():
            match output:
                case Sound(pcm=pcm):
                    await self._socket.send_bytes(pcm)
                case Told(type=type, data=data):
                    await self._send(type, **data)
                case Over(reason=reason):
                    await self._send("session_ended", reason=reason)

    async def _hear_all(self, call: Call, session: SessionHandle) -> None:
        async for frame in heard(self._socket):
            if isinstance(frame, bytes):
                await self._hear(frame, call)
            elif not await self._command(frame, call, session):
                return

    async def _hear(self, pcm: bytes, call: Call) -> None:
        if not call.hears and not self._is_deaf_told:
            self._is_deaf_told = True
            call.tell("error", {"message": NO_EARS})
        await call.hear(pcm)

    async def _command(self, text: str, call: Call, session: SessionHandle) -> bool:
        """Do what a text frame says; False where the call is to end."""
        try:
            command = _decode(text)
        except (msgspec.MsgspecError, RecursionError) as error:
            call.tell("error", {"message": f"This frame is not understood: {error}"})
            return True
        match command:
            case Stop():
                return False
            case Words(text=words) if words.strip():
                await call.say(words)
            case InjectEvent(message=message, sender=sender) if message.strip():
                guidance = isinstance(command, InjectGuidance)
                await self._inject(call, session, "guidance" if guidance else "external_event", message, sender)
            case RefreshContext():
                await self._refresh(call, session)
            case _:
                call.tell("error", {"message": "This frame needs words: `text` or `message`."})
        return True

    async def _inject(self, call: Call, session: SessionHandle, kind: InjectionKind, message: str, sender: str) -> None:
        try:
            await self._estate.injecting.inject(session, kind, message, sender, self._caller.key)
        except ParleyError as refused:
            call.tell("error", {"message": refused.message})

    async def _refresh(self, call: Call, session: SessionHandle) -> None:
        task = self._request.task
        if task is None:
            return
        try:
            known = await self._estate.entities.get(self._caller.workspace.id, task.id)
            await self._estate.talks.brief(session, Briefing(context=facts_of(known)))
        except ParleyError as refused:
            call.tell("error", {"message": refused.message})

    def _tell_tools(self, call: Call, portion: Portion) -> None:
        for trace in traces_in(portion.emissions):
            told = tool_told_by(trace)
            if told is None:
                continue
            id, time = str(told["call_id"]), trace.get("time") or 0
            names = {"tool_name": told.get("tool_name", ""), "call_id": id}
            if "result" not in told:
                self._begun[id] = time
                call.tell("tool_call_started", {**names, "input_params": told.get("input", {})})
                continue
            began = self._begun.pop(id, None)
            more = {"result": told["result"], "succeeded": told.get("succeeded", True)}
            call.tell("tool_call_completed", {**names, **more, "duration_ms": None if began is None else time - began})

    async def _send(self, type: str, **data: Any) -> None:
        await self._socket.send_text(_encode({"type": type, **data}).decode())
