"""Nodes that decide and set variables: if, ifV2, condition-v3, set, setV2, set-v3."""

from __future__ import annotations

from typing import Any

import msgspec

from parley.domain.conditions import Expression, Judged, Literally, Template, Test, Truthy, Value
from parley.domain.ids import StepID
from parley.domain.model_steps import PromptedValue
from parley.domain.prompt import Prompt
from parley.domain.steps import Assignment, Branch, Condition, Set, Step, Target
from parley.projects.vf.capturing import briefing_of
from parley.projects.vf.generating import prompted_after
from parley.projects.vf.layout import Node
from parley.projects.vf.scene import Scene
from parley.projects.vf.shapes import Obj, at, obj, objects, text
from parley.projects.vf.trees import Trees

NEVER = Truthy("false")
_BY_MODEL = ("prompt", "llm")


def read_first_if(node: Node, scene: Scene) -> Step:
    """`expressions`: trees, ports aligned with them."""
    trees, branches = Trees(scene), []
    for index, expression in enumerate(objects(node.data.get("expressions"))):
        test = _test(trees.test(expression), str(index + 1), scene)
        branches.append(Branch(test, scene.go(node.ports.choice(index))))
    return Condition(StepID(node.id), node.name, _else(node, scene, falls=False), branches=tuple(branches))


def read_first_set(node: Node, scene: Scene) -> Step:
    """`sets`: a tree for each variable."""
    trees, assignments = Trees(scene), []
    for each in objects(node.data.get("sets")):
        variable = scene.names.variable(each.get("variable"))
        if not variable:
            continue
        tree = each.get("expression")
        literal = text(at(tree, "value")) if at(tree, "type") == "value" else ""
        value = _literal(literal, scene) if literal else trees.value(tree)
        if value is None:
            scene.remark(f"the value of '{variable}' cannot be expressed and is not set")
        else:
            assignments.append(Assignment(variable, value))
    return Set(StepID(node.id), node.name, scene.next(node), assignments=tuple(assignments))


def read_if(node: Node, scene: Scene) -> Step:
    """`expressions`: trees of comparisons, ports aligned with them."""
    branches = []
    for index, expression in enumerate(objects(node.data.get("expressions"))):
        test = _test(scene.conditions.tree(expression), text(expression.get("name")) or str(index + 1), scene)
        branches.append(Branch(test, scene.go(node.ports.choice(index, text(expression.get("id"))))))
    kind = at(node.data, "noMatch", "type")
    return Condition(StepID(node.id), node.name, _else(node, scene, kind == "none"), branches=tuple(branches))


def read_condition(node: Node, scene: Scene) -> Step:
    """`condition.items`: assertions or scripts, ports by item."""
    condition = obj(node.data.get("condition"))
    asks = text(condition.get("type")) in _BY_MODEL
    branches = []
    for index, item in enumerate(objects(condition.get("items"))):
        value = obj(item.get("value"))
        by_model = text(value.get("type")) in _BY_MODEL or (asks and "assertions" not in value and "code" not in value)
        found = _judged(item, scene) if by_model else scene.conditions.assertions(item)
        test = _test(found, str(index + 1), scene)
        branches.append(Branch(test, scene.go(node.ports.choice(index, text(item.get("id"))))))
    falls = at(node.data, "noMatch", "path") is False and node.ports.otherwise is None
    params = obj(condition.get("params")) or obj(condition.get("settings"))
    briefing = briefing_of(params, scene)
    return Condition(StepID(node.id), node.name, _else(node, scene, falls), branches=tuple(branches), briefing=briefing)


def _judged(item: Obj, scene: Scene) -> Test | None:
    """What the model decides: the text of the item, or the prompt of the library that it names."""
    value = obj(item.get("value"))
    if value.get("assertions"):
        return None
    given = (item.get("text"), item.get("prompt"), item.get("value"), value.get("text"), value.get("prompt"))
    written = next((found for each in given if not isinstance(each, dict) and (found := scene.written(each))), "")
    if written:
        return Judged(written)
    prompt = scene.prompts_of.prompt(item.get("promptID") or value.get("promptID"))
    if prompt is None:
        return None
    scene.remark("a prompt of the library is taken for a statement: the branch is taken when the model finds it true")
    parts = (prompt.system, *(message.content for message in prompt.messages), prompt.text)
    return Judged(" ".join(part for part in parts if part))


