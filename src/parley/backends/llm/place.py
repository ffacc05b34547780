"""Where a language model is reached, with what key, how long one waits for it, and what it costs."""

from __future__ import annotations

from urllib.parse import urlsplit

from msgspec import Struct

from parley.ports.llm import Usage

MILLION = 1_000_000


class Prices(Struct, frozen=True, forbid_unknown_fields=True):
    """US dollars a million tokens. `cached` are asked tokens that the provider had read before; None: as `asked`."""

    asked: float
    answered: float
    cached: float | None = None

    def cost(self, usage: Usage) -> float:
        """What an answer cost, in US dollars."""
        cached = self.asked if self.cached is None else self.cached
        fresh = max(0, usage.asked - usage.cached)
        return (fresh * self.asked + usage.cached * cached + usage.answered * self.answered) / MILLION


class Waits(Struct, frozen=True, forbid_unknown_fields=True):
    """Seconds: to connect, until the first piece of an answer, and from each piece to the next."""

    connect: float = 5.0
    first: float = 20.0
    between: float = 20.0


class Place(Struct, frozen=True):
    """One model of one provider. `url` is what the provider calls its base URL; a query in it goes along."""

    model: str
    url: str
    key: str = ""
    waits: Waits = Waits()
    prices: Prices | None = None

    def __repr__(self) -> str:
        return f"Place({self.who})"

    @property
    def host(self) -> str:
        """The host, without a port."""
        return urlsplit(self.url).hostname or ""

    @property
    def who(self) -> str:
        """The model and where it is, for messages: neither credentials nor a path."""
        parts = urlsplit(self.url)
        return f"{self.model} at {parts.hostname}" + (f":{parts.port}" if parts.port else "")

    def address(self, path: str) -> str:
        """The URL of a route below `url`."""
        parts = urlsplit(self.url)
        whole = parts.path.rstrip("/")
        if not whole.endswith(path):
            whole += path
        return parts._replace(path=whole, fragment="").geturl()
