"""The ways out of a node, in all layouts: the list of 2021, `portsV2`, and ports by key.

Source: engine, section 3 ("ports"): the old list has the else first; dynamic ports are aligned with the node's
choices, buttons, expressions or paths.
"""

from __future__ import annotations

from parley.projects.vf.shapes import Obj, items, obj, objects, text


class Ports:
    """Targets as the export writes them: the id of a node, or None where nothing is connected."""

    def __init__(self, data: Obj) -> None:
        newer = obj(data.get("portsV2"))
        self._named = {**obj(newer.get("builtIn")), **obj(newer.get("byKey"))}
        self._dynamic = items(newer.get("dynamic"))
        self._listed = None if newer else items(data.get("ports"))

    @property
    def next(self) -> str | None:
        """The way on of a node that has one."""
        if self._listed is not None:
            return _target(self._listed[0]) if self._listed else None
        return self.named("next", "default", "__vf__default")

    @property
    def otherwise(self) -> str | None:
        """The way of what matches nothing."""
        if self._listed is not None:
            return _target(self._listed[0]) if self._listed else None
        return self.named("else", "no-match", "noMatch")

    @property
    def silence(self) -> str | None:
        """The way of no reply."""
        return self.named("no-reply", "noReply")

    def named(self, *keys: str) -> str | None:
        """The first connected of these."""
        return next((found for key in keys if (found := _target(self._named.get(key)))), None)

    def has(self, key: str) -> bool:
        """Whether the node has a port of this name, connected or not."""
        return key in self._named

    def choice(self, index: int, id: str = "") -> str | None:
        """The way of a choice: by its id, else by its place."""
        if id and id in self._named:
            return _target(self._named[id])
        if self._listed is not None:
            return _target(self._listed[index + 1]) if index + 1 < len(self._listed) else None
        return _target(self._dynamic[index]) if index < len(self._dynamic) else None

    def path(self, index: int, id: str = "") -> str | None:
        """Like `choice`, for nodes without an else: the old list begins with the first path."""
        if self._listed is not None:
            return _target(self._listed[index]) if index < len(self._listed) else None
        return self.choice(index, id)

    @property
    def count(self) -> int:
        """How many ways there are that no name tells apart."""
        return len(self._dynamic) if self._listed is None else len(self._listed)

    def any(self) -> str | None:
        """Some connected way: the next one, else the first of all."""
        every = [*(self._listed or ()), *self._named.values(), *self._dynamic]
        return self.next or next((found for port in objects(every) if (found := _target(port))), None)


def _target(port: object) -> str | None:
    return text(obj(port).get("target")) or None
