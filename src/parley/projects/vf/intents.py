"""What users of an export may mean: its intents and entities, from the content library or from older layouts."""

from __future__ import annotations

import re
from typing import Any

from parley.domain.program import Entity, EntityValue, Intent, RequiredEntity
from parley.domain.steps import Said
from parley.projects.builtins import BUILTIN_ENTITIES, utterances_of
from parley.projects.vf.messages import Messages
from parley.projects.vf.names import Names
from parley.projects.vf.report import Report
from parley.projects.vf.rich_text import RichText
from parley.projects.vf.shapes import Obj, at, by_id, items, obj, objects, text

_SLOT = re.compile(r"\{([^{}]+)\}")


class Intents:
    """Reads intents and entities."""

    def __init__(self, export: Obj, names: Names, rich: RichText, messages: Messages, report: Report) -> None:
        self._export, self._names, self._rich = export, names, rich
        self._messages, self._report = messages, report

    def entities(self) -> dict[str, Entity]:
        """The entities by name."""
        found: dict[str, Entity] = {}
        version = self._export.get("version")
        for slots in (at(version, "prototype", "model", "slots"), at(version, "platformData", "slots")):
            for slot in objects(slots):
                self._add(found, text(slot.get("name")), at(slot, "type", "value"), _listed(slot.get("inputs")))
        variants: dict[str, list[EntityValue]] = {}
        for each in objects(self._export.get("entityVariants")):
            value = text(each.get("value")).strip()
            synonyms = tuple(s.strip() for s in items(each.get("synonyms")) if isinstance(s, str) and s.strip())
            if value:
                variants.setdefault(text(each.get("entityID")), []).append(EntityValue(value, synonyms))
        for each in objects(self._export.get("entities")):
            values = tuple(variants.get(text(each.get("id")), ()))
            self._add(found, text(each.get("name")), each.get("classifier"), values)
        return found

    def intents(self, entities: dict[str, Entity], mentioned: set[str]) -> dict[str, Intent]:
        """The intents by name. `mentioned` are those that triggers and choices listen for."""
        found: dict[str, Intent] = {}
        version = self._export.get("version")
        written = objects(at(version, "platformData", "intents")) or objects(
            at(version, "prototype", "model", "intents")
        )
        for each in written:
            self._put(found, each.get("key"), self._legacy_utterances(each), self._legacy_required(each, entities))
        said = self._utterances()
        required = self._required(entities)
        for each in objects(self._export.get("intents")):
            id = text(each.get("id"))
            self._put(found, id, said.get(id, ()), self._ordered(each, required.get(id, {})))
        # The compiled copy has what the author did not write, and the builtin intents' words.
        for each in objects(at(version, "prototype", "model", "intents")):
            name = self._names.intent(each.get("key"))
            if name is not None and (name not in found or not found[name].utterances):
                utterances = (*self._legacy_utterances(each), *utterances_of(name))
                self._put(found, each.get("key"), utterances, self._legacy_required(each, entities))
        for name in sorted(mentioned - set(found)):
            self._put(found, name, (), ())
        return {name: self._with_words(intent) for name, intent in found.items()}

    def _add(self, found: dict[str, Entity], name: str, kind: Any, values: tuple[EntityValue, ...]) -> None:
        if not name:
            return
        builtin = BUILTIN_ENTITIES.get(text(kind).upper())
        if builtin is None and text(kind).upper().startswith("VF."):
            self._report.warn(f"entity '{name}' has kind '{text(kind)}': any text is taken", "entities")
            builtin = "text"
        if builtin is not None:
            found[name] = Entity(name, builtin=builtin)
        elif values:
            found[name] = Entity(name, values=values)
        elif name not in found:
            self._report.warn(f"entity '{name}' has no values: any text is taken", "entities")
            found[name] = Entity(name, builtin="text")

    def _put(
        self, found: dict[str, Intent], id: Any, utterances: tuple[str, ...], required: tuple[RequiredEntity, ...]
    ) -> None:
        name = self._names.intent(id)
        if name is None:
            return
        before = found.get(name, Intent(name))
        every = tuple(dict.fromkeys(before.utterances + utterances))
        found[name] = Intent(name, every, required or before.required)

    def _with_words(self, intent: Intent) -> Intent:
        if intent.utterances:
            return intent
        words = utterances_of(intent.name)
        if not words:
            self._report.warn(f"intent '{intent.name}' has no utterances: only clients can send it", "intents")
        return Intent(intent.name, words, intent.required)

    def _legacy_utterances(self, intent: Obj) -> tuple[str, ...]:
        written = (self._names.template(text(each.get("text"))).strip() for each in objects(intent.get("inputs")))
        return tuple(utterance for utterance in written if utterance)

    def _legacy_required(self, intent: Obj, entities: dict[str, Entity]) -> tuple[RequiredEntity, ...]:
        found = []
        for slot in objects(intent.get("slots")):
            name = self._names.entity(slot.get("id"))
            if slot.get("required") is True and self._exists(name, entities, text(intent.get("name"))):
                dialog = obj(slot.get("dialog"))
                found.append(RequiredEntity(name, self._prompts(dialog.get("prompt")), self._answers(dialog, entities)))
        return tuple(found)

    def _answers(self, dialog: Obj, entities: dict[str, Entity]) -> tuple[str, ...]:
        """The ways of answering that tell more than the bare entity does. What names unknown entities is no answer."""
        written = (self._names.template(text(each.get("text"))).strip() for each in objects(dialog.get("utterances")))
        return tuple(dict.fromkeys(answer for answer in written if _is_answer(answer, entities)))

    def _prompts(self, prompts: Any) -> tuple[Said, ...]:
        said = (self._rich.said(each.get("content") or each.get("text")) for each in objects(prompts))
        return tuple(each for each in said if each.text.strip())

    def _utterances(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for each in objects(self._export.get("utterances")):
            utterance = self._rich.template(each.get("text")).strip()
            if utterance:
                id = text(each.get("intentID"))
                found[id] = (*found.get(id, ()), utterance)
        return found

    def _required(self, entities: dict[str, Entity]) -> dict[str, dict[str, RequiredEntity]]:
        found: dict[str, dict[str, RequiredEntity]] = {}
        for id, each in by_id(self._export.get("requiredEntities")).items():
            name, intent = self._names.entity(each.get("entityID")), text(each.get("intentID"))
            if self._exists(name, entities, self._names.intent(intent) or intent):
                asked = RequiredEntity(name, self._messages.variants(each.get("repromptID")))
                found.setdefault(intent, {})[id] = asked
        return found

    def _ordered(self, intent: Obj, required: dict[str, RequiredEntity]) -> tuple[RequiredEntity, ...]:
        order = [id for id in items(intent.get("entityOrder")) if isinstance(id, str) and id in required]
        order += [id for id in required if id not in order]
        return tuple(required[id] for id in order)

    def _exists(self, entity: str, entities: dict[str, Entity], intent: str) -> bool:
        if entity in entities:
            return True
        self._report.warn(
            f"intent '{intent}' requires entity '{entity}', which does not exist: not asked for", "intents"
        )
        return False


def _is_answer(answer: str, entities: dict[str, Entity]) -> bool:
    slots = _SLOT.findall(answer)
    balanced = answer.count("{") == answer.count("}") == len(slots)
    return bool(slots) and balanced and all(slot in entities for slot in slots) and _SLOT.fullmatch(answer) is None


def _listed(inputs: Any) -> tuple[EntityValue, ...]:
    """`"red,crimson"` is a value and its synonyms."""
    found = []
    for each in items(inputs):
        words = [word.strip() for word in each.split(",")] if isinstance(each, str) else []
        words = [word for word in words if word]
        if words:
            found.append(EntityValue(words[0], tuple(words[1:])))
    return tuple(found)
