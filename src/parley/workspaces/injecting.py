"""Puts a message into a conversation in somebody's name: found, kept, told and written into the audit trail."""

from __future__ import annotations

import hashlib

from parley.domain.conversation_names import call_of, session_of_call, session_of_conversation
from parley.domain.injection import InjectionKind, Receipt
from parley.domain.workspace import Workspace, WorkspaceKey
from parley.errors import NotFound, SessionEnded
from parley.session.directory import Directory
from parley.session.handle import SessionHandle
from parley.session.injections import Injections
from parley.workspaces.audit import Audit
from parley.workspaces.talks import Talks

UNKNOWN = "Session not found."


class Injecting:
    """The one way in for facts and guidance, from wherever they come."""

    def __init__(self, directory: Directory, talks: Talks, injections: Injections, audit: Audit) -> None:
        self._directory = directory
        self._talks = talks
        self._injections = injections
        self._audit = audit

    async def find(self, workspace: Workspace, sid: str) -> SessionHandle:
        """The live session that a call's sid or a conversation's id names.

        Raises `NotFound`, also for what has ended or is another workspace's: who asks learns nothing more.
        """
        session = await self.recall(workspace, sid)
        if session.state().ended is not None:
            raise NotFound(UNKNOWN, code="no_session")
        return session

    async def recall(self, workspace: Workspace, sid: str) -> SessionHandle:
        """Like `find`, but an ended one too."""
        id = session_of_call(sid) or session_of_conversation(sid)
        if id is None:
            raise NotFound(UNKNOWN, code="no_session")
        return await self._talks.find_session(workspace, id, NotFound(UNKNOWN, code="no_session"))

    async def inject(
        self,
        session: SessionHandle,
        kind: InjectionKind,
        message: str,
        sender: str,
        by: WorkspaceKey,
        *,
        key: str | None = None,
        operator: str | None = None,
    ) -> tuple[Receipt, bool]:
        """Put it in. With a `key` that was used before, the first receipt and False. Raises `NotFound`."""
        injection = self._injections.fresh(session.id, kind, message, sender, by.id, operator)
        try:
            receipt = await session.inject(injection, None if key is None else f"{by.id} {key}")
        except SessionEnded as ended:
            raise NotFound(UNKNOWN, code="no_session") from ended
        is_new = receipt.injection.id == injection.id
        if is_new:
            await self._note(receipt, by)
        return receipt, is_new

    async def _note(self, receipt: Receipt, by: WorkspaceKey) -> None:
        injection = receipt.injection
        words = injection.message.encode("utf-8", "surrogatepass")
        told = {
            "session_id": injection.session,
            "call_sid": call_of(injection.session),
            "injection_id": injection.id,
            "kind": injection.kind,
            "status": receipt.status,
            "sender": injection.sender,
            "sha256": hashlib.sha256(words).hexdigest(),
            "length": len(injection.message),
        }
        if injection.operator is not None:
            told["operator_id"] = injection.operator
        type = "operator.guidance_sent" if injection.operator is not None else "session.injected"
        await self._audit.note(by, type, told)
