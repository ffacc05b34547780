"""People in conversations: they listen, coach, take over and give back (platform API, section 5).

A takeover is a lease on the session itself (`SessionState.hold`): while it lasts the agent cannot speak, whoever else
thinks what. It is kept by every call that its operator makes about the session, and runs out without.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from parley.domain.actions import Action, authored, joined, left
from parley.domain.conversation_names import call_of, turn_name
from parley.domain.ids import SessionID, TurnID
from parley.domain.injection import Receipt
from parley.domain.operator import Mode, Operator, Outcome, WrapUp
from parley.domain.workspace import Workspace, WorkspaceID, WorkspaceKey
from parley.errors import Conflict, NotFound, ParleyError, SessionEnded
from parley.ports.clock import Clock
from parley.session.handle import SessionHandle
from parley.workspaces.audit import Audit
from parley.workspaces.escalations import Escalations
from parley.workspaces.events import Events
from parley.workspaces.injecting import Injecting
from parley.workspaces.leases import Leases
from parley.workspaces.operators import Operators
from parley.workspaces.presence import Presence
from parley.workspaces.talks import Talks
from parley.workspaces.wrap_ups import WrapUps

LEASE_MS = 120_000
"""How long a person has a conversation without giving a sign of life."""


class NotOnCall(NotFound):
    """An operator does something in a conversation that they are not in."""

    code = "not_on_call"


class Supervising:
    """What operators do."""

    def __init__(
        self,
        talks: Talks,
        operators: Operators,
        escalations: Escalations,
        wrap_ups: WrapUps,
        injecting: Injecting,
        audit: Audit,
        events: Events,
        clock: Clock,
    ) -> None:
        self._talks = talks
        self._operators = operators
        self._escalations = escalations
        self.wrap_ups = wrap_ups
        """How conversations went."""
        self._injecting = injecting
        self._audit = audit
        self._events = events
        self._clock = clock
        self._leases = Leases(clock, self._expire)
        self._presence = Presence()

    async def start(self) -> None:
        """Take up what the last process left: who is where, and the leases that it gave."""
        for operator in await self._operators.list(None):
            if operator.call is None:
                continue
            id = SessionID(operator.call)
            self._presence.put(id, operator.id, operator.workspace)
            session = await self._talks.live(id)
            hold = None if session is None else session.state().hold
            if session is None:
                await self._free(id, operator.id, "session_ended")
            elif operator.mode == "takeover" and hold is not None and hold.operator == operator.id:
                self._leases.keep(id, operator.id, hold.until)
            elif operator.mode == "takeover":
                await self._free(id, operator.id, "lease_expired")

    async def stop(self) -> None:
        """Watch no more leases; they run out by themselves."""
        await self._leases.stop()

    async def join(self, workspace: Workspace, id: str, sid: str, mode: Mode, by: WorkspaceKey) -> Operator:
        """Listen to a conversation, or take it over.

        Raises `NotFound` and `Conflict` where the operator is on a call, or somebody else has this one.
        """
        await self._operators.served_by(by, id)
        session = await self.live(workspace, sid)
        operator = await self._operators.join(workspace.id, id, session.id, mode)
        self._presence.put(session.id, id, workspace.id)
        try:
            if session.state().ended is not None:
                raise NotFound("Call not found.", code="no_session")
            await self._take(session, operator, mode, by)
        except ParleyError:
            await self._part(session.id, operator)
            raise
        await self._note(by, "operator.joined_call", operator, session.id, {"mode": mode})
        self._tell(workspace.id, "operator.joined_call", operator, session.id, {"mode": mode})
        return operator

    async def switch(self, workspace: Workspace, id: str, sid: str, mode: Mode, by: WorkspaceKey) -> Operator:
        """From listening to having it, or back. Raises what `join` raises."""
        operator, session = await self.present(workspace, id, sid, by)
        await self._take(session, operator, mode, by)
        operator = await self._operators.switch(workspace.id, id, session.id, mode)
        await self._note(by, "operator.mode_switched", operator, session.id, {"mode": mode})
        self._tell(workspace.id, "operator.mode_changed", operator, session.id, {"mode": mode})
        return operator

    async def leave(self, workspace: Workspace, id: str, sid: str, by: WorkspaceKey) -> None:
        """Leave; the agent goes on. Raises `NotFound`."""
        operator, session = await self.present(workspace, id, sid, by)
        await self._give_back(session, operator)
        await self._part(session.id, operator)
        await self._note(by, "operator.left_call", operator, session.id, {})
        self._tell(workspace.id, "operator.left_call", operator, session.id, {})

    async def say(self, workspace: Workspace, id: str, sid: str, text: str, by: WorkspaceKey) -> str:
        """Speak to the user, as who has the conversation. The turn's id. Raises `NotFound`, `Conflict`."""
        operator, session = await self.present(workspace, id, sid, by)
        self._check_has(session, operator)
        await self._renew(session, operator, by)
        answer = turn_name(await self._command(session, authored(text, operator.id, operator.name)))
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        told = {"turn_id": answer, "sha256": digest, "length": len(text)}
        await self._note(by, "operator.spoke", operator, session.id, told)
        return answer

    async def guide(
        self, workspace: Workspace, id: str, sid: str, message: str, by: WorkspaceKey, *, key: str | None = None
    ) -> tuple[Receipt, bool]:
        """Coach the agent; the user notices nothing. False where the `key` was used before. Raises `NotFound`."""
        operator = await self._operators.served_by(by, id)
        session = await self.live(workspace, sid)
        guided = await self._injecting.inject(
            session, "guidance", message, operator.name, by, key=key, operator=operator.id
        )
        await self._renew(session, operator, by)
        return guided

    async def wrap_up(
        self, workspace: Workspace, id: str, sid: str, outcome: Outcome, notes: str, by: WorkspaceKey
    ) -> None:
        """Say how it went, during the conversation or after it; whoever is still in it leaves. Raises `NotFound`."""
        operator = await self._operators.served_by(by, id)
        session = await self._injecting.recall(workspace, sid)
        if operator.call == session.id:
            await self._give_back(session, operator)
            await self._part(session.id, operator)
        await self.wrap_ups.keep(WrapUp(id, workspace.id, session.id, outcome, self._clock.now_ms(), notes))
        digest = hashlib.sha256(notes.encode("utf-8", "surrogatepass")).hexdigest()
        told = {"outcome": outcome, "sha256": digest, "length": len(notes)}
        await self._note(by, "operator.wrap_up", operator, session.id, told)
        how: dict[str, str] = {"outcome": outcome, "wrap_up_reason": outcome}
        self._tell(workspace.id, "operator.wrap_up", operator, session.id, how)
        if outcome != "escalated" and (done := await self._escalations.complete(session.id)) is not None:
            how = {"outcome": outcome, "escalation_id": done.id}
            self._tell(workspace.id, "escalation.completed", operator, session.id, how)

    async def attend(self, session: SessionHandle, by: WorkspaceKey) -> None:
        """A sign of life of whoever watches with this key: a conversation that it took over is kept.

        Raises `NotFound` where the conversation ends meanwhile.
        """
        hold = session.state().held(self._clock.now_ms())
        if hold is not None and hold.key == by.id:
            await self._renew(session, await self._operators.get(by.workspace, hold.operator), by)

    async def over(self, session: SessionID) -> None:
        """A conversation has ended: whoever was in it is free."""
        self._leases.drop(session)
        for operator in self._presence.of(session):
            await self._free(session, operator, "session_ended")

    async def present(
        self, workspace: Workspace, id: str, sid: str, by: WorkspaceKey
    ) -> tuple[Operator, SessionHandle]:
        """The operator, in this live conversation. Raises `NotFound`, `NotYours`."""
        operator = await self._operators.served_by(by, id)
        session = await self.live(workspace, sid)
        if operator.call != session.id:
            raise NotOnCall("This operator is not on this call. Join it first.")
        return operator, session

    async def live(self, workspace: Workspace, sid: str) -> SessionHandle:
        """A live conversation. Raises `NotFound`."""
        try:
            return await self._injecting.find(workspace, sid)
        except NotFound as error:
            raise NotFound("Call not found.", code=error.code) from error

    async def _take(self, session: SessionHandle, operator: Operator, mode: Mode, by: WorkspaceKey) -> None:
        if mode == "listen":
            await self._give_back(session, operator)
            return
        await self._hold(session, operator, by)
        hold = session.state().hold
        if hold is None or hold.operator != operator.id:
            raise Conflict("Somebody else has this conversation. Listen until they give it back.", code="held")
        connected = await self._escalations.connect(session.id, operator.id)
        if connected is not None:
            more = {"escalation_id": connected.id}
            self._tell(operator.workspace, "escalation.connected", operator, session.id, more)

    async def _hold(self, session: SessionHandle, operator: Operator, by: WorkspaceKey) -> None:
        until = self._clock.now_ms() + LEASE_MS
        await self._command(session, joined(operator.id, operator.name, until, by.id))
        hold = session.state().hold
        if hold is not None and hold.operator == operator.id:
            self._leases.keep(session.id, operator.id, hold.until)

    def _check_has(self, session: SessionHandle, operator: Operator) -> None:
        hold = session.state().held(self._clock.now_ms())
        if hold is None or hold.operator != operator.id:
            raise Conflict("This operator does not have the conversation. Take it over first.", code="not_held")

    async def _renew(self, session: SessionHandle, operator: Operator, by: WorkspaceKey) -> None:
        """A sign of life."""
        hold = session.state().hold
        if hold is not None and hold.operator == operator.id:
            await self._hold(session, operator, by)

    async def _give_back(self, session: SessionHandle, operator: Operator) -> None:
        """The agent goes on, where it is this operator who has the conversation."""
        self._leases.drop(session.id, operator.id)
        hold = session.state().hold
        if hold is not None and hold.operator == operator.id and session.state().ended is None:
            await self._command(session, left(operator.id))
            await self._escalations.hand_back(session.id)

    async def _part(self, session: SessionID, operator: Operator) -> None:
        """The operator is not in the conversation any more."""
        self._presence.remove(session, operator.id)
        await self._operators.leave(operator.workspace, operator.id, session)

    async def _command(self, session: SessionHandle, action: Action) -> TurnID:
        try:
            return (await session.command(action)).turn
        except SessionEnded as ended:
            raise NotFound("Call not found.", code="no_session") from ended

    async def _expire(self, id: SessionID, holder: str) -> None:
        """No sign of life came: the agent goes on."""
        session = await self._talks.live(id)
        hold = None if session is None else session.state().hold
        if session is not None and hold is not None and hold.operator == holder:
            if hold.until > self._clock.now_ms():
                self._leases.keep(id, holder, hold.until)
                return
            await self._command(session, left(holder))
            await self._escalations.hand_back(id)
        await self._free(id, holder, "lease_expired")

    async def _free(self, id: SessionID, holder: str, reason: str) -> None:
        """Nobody asked for it: the operator is out of the conversation."""
        workspace = self._presence.workspace_of(id, holder)
        if workspace is None:
            return
        operator = await self._operators.get(workspace, holder)
        await self._part(id, operator)
        told = {"operator_id": holder, "session_id": id, "call_sid": call_of(id), "reason": reason}
        await self._audit.note_own(workspace, "operator.left_call", told)
        self._tell(workspace, "operator.left_call", operator, id, {"reason": reason})

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
