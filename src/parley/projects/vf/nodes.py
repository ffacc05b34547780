"""Which kind of node is read by what. Everything that the present steps cannot express passes through."""

from __future__ import annotations

from collections.abc import Callable

from parley.domain.steps import Step
from parley.projects.vf.asking import read_buttons, read_buttons_v2, read_interaction, read_prompt
from parley.projects.vf.calling import read_api, read_api_v2, read_code, read_function
from parley.projects.vf.capturing import read_capture, read_capture_v2, read_capture_v3
from parley.projects.vf.cards import read_card, read_carousel
from parley.projects.vf.channel import (
    read_audio,
    read_call_forward,
    read_channel_action,
    read_handoff,
    read_stream,
    read_url,
)
from parley.projects.vf.custom_action import read_trace
from parley.projects.vf.deciding import read_condition, read_if, read_set, read_set_v3
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
    read_event,
    read_exit,
    read_go_to,
    read_go_to_node,
    read_intent,
    read_random,
    read_reset,
    read_start,
)
from parley.projects.vf.saying import read_message, read_speak, read_text, read_visual
from parley.projects.vf.scene import Scene

READERS: dict[str, Callable[[Node, Scene], Step]] = {
    "start": read_start,
    "intent": read_intent,
    "trigger": read_start,
    "text": read_text,
    "speak": read_speak,
    "message": read_message,
    "visual": read_visual,
    "interaction": read_interaction,
    "prompt": read_prompt,
    "buttons": read_buttons,
    "buttons-v2": read_buttons_v2,
    "capture": read_capture,
    "captureV2": read_capture_v2,
    "capture-v3": read_capture_v3,
    "cardV2": read_card,
    "carousel": read_carousel,
    "ifV2": read_if,
    "condition-v3": read_condition,
    "setV2": read_set,
    "set-v3": read_set_v3,
    "trace": read_trace,
    "code": read_code,
    "api": read_api,
    "api-v2": read_api_v2,
    "function": read_function,
    "component": read_component,
    "flow": read_component,
    "goToNode": read_go_to_node,
    "goTo": read_go_to,
    "exit": read_exit,
    "event": read_event,
    "reset": read_reset,
    "random": read_random,
    "randomV2": read_random,
    "stream": read_stream,
    "audio": read_audio,
    "url": read_url,
    "channelAction": read_channel_action,
    "channel_action": read_channel_action,
    "channel-action": read_channel_action,
    "callForward": read_call_forward,
    "call-forward": read_call_forward,
    "liveAgentHandoff": read_handoff,
    "live-agent-handoff": read_handoff,
    "generative": read_generative,
    "response-prompt": read_response_prompt,
    "ai_set": read_ai_set,
    "agent": read_agent,
    "kb-search": read_knowledge,
}
"""Kinds of `layout.CONTAINERS` and `layout.DRAWINGS` and commands become no step."""


def read_node(node: Node, scene: Scene) -> Step:
    """The step that a node becomes."""
    reader = READERS.get(node.kind)
    if reader is None:
        return scene.pass_through(node, f"runs as a pass-through until Parley has steps of kind '{node.kind}'")
    return reader(node, scene)
