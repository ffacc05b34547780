"""The process that one document is read in. Whoever started it may kill it at any moment.

It has little memory and time, writes no file, and runs behind the server's own work. A line of JSON comes in (kind,
size of passages) with the document after it; one JSON value goes out.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable
from typing import Any

from parley.backends.knowledge.chunking import chunks_of
from parley.backends.knowledge.docx import read_docx
from parley.backends.knowledge.html import read_html
from parley.backends.knowledge.markdown import read_markdown
from parley.backends.knowledge.pdf import read_pdf
from parley.backends.knowledge.pieces import Piece, Unfit, decoded, paragraphs
from parley.backends.knowledge.tables import read_csv, read_rows

NICE = 10
TOO_MUCH = "The document needs more memory to be read than there is for it. Split it, or save it anew."


def main(seconds: int, memory: int) -> None:
    """Read the document on standard input."""
    _lock_down(seconds, memory)
    head, _, data = sys.stdin.buffer.read().partition(b"\n")
    try:
        kind, size = json.loads(head)
        answer: dict[str, Any] = {"chunks": chunks_of(_PARSERS[kind](data), size)}
    except Unfit as unfit:
        answer = {"error": str(unfit)}
    except MemoryError:
        answer = {"error": TOO_MUCH}
    except RecursionError:
        answer = {"error": "The document cannot be read: its parts are too deep inside one another."}
    except Exception as error:  # noqa: BLE001 - of a parser's mistake only its kind is told: its text may quote
        answer = {"error": f"The document cannot be read: its parser failed ({type(error).__name__})."}
    sys.stdout.buffer.write(json.dumps(answer).encode())
    sys.stdout.buffer.flush()
    os._exit(0)  # what a document has left in memory is not worth tidying up


def read_text(data: bytes) -> Iterable[Piece]:
    """The paragraphs of a plain text."""
    return paragraphs(decoded(data))


_PARSERS: dict[str, Callable[[bytes], Iterable[Piece]]] = {
    "text": read_text,
    "md": read_markdown,
    "html": read_html,
    "pdf": read_pdf,
    "docx": read_docx,
    "csv": read_csv,
    "table": read_rows,
}


def _lock_down(seconds: int, memory: int) -> None:
    try:
        import resource
    except ImportError:
        return
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))
    os.nice(NICE)
