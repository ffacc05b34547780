"""The form of a mapping in an agent's file: which keys it takes, and what each is for.

The compiler reads it to refuse unknown keys, the schema for editors is made of it: so they agree.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

Form = dict[str, Any]
"""A fragment of JSON Schema."""


class Key(Struct, frozen=True):
    """One key: the form of its value, and a sentence about it."""

    form: Form
    about: str


class Shape(Struct, frozen=True):
    """A mapping. `advice` is a sentence with an example, for who got it wrong."""

    name: str
    about: str
    keys: dict[str, Key]
    required: tuple[str, ...] = ()
    advice: str = ""

    def schema(self) -> Form:
        """The JSON Schema of such a mapping."""
        schema: Form = {
            "type": "object",
            "description": self.about,
            "properties": {name: {**key.form, "description": key.about} for name, key in self.keys.items()},
            "additionalProperties": False,
        }
        if self.required:
            schema["required"] = list(self.required)
        return schema


def ref(name: str) -> Form:
    """A reference to a definition of the schema."""
    return {"$ref": f"#/$defs/{name}"}


def any_of(*forms: Form) -> Form:
    """One of these forms."""
    return {"anyOf": list(forms)}


def list_of(form: Form) -> Form:
    """A list with at least one item."""
    return {"type": "array", "minItems": 1, "items": form}


def map_of(form: Form, names: str | None = None) -> Form:
    """A mapping with keys of the author's own; `names` is the pattern of the keys."""
    schema: Form = {"type": "object", "additionalProperties": form}
    if names is not None:
        schema["propertyNames"] = {"pattern": names}
    return schema
