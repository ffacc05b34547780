"""Web pages as documents: fetched through the guarded way out of the house. Knows no store."""

from __future__ import annotations

from urllib.parse import urlsplit

from msgspec import Struct

from parley.domain.document import Kind
from parley.errors import InvalidInput
from parley.ports.reading import Unreadable
from parley.ports.tools import Request, RequestFailed, Tools

LONGEST_URL = 2_000
_KINDS: tuple[tuple[str, Kind], ...] = (
    ("text/html", "html"),
    ("application/xhtml", "html"),
    ("application/pdf", "pdf"),
    ("text/markdown", "md"),
    ("text/csv", "csv"),
    ("text/tab-separated-values", "csv"),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
    ("text/", "text"),
)


class Page(Struct, frozen=True):
    """What is at an address."""

    kind: Kind
    data: bytes


def check_url(url: str) -> None:
    """Raises `InvalidInput` for what is no web address."""
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and len(url) <= LONGEST_URL
    except ValueError:
        fits = False
    if not fits or parts.username is not None or any(ord(char) < 33 or "\ud800" <= char <= "\udfff" for char in url):
        raise InvalidInput.at("url", "an http or https address without a name and password in it")


async def fetch(tools: Tools, url: str, private_hosts: frozenset[str]) -> Page:
    """The page. Raises `Unreadable` with what keeps it from being read."""
    accept = ("accept", "text/html, text/markdown, text/plain, application/pdf, text/csv;q=0.9, */*;q=0.1")
    try:
        response = await tools.send(Request("GET", url, (accept,), private_hosts=private_hosts))
    except RequestFailed as failed:
        raise Unreadable(f"The page cannot be fetched: {failed.message}.") from failed
    if not 200 <= response.status < 300:
        raise Unreadable(f"The page cannot be fetched: its server answered {response.status}.")
    mime = dict(response.headers).get("content-type", "").partition(";")[0].strip().lower()
    kind = next((kind for start, kind in _KINDS if mime.startswith(start)), None)
    if kind is None and mime in ("", "application/octet-stream"):
        kind = "pdf" if response.body.startswith(b"%PDF") else "html" if b"<html" in response.body[:1000] else "text"
    if kind is None:
        raise Unreadable(f"The page is a {mime[:80]}, of which no text can be read.")
    return Page(kind, response.body)
