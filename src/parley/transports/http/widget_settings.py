"""How the chat widget looks, as it asks: what the project says, over what every widget has.

Two generations of the widget read two shapes, and both get both at once: the flat one (`title`, `color`, ...) and the
nested one (`chat`, `voice`, `common`, `security`). They share no key. A project may say either.
"""

from __future__ import annotations

from typing import Any

from parley.domain.project import Project

Wire = dict[str, Any]

TITLE_LENGTH = 200
COLOR = "#397DFF"
DESCRIPTION = "How can I help you today?"


def widget_settings(project: Project) -> Wire:
    """The settings as both generations read them."""
    said = project.widget
    flat = merged(_flat(project.name), {name: value for name, value in said.items() if name not in NESTED})
    nested = merged(_nested(flat), {name: value for name, value in said.items() if name in NESTED})
    # The marks name another product's host: no page that is served from here may show them.
    flat["watermark"] = False
    if isinstance(nested.get("common"), dict):
        nested["common"]["poweredBy"] = False
    return flat | nested


NESTED = frozenset({"type", "chat", "voice", "common", "security"})


def merged(under: Wire, over: Wire) -> Wire:
    """Objects are merged key by key; a value that is an object on one side alone, and null, do not replace it."""
    whole = dict(under)
    for name, value in over.items():
        old = under.get(name)
        if isinstance(old, dict):
            whole[name] = merged(old, value) if isinstance(value, dict) else old
        elif value is not None:
            whole[name] = value
    return whole


def _flat(name: str) -> Wire:
    return {
        "title": name[:TITLE_LENGTH],
        "description": DESCRIPTION,
        "image": "",
        "avatar": "",
        "color": COLOR,
        "position": "right",
        "spacing": {"side": 24, "bottom": 24},
        "persistence": "localStorage",
        "launcher": "",
        "placeholder": "Message...",
        "feedback": True,
        "watermark": False,
        "audioInterface": False,
    }


def _nested(flat: Wire) -> Wire:
    spacing = flat["spacing"]
    banner = {"enabled": True, "title": flat["title"], "description": flat["description"]}
    return {
        "type": "chat",
        "chat": {
            "renderMode": "widget",
            "headerImage": {"enabled": bool(flat["image"])},
            "agentImage": {"enabled": bool(flat["avatar"])},
            "banner": banner,
            "placeholderText": flat["placeholder"],
            "aiDisclaimer": {"enabled": False, "text": ""},
            "disclaimer": {"enabled": False},
            "handoffToAgentImageURL": "",
            "voiceInput": False,
            "voiceOutput": False,
            "voiceMode": False,
        },
        "voice": {
            "renderMode": "full",
            "content": {
                "callToActionText": flat["description"],
                "startButtonText": "Start a call",
                "listeningText": "Listening...",
                "talkingText": "Talk to interrupt",
                "endButtonText": "End",
            },
        },
        "common": {
            "position": flat["position"],
            "sideSpacing": str(spacing.get("side", 24)),
            "bottomSpacing": str(spacing.get("bottom", 24)),
            "primaryColor": {"color": flat["color"]},
            "launcher": {"type": "both" if flat["launcher"] else "icon", "text": flat["launcher"]},
            "footerLink": {"enabled": False},
            "persistence": flat["persistence"],
            "poweredBy": False,
        },
        "security": {"approvedDomains": {"enabled": False, "domains": ""}, "disableTranscript": False},
    }
