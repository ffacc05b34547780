"""What an agent declares beside its workflows: variables, entities, intents, events."""

from __future__ import annotations

import re
import warnings

from parley.domain.builtin_variables import BUILTIN_VARIABLES
from parley.domain.ids import WorkflowID
from parley.domain.own_workflows import ROUTER
from parley.domain.program import Entity, EntityValue, Intent, RequiredEntity, Trigger, Variable
from parley.projects.builtins import utterances_of
from parley.projects.draft import ARROW, Names, destination_of, found_in, is_nothing
from parley.projects.names import ENTITY_TYPES
from parley.projects.names import INTENT as INTENT_NAME
from parley.projects.nodes import Listed, Mapped, Node, Scalar, json_of
from parley.projects.problems import Problems, did_you_mean
from parley.projects.reading import (
    boolean,
    check_name,
    check_variable_name,
    items_of,
    mapping_of,
    one_of,
    shaped,
    text_of,
)
from parley.projects.saying import said_anywhere
from parley.projects.shapes import ENTITY, EVENT, INTENT, REQUIRED, VARIABLE_SHAPE

_SLOT = re.compile(r"\{([^{}]*)\}")
_KINDS = ("pattern", "values", "type")


def variables_of(node: Node | None, problems: Problems) -> dict[str, Variable]:
    """`name: default`, or `name: {default, persist}`."""
    variables = {}
    for name, key, value in mapping_of(node, problems, "`variables`"):
        check_variable_name(name, key, problems, "a variable")
        if name in BUILTIN_VARIABLES:
            problems.error(key.mark, f"`{name}` exists in every agent and cannot be declared", "Use another name.")
        variable = _variable(name, value, problems)
        if variable is not None:
            variables[name] = variable
    return variables


def _variable(name: str, node: Node, problems: Problems) -> Variable | None:
    """The variable; None for one that is only named, so that steps may set it."""
    if is_nothing(node):
        return Variable()
    if not isinstance(node, Mapped):
        return Variable(json_of(node))
    mapping = shaped(node, VARIABLE_SHAPE, problems, f"variable `{name[:60]}`")
    default, persist = (mapping.get("default"), mapping.get("persist")) if mapping else (None, None)
    absent = mapping.get("absent") if mapping else None
    if absent is not None and boolean(absent, problems, "`absent`"):
        if default is not None or persist is not None:
            problems.error(absent.mark, f"`{name[:60]}` cannot begin with a value and be absent", "Delete one of them.")
        return None
    keeps = persist is not None and boolean(persist, problems, "`persist`")
    return Variable(0 if default is None else json_of(default), keeps)


def entities_of(node: Node | None, names: Names, problems: Problems) -> dict[str, Entity]:
    """`name: {pattern | values | type, reprompt}`; a list is `values`, a text is `type`."""
    entities = {}
    for name, key, value in mapping_of(node, problems, "`entities`"):
        with problems.inside(f"entity {name[:60]}"):
            check_variable_name(name, key, problems, "an entity")
            if name in BUILTIN_VARIABLES:
                problems.error(key.mark, f"`{name}` exists in every agent and cannot be declared", "Use another name.")
            entities[name] = _entity(name, value, names, problems)
    return entities


def _entity(name: str, node: Node, names: Names, problems: Problems) -> Entity:
    if isinstance(node, Listed):
        return Entity(name, values=_values(node, problems))
    if isinstance(node, Scalar) and not node.is_empty:
        return Entity(name, builtin=one_of(node, problems, "the type of an entity", ENTITY_TYPES))
    mapping = shaped(node, ENTITY, problems, "an entity")
    if mapping is None:
        return Entity(name)
    given = [kind for kind in _KINDS if kind in mapping.values]
    if len(given) != 1:
        has = f"both {' and '.join(f'`{kind}`' for kind in given)}" if given else "none of them"
        problems.error(node.mark, f"an entity has one of `pattern`, `values` and `type`; this has {has}", ENTITY.advice)
    pattern, values, type_, reprompt = (mapping.get(key) for key in (*_KINDS, "reprompt"))
    return Entity(
        name,
        () if values is None else _values(values, problems),
        None if pattern is None else _pattern(pattern, problems),
        None if type_ is None else one_of(type_, problems, "`type`", ENTITY_TYPES),
        () if reprompt is None else said_anywhere(reprompt, names, problems, "`reprompt`"),
    )


