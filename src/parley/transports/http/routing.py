"""Which endpoint a request is for. Splits the path before it decodes it, so that `%2F` stays inside its part."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple
from urllib.parse import quote, unquote_to_bytes

from starlette.types import Scope

from parley.errors import InvalidInput
from parley.transports.http.problems import Refused
from parley.transports.http.request import Request

Endpoint = Callable[[Request], Awaitable[None]]


class Methods:
    """The endpoints at one address. `is_legacy`: errors have the bodies of the legacy interact route."""

    __slots__ = ("_allow", "_by_method", "is_legacy")

    def __init__(self, by_method: Mapping[str, Endpoint], is_legacy: bool) -> None:
        self._by_method = by_method
        self.is_legacy = is_legacy
        self._allow = ", ".join([*by_method, *(("HEAD",) if "GET" in by_method else ()), "OPTIONS"])

    def endpoint(self, method: str) -> Endpoint:
        """Raises `Refused` with `Allow`."""
        endpoint = self._by_method.get("GET" if method == "HEAD" else method)
        if endpoint is None:
            message = f"This route does not take {method[:20]}. It takes: {self._allow}."
            raise Refused("method_not_allowed", message, [(b"allow", self._allow.encode())])
        return endpoint

    @property
    def allow(self) -> bytes:
        """The methods, for an `Allow` header."""
        return self._allow.encode()


class Described(NamedTuple):
    """A path with its endpoints by method, for whoever describes them."""

    path: str
    by_method: Mapping[str, Endpoint]


class Routes:
    """A table of paths; a part in braces is a parameter. A trailing slash means nothing."""

    def __init__(self) -> None:
        self._fixed: dict[bytes, Methods] = {}
        self._shaped: dict[int, list[tuple[tuple[bytes, ...], Methods]]] = {}
        self.described: list[Described] = []
        """All that is in the table, in the order in which it came."""

    def add(self, path: str, by_method: Mapping[str, Endpoint], *, is_legacy: bool = False) -> None:
        """Add the endpoints of one path."""
        methods = Methods(by_method, is_legacy)
        self.described.append(Described(path, by_method))
        parts = tuple(path.encode().split(b"/"))
        if b"{" in path.encode():
            self._shaped.setdefault(len(parts), []).append((parts, methods))
        else:
            self._fixed[path.encode()] = methods

    def find(self, request: Request) -> Methods | None:
        """The endpoints for a request, whose `params` are set; None where the path is not one of these."""
        path = _raw_path(request.scope)
        found = self._fixed.get(path)
        if found is not None:
            return found
        if path.endswith(b"/"):
            path = path[:-1]
            found = self._fixed.get(path)
        return found or self._match(request, path.split(b"/"))

    def _match(self, request: Request, parts: list[bytes]) -> Methods | None:
        for shape, methods in self._shaped.get(len(parts), ()):
            if all(mine == theirs or mine[:1] == b"{" for mine, theirs in zip(shape, parts, strict=True)):
                request.params = {
                    mine[1:-1].decode(): _decoded(mine[1:-1].decode(), theirs)
                    for mine, theirs in zip(shape, parts, strict=True)
                    if mine[:1] == b"{"
                }
                return methods
        return None


def _raw_path(scope: Scope) -> bytes:
    raw = scope.get("raw_path")
    path: bytes = raw.partition(b"?")[0] if raw else quote(scope["path"]).encode()
    root = scope.get("root_path")
    return path.removeprefix(root.encode()) if root else path


def _decoded(name: str, part: bytes) -> str:
    try:
        return unquote_to_bytes(part).decode()
    except UnicodeDecodeError as error:
        raise InvalidInput.at(name, "percent-encoded UTF-8") from error