def read_set(node: Node, scene: Scene) -> Step:
    """`sets`: JavaScript (`advance`) or a value for each variable."""
    assignments = []
    for each in objects(node.data.get("sets")):
        variable = scene.names.variable(each.get("variable"))
        written = each.get("expression")
        if not variable:
            continue
        if each.get("type") == "value":
            assignments.append(Assignment(variable, _literal(str(written), scene)))
        elif isinstance(written, str):
            source = scene.conditions.source(written)
            assignments.append(Assignment(variable, Expression(source) if source else Literally("")))
        elif written is None or isinstance(written, bool | int | float):
            assignments.append(Assignment(variable, Literally(written)))
        else:
            scene.remark(f"the value of '{variable}' cannot be expressed and is not set")
    return Set(StepID(node.id), node.name, scene.next(node), assignments=tuple(assignments))


def read_set_v3(node: Node, scene: Scene) -> Step:
    """`items`: a value in Markup, a script that returns it, or a prompt; for a variable or a transcript's property."""
    assignments, prompted, properties = [], [], []
    for each in objects(node.data.get("items")):
        property = text(each.get("transcriptPropertyID") or each.get("propertyID"))
        if property:
            properties += _property(scene.names.properties.get(property, property), each, scene)
            continue
        variable = scene.names.variable(each.get("variableID"))
        if not variable:
            continue
        prompt = _prompt(each, scene)
        if prompt is not None:
            prompted.append(PromptedValue(variable, prompt))
            continue
        value = _item(each, scene)
        if value is None:
            scene.remark(f"the value of '{variable}' cannot be expressed and is not set")
        else:
            assignments.append(Assignment(variable, value))
    found = Set(
        StepID(node.id), node.name, scene.next(node), assignments=tuple(assignments), properties=tuple(properties)
    )
    return prompted_after(found, prompted, scene)


def _property(name: str, item: Obj, scene: Scene) -> list[Assignment]:
    value = _item(item, scene)
    if value is None:
        scene.remark(f"the value of the transcript's property '{name}' cannot be expressed and is not set")
    return [] if value is None else [Assignment(name, value)]


def _prompt(item: Obj, scene: Scene) -> Prompt | None:
    if item.get("type") != "prompt":
        return None
    return scene.prompts_of.prompt(item.get("promptID")) or scene.prompts_of.inline(item)


def _item(item: Obj, scene: Scene) -> Value | None:
    written: Any = item.get("value")
    if item.get("type") == "script":
        source = scene.conditions.source(written)
        return Expression(source) if source else None
    if item.get("type") not in ("value", None):
        return None
    if isinstance(written, str):
        return _literal(written, scene)
    return _literal(scene.rich.template(written).strip(), scene)


def _literal(written: str, scene: Scene) -> Value:
    """A value as it was typed: a number, true or false where it reads as one, else a text with variables."""
    try:
        value = msgspec.json.decode(written.strip().encode("utf-8", "replace"))
    except (msgspec.MsgspecError, RecursionError):
        value = None
    if isinstance(value, bool | int | float):
        return Literally(value)
    template = scene.names.template(written)
    return Template(template) if "{" in template else Literally(template)


def _test(test: Test | None, name: str, scene: Scene) -> Test:
    if test is None:
        scene.remark(f"branch '{name}' has no test that can be expressed and is never taken")
        return NEVER
    return test


def _else(node: Node, scene: Scene, falls: bool) -> Target:
    if falls:
        return scene.follow(node, _some_else(node))
    return scene.go(node.ports.otherwise)


def _some_else(node: Node) -> str | None:
    return node.ports.otherwise or node.ports.next
