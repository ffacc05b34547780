"""A Word document as pieces: its paragraphs, headings and tables. Its XML may define nothing of its own (no DTD)."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from xml.parsers import expat

from parley.backends.knowledge.pieces import Piece, Unfit

LARGEST_XML = 100 * 1024 * 1024
"""Bytes of the text's XML, unpacked."""
_PART = 256 * 1024
_BROKEN = "The file is broken, or is not a Word document (.docx)."
_TEXT = "word/document.xml"
_STYLES = "word/styles.xml"
_HEADING = re.compile(r"(?:heading|überschrift|titre|título|titolo|kop)\s*([1-9])", re.IGNORECASE)


def read_docx(data: bytes) -> Iterator[Piece]:
    """The pieces of a document. Raises `Unfit`."""
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise Unfit("The document is encrypted, or an old .doc file. Save it as .docx without a password.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            names = set(packed.namelist())
            if _TEXT not in names:
                raise Unfit(_BROKEN)
            levels = _levels(packed) if _STYLES in names else {}
            yield from _pieces(packed, levels)
    except (zipfile.BadZipFile, zlib.error, expat.ExpatError, EOFError, NotImplementedError, RuntimeError) as error:
        raise Unfit(_BROKEN) from error


def _fed(packed: zipfile.ZipFile, name: str, parser: expat.XMLParserType) -> Iterator[None]:
    """Feed a part of the package to a parser, bit by bit."""
    read = 0
    with packed.open(name) as part:
        while data := part.read(_PART):
            read += len(data)
            if read > LARGEST_XML:
                raise Unfit(f"The document unpacks to more than {LARGEST_XML // 2**20} MB. Split it.")
            parser.Parse(data, False)
            yield
    parser.Parse(b"", True)
    yield


def _parser() -> expat.XMLParserType:
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = _refuse
    parser.buffer_text = True
    return parser


def _refuse(*_: object) -> None:
    raise Unfit("The document defines XML entities of its own, which is not read.")


def _levels(packed: zipfile.ZipFile) -> dict[str, int]:
    """The level of each style that is a heading's, by its id."""
    found: dict[str, int] = {}
    current = [""]

    def start(tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(" ")[2]
        if name == "style":
            current[0] = _of(attributes, "styleId")
        elif name == "name" and current[0]:
            matched = _HEADING.match(_of(attributes, "val"))
            if matched:
                found[current[0]] = int(matched[1])
            elif _of(attributes, "val").lower() == "title":
                found[current[0]] = 1

    parser = _parser()
    parser.StartElementHandler = start
    for _ in _fed(packed, _STYLES, parser):
        pass
    return found


def _of(attributes: dict[str, str], name: str) -> str:
    return next((value for key, value in attributes.items() if key.rpartition(" ")[2] == name), "")


def _pieces(packed: zipfile.ZipFile, levels: dict[str, int]) -> Iterator[Piece]:
    text = _Text(levels)
    parser = _parser()
    parser.StartElementHandler = text.start
    parser.EndElementHandler = text.end
    parser.CharacterDataHandler = text.said
    for _ in _fed(packed, _TEXT, parser):
        yield from text.found
        text.found.clear()


class _Text:
    """Gathers paragraphs while the XML goes by."""

    def __init__(self, levels: dict[str, int]) -> None:
        self.found: list[Piece] = []
        self._levels = levels
        self._texts: list[str] = []
        self._cells: list[str] = []
        self._tables = 0
        self._level = 0
        self._is_text = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        match tag.rpartition(" ")[2]:
            case "t":
                self._is_text = True
            case "tab":
                self._texts.append("\t")
            case "br" | "cr":
                self._texts.append("\n")
            case "tbl":
                self._tables += 1
            case "pStyle":
                self._level = self._levels.get(_of(attributes, "val"), 0)

    def said(self, text: str) -> None:
        """Characters; only those of texts count."""
        if self._is_text:
            self._texts.append(text)

    def end(self, tag: str) -> None:
        """An element ends."""
        match tag.rpartition(" ")[2]:
            case "t":
                self._is_text = False
            case "p" if not self._tables:
                self._tell("".join(self._texts), self._level)
            case "p":
                self._texts.append(" ")
            case "tc":
                self._cells.append(" ".join("".join(self._texts).split()))
                self._texts.clear()
            case "tr":
                self._tell(" | ".join(cell for cell in self._cells if cell), 0)
                self._cells.clear()
            case "tbl":
                self._tables -= 1

    def _tell(self, text: str, level: int) -> None:
        self._texts.clear()
        self._level = 0
        if text.strip():
            self.found.append(Piece(text.strip(), level=level))
