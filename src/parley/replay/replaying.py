"""A session by its id: found in the store, performed again, and compared."""

from __future__ import annotations

from msgspec import Struct

from parley.domain.ids import SessionID, VersionID
from parley.domain.program import Program, encode_program, version_of
from parley.domain.state import SessionState
from parley.domain.transcript import TurnRecord
from parley.errors import NotFound
from parley.ports.embeddings import Embedder
from parley.ports.scripts import Scripts
from parley.ports.store import Store
from parley.ports.transcripts import Transcripts
from parley.ports.versions import Versions
from parley.replay.difference import Compared, compare
from parley.replay.rehearsal import Rehearsal
from parley.session.catalog import Catalog


class Replayed(Struct, frozen=True):
    """A whole session. `unfinished` turns were not performed."""

    session: SessionID
    project: str
    user: str
    version: str
    replayed_version: str
    turns: list[Compared]
    unfinished: int = 0

    @property
    def is_same(self) -> bool:
        """No turn differs."""
        return all(turn.is_same for turn in self.turns)


class Shelf(Struct, frozen=True):
    """Where stored sessions are read from."""

    store: Store
    transcripts: Transcripts
    versions: Versions


async def state_on(shelf: Shelf, session: SessionID) -> SessionState:
    """The session as it stands now. Raises `NotFound`."""
    state = await shelf.store.load(session)
    if state is None:
        raise NotFound(f"There is no session '{session}' in this data file.", code="no_session")
    return state


async def replay(
    shelf: Shelf, session: SessionID, scripts: Scripts, embedder: Embedder | None, program: Program | None = None
) -> Replayed:
    """Perform the session again, with its own version or with another `program`. Raises `NotFound`."""
    state = await state_on(shelf, session)
    catalog = Catalog(shelf.versions if program is None else _Only(program), embedder)
    agent = await catalog.agent(state.version if program is None else version_of(program))
    await catalog.learned()
    turns = await all_turns(shelf.transcripts, session)
    rehearsed = await Rehearsal(state, agent, scripts).perform(turns)
    redact = agent.program.settings.recording.redact
    is_other = agent.version != state.version
    return Replayed(
        session=session,
        project=state.project,
        user=state.user,
        version=state.version,
        replayed_version=agent.version,
        turns=[compare(turn, redact, is_other_agent=is_other) for turn in rehearsed],
        unfinished=sum(turn.said is None for turn in turns),
    )


async def all_turns(transcripts: Transcripts, session: SessionID) -> list[TurnRecord]:
    """All turns of a session, each once."""
    found: dict[str, TurnRecord] = {}
    after = 0
    while True:
        portion = await transcripts.turns(session, after=after)
        fresh = [turn for turn in portion if turn.id not in found]
        found.update((turn.id, turn) for turn in fresh)
        if not fresh:
            return list(found.values())
        after = max((turn.said[-1].offset for turn in fresh if turn.said), default=after)


class _Only:
    """Versions (`ports/versions.py`) of an agent that is in no store."""

    def __init__(self, program: Program) -> None:
        self._program = encode_program(program)

    async def save(self, version: VersionID, program: bytes) -> None:
        """See `Versions.save`."""

    async def load(self, version: VersionID) -> bytes | None:
        """See `Versions.load`."""
        return self._program
