"""The steps that run code or call the world."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from parley.domain.conditions import Value
from parley.domain.step_parts import StepBase, Target, Way


class Code(StepBase, frozen=True, tag="code"):
    """Runs JavaScript over the variables, and goes the way of the label that it returns, else `then`."""

    source: str = ""
    paths: dict[str, Target] = {}
    failure: Way | None = None


class Function(StepBase, frozen=True, tag="function"):
    """Calls a function of the program.

    `inputs` become texts; `outputs` are copied from what it returns (variable: function's name). It says which of
    `paths` to take; a function that declares none goes on with `then`. Without a way of failure, failing ends the
    workflow.
    """

    function: str = ""
    inputs: dict[str, Value] = {}
    outputs: dict[str, str] = {}
    paths: dict[str, Target] = {}
    failure: Way | None = None


class Pair(Struct, frozen=True):
    """A header, a parameter or a field of a form; both are templates."""

    name: str
    value: str


class FormBody(Struct, frozen=True, tag_field="is", tag="form"):
    """A form as browsers send it: `encoding` "form-data" for multipart, else in one line."""

    fields: tuple[Pair, ...]
    encoding: Literal["form-data", "urlencoded"] = "urlencoded"


class RawBody(Struct, frozen=True, tag_field="is", tag="raw"):
    """A template text. Of JSON, what is put into its strings is escaped."""

    text: str


class JsonBody(Struct, frozen=True, tag_field="is", tag="json"):
    """JSON whose strings are templates."""

    value: Any


Body = FormBody | RawBody | JsonBody


class Captured(Struct, frozen=True):
    """What lies at `path` of a response's JSON goes into `variable`."""

    path: str
    variable: str


class Api(StepBase, frozen=True, tag="api"):
    """Sends an HTTP request; what comes back goes into variables.

    `timeout` is in seconds, None for the usual. `background`: goes on at once, and never learns what came of it.
    `idempotent`: may be sent again when nobody knows whether it was; None: when its method is one that only reads.
    Without a way of failure, failing goes on with `then`. All texts are templates, and may name `{secret.name}`.
    """

    url: str = ""
    method: str = "GET"
    headers: tuple[Pair, ...] = ()
    params: tuple[Pair, ...] = ()
    body: Body | None = None
    captures: tuple[Captured, ...] = ()
    timeout: float | None = None
    background: bool = False
    idempotent: bool | None = None
    failure: Way | None = None
