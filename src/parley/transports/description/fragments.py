"""The descriptions of routes as their files have them, and the OpenAPI operations that they become. Knows no route.

A file has `routes`: path -> method -> an operation in short. `id`, `summary`, `description`, `tag` (else the file's)
and `keys` (security schemes that will do; `none`: no key will do, too) are what they say. `parameters` are names of
shared ones, or parameters. `body` and `answers` (by status) have a `schema`, an `example`, a `type` other than JSON; an
answer has `is`, what it is, and the names of its `headers`. `refuses` lists codes of errors and groups of them; each
status that they have is described from them. `legacy`: refusals have the bodies of the legacy routes. `role`: the least
role of a workspace key.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.resources import files
from typing import Any

import yaml

from parley.transports.http.problems import STATUS

Wire = dict[str, Any]
ROUTES = (
    "turns",
    "users",
    "stable_conversations",
    "stable_transcripts",
    "stable_environments",
    "knowledge",
    "widgets",
    "files",
    "health",
)
"""The files with routes, in the order of the document."""
JSON = "application/json"
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
LEGACY = {400: "LegacyInputProblem"}


class Fragments:
    """All files, read. Made when the document is asked for, and dropped with it."""

    def __init__(self) -> None:
        self.whole = _read("document")
        """What is said of the document itself."""
        self.schemas: Wire = dict(self.whole["schemas"])
        self._routes: dict[tuple[str, str], Wire] = {}
        for name in ROUTES:
            read = _read(name)
            self.schemas |= read.get("schemas", {})
            for path, methods in read["routes"].items():
                for method, short in methods.items():
                    self._routes[path, method.upper()] = {"tag": read["tag"], **short}

    @property
    def described(self) -> frozenset[tuple[str, str]]:
        """(path, method) of all that is described."""
        return frozenset(self._routes)

    @property
    def paths(self) -> list[str]:
        """All of them, in the order in which people should read of them."""
        return list(dict.fromkeys(path for path, _ in self._routes))

    def operation(self, path: str, method: str) -> Wire:
        """The OpenAPI operation of a route. Raises `KeyError` where it is not described."""
        short = self._routes[path, method]
        operation: Wire = {
            "operationId": short["id"],
            "tags": [short["tag"]],
            "summary": short["summary"],
            "security": [{} if key == "none" else {key: []} for key in short.get("keys", ())],
            "parameters": [self._parameter(each) for each in short.get("parameters", ())],
        }
        about = list(filter(None, (short.get("description"), _role(short))))
        if about:
            operation["description"] = "\n\n".join(about)
        if "body" in short:
            operation["requestBody"] = {
                "required": not short["body"].get("optional"),
                "content": _content(short["body"]),
            }
        operation["responses"] = dict(self._responses(short))
        return operation

    def _parameter(self, said: str | Wire) -> Wire:
        parameter = {"name": said, **self.whole["parameters"][said]} if isinstance(said, str) else said
        return {**parameter, "required": parameter["in"] == "path" or parameter.get("required", False)}

    def _responses(self, short: Wire) -> Iterator[tuple[str, Wire]]:
        for status, answer in short["answers"].items():
            response: Wire = {"description": answer["is"]}
            if "headers" in answer:
                response["headers"] = {name: self.whole["headers"][name] for name in answer["headers"]}
            if "schema" in answer:
                response["content"] = _content(answer)
            yield str(status), response
        for status, codes in self._refusals(short["refuses"]).items():
            meant = "\n".join(f"* `{code}`: {self.whole['codes'][code]}" for code in codes)
            schema = _problem(status, codes, is_legacy=short.get("legacy", False))
            yield str(status), {"description": meant, "content": {JSON: {"schema": schema}}}

    def _refusals(self, names: Iterable[str]) -> dict[int, list[str]]:
        codes = {code for name in names for code in self.whole["refusals"].get(name, (name,))}
        by_status: dict[int, list[str]] = {}
        for code in self.whole["codes"]:
            if code in codes:
                by_status.setdefault(STATUS[code], []).append(code)
        return dict(sorted(by_status.items()))


def _problem(status: int, codes: list[str], *, is_legacy: bool) -> Wire:
    problem: Wire = {"$ref": "#/components/schemas/Problem", "properties": {"code": {"enum": codes}}}
    if not is_legacy:
        return problem
    legacy = {"$ref": f"#/components/schemas/{LEGACY.get(status, 'LegacyProblem')}"}
    # Pages that a project does not allow, and too many requests, are refused before the route is known.
    return {"anyOf": [legacy, problem]}


def _content(said: Wire) -> Wire:
    media: Wire = {"schema": said["schema"]}
    if "example" in said:
        media["example"] = said["example"]
    return {said.get("type", JSON): media}


def _role(short: Wire) -> str | None:
    return f"A workspace key needs the role `{short['role']}`." if "role" in short else None


def _read(name: str) -> Wire:
    text = files("parley.transports.description").joinpath(f"{name}.yaml").read_text("utf-8")
    read: Wire = yaml.load(text, LOADER)
    return read
