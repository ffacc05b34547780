"""An API step as the request that it sends: templates rendered, secrets put in, the body encoded. Sends nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, assert_never
from urllib.parse import urlencode

import msgspec

from parley.domain.world_steps import Api, FormBody, JsonBody, Pair, RawBody
from parley.engine.json_text import render_json_text
from parley.engine.templates import Variables, render, render_json
from parley.engine.turn import Turn
from parley.errors import ParleyError
from parley.ports.tools import TIMEOUT, Headers, Request

_NO_BODY = frozenset({"GET", "HEAD"})
LINE = re.compile(r"[\r\n\0]+")
"""What must not be in a header."""


class NoSecret(ParleyError):
    """A request names a secret that is not set."""

    code = "no_secret"


class WithSecrets:
    """The variables, and before them `secret`: only what sends requests ever sees the values."""

    def __init__(self, find: Callable[[str], str | None], variables: Variables) -> None:
        self._find = find
        self._variables = variables

    def get(self, name: str, default: Any = None) -> Any:
        """See `Variables.get`."""
        return _Secrets(self._find) if name == "secret" else self._variables.get(name, default)


class _Secrets(dict[str, Any]):
    """A mapping of every name that is asked for."""

    def __init__(self, find: Callable[[str], str | None]) -> None:
        super().__init__()
        self._find = find

    def __contains__(self, name: object) -> bool:
        return True

    def __getitem__(self, name: str) -> str:
        value = self._find(name)
        if value is None:
            raise NoSecret(f"there is no secret '{name}'")
        return value


def request_of(step: Api, turn: Turn, variables: Variables | None = None) -> Request:
    """The request, with the turn's variables or these in its templates. Raises `NoSecret`."""
    given = WithSecrets(turn.secret, turn.variables if variables is None else variables)
    method = step.method.upper()
    headers = tuple((name, LINE.sub(" ", value)) for name, value in _rendered(step.headers, given))
    body, kind = (None, None) if method in _NO_BODY else _body(step, headers, turn, given)
    if kind is not None and not any(name.lower() == "content-type" for name, _ in headers):
        headers = (*headers, ("Content-Type", kind))
    return Request(
        method,
        _with_params(render(step.url, given).strip(), _rendered(step.params, given)),
        headers,
        body,
        TIMEOUT if step.timeout is None else step.timeout,
        frozenset(host.lower() for host in turn.program.settings.private_hosts),
    )


def _rendered(pairs: tuple[Pair, ...], given: WithSecrets) -> Headers:
    found = [(render(pair.name, given).strip(), render(pair.value, given)) for pair in pairs]
    return tuple((name, value) for name, value in found if name)


def _with_params(url: str, params: Headers) -> str:
    if not params:
        return url
    bare, mark, fragment = url.partition("#")
    joint = "" if bare.endswith(("?", "&")) else "&" if "?" in bare else "?"
    return f"{bare}{joint}{urlencode(params)}{mark}{fragment}"


def _body(step: Api, headers: Headers, turn: Turn, given: WithSecrets) -> tuple[bytes | None, str | None]:
    """The bytes, and the content type that they have where the author gave none."""
    body = step.body
    match body:
        case None:
            return None, None
        case JsonBody():
            return msgspec.json.encode(render_json(body.value, given)), "application/json"
        case RawBody():
            return _raw(body.text, headers, given)
        case FormBody(encoding="urlencoded"):
            return urlencode(_rendered(body.fields, given)).encode(), "application/x-www-form-urlencoded"
        case FormBody():
            return _multipart(_rendered(body.fields, given), turn.id)
        case _:
            assert_never(body)


def _raw(text: str, headers: Headers, given: WithSecrets) -> tuple[bytes, str]:
    said = next((value for name, value in headers if name.lower() == "content-type"), "")
    if "json" in said.lower() or (not said and text.lstrip()[:1] in ("{", "[")):
        return render_json_text(text, given).encode("utf-8", "replace"), "application/json"
    return render(text, given).encode("utf-8", "replace"), "text/plain; charset=utf-8"


def _multipart(fields: Headers, boundary: str) -> tuple[bytes, str]:
    while any(boundary in value for _, value in fields):
        boundary += "x"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(name)}"\r\n\r\n{value}\r\n'
        for name, value in fields
    ]
    data = "".join([*parts, f"--{boundary}--\r\n"]).encode("utf-8", "replace")
    return data, f"multipart/form-data; boundary={boundary}"


def _quoted(name: str) -> str:
    return LINE.sub(" ", name).replace("\\", "\\\\").replace('"', "%22")
