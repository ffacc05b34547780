"""What goes into a session: the documented action types, and `Custom` for every other type.

Source: Conversations API, section 3. `wire` is the JSON object as it arrived: it becomes `last_event`, is what
the store keeps, and is what is run again after a crash. The other fields are typed views of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from parley.errors import InvalidInput

Wire = dict[str, Any]


class ActionBase(Struct, frozen=True):
    """What every action has."""

    wire: Wire

    @property
    def type(self) -> str:
        """The type as the client wrote it."""
        return str(self.wire["type"])


class Launch(ActionBase, frozen=True):
    """Start the conversation from the beginning."""

    payload: Wire


class Text(ActionBase, frozen=True):
    """The user said `text` (types `text` and `message`)."""

    text: str


class Files(ActionBase, frozen=True):
    """The user sent files, perhaps with a text."""

    text: str
    files: list[Wire]


class IntentMatched(ActionBase, frozen=True):
    """The client has already understood the user: an intent by name, with its entities."""

    intent: str
    query: str
    entities: list[Wire]
    confidence: float


class EventSent(ActionBase, frozen=True):
    """A project event by name (type `event`)."""

    name: str


class SelfDescribing(ActionBase, frozen=True):
    """A list of operations that the client has carried out itself (type `action`): runs no flow."""

    actions: list[Wire]


class PathChosen(ActionBase, frozen=True):
    """A button was chosen (type `path-<id>`)."""

    path: str
    label: str


class NoReply(ActionBase, frozen=True):
    """The user stayed silent for as long as the `no-reply` trace said."""


class EndRequested(ActionBase, frozen=True):
    """The client ends the conversation."""

    reason: str


class Dtmf(ActionBase, frozen=True):
    """Digits were pressed on a telephone."""

    digits: str


class HandoffReply(ActionBase, frozen=True):
    """The user's side of a live-agent handoff."""

    payload: Wire


class Custom(ActionBase, frozen=True):
    """Any other type: the paths of custom actions, events of extensions."""

    payload: Any


class Authored(ActionBase, frozen=True):
    """Somebody other than the agent speaks in its place: a person who has taken over, or a greeting that was given.

    Only the server makes it. `by` is the operator's id, empty for nobody in particular; `name` is what the user sees.
    """

    text: str
    by: str = ""
    name: str = ""


class Injected(ActionBase, frozen=True):
    """An injection has come that a workflow listens for. Only the server makes it.

    `kind` is the injection's; `shown` is what agents see of it, with its `id`.
    """

    kind: str
    shown: Wire


class Joined(ActionBase, frozen=True):
    """A person takes the conversation over, or keeps it for longer. Only the server makes it.

    `until` is in milliseconds since 1970; `name` is what the user sees, `key` the id of the key it was asked for with.
    """

    operator: str
    name: str
    until: int
    key: str = ""


class Left(ActionBase, frozen=True):
    """A person gives the conversation back, or did not come back in time. Only the server makes it."""

    operator: str


Action = (
    Launch
    | Text
    | Files
    | IntentMatched
    | EventSent
    | SelfDescribing
    | PathChosen
    | NoReply
    | EndRequested
    | Dtmf
    | HandoffReply
    | Custom
    | Authored
    | Injected
    | Joined
    | Left
)

OWN = "parley:"
"""How the types of actions begin that only the server makes."""

LAUNCH: Wire = {"type": "launch", "payload": {"resetState": False}}


def parse_action(wire: Any, at: str = "action") -> Action:
    """The action that a JSON value describes. Raises `InvalidInput` naming the path under `at`."""
    if not isinstance(wire, dict):
        raise InvalidInput.at(at, "object")
    kind = wire.get("type")
    if not isinstance(kind, str) or not kind:
        raise InvalidInput.at(f"{at}.type", "non-empty string")
    if kind.startswith(OWN):
        raise InvalidInput.at(f"{at}.type", f"a type that does not begin with '{OWN}', which is the server's own")
    _check_common(wire, at)
    parse = _PARSERS.get(kind)
    if parse is not None:
        return parse(wire, f"{at}.payload")
    if kind.startswith("path-"):
        return _path(wire, f"{at}.payload")
    return Custom(wire, wire.get("payload"))


def authored(text: str, by: str = "", name: str = "") -> Authored:
    """Somebody speaks in the agent's place."""
    return Authored({"type": f"{OWN}authored", "payload": {"text": text, "by": by, "name": name}}, text, by, name)


def is_by_operator(wire: Wire) -> bool:
    """An action in which a person speaks in the agent's place."""
    return wire.get("type") == f"{OWN}authored" and bool(wire.get("payload", {}).get("by"))


def injected(kind: str, shown: Wire) -> Injected:
    """An injection has come."""
    return Injected({"type": f"{OWN}injected", "payload": {"kind": kind, "injection": shown}}, kind, shown)


def joined(operator: str, name: str, until: int, key: str = "") -> Joined:
    """A person takes over."""
    fields = {"operator": operator, "name": name, "until": until, "key": key}
    return Joined({"type": f"{OWN}joined", "payload": fields}, operator, name, until, key)


def left(operator: str) -> Left:
    """A person gives back."""
    return Left({"type": f"{OWN}left", "payload": {"operator": operator}}, operator)