def _pattern(node: Node, problems: Problems) -> str:
    source = text_of(node, problems, "`pattern`")
    fault = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compiled = re.compile(source)
        if source and compiled.fullmatch("") is not None:
            problems.warn(node.mark, f"the pattern `{source[:60]}` fits the empty text", "Use `+` in place of `*`.")
    except (re.error, OverflowError, RecursionError, MemoryError) as error:
        fault = str(error)
    if fault is not None:
        advice = "Put it into quotes; in double quotes a backslash is written twice."
        problems.error(node.mark, f"`{source[:60]}` is not a regular expression: {fault}", advice)
        return ""
    return source


def _values(node: Node, problems: Problems) -> tuple[EntityValue, ...]:
    values: dict[str, EntityValue] = {}
    for item in items_of(node, problems, "`values`"):
        if isinstance(item, Mapped):
            for value, key, synonyms in mapping_of(item, problems, "a value"):
                others = () if is_nothing(synonyms) else _texts(synonyms, problems, f"the synonyms of `{value[:60]}`")
                _add_value(values, EntityValue(value, others), key, problems)
        else:
            _add_value(values, EntityValue(text_of(item, problems, "a value")), item, problems)
    return tuple(values.values())


def _add_value(values: dict[str, EntityValue], value: EntityValue, node: Node, problems: Problems) -> None:
    if value.value in values:
        problems.error(node.mark, f"the value `{value.value[:60]}` is here twice", "Keep one of them.")
    values[value.value] = value


def _texts(node: Node, problems: Problems, what: str) -> tuple[str, ...]:
    return tuple(text_of(item, problems, what) for item in items_of(node, problems, what))


def intents_of(node: Node | None, names: Names, problems: Problems) -> dict[str, Intent]:
    """`name: [utterances]`, or `name: {utterances, required}`."""
    intents = {}
    for name, key, value in mapping_of(node, problems, "`intents`"):
        with problems.inside(f"intent {name[:60]}"):
            if INTENT_NAME.fullmatch(name) is None:
                advice = "Use some words on one line, 200 characters at most."
                problems.error(key.mark, f"`{name[:80]}` cannot be an intent", advice)
            intents[name] = _intent(name, value, names, problems)
    return intents


def _intent(name: str, node: Node, names: Names, problems: Problems) -> Intent:
    if isinstance(node, Listed):
        return Intent(name, _utterances(node, names, problems))
    if is_nothing(node) and utterances_of(name):
        return Intent(name, utterances_of(name))
    mapping = shaped(node, INTENT, problems, "an intent")
    utterances, required = (mapping.get("utterances"), mapping.get("required")) if mapping else (None, None)
    said = () if utterances is None else _utterances(utterances, names, problems)
    return Intent(name, said, () if required is None else _required(required, names, problems))


def _utterances(node: Node, names: Names, problems: Problems) -> tuple[str, ...]:
    texts = []
    for item in items_of(node, problems, "the utterances"):
        text = text_of(item, problems, "an utterance")
        for slot in _SLOT.findall(text):
            _check_entity(slot, item, names, problems)
        if text.count("{") != text.count("}"):
            problems.error(item.mark, f"`{text[:60]}` has an unclosed brace", "Write entities as `{name}`.")
        texts.append(text)
    return tuple(texts)


