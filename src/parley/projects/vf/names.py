"""What the ids of an export stand for: variables, entities, intents and events by name."""

from __future__ import annotations

import re

from parley.projects.vf.shapes import Obj, at, objects, text

_LEGACY = re.compile(r"\{\{\[([^\[\]{}]{0,200})\]\.([^{}\s]{1,200})\}\}")
_SINGLE = re.compile(r"(?<!\$)\{(\w{1,64})\}", re.ASCII)

NO_INTENT = "None"
"""The intent that exports use for "nothing matched"."""


class Names:
    """Ids to names. An id that the export does not explain is taken for the name itself, as old exports mean it."""

    def __init__(self, export: Obj) -> None:
        version = export.get("version")
        self.entities = _named(at(version, "prototype", "model", "slots"), "key")
        self.entities |= _named(at(version, "platformData", "slots"), "key")
        self.entities |= _named(export.get("entities"), "id")
        self.variables = _named(export.get("variables"), "id")
        self.intents = _named(at(version, "prototype", "model", "intents"), "key")
        self.intents |= _named(at(version, "platformData", "intents"), "key")
        self.intents |= _named(export.get("intents"), "id")
        self.events = {text(e.get("id")): _event(e) for e in objects(export.get("events")) if _event(e)}
        self.properties = _named(export.get("transcriptProperties"), "id")
        self.secrets = _named(export.get("secrets"), "id")
        self._functions = {text(each.get("id")) for each in objects(export.get("functions"))}
        self._paths: dict[str, dict[str, str]] = {}
        for each in objects(export.get("functionPaths")):
            if text(each.get("id")) and text(each.get("name")):
                self._paths.setdefault(text(each.get("functionID")), {})[text(each["id"])] = text(each["name"])
        self._known = frozenset(self.variables.values()) | frozenset(self.entities.values())
        self._known |= frozenset(v for v in _strings(at(version, "variables")))

    def variable(self, id: object, shown: str = "") -> str:
        """The name of a variable or an entity; `shown` is what the editor displayed for it."""
        known = self.variables.get(text(id)) or self.entities.get(text(id))
        return known or shown or text(id)

    def entity(self, id: object) -> str:
        """The name of an entity."""
        return self.entities.get(text(id)) or text(id)

    def intent(self, id: object) -> str | None:
        """The name of an intent; None where nothing is named, or the intent that matches nothing."""
        name = self.intents.get(text(id)) or text(id)
        return name if name and name != NO_INTENT else None

    def event(self, id: object) -> str | None:
        """The name by which clients send an event."""
        return self.events.get(text(id)) or text(id) or None

    def secret(self, id: object) -> str:
        """The name of a secret."""
        return self.secrets.get(text(id)) or text(id)

    def has_function(self, id: str) -> bool:
        """The function is in the file."""
        return id in self._functions

    def paths_of(self, function: str) -> dict[str, str]:
        """The paths that a function may return, by the port that each has on its nodes."""
        return self._paths.get(function, {})

    def code(self, source: str) -> str:
        """Statements of the editor: like `script`, but braces alone are JavaScript's."""
        return _LEGACY.sub(lambda m: self.variable(m[2], m[1]), source)

    def template(self, source: str) -> str:
        """A text of the editor as a template: `{{[size].sdh34f9}}` becomes `{size}`, `{size}` stays."""
        return _LEGACY.sub(lambda m: "{" + self.variable(m[2], m[1]) + "}", source)

    def script(self, source: str) -> str:
        """JavaScript of the editor with its placeholders as identifiers: `{{[n].id}} + 1` becomes `n + 1`."""
        plain = _LEGACY.sub(lambda m: self.variable(m[2], m[1]), source)
        return _SINGLE.sub(lambda m: m[1] if m[1] in self._known else m[0], plain)


def _named(value: object, key: str) -> dict[str, str]:
    return {text(e.get(key)): text(e.get("name")) for e in objects(value) if text(e.get(key)) and text(e.get("name"))}


def _event(event: Obj) -> str:
    return text(event.get("requestName")) or text(event.get("name"))


def _strings(value: object) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
