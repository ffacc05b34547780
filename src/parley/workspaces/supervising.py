"""People in conversations: they listen, coach, take over and give back (platform API, section 5).

A takeover is a lease on the session itself (`SessionState.hold`): while it lasts the agent cannot speak, whoever else
thinks what. It is kept by every call that its operator makes about the session, and runs out without.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Literal

import structlog

from parley.domain.actions import authored, joined, left
from parley.domain.conversation_names import call_of, turn_name
from parley.domain.ids import SessionID, TurnID
from parley.domain.injection import Receipt
from parley.domain.operator import Mode, Operator
from parley.domain.workspace import Workspace, WorkspaceID, WorkspaceKey, is_at_least
from parley.errors import Conflict, NotFound, ParleyError, SessionEnded
from parley.ports.clock import Clock
from parley.session.directory import Directory
from parley.session.handle import SessionHandle
from parley.workspaces.audit import Audit
from parley.workspaces.escalations import Escalations
from parley.workspaces.events import Events
from parley.workspaces.injecting import Injecting
from parley.workspaces.operators import Operators

log = structlog.get_logger()

LEASE_MS = 120_000
"""How long a person has a conversation without giving a sign of life."""
Outcome = Literal["resolved", "escalated", "transferred"]


class NotYours(ParleyError):
    """A key acts for an operator whom it did not register."""

    code = "forbidden"


class Supervising:
    """What operators do."""

    def __init__(
        self,
        directory: Directory,
        operators: Operators,
        escalations: Escalations,
        injecting: Injecting,
        audit: Audit,
        events: Events,
        clock: Clock,
        lease_ms: int = LEASE_MS,
    ) -> None:
        self._directory = directory
        self._operators = operators
        self._escalations = escalations
        self._injecting = injecting
        self._audit = audit
        self._events = events
        self._clock = clock
        self._lease_ms = lease_ms
        self._watching: dict[SessionID, asyncio.Task[None]] = {}

    async def start(self) -> None:
        """Watch the leases that the last process gave."""
        for operator in await self._operators.list(None):
            if operator.call is not None and operator.mode == "takeover":
                self._watch(SessionID(operator.call), operator)

    async def stop(self) -> None:
        """Watch no more leases; they run out by themselves."""
        watching = list(self._watching.values())
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)

    async def operator(self, workspace: Workspace, id: str, by: WorkspaceKey) -> Operator:
        """The operator for whom a key may act: the one that it registered, or any for an admin's.

        Raises `NotFound`, `NotYours`.
        """
        operator = await self._operators.get(workspace.id, id)
        if operator.key != by.id and not is_at_least(by.role, "admin"):
            raise NotYours("This key did not register this operator. Use the operator's own key, or an admin's.")
        return operator

    async def join(self, workspace: Workspace, id: str, sid: str, mode: Mode, by: WorkspaceKey) -> Operator:
        """Listen to a conversation, or take it over.

        Raises `NotFound` and `Conflict` where the operator is in another, or somebody else has it.
        """
        operator = await self.operator(workspace, id, by)
        session = await self._live(workspace, sid)
        before = operator.call
        operator = await self._operators.join(workspace.id, id, session.id, mode)
        try:
            await self._take(session, operator, mode, by)
        except ParleyError:
            if before is None:
                await self._operators.leave(workspace.id, id)
            raise
        await self._note(by, "operator.joined_call", operator, session.id, {"mode": mode})
        self._tell(workspace.id, "operator.joined_call", operator, session.id, {"mode": mode})
        if mode == "takeover" and await self._escalations.connect(session.id, operator.id) is not None:
            self._tell(workspace.id, "escalation.connected", operator, session.id, {})
        return operator

    async def switch(self, workspace: Workspace, id: str, sid: str, mode: Mode, by: WorkspaceKey) -> Operator:
        """From listening to having it, or back. Raises what `join` raises."""
        operator, session = await self._in(workspace, id, sid, by)
        await self._take(session, operator, mode, by)
        operator = await self._operators.join(workspace.id, id, session.id, mode)
        await self._note(by, "operator.mode_switched", operator, session.id, {"mode": mode})
        self._tell(workspace.id, "operator.mode_changed", operator, session.id, {"mode": mode})
        return operator

    async def leave(self, workspace: Workspace, id: str, sid: str, by: WorkspaceKey) -> None:
        """Leave; the agent goes on. Raises `NotFound`."""
        operator, session = await self._in(workspace, id, sid, by)
        await self._give_back(session, operator)
        await self._operators.leave(workspace.id, id)
        await self._note(by, "operator.left_call", operator, session.id, {})
        self._tell(workspace.id, "operator.left_call", operator, session.id, {})

    async def say(self, workspace: Workspace, id: str, sid: str, text: str, by: WorkspaceKey) -> str:
        """Speak to the user, as who has the conversation. The turn's id. Raises `NotFound`, `Conflict`."""
        operator, session = await self._in(workspace, id, sid, by)
        self._check_has(session, operator)
        await self._renew(session, operator, by)
        answer = turn_name(await self._command(session, authored(text, operator.id, operator.name)))
        await self._note(by, "operator.spoke", operator, session.id, {"turn_id": answer, "length": len(text)})
        return answer

    async def guide(self, workspace: Workspace, id: str, sid: str, message: str, by: WorkspaceKey) -> Receipt:
        """Coach the agent; the user notices nothing. Raises `NotFound`."""
        operator = await self.operator(workspace, id, by)
        session = await self._live(workspace, sid)
        receipt = await self._injecting.inject(session, "guidance", message, operator.name, by, operator=operator.id)
        await self._renew(session, operator, by)
        return receipt

    async def wrap_up(
        self, workspace: Workspace, id: str, sid: str, outcome: Outcome, notes: str, by: WorkspaceKey
    ) -> None:
        """Say how it went, during the conversation or after it; whoever is still in it leaves. Raises `NotFound`."""
        operator = await self.operator(workspace, id, by)
        session = await self._injecting.recall(workspace, sid)
        if operator.call == session.id:
            await self._give_back(session, operator)
            await self._operators.leave(workspace.id, id)
        told = {"outcome": outcome, "notes_length": len(notes)}
        await self._note(by, "operator.wrap_up", operator, session.id, told)
        self._tell(workspace.id, "operator.wrap_up", operator, session.id, {"outcome": outcome})
        if outcome != "escalated" and await self._escalations.complete(session.id) is not None:
            self._tell(workspace.id, "escalation.completed", operator, session.id, {"outcome": outcome})

    async def _live(self, workspace: Workspace, sid: str) -> SessionHandle:
        try:
            return await self._injecting.find(workspace, sid)
        except NotFound as error:
            raise NotFound("Call not found.", code=error.code) from error

    async def _in(self, workspace: Workspace, id: str, sid: str, by: WorkspaceKey) -> tuple[Operator, SessionHandle]:
        operator = await self.operator(workspace, id, by)
        session = await self._live(workspace, sid)
        if operator.call != session.id:
            raise NotFound("This operator is not on this call. Join it first.", code="not_on_call")
        return operator, session

    async def _take(self, session: SessionHandle, operator: Operator, mode: Mode, by: WorkspaceKey) -> None:
        if mode == "listen":
            await self._give_back(session, operator)
            return
        until = self._clock.now_ms() + self._lease_ms
        await self._command(session, joined(operator.id, operator.name, until, by.id))
        self._check_has(session, operator)
        self._watch(session.id, operator)

    def _check_has(self, session: SessionHandle, operator: Operator) -> None:
        hold = session.state().hold
        if hold is None or hold.operator != operator.id or hold.until <= self._clock.now_ms():
            raise Conflict("This operator does not have the conversation. Take it over first.", code="not_held")

    async def _renew(self, session: SessionHandle, operator: Operator, by: WorkspaceKey) -> None:
        """A sign of life."""
        hold = session.state().hold
        if hold is not None and hold.operator == operator.id:
            until = self._clock.now_ms() + self._lease_ms
            await self._command(session, joined(operator.id, operator.name, until, by.id))
            self._watch(session.id, operator)

    async def _give_back(self, session: SessionHandle, operator: Operator) -> None:
        hold = session.state().hold
        if hold is not None and hold.operator == operator.id and session.state().ended is None:
            await self._command(session, left(operator.id))
            await self._escalations.hand_back(session.id)
        watching = self._watching.pop(session.id, None)
        if watching is not None:
            watching.cancel()

    async def _command(self, session: SessionHandle, action: Any) -> TurnID:
        try:
            return (await session.command(action)).turn
        except SessionEnded as ended:
            raise NotFound("Call not found.", code="no_session") from ended

    def _watch(self, session: SessionID, operator: Operator) -> None:
        """Give the conversation back when the lease runs out."""
        before = self._watching.pop(session, None)
        if before is not None:
            before.cancel()
        self._watching[session] = asyncio.get_running_loop().create_task(self._expire(session, operator))

    async def _expire(self, id: SessionID, operator: Operator) -> None:
        await self._clock.sleep(self._lease_ms / 1000)
        self._watching.pop(id, None)
        try:
            session = await self._directory.recall(id)
            hold = session.state().hold
            if hold is not None and hold.operator == operator.id and session.state().ended is None:
                await session.command(left(operator.id))
            await self._escalations.hand_back(id)
            await self._operators.leave(operator.workspace, operator.id)
        except ParleyError as error:
            log.warning("a lease ran out and was not noted", session=id, error=error.code)
        self._tell(operator.workspace, "operator.left_call", operator, id, {"reason": "lease_expired"})

    async def _note(
        self, by: WorkspaceKey, type: str, operator: Operator, session: SessionID, more: Mapping[str, Any]
    ) -> None:
        told = {"operator_id": operator.id, "session_id": session, "call_sid": call_of(session), **more}
        await self._audit.note(by, type, told)

    def _tell(
        self, workspace: WorkspaceID, type: str, operator: Operator, session: SessionID, more: Mapping[str, Any]
    ) -> None:
        told = {"operator_id": operator.id, "operator_name": operator.name, "call_sid": call_of(session), **more}
        self._events.tell(workspace, type, told)
