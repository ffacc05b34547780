"""Which kind of node is read by what. Everything that the present steps cannot express passes through."""

from __future__ import annotations

import re
from collections.abc import Callable

from parley.domain.steps import Step
from parley.projects.vf.asking import (
    read_buttons,
    read_buttons_v2,
    read_choice_v2,
    read_interaction,
    read_prompt,
)
from parley.projects.vf.calling import read_api, read_api_v2, read_code, read_function
from parley.projects.vf.capturing import (
    read_ai_capture,
    read_capture,
    read_capture_v2,
    read_capture_v3,
    read_listen,
)
from parley.projects.vf.cards import read_card, read_card_v2, read_carousel, read_carousel_v2, read_first_card
from parley.projects.vf.channel import (
    read_audio,
    read_call_forward,
    read_channel_action,
    read_handoff,
    read_stream,
    read_url,
)
from parley.projects.vf.custom_action import read_trace
from parley.projects.vf.deciding import (
    read_condition,
    read_first_if,
    read_first_set,
    read_if,
    read_set,
    read_set_v3,
)
from parley.projects.vf.generating import (
    read_agent,
    read_ai_set,
    read_generative,
    read_knowledge,
    read_response_prompt,
)
from parley.projects.vf.layout import Node
from parley.projects.vf.moving import (
    read_component,
    read_end,
    read_event,
    read_exit,
    read_go_to,
    read_go_to_domain,
    read_go_to_node,
    read_intent,
    read_random,
    read_reset,
    read_start,
    read_trigger,
    read_workflow,
)
from parley.projects.vf.playbook_nodes import read_playbook
from parley.projects.vf.saying import read_image_v2, read_message, read_speak, read_text, read_visual
from parley.projects.vf.scene import Scene

Reader = Callable[[Node, Scene], Step]

READERS: dict[str, Reader] = {
    "start": read_start,
    "intent": read_intent,
    "trigger": read_trigger,
    "text": read_text,
    "speak": read_speak,
    "message": read_message,
    "visual": read_visual,
    "image": read_image_v2,
    "image-v2": read_image_v2,
    "interaction": read_interaction,
    "choice": read_interaction,
    "choice-v2": read_choice_v2,
    "prompt": read_prompt,
    "buttons": read_buttons,
    "buttons-v2": read_buttons_v2,
    "capture": read_capture,
    "captureV2": read_capture_v2,
    "capture-v3": read_capture_v3,
    "listen": read_listen,
    "ai_capture": read_ai_capture,
    "card": read_first_card,
    "cardV2": read_card,
    "card-v2": read_card_v2,
    "carousel": read_carousel,
    "carousel-v2": read_carousel_v2,
    "if": read_first_if,
    "ifV2": read_if,
    "condition-v3": read_condition,
    "set": read_first_set,
    "setV2": read_set,
    "set-v3": read_set_v3,
    "trace": read_trace,
    "code": read_code,
    "api": read_api,
    "api-v2": read_api_v2,
    "function": read_function,
    "component": read_component,
    "flow": read_component,
    "workflow": read_workflow,
    "goToNode": read_go_to_node,
    "goTo": read_go_to,
    "goToDomain": read_go_to_domain,
    "exit": read_exit,
    "end": read_end,
    "event": read_event,
    "reset": read_reset,
    "random": read_random,
    "randomV2": read_random,
    "stream": read_stream,
    "audio": read_audio,
    "audio-v2": read_audio,
    "url": read_url,
    "channelAction": read_channel_action,
    "callForward": read_call_forward,
    "liveAgentHandoff": read_handoff,
    "generative": read_generative,
    "response-prompt": read_response_prompt,
    "ai_set": read_ai_set,
    "agent": read_agent,
    "playbook": read_playbook,
    "kb-search": read_knowledge,
}
"""Kinds of `layout.CONTAINERS` and `layout.DRAWINGS` and commands become no step."""
_VERSIONED = re.compile(r"(.+?)[-_]?[vV]([0-9]{1,3})")
_SPELLED = {"cards": "card", "handoff": "liveagenthandoff"}
_ALIKE = {"if": "condition", "interaction": "choice"}


def _kinds(kind: str) -> tuple[str, int]:
    """The name of a kind without its spelling, and its version: `captureV2` and `capture-v2` are the same."""
    versioned = _VERSIONED.fullmatch(kind)
    name, version = (versioned[1], int(versioned[2])) if versioned else (kind, 1)
    plain = re.sub(r"[-_ ]", "", name).lower()
    return _SPELLED.get(plain, plain), version


_BY_NAME = {_kinds(kind): kind for kind in READERS}


def read_node(node: Node, scene: Scene) -> Step:
    """The step that a node becomes."""
    reader = READERS.get(node.kind) or READERS.get(_BY_NAME.get(_kinds(node.kind), ""))
    if reader is not None:
        return reader(node, scene)
    alike = _alike(node.kind)
    if alike is None:
        return scene.pass_through(node, f"runs as a pass-through until Parley has steps of kind '{node.kind[:80]}'")
    scene.remark(f"no export that was seen has nodes of kind '{node.kind[:80]}': it is read like '{alike}'")
    return READERS[alike](node, scene)


def _alike(kind: str) -> str | None:
    """The known kind of the same name whose version is nearest: of two the older, since what is new is not known."""
    name, version = _kinds(kind)
    names = {name, _ALIKE.get(name, name)}
    known = [found for found in _BY_NAME if found[0] in names]
    nearest = min(known, key=lambda found: (found[1] > version, abs(found[1] - version)), default=None)
    return None if nearest is None else _BY_NAME[nearest]
