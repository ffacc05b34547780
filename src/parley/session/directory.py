"""The one door from transports to sessions: make them, find them, wake them, end the ones nobody uses."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from msgspec.structs import replace

from parley.domain.actions import parse_kept
from parley.domain.ids import ProjectID, SessionID, UserID, new_id
from parley.domain.injection import Injection
from parley.domain.project import Environment
from parley.domain.state import WEB, Contact, SessionState
from parley.engine.seed import seed
from parley.errors import Draining, NotFound, SessionEnded, StoreUnavailable
from parley.session.actor import Session
from parley.session.answer import Answer
from parley.session.catalog import Catalog
from parley.session.edits import settable
from parley.session.handle import Post, SessionHandle
from parley.session.happenings import Began, Happenings
from parley.session.injections import Injections
from parley.session.work import Surroundings

log = structlog.get_logger()

AWAKE = 5_000
"""How many sessions are kept in memory while nobody uses them."""
SWEEP_SECONDS = 5.0
AT_ONCE = 200


class Directory:
    """Sessions by id and by user. Owns every session that is awake in this process."""

    def __init__(self, catalog: Catalog, around: Surroundings, *, awake: int = AWAKE) -> None:
        self.catalog = catalog
        self._around = around
        self._most_awake = awake
        self._awake: OrderedDict[SessionID, Session] = OrderedDict()
        self._waking: dict[SessionID, asyncio.Future[Session]] = {}
        self._creating: dict[tuple[str, str], asyncio.Lock] = {}
        self._is_draining = False

    @property
    def happenings(self) -> Happenings:
        """What happens to the sessions of this process."""
        return self._around.happenings

    @property
    def injections(self) -> Injections | None:
        """What was put into sessions; None where nothing can be."""
        return self._around.injections

    async def create(
        self, project: ProjectID, user: UserID, environment: Environment, contact: Contact = WEB
    ) -> SessionHandle:
        """A new session; the one that the user has is ended as `replaced`."""
        if self._is_draining:
            raise Draining("This server is shutting down. Connect again.")
        async with self._alone(project, user):
            return await self._create(project, user, environment, contact)

    async def of_user(
        self, project: ProjectID, user: UserID, environment: Environment, contact: Contact = WEB
    ) -> SessionHandle:
        """The user's session in this environment, a new one where there is none that lives (legacy routes)."""
        return (await self.obtain(project, user, environment, contact))[0]

    async def obtain(
        self, project: ProjectID, user: UserID, environment: Environment, contact: Contact = WEB
    ) -> tuple[SessionHandle, bool]:
        """Like `of_user`; True where the session is new, for exactly one of those who ask at once."""
        async with self._alone(project, user):
            latest = await self._around.store.latest(project, user)
            if latest is not None and latest.ended is None and latest.environment == environment.alias:
                session = await self._woken(latest.id)
                await self._expire(session)
                if session.state().ended is None:
                    return session, False
            return await self._create(project, user, environment, contact), True

    async def find(self, id: SessionID) -> SessionHandle:
        """The session under this id. Raises `NotFound`, `SessionEnded`, `StoreUnavailable`."""
        session = await self._woken(id)
        await self._expire(session)
        ended = session.state().ended
        if ended is not None:
            raise SessionEnded(ended)
        return session

    async def recall(self, id: SessionID) -> SessionHandle:
        """Like `find`, but an ended session too: its turns can be read, and it refuses new ones."""
        session = await self._woken(id)
        await self._expire(session)
        return session

    async def answered(self, project: ProjectID, user: UserID, key: str) -> Answer | None:
        """The answer to the user's action of this name, even where it has ended the session (legacy routes)."""
        latest = await self._around.store.latest(project, user)
        return None if latest is None else await (await self._woken(latest.id)).answered(key)

    async def end(self, id: SessionID, reason: str) -> None:
        """End a session; ending it twice is fine. Raises `NotFound`, `StoreUnavailable`."""
        await (await self._woken(id)).end(reason)

    @property
    def is_draining(self) -> bool:
        """No new actions are taken."""
        return self._is_draining

    async def latest(self, project: ProjectID, user: UserID) -> SessionState | None:
        """The state of the user's newest session, ended or not."""
        state = await self._around.store.latest(project, user)
        awake = None if state is None else self._awake.get(state.id)
        return state if awake is None or awake.is_lost else awake.state()

    async def forget(self, project: ProjectID, user: UserID) -> None:
        """End and delete all sessions of this user."""
        async with self._alone(project, user):
            latest = await self._around.store.latest(project, user)
            if latest is not None and latest.ended is None:
                await (await self._woken(latest.id)).end("ended_by_client")
            await self._around.store.forget(project, user)
            if latest is not None:
                self._awake.pop(latest.id, None)

    async def sweep(self) -> None:
        """End sessions that nobody has used for too long; runs until cancelled."""
        while True:
            await self._around.clock.sleep(SWEEP_SECONDS)
            try:
                await self.end_expired()
            except StoreUnavailable as error:
                log.warning("sweep postponed", error=error.code)

    async def end_expired(self) -> None:
        """End the sessions whose time is over."""
        for id in await self._around.store.expired(self._around.clock.now_ms(), AT_ONCE):
            try:
                await self._expire(await self._woken(id))
            except NotFound:
                continue

    async def drain(self, seconds: float) -> None:
        """Take no new actions; finish those that were taken, for at most `seconds`. A second call waits for nothing."""
        if self._is_draining:
            return
        self._is_draining = True
        settling = [session.settle() for session in self._awake.values()]
        if settling:
            await asyncio.wait([asyncio.ensure_future(s) for s in settling], timeout=seconds)

    async def _create(
        self, project: ProjectID, user: UserID, environment: Environment, contact: Contact = WEB
    ) -> Session:
        previous = await self._around.store.latest(project, user)
        carried: Mapping[str, Any] = {}
        if previous is not None:
            if previous.ended is None:
                session = await self._woken(previous.id)
                await session.end("replaced")
                previous = session.state()
            carried = previous.variables
        state = self._fresh(project, user, environment, carried)
        state.contact = contact
        state.variables |= settable(contact.context)
        await self._around.store.create(state)
        self._around.happenings.tell(Began(state))
        return self._keep(Session(state, self.catalog.current(environment), self._around))

    def _fresh(
        self, project: ProjectID, user: UserID, environment: Environment, carried: Mapping[str, Any]
    ) -> SessionState:
        now = self._around.clock.now_ms()
        agent = self.catalog.current(environment)
        idle = agent.program.settings.idle_seconds
        state = SessionState(
            id=SessionID(new_id(now)),
            project=project,
            environment=environment.alias,
            version=agent.version,
            user=user,
            created_at=now,
            active_at=now,
            expires_at=None if idle is None else now + int(idle * 1000),
        )
        seed(agent.program, state, carried)
        return state

    async def _expire(self, session: Session) -> None:
        state, now = session.state(), self._around.clock.now_ms()
        is_idle = not session.is_busy and state.held(now) is None
        if state.expires_at is not None and state.expires_at <= now and is_idle:
            await session.end("inactivity_timeout")

    async def _woken(self, id: SessionID) -> Session:
        """The session, loaded where it is not awake; loaded once, however many ask."""
        session = self._awake.get(id)
        if session is not None and not session.is_lost:
            self._awake.move_to_end(id)
            return session
        if self._is_draining:
            raise Draining("This server is shutting down. Connect again.")
        waking = self._waking.get(id)
        if waking is None:
            waking = self._waking[id] = asyncio.ensure_future(self._wake(id))
            waking.add_done_callback(lambda _: self._waking.pop(id, None))
        return await asyncio.shield(waking)

    async def _wake(self, id: SessionID) -> Session:
        state = await self._around.store.load(id)
        if state is None:
            raise NotFound("This session does not exist.", code="no_session")
        session = Session(state, await self.catalog.agent(state.version), self._around)
        waiting: Sequence[Injection] = ()
        if self._around.injections is not None:
            waiting = await self._around.injections.waiting(id, frozenset(state.folded))
        if state.ended is None:
            for injection in waiting:
                session.work.mailbox.put(injection)
            await self._take_up(session)
            session.heed_waiting()
        elif waiting and self._around.injections is not None:
            await self._around.injections.expire(id)
        return self._keep(session)

    async def _take_up(self, session: Session) -> None:
        """Perform again what was accepted and never finished, under a new epoch: numbers may be given out twice."""
        state = session.state()
        unfinished = [
            turn
            for turn in await self._around.transcripts.turns(state.id, after=state.next_offset - 1)
            if turn.said is None
        ]
        if not unfinished:
            return
        session.outbox.begin_epoch(self._around.clock.now_ms())
        state.epoch = session.outbox.epoch
        for record in unfinished:
            if record.action is not None:
                session.resume(replace(record), Post(parse_kept(record.action)))

    def _keep(self, session: Session) -> Session:
        self._awake[session.id] = session
        if len(self._awake) > self._most_awake:
            for id, candidate in list(self._awake.items())[:8]:
                if candidate.is_idle:
                    del self._awake[id]
                else:
                    self._awake.move_to_end(id)
        return session

    def _alone(self, project: ProjectID, user: UserID) -> asyncio.Lock:
        """One creation at a time for a user; the store refuses what another process does meanwhile."""
        key = (project, user)
        lock = self._creating.get(key)
        if lock is None:
            lock = self._creating[key] = asyncio.Lock()
            if len(self._creating) > AWAKE:
                self._creating = {k: held for k, held in self._creating.items() if held.locked() or k == key}
        return lock
