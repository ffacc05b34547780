"""Steps that run code or call the world: code, function, api."""

from __future__ import annotations

import re

from parley.domain.conditions import Template, Value
from parley.domain.step_parts import Target, Way
from parley.domain.steps import Api, Code, Function
from parley.domain.world_steps import Body, Captured, FormBody, JsonBody, Pair, RawBody
from parley.projects.conditions import value_of
from parley.projects.draft import Draft, Place
from parley.projects.expressions import script_fault_of
from parley.projects.nodes import Listed, Mapped, Node, Scalar, json_of
from parley.projects.problems import did_you_mean
from parley.projects.reading import boolean, mapping_of, pairs_of, seconds, template_in, text_of

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
_BODIES = ("json", "form", "multipart", "body")
_WHOLE = "response"
_URL = re.compile(r"https?://\S|\{")


def code(value: Node, step: Mapped, place: Place, draft: Draft) -> None:
    """Runs JavaScript."""
    source = text_of(value, draft.problems, "`code`")
    fault = script_fault_of(source)
    if fault is not None:
        draft.problems.error(value.mark, f"this is not JavaScript: {fault}", "Variables are globals: `total = a + b`.")
    paths, failure = _paths(step, place, draft), _failure(step, place, draft)
    draft.add(Code(place.id, place.name, place.after, source=source, paths=paths, failure=failure), place.mark)


def function(value: Node, step: Mapped, place: Place, draft: Draft) -> None:
    """Calls a function."""
    name = text_of(value, draft.problems, "`function`")
    if name and name not in draft.names.functions:
        advice = did_you_mean(name, draft.names.functions) if draft.names.functions else "Write it under `functions`."
        draft.problems.error(value.mark, f"there is no function `{name[:80]}`", advice)
    outputs = {}
    for variable, key, given in mapping_of(step.get("into"), draft.problems, "`into` of `function`"):
        draft.check_variable(variable, key)
        outputs[variable] = text_of(given, draft.problems, "`into`")
    found = Function(
        place.id,
        place.name,
        place.after,
        function=name,
        inputs={n: _input(v, draft) for n, _, v in mapping_of(step.get("with"), draft.problems, "`with`")},
        outputs=outputs,
        paths=_paths(step, place, draft),
        failure=_failure(step, place, draft),
    )
    draft.add(found, place.mark)


def api(value: Node, step: Mapped, place: Place, draft: Draft) -> None:
    """Sends a request."""
    method, url = _address(value, draft)
    timeout, background, idempotent = (step.get(key) for key in ("timeout", "background", "idempotent"))
    body = _body(step, draft)
    if body is not None and method in ("GET", "HEAD"):
        draft.problems.warn(value.mark, f"the body is not sent: a {method} has none", "Write `POST`, or `params`.")
    found = Api(
        place.id,
        place.name,
        place.after,
        url=url,
        method=method,
        headers=_pairs(step.get("headers"), "`headers`", draft),
        params=_pairs(step.get("params"), "`params`", draft),
        body=body,
        captures=captures_in(step.get("into"), draft),
        timeout=None if timeout is None else seconds(timeout, draft.problems, "`timeout`"),
        background=background is not None and boolean(background, draft.problems, "`background`"),
        idempotent=None if idempotent is None else boolean(idempotent, draft.problems, "`idempotent`"),
        failure=_failure(step, place, draft),
    )
    if found.background and found.captures:
        draft.problems.error(place.mark, "`into` gets nothing: `background` does not wait", "Delete one of them.")
    draft.add(found, place.mark)


def _input(node: Node, draft: Draft) -> Value:
    """A value; as a text it may name secrets."""
    if isinstance(node, Scalar) and "{secret." in node.text:
        return Template(secret_template(node, "`with`", draft))
    return value_of(node, draft)


def _address(node: Node, draft: Draft) -> tuple[str, str]:
    written = secret_template(node, "`api`", draft).strip()
    method, _, url = written.partition(" ")
    if method.upper() not in METHODS or not url.strip():
        method, url = "GET", written
    url = url.strip()
    if written and _URL.match(url) is None:
        advice = "For example `api: GET https://example.org/orders/{order}`."
        draft.problems.error(node.mark, f"`{written[:80]}` is not a request", advice)
    return method.upper(), url


def _body(step: Mapped, draft: Draft) -> Body | None:
    given = [key for key in _BODIES if key in step.values]
    if not given:
        return None
    key, node = given[0], step.values[given[0]]
    if len(given) > 1:
        message = f"a request has one body, and this has `{given[0]}` and `{given[1]}`"
        draft.problems.error(step.keys[given[1]].mark, message, "Keep one of them.")
    match key:
        case "json":
            _check_templates(node, draft)
            return JsonBody(json_of(node))
        case "body":
            return RawBody(secret_template(node, "`body`", draft))
        case _:
            fields = _pairs(node, f"`{key}`", draft)
            return FormBody(fields, "urlencoded" if key == "form" else "form-data")


def captures_in(node: Node | None, draft: Draft) -> tuple[Captured, ...]:
    """`into` of something that is called: variables, and where in the result their value is."""
    if node is None:
        return ()
    if isinstance(node, Scalar):
        return (Captured(_WHOLE, draft.variable(node, "`into`")),)
    found = []
    for variable, key, given in pairs_of(node, draft.problems, "`into` of `api`"):
        draft.check_variable(variable, key)
        found.append(
            Captured(_WHOLE if isinstance(given, Scalar) and given.is_empty else _path(given, draft), variable)
        )
    return tuple(found)


def _path(node: Node, draft: Draft) -> str:
    return text_of(node, draft.problems, "`into`")


def _pairs(node: Node | None, what: str, draft: Draft) -> tuple[Pair, ...]:
    return tuple(
        Pair(name, "" if isinstance(given, Scalar) and given.is_empty else secret_template(given, what, draft))
        for name, _, given in pairs_of(node, draft.problems, what)
    )


def _paths(step: Mapped, place: Place, draft: Draft) -> dict[str, Target]:
    found = mapping_of(step.get("paths"), draft.problems, "`paths`")
    return {label: draft.path(given, place, f"path{n}") for n, (label, _, given) in enumerate(found, 1)}


def _failure(step: Mapped, place: Place, draft: Draft) -> Way | None:
    node = step.get("on_failure")
    return None if node is None else Way(draft.path(node, place, "failure"))


def secret_template(node: Node, what: str, draft: Draft) -> str:
    """A template that may name secrets."""

    def is_readable(name: str) -> bool:
        return name == "secret" or draft.is_readable(name)

    return template_in(node, draft.problems, what, is_readable, lambda: draft.names.variables)


def _check_templates(node: Node, draft: Draft) -> None:
    if isinstance(node, Scalar) and isinstance(node.value, str):
        secret_template(node, "`json`", draft)
    for inner in node.items if isinstance(node, Listed) else node.values.values() if isinstance(node, Mapped) else ():
        _check_templates(inner, draft)
