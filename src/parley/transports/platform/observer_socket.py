"""`WS /v1/{workspace_id}/observers/{call_sid}/ws`: watching one conversation as it happens (platform API, section 4.2).

Who watches is written into the audit trail before anything is shown, and is nobody's listener: an injection counts as
delivered only where somebody talks with the agent.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import ExitStack

import structlog
from starlette.websockets import WebSocket

from parley.domain.conversation_names import call_of
from parley.domain.operator import Operator
from parley.errors import Busy, NotFound, ParleyError
from parley.session.handle import SessionHandle
from parley.transports.platform.access import Caller
from parley.transports.platform.observer_frames import Frame, ObserverFrames
from parley.transports.platform.outlet import Outlet
from parley.transports.platform.sockets import (
    BUSY,
    FULL,
    KEY_OVER,
    NORMAL,
    UNKNOWN,
    Turned,
    close,
    heard,
    key_ends,
    welcome,
)
from parley.workspaces.estate import Estate
from parley.workspaces.supervising import LEASE_MS

log = structlog.get_logger()

VIEWED = "operator.viewed_transcript"
ATTENDED = LEASE_MS / 4000
"""Seconds between two signs of life of an operator who watches what they have taken over."""


async def observe(socket: WebSocket) -> None:
    """Serve one watcher."""
    estate: Estate = socket.app.state.estate
    with ExitStack() as seats:
        try:
            caller = await welcome(socket, estate, socket.path_params["workspace_id"])
            session = await _session(estate, caller, socket.path_params["call_sid"])
            _sit(seats, estate, caller)
            await _note(estate, caller, session)
            operators = await estate.operators.in_session(caller.workspace.id, session.id)
        except Turned as turned:
            await close(socket, turned.code, turned.reason)
            return
        except ParleyError as error:
            await close(socket, BUSY, error.message)
            return
        await _Watcher(socket, estate, caller, session).serve(operators)


async def _session(estate: Estate, caller: Caller, sid: str) -> SessionHandle:
    try:
        return await estate.injecting.recall(caller.workspace, sid)
    except NotFound as error:
        raise Turned(UNKNOWN, error.message) from error


def _sit(seats: ExitStack, estate: Estate, caller: Caller) -> None:
    try:
        seats.enter_context(estate.observers.taking(caller.workspace.id))
    except Busy as full:
        raise Turned(FULL, "As many watch in this workspace as may. Close one first.") from full


async def _note(estate: Estate, caller: Caller, session: SessionHandle) -> None:
    told = {"session_id": session.id, "call_sid": call_of(session.id)}
    await estate.audit.note(caller.key, VIEWED, told)


class _Watcher:
    """One watcher's socket."""

    def __init__(self, socket: WebSocket, estate: Estate, caller: Caller, session: SessionHandle) -> None:
        self._socket = socket
        self._estate = estate
        self._caller = caller
        self._session = session
        self._out = Outlet(socket, estate.clock)
        self._frames = ObserverFrames(session.state(), caller.workspace.id)

    async def serve(self, operators: Iterable[Operator]) -> None:
        """From the snapshot to the end. Between the snapshot and the first of what follows nothing is missed."""
        session, frames = self._session, self._frames
        state = session.state()
        self._put(frames.opening(state, self._estate.clock.now_ms()))
        self._put(frames.operator(each.id, each.name, mode=each.mode) for each in operators)
        if state.ended is not None:
            self._put([frames.ending(state)])
        leave = session.follow(lambda portion: self._put(frames.of_portion(portion)), self._lost, counts=False)
        unwatch = self._estate.observing.watch(session.id, lambda seen: self._put(frames.of_seen(seen)))
        try:
            await self._out.serve(self._hear(), self._watch_key(), self._attend())
        finally:
            unwatch()
            leave()

    def _put(self, frames: Iterable[Frame]) -> None:
        for frame in frames:
            self._out.put(**frame)
            if frame["type"] == "session_end":
                self._out.end(NORMAL)

    def _lost(self) -> None:
        self._out.end(BUSY, "The conversation goes on elsewhere. Connect again.")

    async def _hear(self) -> None:
        """Watchers have nothing to say."""
        sent: AsyncIterator[str | bytes] = heard(self._socket)
        async for _ in sent:
            continue

    async def _attend(self) -> None:
        """Who reads along has not gone away, however long the user takes to write."""
        while True:
            await self._estate.clock.sleep(ATTENDED)
            try:
                await self._estate.supervising.attend(self._session, self._caller.key)
            except ParleyError as error:
                log.info("lease not kept by who watches", session=self._session.id, error=error.code)

    async def _watch_key(self) -> None:
        await key_ends(self._estate, self._caller.key)
        self._out.end(KEY_OVER, "This key has expired or was revoked.")
