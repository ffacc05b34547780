"""Players, calls and handoffs in the words of the agent format; and where steps of chance lead."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from parley.domain.channel_steps import CallForward, Handoff, Stream
from parley.domain.steps import Random, Speak
from parley.projects.export_model import Lead
from parley.projects.export_names import Names
from parley.projects.export_values import said, short
from parley.projects.export_yaml import NOTHING


def spoken(step: Speak, names: Names) -> dict[str, Any]:
    """A recording alone, or what is spoken."""
    if len(step.variants) == 1 and step.variants[0].audio is not None and not step.variants[0].text:
        return {"audio": step.variants[0].audio}
    variants = (replace(v, slate=None) if v.slate is not None else v for v in step.variants)  # nobody hears a style
    return {"speak": said(tuple(variants), names)}


def random_of(step: Random, lead: Lead) -> dict[str, Any]:
    """The ways of chance."""
    written: dict[str, Any] = {"random": [lead(way) for way in step.ways]}
    return written | {"repeats": False} if step.exhausts else written


def stream_of(step: Stream, lead: Lead) -> dict[str, Any]:
    """A player, and where its buttons lead."""
    player: dict[str, Any] = {"url": step.src}
    if step.loop:
        player["loop"] = True
    shown = {"title": step.title, "text": step.description, "icon": step.icon, "background": step.background}
    player |= {key: text for key, text in shown.items() if text}
    written: dict[str, Any] = {"stream": step.src if list(player) == ["url"] else player}
    if step.paused is not None:
        written["paused"] = lead(step.paused.then)
    if step.previous is not None:
        written["previous"] = lead(step.previous.then)
    return written


def forward_of(step: CallForward) -> dict[str, Any]:
    """Where a call goes."""
    if step.by == "phone" and not step.extension and step.passes_caller is None:
        return {"forward": step.address}
    written: dict[str, Any] = {step.by: step.address}
    if step.extension:
        written["extension"] = step.extension
    if step.passes_caller is not None:
        written["show_caller"] = step.passes_caller
    return {"forward": short(written)}


def handoff_of(step: Handoff) -> dict[str, Any]:
    """Who takes the conversation."""
    written: dict[str, Any] = {"to": step.provider, "say": step.message, "note": step.note}
    written = {key: text for key, text in written.items() if text}
    if not step.returns:
        written["returns"] = False
    if not step.takes_files:
        written["files"] = False
    return {"handoff": short(written) if written else NOTHING}
