"""The bodies of the document routes, in and out: documents, metadata, tables.

Source: the stable API's OpenAPI document, `/v1/stable/document`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

import msgspec
from msgspec import Struct, field

from parley.domain.document import CHUNK_SIZE, EXTENSIONS, Chunk, Document, Kind, Refresh
from parley.errors import InvalidInput
from parley.session.library import Given
from parley.transports.http.json_body import decode
from parley.transports.http.multipart import Form
from parley.transports.http.request import Request

LONGEST_NAME = 250
LARGEST_METADATA = 10_000
"""Bytes. Source: the public documentation of knowledge base metadata."""
CHARACTERS = 4
"""In a token, roughly."""
SMALLEST, BIGGEST = 500, 1500
"""Tokens of a passage that clients may ask for."""


class Metadatum(Struct, frozen=True):
    """One field of a document's metadata."""

    key: str
    values: list[str]


class UrlBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A page."""

    url: str
    metadata: list[Metadatum] = []
    refresh: Refresh = field(name="refreshRate", default="never")


class TableSchema(Struct, frozen=True):
    """Which fields of a row are searched, and which are metadata."""

    searchable: list[str] = field(name="searchableFields")
    metadata: list[str] = field(name="metadataFields", default_factory=list)


class TableBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Rows."""

    name: str
    items: list[dict[str, Any]]
    schema: TableSchema
    url: str | None = None
    metadata: list[Metadatum] = []


class UpdateBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Other metadata."""

    metadata: list[Metadatum]


_decode_url = msgspec.json.Decoder(UrlBody).decode
_decode_table = msgspec.json.Decoder(TableBody).decode
_decode_update = msgspec.json.Decoder(UpdateBody).decode
_decode_metadata = msgspec.json.Decoder(list[Metadatum] | dict[str, Any]).decode


def page_in(request: Request, body: bytes) -> Given:
    """A page to fetch. Raises `InvalidInput`."""
    given = decode(_decode_url, body)
    kept = _metadata(given.metadata)
    return Given(_named(given.url), "url", url=given.url, metadata=kept, refresh=given.refresh, **_how(request))


def table_in(request: Request, body: bytes) -> Given:
    """A table of rows. Raises `InvalidInput`."""
    given = decode(_decode_table, body)
    if not given.schema.searchable:
        raise InvalidInput.at("schema.searchableFields", "at least one field")
    if not given.items:
        raise InvalidInput.at("items", "at least one row")
    data = json.dumps(
        {"items": given.items, "searchable": given.schema.searchable, "metadata": given.schema.metadata}
    ).encode()
    name, kept = _named(given.name), _metadata(given.metadata)
    return Given(name, "table", data, url=given.url, metadata=kept, **_how(request))


def file_in(request: Request, form: Form) -> Given:
    """A file. Raises `InvalidInput`."""
    name = _named(PurePosixPath(form.file_name.replace("\\", "/")).name)
    raw = form.fields.get("metadata", "").encode()
    told = decode(_decode_metadata, raw) if raw.strip() else {}
    kept = _metadata(told) if isinstance(told, list) else _bounded(told)
    return Given(name, kind_of(name), form.file, url=form.fields.get("url") or None, metadata=kept, **_how(request))


def update_in(body: bytes) -> dict[str, Any]:
    """A document's other metadata. Raises `InvalidInput`."""
    return _metadata(decode(_decode_update, body).metadata)


def kind_of(name: str) -> Kind:
    """What a file is, by its name. Raises `InvalidInput`."""
    kind = EXTENSIONS.get(PurePosixPath(name).suffix.lower())
    if kind is None:
        raise InvalidInput.at("file", f"a name that ends in one of {', '.join(EXTENSIONS)}")
    return kind


def shown(document: Document) -> dict[str, Any]:
    """A document as the routes show it."""
    data = dict(document.source)
    if document.kind == "url":
        data["refreshRate"] = document.refresh
        if document.status == "SUCCESS":
            data["lastSuccessUpdate"] = _time(document.checked_at or document.updated_at)
    status: dict[str, Any] = {"type": document.status}
    if document.problem:
        status["data"] = {"message": document.problem}
    return {"id": document.id, "data": data, "status": status, "smartChunking": None}


def shown_whole(document: Document, chunks: Sequence[tuple[str, Chunk]]) -> dict[str, Any]:
    """A document with its passages and metadata."""
    metadata = [{"key": key, "values": _values(value)} for key, value in document.metadata.items()]
    passages = [{"chunkID": id, "content": chunk.content, "metadata": chunk.metadata} for id, chunk in chunks]
    return {**shown(document), "chunks": passages, "metadata": metadata}


def _how(request: Request) -> dict[str, Any]:
    """What the query says about how a document is taken in."""
    size = request.query("maxChunkSize")
    if size is None or not size:
        return {"overwrite": request.flag("overwrite"), "chunk_size": CHUNK_SIZE}
    if not (size.isascii() and size.isdecimal() and SMALLEST <= int(size[:9]) <= BIGGEST):
        raise InvalidInput.at("maxChunkSize", f"a number of tokens from {SMALLEST} to {BIGGEST}")
    return {"overwrite": request.flag("overwrite"), "chunk_size": CHARACTERS * int(size)}


def _named(name: str) -> str:
    if not name.strip() or "\0" in name:
        raise InvalidInput.at("name", "a name")
    return name.strip()[:LONGEST_NAME]


def _metadata(given: list[Metadatum]) -> dict[str, Any]:
    return _bounded({each.key: each.values for each in given})


def _bounded(metadata: dict[str, Any]) -> dict[str, Any]:
    if len(json.dumps(metadata)) > LARGEST_METADATA:
        raise InvalidInput.at("metadata", f"at most {LARGEST_METADATA} bytes")
    return metadata


def _values(value: Any) -> list[str]:
    each = value if isinstance(value, list) else [value]
    return [one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in each]


def _time(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
