"""An export as it lies on the disk: found, small enough, and JSON of the right outline. Knows no nodes."""

from __future__ import annotations

from pathlib import Path

import msgspec

from parley.errors import BadProject
from parley.projects.vf.shapes import Obj, obj, text

LARGEST_FILE = 64 * 1024 * 1024
"""Bytes; larger files are refused unread. The largest real exports are below 5 MB."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def read_export(path: Path, largest: int = LARGEST_FILE) -> Obj:
    """The export's JSON object. Raises `BadProject` with one line that says what is wrong with the file."""
    try:
        size = path.stat().st_size
        if size > largest:
            raise BadProject(f"{path.name}: the file has {size:,} bytes; exports up to {largest:,} bytes are read.")
        data = path.read_bytes()
    except OSError as failed:
        raise BadProject(f"{path.name}: cannot be read: {failed.strerror or failed}.") from failed
    return parse_export(data, path.name)


def parse_export(data: bytes, name: str) -> Obj:
    """The JSON object in `data`. Raises `BadProject`."""
    try:
        whole = msgspec.json.decode(data.removeprefix(_BYTE_ORDER_MARK))
    except (msgspec.MsgspecError, UnicodeDecodeError) as failed:
        raise BadProject(f"{name}: is not JSON, or was cut off: {failed}.") from failed
    except RecursionError as failed:
        raise BadProject(f"{name}: is nested too deeply to be an export.") from failed
    if not isinstance(whole, dict):
        raise BadProject(f"{name}: is not an export: expected a JSON object.")
    missing = [key for key in ("version", "diagrams") if not isinstance(whole.get(key), dict)]
    if missing:
        raise BadProject(f"{name}: is not an export: it has no object {' and no object '.join(missing)}.")
    return whole


def schema_of(export: Obj) -> str:
    """The schema version as the file writes it; exports of 2021 have none."""
    version = obj(export.get("version")).get("_version")
    return str(version) if isinstance(version, int | float) else text(version) or "none"
