"""The steps that concern the channel: an audio player, another telephone, a person.

Source: Conversations API, section 4 (stream, call-forward, live-agent-handoff).
"""

from __future__ import annotations

from typing import Literal

from parley.domain.step_parts import StepBase, Way


class Stream(StepBase, frozen=True, tag="stream"):
    """Plays audio and waits; `then` follows when it is over or the user skips it. All texts are templates.

    `paused` and `previous` are where pausing and going back lead; without them the player only pauses or begins again.
    """

    src: str = ""
    loop: bool = False
    title: str = ""
    description: str = ""
    icon: str = ""
    background: str = ""
    paused: Way | None = None
    previous: Way | None = None


class CallForward(StepBase, frozen=True, tag="call_forward"):
    """Passes the call on to a telephone number or a SIP address, both templates."""

    address: str = ""
    by: Literal["phone", "sip"] = "phone"
    extension: str = ""
    passes_caller: bool | None = None


class Handoff(StepBase, frozen=True, tag="handoff"):
    """Gives the conversation to a person, and goes on when it comes back. Texts are templates.

    `provider` names the system in which that person works; `note` is what it is told. `returns` False: when the person
    has ended the chat the conversation is over. `takes_files`: users may send files to the person.
    """

    provider: str = ""
    message: str = ""
    note: str = ""
    returns: bool = True
    takes_files: bool = True
