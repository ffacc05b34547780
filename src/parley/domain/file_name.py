"""The names of files that users send, made harmless for every file system, header and page that will see them."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

from parley.domain.file_kind import EXTENSIONS, FileKind

LONGEST = 100
UNNAMED = "file"

_UNFIT = re.compile(r'[<>:"|?*%;\'`$&]+')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def extension_of(name: str) -> str:
    """What comes after the last dot, lower case; empty where there is no dot."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def safe_name(given: str, kind: FileKind | None = None) -> str:
    """One path component that says what the user called the file.

    With a `kind`, it ends in an extension of that kind, whatever was given.
    """
    last = re.split(r"[/\\]", given[-4 * LONGEST :])[-1]
    # Composed last: what was invisible may have kept a letter and its accent apart.
    visible = unicodedata.normalize("NFC", "".join(char for char in last if not _is_invisible(char)))
    spaced = re.sub(r"\s+", " ", _UNFIT.sub("_", visible)).strip(" .")
    stem, extension = spaced, ""
    if extension_of(spaced) in EXTENSIONS:
        stem, extension = spaced.rpartition(".")[0].rstrip(" ."), extension_of(spaced)
    if kind is not None and extension not in kind.extensions:
        stem, extension = spaced, kind.extensions[0]
    stem = stem[: LONGEST - len(extension) - 1].strip(" .") or UNNAMED
    if _RESERVED.fullmatch(stem.partition(".")[0]):
        stem = f"_{stem}"
    return f"{stem}.{extension}" if extension else stem


def _is_invisible(char: str) -> bool:
    # Format characters are invisible too: some turn the order of letters around, and an `.exe` into a `.pdf`.
    return unicodedata.category(char) in _INVISIBLE


def attachment(name: str) -> str:
    """A `Content-Disposition` that saves a file under this safe name, for old clients and for RFC 6266."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode() or UNNAMED
    plain = re.sub(r"[^A-Za-z0-9 ._()+@,=~#\[\]{}!^-]", "_", plain)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
