"""The variables that a new session begins with.

Source: Conversations API, section 6: user variables are 0 unless a default is set; built-ins always exist.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from parley.domain.actions import LAUNCH
from parley.domain.program import Program
from parley.domain.state import SessionState


def carried(program: Program, state: SessionState) -> dict[str, Any]:
    """The variables of a session before its first turn that its agent has not given it."""
    fresh = replace(state, variables={})
    seed(program, fresh, {})
    missing = object()
    return {name: value for name, value in state.variables.items() if fresh.variables.get(name, missing) != value}


def seed(program: Program, state: SessionState, previous: Mapping[str, Any]) -> None:
    """Give a new session its variables; those that persist come from `previous`, the user's session before."""
    variables: dict[str, Any] = dict.fromkeys(program.entities, 0)
    variables |= {name: copy.deepcopy(variable.default) for name, variable in program.variables.items()}
    variables |= {n: previous[n] for n, variable in program.variables.items() if variable.persist and n in previous}
    state.variables = variables | {
        "user_id": state.user,
        "sessions": previous.get("sessions", 0),
        "last_utterance": "",
        "last_response": "",
        "last_event": LAUNCH,
        "intent_confidence": 0,
        "locale": program.settings.locale,
        "platform": "voiceflow",
        "vf_user_timezone": previous.get("vf_user_timezone", program.settings.timezone),
        "vf_transcript_id": state.id,
    }
