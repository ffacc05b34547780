"""Two JSON schemas compared by what they mean: what the documented one says and the served one does not, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]
WORDS = frozenset({"title", "description", "examples", "deprecated"})
INSIDE = frozenset({"properties", "required", "items", "anyOf", "allOf", "additionalProperties", "default"})
NULL = {"type": "null"}


def differences(documented: Schema, served: Schema, names: Schema, components: Schema, at: str = "") -> Iterator[str]:
    """Where they differ; `names` and `components` hold what they refer to. What is served beside it is fine."""
    ours, may_be_null = plain(served, components)
    wanted, may_theirs_be_null = plain(documented, names)
    if may_be_null != may_theirs_be_null:
        yield f"{at}: null is {'taken' if may_be_null else 'not taken'}"
    for word in sorted((wanted.keys() | ours.keys()) - WORDS - INSIDE):
        if wanted.get(word) != ours.get(word):
            yield f"{at}: {word} is {ours.get(word)!r}, and not {wanted.get(word)!r}"
    if wanted.get("default") is not None and wanted["default"] != ours.get("default"):
        yield f"{at}: default is {ours.get('default')!r}, and not {wanted['default']!r}"
    if "items" in wanted:
        yield from differences(wanted["items"], ours.get("items", {}), names, components, f"{at}[]")
    has = ours.get("properties", {})
    for name, schema in wanted.get("properties", {}).items():
        inside = f"{at}.{name}".lstrip(".")
        if name not in has:
            yield f"{inside} is missing"
            continue
        if (name in wanted.get("required", ())) != (name in ours.get("required", ())):
            yield f"{inside} is {'' if name in ours.get('required', ()) else 'not '}required"
        yield from differences(schema, has[name], names, components, inside)


def plain(schema: Schema, names: Schema) -> tuple[Schema, bool]:
    """The schema without references and null, and whether null is among what it allows."""
    while "$ref" in schema:
        schema = {**names[schema["$ref"].rsplit("/", 1)[-1]], **{k: v for k, v in schema.items() if k != "$ref"}}
    choices = [choice for choice in schema.get("anyOf", ()) if choice != NULL]
    if len(choices) == 1 and NULL in schema["anyOf"]:
        rest = {word: value for word, value in schema.items() if word != "anyOf"}
        return plain({**choices[0], **rest}, names)[0], True
    return schema, False
