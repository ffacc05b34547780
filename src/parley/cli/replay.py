"""`parley replay`: a stored session run again, and shown turn by turn where it differs."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
import structlog
from rich.console import Console

from parley.app import open_embedder, open_store, scripts_in_this_process
from parley.config import MEMORY, FromEnvironment, Settings
from parley.domain.ids import SessionID
from parley.domain.program import Program
from parley.domain.state import SessionState
from parley.errors import BadProject, ParleyError
from parley.projects.load import load
from parley.replay.difference import Compared
from parley.replay.replaying import Replayed, Shelf, state_on
from parley.replay.replaying import replay as perform
from parley.replay.virtual_time import AtOnce, run_at_once

_COLORS = {" ": "dim", "-": "red", "+": "green", "!": "yellow"}
_WIDEST = 60


def replay(session: str, *, data: str, agent: Path | None, as_json: bool) -> int:
    """Print the comparison: 0 where all is the same, 1 where something differs, 2 where it cannot be told."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    try:
        replayed = run_at_once(_replay(SessionID(session), data, agent))
    except ParleyError as error:
        print(error.message, file=sys.stderr)  # noqa: T201
        return 2
    if as_json:
        sys.stdout.write(msgspec.json.encode(_as_json(replayed)).decode() + "\n")
    else:
        _show(replayed)
    return 0 if replayed.is_same else 1


async def _replay(session: SessionID, data: str, agent: Path | None) -> Replayed:
    if data == MEMORY or not Path(data).expanduser().exists():
        raise BadProject(f"{data}: there is no such data file. Name the one that the server uses: --data FILE.")
    settings = Settings(paths=(), data=data, embeddings=FromEnvironment().embeddings)
    store = await open_store(data, exclusive=False)
    try:
        async with open_embedder(settings, AtOnce()) as embedder:
            shelf = Shelf(store, store, store.versions)
            program = None if agent is None else _program(agent, await state_on(shelf, session))
            return await perform(shelf, session, scripts_in_this_process(), embedder, program)
    finally:
        await store.close()


def _program(path: Path, state: SessionState) -> Program:
    """What the session's environment runs there; the first environment where there is none of that name."""
    environments = load(path).project.environments
    return next((each for each in environments if each.alias == state.environment), environments[0]).program


def _show(replayed: Replayed) -> None:
    color = FromEnvironment().color and sys.stdout.isatty()
    console = Console(highlight=False, soft_wrap=True, no_color=not color, emoji=False)
    against = (
        "its own version" if replayed.version == replayed.replayed_version else f"agent {replayed.replayed_version}"
    )
    console.print(f"session {replayed.session} of {replayed.user}, version {replayed.version}, with {against}")
    for n, turn in enumerate(replayed.turns, 1):
        said = "same" if turn.is_same else "DIFFERENT"
        console.print(
            f"turn {n:<3} {_asked(turn):<{_WIDEST}} {said}", style="" if turn.is_same else "bold", markup=False
        )
        if not turn.is_same or turn.remarks:
            for line in turn.lines:
                console.print(f"  {line.sign} {line.text}", style=_COLORS[line.sign], markup=False)
            for unasked in turn.unasked:
                console.print(f"  ! no longer asked: {unasked}", style="yellow", markup=False)
    console.print(_summary(replayed))


def _summary(replayed: Replayed) -> str:
    different = sum(not turn.is_same for turn in replayed.turns)
    missing = sum(len(turn.remarks) for turn in replayed.turns)
    parts = [f"{len(replayed.turns)} turns", f"{len(replayed.turns) - different} the same", f"{different} different"]
    parts += [f"{missing} not (wholly) recorded"] if missing else []
    parts += [f"{replayed.unfinished} unfinished and left out"] if replayed.unfinished else []
    return ", ".join(parts)


def _asked(turn: Compared) -> str:
    """The action in a few words."""
    action = turn.action or {}
    kind = str(action.get("type", next(iter(action), "?")))
    payload = action.get("payload", "" if "type" in action else next(iter(action.values()), ""))
    if isinstance(payload, dict):
        payload = payload.get("label") or payload.get("text") or payload.get("query") or ""
    text = " ".join(f"{kind} {payload}".split())
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"


def _as_json(replayed: Replayed) -> object:
    turns = [{**msgspec.structs.asdict(turn), "same": turn.is_same} for turn in replayed.turns]
    return {**msgspec.structs.asdict(replayed), "turns": turns, "same": replayed.is_same}