def _required(node: Node, names: Names, problems: Problems) -> tuple[RequiredEntity, ...]:
    required = []
    if isinstance(node, Listed):
        for item in items_of(node, problems, "`required`"):
            entity = text_of(item, problems, "an entity")
            _check_entity(entity, item, names, problems)
            required.append(RequiredEntity(entity))
        return tuple(required)
    for entity, key, value in mapping_of(node, problems, "`required`"):
        _check_entity(entity, key, names, problems)
        required.append(_asked_for(entity, value, names, problems))
    return tuple(required)


def _asked_for(entity: str, node: Node, names: Names, problems: Problems) -> RequiredEntity:
    """What to ask, or `{ask, answers}`."""
    asked: Node | None = node
    answers: tuple[str, ...] = ()
    if isinstance(node, Mapped) and set(node.values) & set(REQUIRED.keys):
        mapping = shaped(node, REQUIRED, problems, "a required entity")
        if mapping is None:
            return RequiredEntity(entity)
        asked, said = mapping.get("ask"), mapping.get("answers")
        answers = () if said is None else _answers(entity, said, names, problems)
    if asked is None or is_nothing(asked):
        return RequiredEntity(entity, answers=answers)
    return RequiredEntity(entity, said_anywhere(asked, names, problems, "a reprompt"), answers)


def _answers(entity: str, node: Node, names: Names, problems: Problems) -> tuple[str, ...]:
    answers = _utterances(node, names, problems)
    for item, answer in zip(node.items if isinstance(node, Listed) else (), answers, strict=False):
        if not _SLOT.search(answer):
            advice = f"Write for example `make it {{{entity}}}`."
            problems.error(item.mark, f"`{answer[:60]}` names no entity, so it answers nothing", advice)
    return answers


def _check_entity(name: str, node: Node, names: Names, problems: Problems) -> None:
    if name not in names.entities:
        problems.error(node.mark, f"there is no entity `{name[:60]}`", did_you_mean(name, names.entities))


def events_of(node: Node | None, names: Names, problems: Problems) -> tuple[Trigger, ...]:
    """`name: {run: workflow}`, `name: -> workflow` or `name: {continue: true}`, which needs no trigger."""
    triggers = []
    for name, key, value in mapping_of(node, problems, "`events`"):
        with problems.inside(f"event {name[:60]}"):
            check_name(name, key, problems, "an event")
            trigger = _event(name, value, names, problems)
            if trigger is not None:
                triggers.append(trigger)
    return tuple(triggers)


def _event(name: str, node: Node, names: Names, problems: Problems) -> Trigger | None:
    if isinstance(node, Scalar) and not node.is_empty:
        return _run(name, node, False, names, problems)
    mapping = shaped(node, EVENT, problems, "an event")
    if mapping is None:
        return None
    run, goes_on, agent, returns = (mapping.get(key) for key in ("run", "continue", "agent", "returns"))
    if [run, goes_on, agent].count(None) != 2:
        problems.error(node.mark, "an event needs one of `run`, `continue` and `agent`", EVENT.advice)
    for key, given in (("continue", goes_on), ("agent", agent)):
        if given is not None and not (isinstance(given, Scalar) and given.value is True):
            problems.error(given.mark, f"`{key}` takes `true`, and is {found_in(given)}")
    if agent is not None:
        return Trigger(ROUTER, event=name)
    if run is None:
        return None
    return _run(name, run, returns is not None and boolean(returns, problems, "`returns`"), names, problems)


def _run(name: str, node: Node, calls: bool, names: Names, problems: Problems) -> Trigger | None:
    target = text_of(node, problems, "`run`").removeprefix(ARROW).strip()
    found = destination_of(target, names)
    if found is None:
        if target:
            advice = did_you_mean(target, names.workflows)
            problems.error(node.mark, f"there is no workflow `{target[:60]}` to run", advice)
        return None
    return Trigger(WorkflowID(found.workflow), found.step, event=name, calls=calls)
