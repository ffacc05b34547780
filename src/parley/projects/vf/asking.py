"""Nodes that show choices or wait for an intent: interaction, choice-v2, buttons, buttons-v2, prompt."""

from __future__ import annotations

from msgspec.structs import replace

from parley.domain.ids import StepID
from parley.domain.steps import Choice, EntityMapping, Option, Step, Target
from parley.projects.vf.guessing import LISTENING, guessed
from parley.projects.vf.layout import Node
from parley.projects.vf.listening import read_listening
from parley.projects.vf.scene import Scene
from parley.projects.vf.shapes import Obj, at, items, objects, text


def read_interaction(node: Node, scene: Scene) -> Step:
    """Intents to listen for, with buttons that stand for them."""
    options = [_choice(i, each, node, scene) for i, each in enumerate(objects(node.data.get("choices")))]
    options += _chips(node, scene, options)
    return Choice(StepID(node.id), node.name, options=tuple(options), listening=read_listening(node, scene))


def read_choice_v2(node: Node, scene: Scene) -> Step:
    """`items`: intents to listen for, each with its button, ports by item."""
    guessed(node, scene, "items", *LISTENING)
    options = []
    for index, each in enumerate(objects(node.data.get("items"))):
        option = _choice(index, each, node, scene)
        button = each.get("button", each.get("label"))
        label = scene.written(button.get("label", button.get("text")) if isinstance(button, dict) else button)
        if option.intent is None and not label:
            scene.remark(f"choice {index + 1} names no intent and has no button: it is never taken")
        else:
            options.append(replace(option, label=label or option.label))
    return Choice(StepID(node.id), node.name, options=tuple(options), listening=read_listening(node, scene))


def read_prompt(node: Node, scene: Scene) -> Step:
    """Waits for anything that a trigger listens for."""
    options = _chips(node, scene, [])
    return Choice(StepID(node.id), node.name, options=tuple(options), listening=read_listening(node, scene))


def read_buttons(node: Node, scene: Scene) -> Step:
    """Buttons, each with a path, an intent, an address to open, or several of these."""
    options = tuple(read_button(i, each, node, scene) for i, each in enumerate(objects(node.data.get("buttons"))))
    return Choice(StepID(node.id), node.name, scene.next(node), options=options, listening=read_listening(node, scene))


def read_buttons_v2(node: Node, scene: Scene) -> Step:
    """Buttons of the newer kind: labels in Markup, ports by item."""
    options = tuple(read_button(i, each, node, scene) for i, each in enumerate(objects(node.data.get("items"))))
    return Choice(StepID(node.id), node.name, scene.next(node), options=options, listening=read_listening(node, scene))


def read_button(index: int, button: Obj, node: Node, scene: Scene) -> Option:
    """One button of a choice or a card."""
    id = text(button.get("id")) or str(index + 1)
    label = scene.rich.template(button.get("label", button.get("name"))).strip()
    url = scene.rich.template(button.get("url")) or None
    intent = scene.names.intent(button.get("intent") or at(button, "payload", "intentID"))
    target = node.ports.choice(index, id)
    then, has_path = scene.go(target), True
    if target is None and intent is not None:
        then = _entry(intent, "", f"{node.id}:{id}", scene)
    elif target is None and url is not None:
        has_path = False
    return Option(id, label, intent, url, _mappings(button, scene), has_path, then)


def _choice(index: int, choice: Obj, node: Node, scene: Scene) -> Option:
    intent = scene.names.intent(choice.get("intent") or choice.get("intentID"))
    id = text(choice.get("id")) or str(index + 1)
    target = node.ports.choice(index, id)
    then = scene.go(target)
    elsewhere = scene.names.intent(at(choice, "goTo", "intentID"))
    if elsewhere is not None and (target is None or choice.get("action") == "GO_TO"):
        then = _entry(elsewhere, text(at(choice, "goTo", "diagramID")), f"{node.id}:{id}", scene)
    label = None
    if intent is None:
        # A choice that listens for nothing can still be pressed under its own words.
        label = scene.rich.template(choice.get("label") or choice.get("name")).strip() or None
    return Option(id, label, intent, mappings=_mappings(choice, scene), then=then)


def _chips(node: Node, scene: Scene, choices: list[Option]) -> list[Option]:
    """The shown buttons: each goes the way of the choice that listens for its intent, or for its words."""
    found: list[Option] = []
    written = objects(node.data.get("buttons")) or objects(node.data.get("chips"))
    for index, chip in enumerate(written):
        label = scene.rich.template(chip.get("label") or chip.get("name")).strip()
        if not label:
            continue
        id = f"{text(chip.get('id')) or 'button'}-{index + 1}"
        intent = scene.names.intent(at(chip, "payload", "intentID") or chip.get("intent"))
        same = next((c for c in choices if intent is not None and c.intent == intent), None)
        if same is not None:
            found.append(Option(id, label, intent, mappings=same.mappings, then=same.then))
        elif intent is not None:
            found.append(Option(id, label, intent, then=_entry(intent, "", f"{node.id}:{id}", scene)))
        else:
            found.append(_worded(id, label, len(found), choices, node, scene))
    return found


def _worded(id: str, label: str, index: int, choices: list[Option], node: Node, scene: Scene) -> Option:
    """A button that stands for no intent: it sends its words, which lead where they are understood."""
    choice = next((choice for choice in choices if scene.means(choice.intent, label)), None)
    if choice is not None:
        return Option(id, label, then=choice.then)
    trigger = scene.meant_by(label)
    if trigger is not None:
        return Option(id, label, then=scene.leave_for(StepID(f"{node.id}:{id}"), trigger))
    if index < len(choices):
        scene.remark(
            f"button '{label}' names no intent and is no utterance: it goes the way of the choice in its place"
        )
        return Option(id, label, then=choices[index].then)
    scene.remark(f"button '{label}' names no intent and is no utterance: it goes the way of no match")
    target = node.ports.otherwise if node.kind != "prompt" else None
    return Option(id, label, then=scene.go(target))


def _entry(intent: str, diagram: str, step: str, scene: Scene) -> Target:
    trigger = scene.entry(intent, diagram)
    if trigger is None:
        scene.remark(f"nothing starts with intent '{intent}': choosing it ends the workflow")
        return None
    return scene.leave_for(step, trigger)


def _mappings(choice: Obj, scene: Scene) -> tuple[EntityMapping, ...]:
    found = []
    for each in objects(items(choice.get("mappings"))):
        entity = scene.names.entity(each.get("slot") or each.get("entityID"))
        variable = scene.names.variable(each.get("variable") or each.get("variableID"))
        if entity and variable:
            found.append(EntityMapping(entity, variable))
    return tuple(found)
