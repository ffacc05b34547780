"""Nodes that lead elsewhere: entries, goToNode, goToDomain, goTo, component and its like, random, reset, exit, end."""

from __future__ import annotations

from typing import Any

from parley.domain.conditions import Template
from parley.domain.ids import StepID
from parley.domain.steps import Assignment, Call, End, GoTo, GoToIntent, Message, Random, Reset, Set, Step
from parley.projects.vf.guessing import guessed
from parley.projects.vf.layout import Node
from parley.projects.vf.scene import Scene
from parley.projects.vf.shapes import items, obj, objects, text

MOST_WAYS = 100


def read_start(node: Node, scene: Scene) -> Step:
    """Where a diagram begins, and where triggers enter it."""
    return GoTo(StepID(node.id), node.name, scene.next(node))


def read_trigger(node: Node, scene: Scene) -> Step:
    """Entered by its `items`: intents and events."""
    for item in objects(node.data.get("items")):
        if item.get("type") not in ("intent", "event", None):
            scene.remark(f"what is of kind '{text(item.get('type'))[:40]}' never starts it")
    return read_start(node, scene)


def read_intent(node: Node, scene: Scene) -> Step:
    """Entered by its intent; then copies the entities that it maps into variables."""
    assignments = []
    for each in objects(node.data.get("mappings")):
        entity = scene.names.entity(each.get("slot") or each.get("entityID"))
        variable = scene.names.variable(each.get("variable") or each.get("variableID"))
        if entity and variable and entity != variable:
            assignments.append(Assignment(variable, Template("{" + entity + "}")))
    if not assignments:
        return read_start(node, scene)
    return Set(StepID(node.id), node.name, scene.next(node), assignments=tuple(assignments))


def read_exit(node: Node, scene: Scene) -> Step:
    """Ends the conversation."""
    return End(StepID(node.id), node.name)


def read_end(node: Node, scene: Scene) -> Step:
    """Ends the conversation, after a last message where there is one."""
    guessed(node, scene, "message", "messageID")
    said = scene.message(node.data.get("messageID")) or scene.prompts([node.data.get("message")])
    if not said:
        return read_exit(node, scene)
    end = StepID(f"{node.id}:end")
    scene.added[end] = End(end, node.name)
    return Message(StepID(node.id), node.name, end, variants=said)


def read_go_to_node(node: Node, scene: Scene) -> Step:
    """Goes on at a node, here or in another diagram."""
    layout = scene.layout(node.data.get("diagramID"))
    target = text(node.data.get("nodeID"))
    if layout is None or not target:
        scene.remark("it leads to a diagram or a node that is not in the file: the workflow ends here")
        return GoTo(StepID(node.id), node.name)
    place = layout.place(target)
    if scene.is_here(layout):
        return GoTo(StepID(node.id), node.name, place)
    return GoTo(StepID(node.id), node.name, place, workflow=layout.id)


def read_go_to_domain(node: Node, scene: Scene) -> Step:
    """Goes on at the beginning of a domain, the group of diagrams that old exports have."""
    layout = scene.layout(node.data.get("domainID")) if node.data.get("domainID") else None
    if layout is None:
        scene.remark("it leads to a domain that is not in the file: the workflow ends here")
        return GoTo(StepID(node.id), node.name)
    return GoTo(StepID(node.id), node.name, workflow=layout.id)


def read_go_to(node: Node, scene: Scene) -> Step:
    """Goes on as if the user had meant an intent."""
    intent = scene.names.intent(node.data.get("intent"))
    trigger = None if intent is None else scene.entry(intent, text(node.data.get("diagramID")))
    if intent is None or trigger is None:
        scene.remark("nothing starts with the intent it names: the workflow ends here")
        return GoTo(StepID(node.id), node.name)
    return GoToIntent(StepID(node.id), node.name, intent=intent)


def read_random(node: Node, scene: Scene) -> Step:
    """One of its ways by chance."""
    named, counted = len(objects(node.data.get("namedPaths"))), node.data.get("paths")
    count = named or (counted if isinstance(counted, int) and 0 <= counted <= MOST_WAYS else node.ports.count)
    ways = tuple(scene.go(node.ports.path(i)) for i in range(count))
    return Random(
        StepID(node.id), node.name, scene.next(node), ways=ways, exhausts=node.data.get("noDuplicates") is True
    )


def read_reset(node: Node, scene: Scene) -> Step:
    """Begins again."""
    return Reset(StepID(node.id), node.name)


def read_event(node: Node, scene: Scene) -> Step:
    """Entered by an event; then copies parts of its payload into variables."""
    guessed(node, scene, "requestName", "mappings")
    assignments = []
    for each in objects(node.data.get("mappings")):
        variable, path = scene.names.variable(each.get("var") or each.get("variableID")), text(each.get("path"))
        if variable and path:
            assignments.append(Assignment(variable, Template("{last_event.payload." + path + "}")))
    if not assignments:
        return read_start(node, scene)
    return Set(StepID(node.id), node.name, scene.next(node), assignments=tuple(assignments))


def read_component(node: Node, scene: Scene) -> Step:
    """Runs another diagram and comes back."""
    data = node.data
    diagram = data.get("diagramID") or data.get("diagram_id") or data.get("workflowID")
    layout = scene.layout(diagram) if diagram else None
    if layout is None:
        return scene.pass_through(node, f"diagram '{text(diagram)}' is not in the file: runs as a pass-through")
    written = obj(data.get("variableMap") or data.get("variable_map")) or data
    inputs = tuple(
        Assignment(callee, Template("{" + caller + "}")) for caller, callee in _pairs(written.get("inputs"), scene)
    )
    outputs = {caller: callee for callee, caller in _pairs(written.get("outputs"), scene)}
    step = StepID(node.id)
    return Call(step, node.name, scene.next(node), workflow=layout.id, inputs=inputs, outputs=outputs)


def read_workflow(node: Node, scene: Scene) -> Step:
    """A component under the name that it has since."""
    guessed(node, scene, "workflowID", "diagramID", "variableMap", "inputs", "outputs")
    return read_component(node, scene)


def _pairs(value: Any, scene: Scene) -> list[tuple[str, str]]:
    """Pairs of names: `[[from, to], ...]` or `{from: to}`."""
    pairs = list(value.items()) if isinstance(value, dict) else [p for p in items(value) if isinstance(p, list)]
    named = [tuple(scene.names.variable(name) for name in pair) for pair in pairs]
    return [(pair[0], pair[1]) for pair in named if len(pair) == 2 and all(pair)]
