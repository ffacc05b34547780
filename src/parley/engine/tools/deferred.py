"""Results that come later: a call goes on while the conversation does, and its result is told with the turn after it.

Source: Conversations API, section 8 (deferred); decisions, "Turns" (`unknown outcome`). What is awaited is written down
in the session; the result is in this process, and in the ledger of effects until the turn that asked for it is settled.
"""

from __future__ import annotations

import msgspec
import structlog
from msgspec import Struct

from parley.domain.ids import StepID, TurnID
from parley.engine.stored import stored
from parley.engine.tools.concluding import conclude
from parley.engine.tools.kinds import ref_of
from parley.engine.tools.messages import tell
from parley.engine.tools.outcome import Outcome, Run, Used, failed
from parley.engine.tools.telling_use import completed
from parley.engine.turn import Turn
from parley.errors import StoreUnavailable
from parley.ports.effects import Effect, EffectName
from parley.ports.llm import ToolCall

log = structlog.get_logger()

AWAITED = "awaited"
"""Storage of the session: the calls whose results have not come yet."""
_UNKNOWN = "unknown outcome: the server was started anew while it ran, and nobody knows whether it was done"
_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Outcome)


class _Awaited(Struct, frozen=True):
    call: ToolCall
    tool: str
    turn: TurnID
    effect: str


def send_off(tool: str, call: ToolCall, run: Run, place: StepID, turn: Turn, *, keep: bool) -> None:
    """Let it run without waiting. `keep`: its result is awaited. Raises `Busy`."""
    effect = f"{place}:later"
    name = EffectName(turn.state.id, turn.id, effect)
    turn.world.errands.start(name, _errand(name, run, turn, keep=keep), keep=keep)
    if keep:
        awaited = turn.state.storage.get(AWAITED)
        waiting = awaited if isinstance(awaited, list) else []
        turn.state.storage[AWAITED] = [*waiting, msgspec.to_builtins(_Awaited(call, tool, turn.id, effect))]


async def arrived(turn: Turn) -> list[Used]:
    """The results that have come since the model was last told of any; each is told once."""
    waiting = stored(turn.state.storage, AWAITED, list[_Awaited]) or []
    found: list[Used] = []
    left: list[_Awaited] = []
    for each in waiting:
        name = EffectName(turn.state.id, each.turn, each.effect)
        if turn.world.errands.is_running(name):
            left.append(each)
            continue
        found.append(await _told(each, await _outcome(name, turn), turn))
    if left:
        turn.state.storage[AWAITED] = msgspec.to_builtins(left)
    else:
        turn.state.storage.pop(AWAITED, None)
    return found


async def _errand(name: EffectName, run: Run, turn: Turn, *, keep: bool) -> bytes:
    """Nothing here touches the turn's state: by now the turn may be over."""
    outcome = _ENCODER.encode(await run())
    if keep:
        try:
            await turn.world.effects.finish(name, Effect("later", outcome))
        except StoreUnavailable as error:
            log.warning("a late result is in memory alone", session=name.session, error=error.code)
    return outcome


async def _outcome(name: EffectName, turn: Turn) -> Outcome:
    data = turn.world.errands.take(name)
    if data is None:
        known = await turn.world.effects.find(name)
        data = None if known is None else known.outcome
    return failed(_UNKNOWN) if data is None else _DECODER.decode(data)


async def _told(awaited: _Awaited, outcome: Outcome, turn: Turn) -> Used:
    tool = turn.program.tools.get(awaited.tool)
    if tool is None:
        return Used(awaited.call, outcome.text, outcome.is_error)
    used = conclude(tool, awaited.call, outcome, turn)
    turn.emit(completed(used, ref_of(tool)))
    await tell("failed" if used.is_error else "complete", tool, turn)
    return used
