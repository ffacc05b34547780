"""The image step: a picture to show."""

from __future__ import annotations

from msgspec import UNSET

from parley.domain.steps import Image
from parley.domain.traces import Dimensions, VisualPayload, VisualTrace
from parley.engine.next import Goto, Next
from parley.engine.templates import render
from parley.engine.turn import Turn


def show_image(step: Image, turn: Turn) -> Next:
    """Show the picture and go on."""
    sized = step.width is not None and step.height is not None
    turn.emit(
        VisualTrace(
            VisualPayload(
                render(step.url, turn.variables),
                dimensions=Dimensions(step.width or 0, step.height or 0) if sized else UNSET,
                device=UNSET if step.device is None else step.device,
                canvas_visibility=UNSET if step.visibility is None else step.visibility,
            )
        )
    )
    return Goto(step.then)
