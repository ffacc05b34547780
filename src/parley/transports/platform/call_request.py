"""What a client asks for in the query of a test call, read and checked (platform API, section 6.1)."""

from __future__ import annotations

from typing import Literal, cast

from msgspec import Struct
from starlette.websockets import WebSocket

from parley.domain.state import Contact
from parley.domain.workspace import WorldEntity
from parley.errors import NotFound
from parley.transports.platform.access import Caller
from parley.transports.platform.sockets import BAD, NOT_FOUND, Turned, id_of, service_of
from parley.workspaces.entities import facts_of
from parley.workspaces.estate import Estate
from parley.workspaces.services import ServiceView

VOICE = "voice"
RATES = range(8_000, 48_001)
SCENARIOS = ("inbound", "outbound", "silent")
RELEASE = "release"
"""The version set that every service has."""
TASK = "outbound_task_entity_id"
LONGEST_PROMPT = 5_000
LONGEST_CALLER = 256
Scenario = Literal["inbound", "outbound", "silent"]


class CallRequest(Struct, frozen=True):
    """A call to be made. `rate` is in samples a second; `task` is what an outbound call is about."""

    service: ServiceView
    rate: int
    scenario: Scenario
    caller: str
    prompt: str
    task: WorldEntity | None

    @property
    def contact(self) -> Contact:
        """With whom, how and for what the call is; what is known of the task is known to the agent."""
        return Contact(
            VOICE,
            "outbound" if self.scenario == "outbound" else "test",
            entity=None if self.task is None else self.task.id,
            service=self.service.id,
            caller=self.caller,
            scenario=self.scenario,
            instruction=self.prompt,
            context={} if self.task is None else facts_of(self.task),
        )


async def read_call_request(socket: WebSocket, estate: Estate, caller: Caller) -> CallRequest:
    """Raises `Turned`."""
    asked = socket.query_params
    rate, scenario, prompt = (
        _rate(asked.get("sample_rate")),
        asked.get("scenario", "inbound"),
        asked.get("system_prompt"),
    )
    if scenario not in SCENARIOS:
        raise Turned(BAD, f"scenario: expected {' or '.join(SCENARIOS)}")
    if asked.get("version_set", RELEASE) != RELEASE:
        raise Turned(BAD, f"version_set: expected '{RELEASE}', which is the one that services have here")
    if prompt is not None and len(prompt) > LONGEST_PROMPT:
        raise Turned(BAD, f"system_prompt: expected at most {LONGEST_PROMPT} characters")
    service = await service_of(socket, estate, caller)
    task = await _task(socket, estate, caller, is_needed=scenario == "outbound")
    number = asked.get("caller_id", "")[:LONGEST_CALLER]
    return CallRequest(service, rate, cast(Scenario, scenario), number, prompt or "", task)


async def _task(socket: WebSocket, estate: Estate, caller: Caller, *, is_needed: bool) -> WorldEntity | None:
    if TASK not in socket.query_params:
        if is_needed:
            raise Turned(BAD, f"{TASK}: expected the UUID of an entity, which an outbound call is about")
        return None
    try:
        return await estate.entities.get(caller.workspace.id, id_of(socket, TASK))
    except NotFound as error:
        raise Turned(NOT_FOUND, "Entity not found.") from error


def _rate(text: str | None) -> int:
    if text is None:
        return 16_000
    if not (text.isascii() and text.isdecimal() and len(text) < 7 and int(text) in RATES):
        raise Turned(BAD, f"sample_rate: expected a number from {RATES[0]} to {RATES[-1]}")
    return int(text)
