"""What clients send as a turn: words, other parts, and what models are told for it (platform API, section 3.2)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field, StringConstraints, ValidationError

from parley.errors import InvalidInput
from parley.transports.platform.shapes import check_fit
from parley.workspaces.said import Said, media_part

LONGEST_WORDS = 100_000
LONGEST_PARTS = 120_000
"""Bytes of all words, and of all parts: flows keep the words twice and the others once, with their variables."""


class SentPart(BaseModel):
    """Something that is said beside the message: words, a picture, a recording, a file."""

    type: Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[a-z][a-z0-9._-]*$")] = "text"
    text: Annotated[str | None, Field(max_length=10_000)] = None
    url: Annotated[str | None, Field(max_length=2048)] = None
    media_type: Annotated[str | None, Field(max_length=128)] = None
    provider_id: Annotated[str | None, Field(max_length=256)] = None
    metadata: Annotated[dict[str, Any], Field(max_length=50)] = {}


class TurnBody(BaseModel):
    """What the user says. `message` may be left out where there are parts, or where one only polls."""

    message: Annotated[str, StringConstraints(max_length=10_000)] = ""
    media_url: Annotated[str | None, Field(max_length=2048)] = None
    media_type: Annotated[str | None, Field(max_length=128)] = None
    content: Annotated[list[SentPart] | None, Field(max_length=20)] = None
    context: Annotated[str | None, Field(max_length=100_000)] = None

    @property
    def is_empty(self) -> bool:
        """Nothing is said."""
        return not self.message and not self.content and self.media_url is None

    def said(self) -> Said:
        """What is said. Raises `InvalidInput` where it is nothing."""
        if self.media_type is not None and self.media_url is None:
            raise InvalidInput.at("media_url", "the address of what media_type is about")
        parts = [part.model_dump(exclude_defaults=True) | {"type": part.type} for part in self.content or ()]
        if self.media_url is not None:
            parts.append(media_part(self.media_url, self.media_type))
        check_fit("content", parts, LONGEST_PARTS)
        if not self.message and not parts:
            raise InvalidInput.at("message", "1 to 10000 characters")
        said = Said(self.message, tuple(parts), self.context)
        check_fit("content", said.words, LONGEST_WORDS)
        return said


def read_turn(**fields: Any) -> Said:
    """The same, from fields that came another way. Raises `InvalidInput`."""
    try:
        return TurnBody.model_validate(fields).said()
    except ValidationError as wrong:
        first = wrong.errors()[0]
        raise InvalidInput(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from wrong
