"""A form with one file in it (multipart/form-data, RFC 7578), from a body that has been read whole."""

from __future__ import annotations

import re

from msgspec import Struct

from parley.errors import InvalidInput

MOST_PARTS = 32
LONGEST_FIELD = 16 * 1024
LONGEST_HEAD = 8 * 1024
FILE = "file"

_BOUNDARY = re.compile(r"""multipart/form-data\s*;(?:.*;)?\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))""", re.I)
_PARAMETER = re.compile(rb';\s*(name|filename)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;]+))', re.IGNORECASE)


class Form(Struct, frozen=True):
    """Field names are lower case. `file_name` is as the client wrote it: not to be trusted."""

    fields: dict[str, str]
    file_name: str
    file: bytes


def parse_form(content_type: str | None, body: bytes) -> Form:
    """The form in a body. Raises `InvalidInput`."""
    match = _BOUNDARY.match((content_type or "")[:500])
    if match is None:
        raise InvalidInput("body: expected multipart/form-data with a boundary")
    mark = b"\r\n--" + (match[1] or match[2]).encode("latin-1")
    parts = (b"\r\n" + body).split(mark, MOST_PARTS + 2)
    if len(parts) > MOST_PARTS + 2:
        raise InvalidInput(f"body: expected at most {MOST_PARTS} parts")
    if len(parts) < 3 or not parts[-1].startswith(b"--"):
        raise InvalidInput("body: expected a whole form; its end is missing")
    return _form(parts[1:-1])


def _form(parts: list[bytes]) -> Form:
    fields: dict[str, str] = {}
    found: tuple[str, bytes] | None = None
    for part in parts:
        name, file_name, data = _part(part)
        if name == FILE:
            if found is not None:
                raise InvalidInput("file: expected one file")
            found = (file_name, data)
        elif len(data) > LONGEST_FIELD:
            raise InvalidInput(f"body: expected at most {LONGEST_FIELD} bytes in a field")
        else:
            fields[name] = data.decode("utf-8", "replace")
    if found is None:
        raise InvalidInput.at(FILE, "a file")
    return Form(fields, *found)


def _part(part: bytes) -> tuple[str, str, bytes]:
    head, separator, data = part.partition(b"\r\n\r\n")
    if not separator or len(head) > LONGEST_HEAD:
        raise InvalidInput("body: expected a part with a head and a content")
    given: dict[str, str] = {}
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-disposition":
            for parameter in _PARAMETER.finditer(value):
                raw = parameter[2] if parameter[2] is not None else parameter[3]
                given[parameter[1].decode().lower()] = _unescaped(raw)
    if "name" not in given:
        raise InvalidInput("body: expected a name for each part")
    return given["name"].lower(), given.get("filename", ""), data


def _unescaped(raw: bytes) -> str:
    """Browsers write a quote as `%22`, older clients with a backslash."""
    return re.sub(r"\\(.)", r"\1", raw.decode("utf-8", "replace")).replace("%22", '"')
