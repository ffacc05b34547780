"""Where a conversation stands: the only mutable noun, with one owner at a time.

Source: Conversations API 2.3 and engine 1.3 for the shape that clients see; `shown()` makes that shape.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from parley.domain.ids import EnvironmentAlias, ProjectID, SessionID, StepID, UserID, VersionID, WorkflowID

JSON = Any


class Frame(Struct, omit_defaults=True):
    """One entry of the stack: a workflow that is being run, and the step at which it stands.

    `step` None means: not yet begun. `storage` is the engine's own; `variables` belong to this frame alone.
    """

    workflow: WorkflowID
    step: StepID | None = None
    storage: dict[str, JSON] = {}
    variables: dict[str, JSON] = {}


class Contact(Struct, frozen=True, omit_defaults=True):
    """With whom, how and for whom the conversation is (platform API, sections 2 and 3).

    `channel` is voice, sms, whatsapp, web or email; `direction` inbound, outbound, playground, simulated or test.
    `entity` and `service` are UUIDs. `caller` is a number or a name as the channel gives it. `is_draft`: it is a try of
    what its environment has not published yet. `instruction` and `context` are what models are told in this
    conversation alone: how to behave, and facts.
    """

    channel: str = "web"
    direction: str = "inbound"
    entity: str | None = None
    service: str | None = None
    caller: str = ""
    scenario: str = ""
    is_draft: bool = False
    instruction: str = ""
    context: dict[str, JSON] = {}


WEB = Contact()


class Hold(Struct, frozen=True, omit_defaults=True):
    """A person has the conversation, until a time unless they ask for more of it: the agent says nothing meanwhile.

    `operator` is a UUID, `name` what the user sees, `key` the id of the key that it was asked for with.
    """

    operator: str
    name: str
    since: int
    until: int
    key: str = ""


class SessionState(Struct, omit_defaults=True):
    """One session, whole, as its owner holds it and the store keeps it.

    Times are milliseconds since 1970. `revision` counts saves: a save with a stale one is refused. `next_offset`
    and `epoch` number the session's emissions. `ended` is the end reason, None while the session lives.
    `expires_at` is None where inactivity does not end the session. `folded` are the last injections that were used,
    `merged` the last turns whose texts became part of an earlier turn's, `owed` the traces, as JSON, that nobody heard
    when they were said (session/owed.py), `unheeded` the injections for which a workflow runs when no person has the
    conversation any more.
    """

    id: SessionID
    project: ProjectID
    environment: EnvironmentAlias
    version: VersionID
    user: UserID
    created_at: int
    active_at: int = 0
    expires_at: int | None = None
    revision: int = 0
    epoch: int = 1
    next_offset: int = 1
    ended: str | None = None
    contact: Contact = WEB
    hold: Hold | None = None
    folded: list[str] = []
    unheeded: list[dict[str, Any]] = []
    owed: list[str] = []
    merged: list[str] = []
    stack: list[Frame] = []
    storage: dict[str, JSON] = {}
    variables: dict[str, JSON] = {}

    def held(self, now_ms: int) -> Hold | None:
        """Who has the conversation now; None: the agent has it."""
        return self.hold if self.hold is not None and self.hold.until > now_ms else None

    def shown(self) -> dict[str, JSON]:
        """The state as clients see it (Conversations API, section 2.3)."""
        return {
            "turn": {},
            "stack": [
                {
                    "nodeID": frame.step,
                    "diagramID": frame.workflow,
                    "programID": frame.workflow,
                    "name": None,
                    "storage": frame.storage,
                    "variables": frame.variables,
                    "commands": [],
                    "dynamicCommands": {},
                }
                for frame in self.stack
            ],
            "storage": self.storage,
            "variables": self.variables,
        }


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(SessionState)


def encode_state(state: SessionState) -> bytes:
    """The state as the store keeps it."""
    return _ENCODER.encode(state)


def decode_state(data: bytes) -> SessionState:
    """The inverse of `encode_state`."""
    return _DECODER.decode(data)
