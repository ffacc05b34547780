"""What the reader of documents promises (ports/reading.py): every kind is read, and none hurts anybody."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fixtures import documents as made

from parley.backends.knowledge.chunking import chunks_of
from parley.backends.knowledge.pieces import Piece
from parley.backends.knowledge.readers import Readers
from parley.domain.document import LARGEST, Chunk, Kind
from parley.ports.reading import Unreadable

SIZE = 1000


async def read(kind: Kind, data: bytes, size: int = SIZE) -> list[Chunk]:
    return list(await Readers(seconds=20).read(kind, data, size))


async def refused(kind: Kind, data: bytes, readers: Readers | None = None) -> str:
    with pytest.raises(Unreadable) as caught:
        await (readers or Readers(seconds=5)).read(kind, data, SIZE)
    return caught.value.message


def texts(chunks: list[Chunk]) -> str:
    return "\n".join(chunk.content for chunk in chunks)


async def test_markdown_is_cut_at_its_headings() -> None:
    chunks = await read("md", made.MARKDOWN, 100)
    assert [chunk.metadata["headings"] for chunk in chunks] == [["Help", "Returns"], ["Help", "Shipping"]]
    assert chunks[0].content == f"Help\nReturns\n{made.RETURNS}"
    assert "ignored" not in texts(chunks)


async def test_code_is_no_heading() -> None:
    chunks = await read("md", b"# A\n\n```\n# not a heading\n\n## neither\n```\n\nTitle\n=====\n\ntext\n")
    assert "# not a heading\n\n## neither" in texts(chunks)
    assert chunks[-1].content.endswith("Title\ntext")


async def test_pages_are_read_without_what_surrounds_them() -> None:
    chunks = await read("html", made.PAGE)
    assert texts(chunks) == f"Help\nReturns\n{made.RETURNS}\nCountry | Days\nNorway | 3"
    assert chunks[0].metadata["headings"][:1] == ["Help"]


async def test_pdfs_tell_their_pages() -> None:
    chunks = await read("pdf", made.pdf("First things first " * 30, made.RETURNS), 200)
    assert made.RETURNS in chunks[-1].content
    assert {chunk.metadata["page"] for chunk in chunks} == {1, 2}


async def test_word_documents_are_read_with_their_headings() -> None:
    chunks = await read("docx", made.docx(("H1", "Help"), ("H2", "Returns"), made.RETURNS))
    assert chunks == [Chunk(f"Help\nReturns\n{made.RETURNS}", {"headings": ["Help", "Returns"]})]


async def test_rows_are_records() -> None:
    chunks = await read("csv", made.TABLE)
    assert [chunk.content for chunk in chunks] == [
        "country: Norway\ndays: 3\nfree: true",
        "country: Sweden\ndays: 2.5\nfree: false",
    ]
    assert chunks[0].metadata == {"country": "Norway", "days": 3, "free": True, "row": 1}


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
async def test_tables_of_any_usual_form_are_read(delimiter: str) -> None:
    data = '\ufeffname,note\n"Tea, hot","two\nlines"\n'.replace(",", delimiter)
    assert (await read("csv", data.encode()))[0].metadata["note"] == "two\nlines"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
async def test_texts_of_any_usual_encoding_are_read(encoding: str) -> None:
    assert texts(await read("text", "Größe: 30 Stück, naïve".encode(encoding))) == "Größe: 30 Stück, naïve"


async def test_long_passages_overlap() -> None:
    text = " ".join(f"This is sentence number {n}." for n in range(200))
    chunks = await read("text", text.encode(), 500)
    assert all(len(chunk.content) <= 700 for chunk in chunks)
    for one, two in itertools.pairwise(chunks):
        assert two.content.split(".")[0] in one.content
    assert all(f"number {n}." in texts(chunks) for n in range(200))


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.text(max_size=300), st.integers(0, 3), st.none() | st.integers(1, 9)), max_size=20),
    st.integers(20, 400),
)
def test_no_word_is_lost_and_no_passage_is_much_too_long(pieces: list[tuple[str, int, int | None]], size: int) -> None:
    found = chunks_of([Piece(text, level, page) for text, level, page in pieces], size)
    said = "".join("".join(content.split()) for content, _ in found)
    for text, level, _ in pieces:
        for word in text.split() if not level else ():
            assert len(word) > size or word in said
    assert all(content.strip() and len(content) <= 3 * size + 2 for content, _ in found if size > 100)


BROKEN: list[tuple[Kind, bytes, str]] = [
    ("pdf", b"", "is empty"),
    ("pdf", b"this is no pdf", "is broken, or is not a PDF"),
    ("pdf", made.pdf("text")[:200], "PDF"),
    ("pdf", b"%PDF-1.7\n" + b"\0" * 5000, "PDF"),
    ("docx", b"PK\x03\x04broken", "is broken, or is not a Word document"),
    ("docx", made.docx("text")[:-40], "is broken, or is not a Word document"),
    ("docx", b"\xd0\xcf\x11\xe0" + b"\0" * 500, "encrypted, or an old .doc"),
    ("docx", made.docx(packed=b"<w:document"), "is broken, or is not a Word document"),
    ("docx", made.docx("a", before='<!DOCTYPE w [<!ENTITY a "b">]>'), "defines XML entities"),
    ("text", b"\x7fELF\0\0\0", "not a text"),
    ("text", b" \n\n ", "holds no text"),
    ("html", b"<html></html>", "holds no text"),
    ("csv", b"only,a,head\n", "holds no text"),
    ("pdf", made.pdf(" "), "holds no text"),
]


@pytest.mark.parametrize(("kind", "data", "said"), BROKEN)
async def test_what_is_broken_is_told(kind: Kind, data: bytes, said: str) -> None:
    assert said in await refused(kind, data)


async def test_encrypted_pdfs_are_told() -> None:
    assert "is encrypted" in await refused("pdf", made.encrypted_pdf())


BOMBS: dict[str, tuple[Kind, Any]] = {
    "a PDF that unpacks to gigabytes": ("pdf", lambda: made.bomb_pdf()),
    "a Word document that unpacks to gigabytes": ("docx", lambda: made.bomb_docx()),
    "a page of elements inside one another": ("html", lambda: b"<div>" * 200_000 + b"deep"),
    "a page of inline elements inside one another": ("html", lambda: b"<b>a" * 300_000),
    "a table of a hundred megabytes": ("csv", lambda: b"a,b\n" + b"1,2\n" * (25 * 2**20)),
    "a table of many rows": ("csv", lambda: b"a,b\n" + b"1,2\n" * 100_000),
    "a table of many columns": ("csv", lambda: b"a," * 100_000 + b"\n1"),
    "a cell without an end": ("csv", lambda: b'a,b\n"' + b"x" * 1_000_000),
    "a text of eighteen megabytes": ("text", lambda: b"word " * (18 * 2**20 // 5)),
    "a PDF whose pages lead to themselves": (
        "pdf",
        lambda: made.pdf("a").replace(b"/Kids [5 0 R] /Count 1", b"/Kids [2 0 R] /Count 9"),
    ),
    "a line without an end": ("md", lambda: b"#" * 15_000_000),
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", BOMBS)
async def test_bombs_are_given_up_and_nobody_waits_for_them(name: str) -> None:
    """Meanwhile another document is read."""
    kind, make = BOMBS[name]
    data = make()
    readers = Readers(seconds=5, memory=512 * 1024 * 1024)
    reading = asyncio.create_task(refused(kind, data, readers))
    other = asyncio.create_task(readers.read("md", made.MARKDOWN, SIZE))
    said = await reading
    assert said.endswith(".") and "Traceback" not in said
    assert len(await other) == 1


async def test_a_document_that_is_too_large_is_not_even_begun() -> None:
    assert "larger than 20 MB" in await refused("text", b"x" * (LARGEST + 1))


async def test_who_no_longer_waits_ends_the_process() -> None:
    reading = asyncio.create_task(Readers().read("html", b"<div>" * 200_000, SIZE))
    await asyncio.wait({reading}, timeout=0.3)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(["text", "md", "html", "pdf", "docx", "csv"]), st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(kind: Kind, data: bytes) -> None:
    async def attempt() -> None:
        try:
            assert await Readers(seconds=5).read(kind, data, SIZE)
        except Unreadable as unreadable:
            assert unreadable.message

    asyncio.run(attempt())