def parse_kept(wire: Wire) -> Action:
    """The action that the store has kept, the server's own too. Raises `InvalidInput`."""
    make = _OWN.get(str(wire.get("type")))
    if make is None:
        return parse_action(wire)
    payload = wire.get("payload")
    return make(payload if isinstance(payload, dict) else {})


def _mapping(value: Any) -> Wire:
    return value if isinstance(value, dict) else {}


_OWN: dict[str, Callable[[Wire], Action]] = {
    f"{OWN}authored": lambda f: authored(str(f.get("text")), str(f.get("by", "")), str(f.get("name", ""))),
    f"{OWN}injected": lambda f: injected(str(f.get("kind")), _mapping(f.get("injection"))),
    f"{OWN}joined": lambda f: joined(str(f.get("operator")), str(f.get("name")), int(f["until"]), str(f.get("key"))),
    f"{OWN}left": lambda f: left(str(f.get("operator"))),
}


def _check_common(wire: Wire, at: str) -> None:
    if len(wire) <= 2:
        return
    if not isinstance(wire.get("diagramID", ""), str):
        raise InvalidInput.at(f"{at}.diagramID", "string")
    if isinstance(wire.get("time", 0), bool) or not isinstance(wire.get("time", 0), int | float):
        raise InvalidInput.at(f"{at}.time", "number")
    if not isinstance(wire.get("metadata", {}), dict):
        raise InvalidInput.at(f"{at}.metadata", "object")


def _string(value: Any, at: str) -> str:
    if not isinstance(value, str):
        raise InvalidInput.at(at, "string")
    return value


def _object(value: Any, at: str) -> Wire:
    if not isinstance(value, dict):
        raise InvalidInput.at(at, "object")
    return value


def _objects(value: Any, at: str) -> list[Wire]:
    if not isinstance(value, list):
        raise InvalidInput.at(at, "array")
    for i, item in enumerate(value):
        _object(item, f"{at}[{i}]")
    return value


def _launch(wire: Wire, at: str) -> Launch:
    # Old widgets send `payload: null` on launch; it must be tolerated (section 2.2).
    return Launch(wire, _object(wire.get("payload") or {}, at))


def _text(wire: Wire, at: str) -> Text:
    return Text(wire, _string(wire.get("payload"), at))


def _message(wire: Wire, at: str) -> Text:
    return Text(wire, _string(_object(wire.get("payload"), at).get("message"), f"{at}.message"))


def _files(wire: Wire, at: str) -> Files:
    payload = _object(wire.get("payload"), at)
    files = _objects(payload.get("files"), f"{at}.files")
    if not files:
        raise InvalidInput.at(f"{at}.files", "at least one file")
    for i, file in enumerate(files):
        _string(file.get("mimeType"), f"{at}.files[{i}].mimeType")
    return Files(wire, _string(payload.get("text", ""), f"{at}.text"), files)


def _intent(wire: Wire, at: str) -> IntentMatched:
    payload = _object(wire.get("payload"), at)
    name = _string(_object(payload.get("intent"), f"{at}.intent").get("name"), f"{at}.intent.name")
    confidence = payload.get("confidence", 1.0)
    if isinstance(confidence, bool) or not isinstance(confidence, int | float):
        raise InvalidInput.at(f"{at}.confidence", "number")
    return IntentMatched(
        wire,
        name,
        _string(payload.get("query", ""), f"{at}.query"),
        _objects(payload.get("entities", []), f"{at}.entities"),
        float(confidence),
    )


def _event(wire: Wire, at: str) -> EventSent:
    event = _object(_object(wire.get("payload"), at).get("event"), f"{at}.event")
    return EventSent(wire, _string(event.get("name"), f"{at}.event.name"))


def _self_describing(wire: Wire, at: str) -> SelfDescribing:
    payload = _object(wire.get("payload") or {}, at)
    return SelfDescribing(wire, _objects(payload.get("actions") or [], f"{at}.actions"))


def _path(wire: Wire, at: str) -> PathChosen:
    payload = wire.get("payload")
    label = payload.get("label", "") if isinstance(payload, dict) else ""
    return PathChosen(wire, wire["type"], _string(label, f"{at}.label"))


def _no_reply(wire: Wire, at: str) -> NoReply:
    return NoReply(wire)


def _end(wire: Wire, at: str) -> EndRequested:
    payload = _object(wire.get("payload") or {}, at)
    return EndRequested(wire, _string(payload.get("reason", ""), f"{at}.reason"))


def _dtmf(wire: Wire, at: str) -> Dtmf:
    return Dtmf(wire, _string(wire.get("payload"), at))


def _handoff(wire: Wire, at: str) -> HandoffReply:
    return HandoffReply(wire, _object(wire.get("payload"), at))


_PARSERS: dict[str, Callable[[Wire, str], Action]] = {
    "launch": _launch,
    "text": _text,
    "message": _message,
    "file": _files,
    "intent": _intent,
    "event": _event,
    "action": _self_describing,
    "no-reply": _no_reply,
    "end": _end,
    "dtmf": _dtmf,
    "live-agent-handoff": _handoff,
}
