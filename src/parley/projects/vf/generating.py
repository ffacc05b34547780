"""Nodes that a language model answers: generative, ai_set, response-prompt, agent; and the knowledge base search."""

from __future__ import annotations

from msgspec.structs import replace

from parley.domain.ids import StepID
from parley.domain.model_steps import AgentPath, AgentStep, Knowledge, Prompted, PromptedSet, PromptedValue
from parley.domain.prompt import Prompt
from parley.domain.steps import Step, Way
from parley.domain.tools import ApiTool, FunctionTool, McpTool
from parley.projects.vf.guessing import guessed
from parley.projects.vf.layout import Node
from parley.projects.vf.listening import read_listening
from parley.projects.vf.scene import Scene
from parley.projects.vf.shapes import number, objects, text

TURN = "conversation-turn"
_ASKED, _KEPT = ("question", "query", "prompt"), ("variableID", "outputVariableID", "variable")
_CHUNKS = ("chunkLimit", "limit", "maxChunks")
_USUAL_CHUNKS, _MOST_CHUNKS = 3, 10
_TOOLS = {"functionTools": FunctionTool, "apiTools": ApiTool, "mcpIntegrationTools": McpTool}
_FROM_KNOWLEDGE = "its documents are not in the file: it finds nothing until the knowledge base has them"


def read_generative(node: Node, scene: Scene) -> Step:
    """The response of a model, said."""
    prompt = scene.prompts_of.inline(node.data)
    if prompt.knowledge:
        scene.remark(_FROM_KNOWLEDGE)
    return _prompted(node, prompt, scene)


def read_response_prompt(node: Node, scene: Scene) -> Step:
    """The response to a prompt of the content library, said."""
    prompt = scene.prompts_of.prompt(node.data.get("promptID"))
    if prompt is None:
        return scene.pass_through(node, f"prompt '{text(node.data.get('promptID'))}' is not in the file: it goes on")
    return _prompted(node, prompt, scene)


def read_ai_set(node: Node, scene: Scene) -> Step:
    """`sets`: prompts, and the variables that their responses go into."""
    values = []
    for each in objects(node.data.get("sets")):
        variable = scene.names.variable(each.get("variable"))
        if variable:
            values.append(PromptedValue(variable, scene.prompts_of.inline(each, node.data)))
    if any(value.prompt.knowledge for value in values):
        scene.remark(_FROM_KNOWLEDGE)
    return PromptedSet(StepID(node.id), node.name, scene.next(node), values=tuple(values))


def read_agent(node: Node, scene: Scene) -> Step:
    """An agent of the content library; its paths are ports by the id of the path."""
    found = scene.prompts_of.agent(node.data.get("agentID"))
    if found is None:
        return scene.pass_through(node, f"agent '{text(node.data.get('agentID'))}' is not in the file: it goes on")
    tools = scene.tools.of.get(text(node.data.get("agentID")), ())
    known = {type(scene.tools.tools[name]) for name in tools}
    lacking = [kind for kind in found.tools if _TOOLS.get(kind) not in known]
    if lacking:
        scene.remark(f"its tools are not offered to the model: {', '.join(lacking)}")
    names = [path.name for path in found.paths]
    return AgentStep(
        StepID(node.id),
        node.name or found.name,
        scene.next(node),
        instructions=found.instructions,
        settings=found.settings,
        paths=tuple(
            AgentPath(
                path.name if names.count(path.name) == 1 else f"{path.name} {i + 1}",
                path.about,
                path.variables,
                scene.go(node.ports.named(path.id)),
            )
            for i, path in enumerate(found.paths)
        ),
        each_turn=_each_turn(node, scene),
        listening=read_listening(node, scene),
        tools=tools,
    )


def read_knowledge(node: Node, scene: Scene) -> Step:
    """A question for the knowledge base; what it finds goes into a variable."""
    data = node.data
    guessed(node, scene, *_ASKED, *_KEPT, *_CHUNKS)
    scene.remark(_FROM_KNOWLEDGE)
    asked = next((found for key in _ASKED if (found := scene.written(data.get(key)))), "{last_utterance}")
    kept = next((found for key in _KEPT if (found := scene.names.variable(data.get(key)))), "vf_chunks")
    limit = next((most for key in _CHUNKS if (most := number(data.get(key))) is not None), None)
    return Knowledge(
        StepID(node.id),
        node.name,
        scene.next(node),
        question=asked,
        variable=kept,
        limit=_USUAL_CHUNKS if limit is None else max(1, min(int(limit), _MOST_CHUNKS)),
        not_found=_else(node, scene),
    )


def prompted_after(step: Step, values: list[PromptedValue], scene: Scene) -> Step:
    """The step, with variables set from prompts after it."""
    if not values:
        return step
    after = StepID(f"{step.id}:prompts")
    scene.added[after] = PromptedSet(after, step.name, step.then, values=tuple(values))
    return replace(step, then=after)


def _prompted(node: Node, prompt: Prompt, scene: Scene) -> Step:
    step = StepID(node.id)
    return Prompted(step, node.name, scene.next(node), prompt=prompt, not_found=_else(node, scene))


def _else(node: Node, scene: Scene) -> Way | None:
    target = node.ports.otherwise
    return None if target is None else Way(scene.go(target))


def _each_turn(node: Node, scene: Scene) -> Way | None:
    if node.data.get("exitEveryConversationalTurn") is not True:
        return None
    return Way(scene.go(node.ports.named(TURN)))
