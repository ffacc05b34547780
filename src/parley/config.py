"""The settings of a server, and the only reader of the environment."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

MEMORY = ":memory:"


@dataclass(frozen=True, slots=True)
class BucketKeys:
    """What opens a bucket. `token` comes with keys that were issued for a while."""

    id: str
    secret: str = field(repr=False)
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """Which language models answer.

    `names` are addresses (`openai:llama3.2`, `anthropic:...`, `scripted:FILE`) or names out of `file`, with commas
    between them: the first one answers if it can. `url` and `key` are for the first one's kind of provider. `key_of`
    is the key that a variable of the environment holds.
    """

    names: str | None = None
    url: str | None = None
    key: str | None = field(default=None, repr=False)
    file: Path | None = None
    key_of: Callable[[str], str | None] = field(default=lambda name: None, repr=False)


@dataclass(frozen=True, slots=True)
class SecretsPlace:
    """Where agents' secrets are: a file, and those that the environment gives, by name."""

    file: Path | None = None
    given: dict[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """How one process serves.

    `data` is a file, or ":memory:". `api_key` is accepted beside the keys that are stored. `drain_seconds` bounds
    how long running turns may take when the process is told to stop. `files` is where users' files are kept: a
    directory, or `s3://bucket/prefix?endpoint=...&region=...`, for which `bucket_keys` are needed; None: beside `data`.
    `embeddings` is what makes vectors of texts: `minilm`, `hashed`, `off`, or `auto`: MiniLM where it is installed.
    `workspace` is the id that the default workspace gets when it is made, and `workspace_key` an owner's key to it.
    `private_hosts` (`name` or `name:port`) are those of the operator's own network that webhooks may call.
    `speech` is what calls are heard and spoken with: `off` (they go in words), or `scripted`, for tests.
    `model` is the language model. `search` is the address of a search engine that answers as SearXNG does, with
    `{query}` where the query goes.
    """

    paths: tuple[Path, ...]
    host: str = "127.0.0.1"
    port: int = 8181
    data: str = MEMORY
    reload: bool = False
    api_key: str | None = None
    body_limit: int = 1024 * 1024
    rate_per_minute: int | None = None
    drain_seconds: float = 10.0
    files: str | None = None
    bucket_keys: BucketKeys | None = None
    embeddings: str = "auto"
    model: ModelChoice = ModelChoice()
    workspace: str | None = None
    workspace_key: str | None = field(default=None, repr=False)
    secrets: SecretsPlace = field(default_factory=SecretsPlace)
    search: str | None = None
    private_hosts: frozenset[str] = frozenset()
    speech: str = "off"


@dataclass(frozen=True, slots=True)
class FromEnvironment:
    """What scripts preset. Each has a command-line option or prompt that says the same, except the key, which must
    not show in a process list."""

    api_key: str | None = field(default_factory=lambda: os.environ.get("API_KEY") or None)
    rate_per_minute: int | None = field(default_factory=lambda: _number("PARLEY_RATE_PER_MINUTE"))
    files: str | None = field(default_factory=lambda: os.environ.get("PARLEY_FILES") or None)
    bucket_keys: BucketKeys | None = field(default_factory=lambda: _bucket_keys())
    embeddings: str = field(default_factory=lambda: os.environ.get("PARLEY_EMBEDDINGS") or "auto")
    model: ModelChoice = field(default_factory=lambda: _model_choice())
    workspace: str | None = field(default_factory=lambda: os.environ.get("WORKSPACE") or None)
    workspace_key: str | None = field(default_factory=lambda: os.environ.get("WORKSPACE_KEY") or None)
    private_hosts: frozenset[str] = field(default_factory=lambda: _words("PARLEY_PRIVATE_HOSTS"))
    speech: str = field(default_factory=lambda: os.environ.get("PARLEY_SPEECH") or "off")
    secrets: SecretsPlace = field(default_factory=lambda: _secrets_place())
    search: str | None = field(default_factory=lambda: os.environ.get("PARLEY_SEARCH_URL") or None)
    color: bool = field(default_factory=lambda: "NO_COLOR" not in os.environ)


def keep_one_thread_for_vectors() -> None:
    """Tell OpenBLAS, before numpy loads it, to start no threads of its own.

    Its threads hang a process that forks while one of them works, and a server forks when it starts to read documents.
    What it computes here is small: one thread is as quick.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def _number(name: str) -> int | None:
    value = os.environ.get(name)
    return int(value) if value and value.isdecimal() else None


def _model_choice() -> ModelChoice:
    file = os.environ.get("PARLEY_MODELS")
    return ModelChoice(
        names=os.environ.get("PARLEY_MODEL") or None,
        url=os.environ.get("PARLEY_MODEL_URL") or None,
        key=os.environ.get("PARLEY_MODEL_KEY") or None,
        file=Path(file).expanduser() if file else None,
        key_of=lambda name: os.environ.get(name) or None,
    )


def _words(name: str) -> frozenset[str]:
    return frozenset(os.environ.get(name, "").lower().replace(",", " ").split())


def _secrets_place() -> SecretsPlace:
    file = os.environ.get("PARLEY_SECRETS")
    prefix = "PARLEY_SECRET_"
    given = {name[len(prefix) :]: value for name, value in os.environ.items() if name.startswith(prefix) and value}
    return SecretsPlace(Path(file).expanduser() if file else None, given)


def _bucket_keys() -> BucketKeys | None:
    id, secret = os.environ.get("AWS_ACCESS_KEY_ID"), os.environ.get("AWS_SECRET_ACCESS_KEY")
    return BucketKeys(id, secret, os.environ.get("AWS_SESSION_TOKEN") or None) if id and secret else None
