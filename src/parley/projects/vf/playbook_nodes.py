"""The playbook node: an agent node under the name that it has since, with a choice of who speaks first."""

from __future__ import annotations

from msgspec.structs import replace

from parley.domain.model_steps import AgentStep
from parley.domain.steps import Step
from parley.projects.vf.generating import read_agent
from parley.projects.vf.guessing import guessed
from parley.projects.vf.layout import Node
from parley.projects.vf.scene import Scene


def read_playbook(node: Node, scene: Scene) -> Step:
    """The playbook with its ports. The names of its fields are guesses: no known export has such a node."""
    guessed(node, scene, "playbookID", "agentID", "talksFirst")
    id = node.data.get("playbookID") or node.data.get("agentID")
    step = read_agent(replace(node, data={**node.data, "agentID": id}), scene)
    if isinstance(step, AgentStep) and node.data.get("talksFirst") is False:
        return replace(step, talks_first=False)
    return step
