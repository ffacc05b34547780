"""The language models of a server, as its settings name them. Reads no environment itself; connects when asked.

A model is named by its address, `openai:gpt-5`, or by a name of the models' file:

    models:
      quick: {address: openai:llama3.2, url: http://localhost:11434/v1}
      large:
        address: anthropic:claude-sonnet-4-5
        key_env: ANTHROPIC_API_KEY             # the environment variable that holds the key
        prices: {asked: 3, answered: 15, cached: 0.3}    # US dollars a million tokens
        waits: {connect: 5, first: 20, between: 20}      # seconds
    order: [large, quick]                      # who is asked first; default: as they are written
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec
import yaml
from msgspec import Struct

from parley.backends.llm.place import Place, Prices, Waits
from parley.backends.llm.scripted import ScriptedModel, read_script
from parley.backends.llm.steadfast import Named, Steadfast
from parley.errors import BadProject
from parley.ports.clock import Clock
from parley.ports.llm import LanguageModel

if TYPE_CHECKING:
    from parley.backends.llm.connections import Connections

KeyOf = Callable[[str], str | None]
"""What an environment variable holds."""
SCRIPTED = "scripted"
_URLS = {
    "openai": "https://api.openai.com/v1",
    "openai-responses": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com",
}
_KEYS = {"openai": "OPENAI_API_KEY", "openai-responses": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}
_MOST_FOUND = 64


class Entry(Struct, frozen=True, forbid_unknown_fields=True):
    """A model of the file, or one that a setting names. Without `url` it is the provider's own."""

    address: str
    url: str | None = None
    key_env: str | None = None
    prices: Prices | None = None
    waits: Waits = Waits()


class ModelsFile(Struct, frozen=True, forbid_unknown_fields=True):
    """See the module."""

    models: dict[str, Entry]
    order: list[str] = []


class ConfiguredModels:
    """Builds models from settings, and closes their connections. Raises `BadProject` with one clear line."""

    def __init__(self, clock: Clock, key_of: KeyOf, *, url: str | None = None, key: str | None = None) -> None:
        self._clock = clock
        self._key_of = key_of
        self._url = url
        self._key = key
        self._kind: str | None = None
        """The kind of provider that `url` and `key` are for."""
        self._connections: Connections | None = None
        self._places: dict[str, Place] = {}
        """A place of each kind, for models that agents name."""
        self._found: dict[str, LanguageModel] = {}

    def open(self, names: str | None, file: Path | None) -> Steadfast | ScriptedModel | None:
        """The model of these settings; None where they name none. A script alone is asked as it is."""
        entries = {} if file is None else _read(file)
        chosen = [name.strip() for name in (names or "").split(",") if name.strip()] or list(entries)
        if not chosen:
            return None
        self._kind = entries[chosen[0]].address.partition(":")[0] if chosen[0] in entries else _kind(chosen[0])
        named = [Named(name, self._model(name, entries)) for name in chosen]
        if len(named) == 1 and isinstance(named[0].model, ScriptedModel):
            return named[0].model
        return Steadfast(named, self._clock, find=self._find)

    async def close(self) -> None:
        """Close all connections."""
        if self._connections is not None:
            await self._connections.close()

    def _model(self, name: str, entries: Mapping[str, Entry]) -> LanguageModel:
        entry = entries.get(name) or Entry(name)
        kind, model = _kind(entry.address), entry.address.partition(":")[2]
        if not model:
            raise BadProject(f"{name}: say which model, as in `{kind}:NAME`.")
        if kind == SCRIPTED:
            return read_script(Path(model).expanduser(), self._clock)
        place = self._place(name, kind, model, entry, is_filed=name in entries)
        self._places.setdefault(kind, place)
        return self._connect(kind, place)

    def _place(self, name: str, kind: str, model: str, entry: Entry, *, is_filed: bool) -> Place:
        is_own = not is_filed and kind == self._kind
        url = entry.url or (self._url if is_own else None) or _URLS[kind]
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
            raise BadProject(
                f"{name}: its URL has to begin with http:// or https://, name a host and hold no password."
            )
        usual = _KEYS[kind] if parts.hostname == urlsplit(_URLS[kind]).hostname else None
        variable = entry.key_env or usual
        key = (self._key if is_own else None) or (self._key_of(variable) if variable else None) or ""
        if variable and not key.strip():
            raise BadProject(f"{name}: the model needs a key. Set {variable}" + (_OR_ELSE if is_own else "."))
        if not all("!" <= letter <= "~" for letter in key.strip()):
            raise BadProject(f"{name}: its key has characters that no key has.")
        return Place(model, url, key.strip(), entry.waits, entry.prices)

    def _find(self, address: str) -> LanguageModel | None:
        """A model that an agent names by its address: of a provider that the settings name too, with its key."""
        kind, _, model = address.partition(":")
        place = self._places.get(kind)
        if place is None or not model:
            return None
        if address not in self._found:
            if len(self._found) >= _MOST_FOUND:
                self._found.clear()
            self._found[address] = self._connect(kind, msgspec.structs.replace(place, model=model, prices=None))
        return self._found[address]

    def _connect(self, kind: str, place: Place) -> LanguageModel:
        # Imported where such a model is set up: aiohttp takes its time, and most commands need none.
        from parley.backends.llm.connections import Connections
        from parley.backends.llm.formats import FORMATS
        from parley.backends.llm.streamed import StreamedModel

        if self._connections is None:
            self._connections = Connections()
        return StreamedModel(place, FORMATS[kind], self._connections, self._clock)


_OR_ELSE = ", or PARLEY_MODEL_URL for a server of your own."


def _kind(address: str) -> str:
    kind, colon, _ = address.partition(":")
    if not colon or kind not in (*_URLS, SCRIPTED):
        raise BadProject(f"PARLEY_MODEL={address}: begin with {', '.join(f'{k}:' for k in _URLS)} or scripted:.")
    return kind


def _read(file: Path) -> dict[str, Entry]:
    """The models of a file, in their order."""
    try:
        found = msgspec.convert(yaml.safe_load(file.read_text("utf-8")), ModelsFile)
    except (OSError, UnicodeError, yaml.YAMLError, msgspec.ValidationError) as failed:
        raise BadProject(f"{file}: cannot be used for language models: {str(failed).splitlines()[0]}.") from failed
    missing = [name for name in found.order if name not in found.models]
    if missing:
        raise BadProject(f"{file}: `order` names {missing[0]}, which is not among the `models`.")
    for name, entry in found.models.items():
        try:
            _kind(entry.address)
        except BadProject:
            kinds = ", ".join(f"{kind}:" for kind in (*_URLS, SCRIPTED))
            raise BadProject(f"{file}: {name}: its address has to begin with one of {kinds}.") from None
    order = found.order + [name for name in found.models if name not in found.order]
    return {name: found.models[name] for name in order}
