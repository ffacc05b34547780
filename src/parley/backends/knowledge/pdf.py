"""A PDF as pieces: the text of its pages."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

from parley.backends.knowledge.pieces import Piece, Unfit, paragraphs

MOST_PAGES = 3_000


def read_pdf(data: bytes) -> Iterator[Piece]:
    """The pieces of a PDF. Raises `Unfit`."""
    from pypdf import PdfReader
    from pypdf.errors import DependencyError, PyPdfError

    logging.disable(logging.CRITICAL)  # it tells of every small flaw
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise Unfit("The PDF is encrypted. Save it without a password, and add it again.")
        pages = len(reader.pages)
    except DependencyError as error:
        raise Unfit("The PDF is encrypted. Save it without a password, and add it again.") from error
    except (PyPdfError, OSError, ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise Unfit("The file is broken, or is not a PDF: its pages cannot be found.") from error
    if pages > MOST_PAGES:
        raise Unfit(f"The PDF has {pages} pages; at most {MOST_PAGES} are read. Split it.")
    found = False
    for number in range(pages):
        for piece in paragraphs(_text(reader, number), page=number + 1):
            found = True
            yield piece
    if not found:
        raise Unfit("The PDF holds no text: its pages may be pictures. Add one with text in it.")


def _text(reader: object, number: int) -> str:
    from pypdf.errors import PyPdfError

    try:
        text: str = reader.pages[number].extract_text()  # type: ignore[attr-defined]
    except (PyPdfError, OSError, ValueError, TypeError, KeyError, AttributeError, IndexError, ZeroDivisionError) as bad:
        raise Unfit(f"The PDF is broken: page {number + 1} cannot be read.") from bad
    return text.replace("\0", "")
