"""A whole conversation state as a client sends it, checked against the agent that will go on from it."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from parley.domain.ids import StepID, WorkflowID
from parley.domain.program import Program
from parley.domain.state import Frame
from parley.engine.variables import MEMORY
from parley.errors import InvalidInput
from parley.transports.http.json_body import decode


class FrameBody(Struct):
    """One stack entry. `programID` is the old name of `diagramID`; `nodeID` absent: at the workflow's beginning."""

    diagram: str | None = msgspec.field(name="diagramID", default=None)
    program: str | None = msgspec.field(name="programID", default=None)
    node: str | UnsetType | None = msgspec.field(name="nodeID", default=UNSET)
    storage: dict[str, Any] = {}
    variables: dict[str, Any] = {}


class StateBody(Struct):
    """The body of `PUT /state/user/{userID}`. `turn` is shown by `GET` and means nothing here."""

    stack: list[FrameBody]
    storage: dict[str, Any]
    variables: dict[str, Any]


class _Memory(Struct):
    role: str
    content: str


_decode = msgspec.json.Decoder(StateBody).decode


def decode_state_body(body: bytes) -> StateBody:
    """Raises `InvalidInput`, `MalformedJson`."""
    return decode(_decode, body)


def frames_of(body: StateBody, program: Program) -> list[Frame]:
    """The stack. Raises `InvalidInput` for what the agent does not have."""
    if len(body.stack) > program.settings.limits.frames:
        raise InvalidInput.at("stack", f"at most {program.settings.limits.frames} entries")
    return [_frame(f"stack[{i}]", frame, program) for i, frame in enumerate(body.stack)]


def _frame(at: str, frame: FrameBody, program: Program) -> Frame:
    id = WorkflowID(frame.diagram or frame.program or "")
    workflow = program.workflows.get(id)
    if workflow is None:
        raise InvalidInput.at(f"{at}.diagramID", "the id of a workflow of this agent")
    node = workflow.start if frame.node is UNSET else frame.node
    if node is not None and node not in workflow.steps:
        raise InvalidInput.at(f"{at}.nodeID", f"the id of a step of '{id}'")
    outputs = frame.storage.get("outputs", {})
    if not isinstance(outputs, dict) or not all(isinstance(value, str) for value in outputs.values()):
        raise InvalidInput.at(f"{at}.storage.outputs", "object of strings")
    return Frame(id, None if node is None else StepID(node), frame.storage, frame.variables)


def storage_of(body: StateBody) -> dict[str, Any]:
    """The storage. Raises `InvalidInput` where its memory is not what the engine keeps there."""
    try:
        msgspec.convert(body.storage.get(MEMORY, []), list[_Memory])
    except msgspec.ValidationError as error:
        raise InvalidInput.at(f"storage.{MEMORY}", "list of {role, content}") from error
    return body.storage
