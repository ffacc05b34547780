"""What is kept of one turn so that it can be replayed: what it got from the world, and what made its state."""

from __future__ import annotations

from typing import Any

import msgspec
import structlog
from msgspec.structs import replace

from parley.domain.program import Program
from parley.domain.recording import NOTHING, encode_heard
from parley.domain.redaction import Redaction
from parley.domain.state import SessionState
from parley.engine.ear import Listening
from parley.engine.seed import carried

log = structlog.get_logger()


class Keeping:
    """Made for each turn, before it. Keeps nothing where nothing was asked for, or the agent's rules are off."""

    __slots__ = ("_accepted_at", "_listening", "_rules", "_state", "is_on")

    def __init__(self, program: Program, state: SessionState, accepted_at: int) -> None:
        self._rules = program.settings.recording
        self.is_on = self._rules.on
        self._accepted_at = accepted_at
        self._listening: Listening | None = None
        self._state: dict[str, Any] | None = None
        if self.is_on and state.revision == 0:
            self._keep({"variables": given} if (given := carried(program, state)) else None)

    def ear(self) -> Listening:
        """What hears the turn, from its first question on."""
        if self._listening is None:
            self._listening = Listening(self._rules, self._accepted_at)
        return self._listening

    def changed(self, state: SessionState) -> None:
        """A client, or the server itself, has changed the state without the agent."""
        if self.is_on and state.ended is None:
            stack = msgspec.to_builtins(state.stack)
            self._keep({"stack": stack, "storage": state.storage, "variables": state.variables})

    def heard(self, *, is_stopped: bool) -> bytes | None:
        """All of it, as the store keeps it."""
        if is_stopped and self.is_on:
            self.ear()
        heard = NOTHING if self._listening is None else self._listening.heard(is_stopped=is_stopped)
        try:
            return encode_heard(heard if self._state is None else replace(heard, state=self._state))
        except (UnicodeError, TypeError, ValueError, OverflowError, RecursionError) as error:
            # Half a surrogate pair, a number beyond JSON: the turn is worth more than its recording.
            log.warning("turn not recorded", error=type(error).__name__)
            return None

    def _keep(self, state: dict[str, Any] | None) -> None:
        # The state goes on changing: this is how it was.
        self._state = (
            None
            if state is None
            else msgspec.json.decode(msgspec.json.encode(Redaction(self._rules.redact).json(state)))
        )
