"""What every knowledge base promises (ports/documents.py, ports/knowledge.py), over both places for documents."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from parley.backends.clock import StillClock
from parley.backends.embeddings.hashed import Hashed
from parley.backends.knowledge.documents import SLICE, SqliteDocuments
from parley.backends.knowledge.hybrid import Hybrid, fused
from parley.backends.knowledge.meaning import Meanings
from parley.backends.knowledge.shelves import FileShelf, MemoryShelf, Shelf
from parley.backends.store.sqlite import SqliteStore
from parley.domain.document import Chunk, Document, DocumentID
from parley.domain.ids import ProjectID
from parley.domain.narrowing import Narrowing, TagRule, Tags
from parley.errors import InvalidInput
from parley.ports.embeddings import Embedder

SHOP = ProjectID("shop")
BANK = ProjectID("bank")
RETURNS = "You may return anything within 30 days of delivery, if it is unused."
SHIPPING = "We ship to Norway and Sweden. Parcels take three days."
OPENING = "The shop is open from nine to six, on Saturdays until four."


class Base:
    """Documents and what searches them."""

    def __init__(self, shelf: Shelf, embedder: Embedder | None) -> None:
        self.shelf = shelf
        self.documents = SqliteDocuments(shelf)
        self.search = Hybrid(shelf, embedder).search
        self.meanings = Meanings(embedder)

    async def put(self, id: str, *texts: str, project: ProjectID = SHOP, **fields: Any) -> Document:
        """A document of these passages."""
        chunks = [Chunk(text) if isinstance(text, str) else text for text in texts]
        given = {"name": id, "kind": "text", "created_at": 1, "updated_at": 1, "status": "SUCCESS"} | fields
        document = Document(DocumentID(id), project, embedder=self.meanings.name, chunks=len(chunks), **given)
        await self.documents.put(document, chunks, await self.meanings.of(chunks))
        return document

    async def found(self, question: str, limit: int = 10, **narrowing: Any) -> list[str]:
        """The passages that a search finds."""
        found = await self.search(SHOP, question, limit, Narrowing(**narrowing))
        assert all(0 < passage.score <= 1 for passage in found)
        assert [p.score for p in found] == sorted((p.score for p in found), reverse=True)
        return [passage.content for passage in found]


@pytest.fixture(params=["words", "words and vectors"])
def embedder(request: pytest.FixtureRequest) -> Embedder | None:
    return Hashed() if "vectors" in request.param else None


@pytest.fixture(params=["memory", "sqlite"])
async def base(request: pytest.FixtureRequest, embedder: Embedder | None, tmp_path: Path) -> AsyncIterator[Base]:
    if request.param == "memory":
        shelf: Shelf = MemoryShelf()
        yield Base(shelf, embedder)
        await shelf.close()
        return
    store = SqliteStore(tmp_path / "data.db", clock=StillClock(1))
    await store.open()
    shelf = FileShelf(store.database)
    yield Base(shelf, embedder)
    await shelf.close()
    await store.close()


async def test_the_best_passage_comes_first(base: Base) -> None:
    await base.put("faq", RETURNS, SHIPPING, OPENING)
    assert (await base.found("Can I return what I have not used?"))[0] == RETURNS
    assert (await base.found("When do you open on Saturday?"))[0] == OPENING
    assert await base.found("Do you ship to Sweden?", limit=1) == [SHIPPING]


async def test_a_question_that_nothing_has_to_do_with_finds_nothing(base: Base) -> None:
    await base.put("faq", RETURNS, SHIPPING, OPENING)
    assert await base.found("quantum chromodynamics lattice gauge") == []
    assert await base.found("") == []
    assert await base.found("?!") == []
    assert await base.found("return", limit=0) == []


async def test_a_project_without_documents_knows_nothing(base: Base) -> None:
    assert await base.found("anything") == []
    assert list(await base.documents.list(SHOP)) == []
    assert await base.documents.find(SHOP, DocumentID("faq")) is None
    assert await base.documents.remove(SHOP, DocumentID("faq")) is False


async def test_projects_do_not_see_each_other(base: Base) -> None:
    await base.put("faq", RETURNS)
    await base.put("faq", "A bank returns nothing.", project=BANK)
    assert await base.found("return") == [RETURNS]
    assert [document.project for document in await base.documents.list(BANK)] == ["bank"]
    await base.documents.remove(BANK, DocumentID("faq"))
    assert await base.found("return") == [RETURNS]


async def test_a_passage_says_where_it_comes_from(base: Base) -> None:
    chunk = Chunk(RETURNS, {"headings": ["Returns"], "page": 3})
    await base.put("faq", chunk, SHIPPING, kind="pdf", url="https://shop.example/faq", tags=("a",), metadata={"v": 2})  # type: ignore[arg-type]
    found = (await base.search(SHOP, "return", 1))[0]
    assert found.document == "faq"
    assert found.data == {"type": "pdf", "name": "faq", "url": "https://shop.example/faq", "tags": ["a"]}
    assert found.metadata == {"headings": ["Returns"], "page": 3, "v": 2, "tags": ["a"]}
    assert (found.id, chunk) in await base.documents.chunks(SHOP, DocumentID("faq"))


async def test_headings_and_names_are_searched_too(base: Base) -> None:
    await base.put("faq", Chunk("Within a month.", {"headings": ["Refunds"]}), SHIPPING)  # type: ignore[arg-type]
    assert (await base.found("refunds"))[0] == "Within a month."


async def test_a_replaced_document_is_found_as_it_is_now(base: Base) -> None:
    await base.put("faq", RETURNS, SHIPPING)
    assert await base.found("return parcels")
    await base.put("faq", "You may exchange things within 14 days.")
    assert await base.found("return unused delivery") == []
    assert await base.found("exchange") == ["You may exchange things within 14 days."]
    assert len(await base.documents.list(SHOP)) == 1
    assert len(await base.documents.chunks(SHOP, DocumentID("faq"))) == 1


async def test_a_removed_document_is_gone(base: Base) -> None:
    await base.put("faq", RETURNS)
    assert await base.found("return") == [RETURNS]
    assert await base.documents.remove(SHOP, DocumentID("faq")) is True
    assert await base.found("return") == []
    assert list(await base.documents.chunks(SHOP, DocumentID("faq"))) == []


async def test_what_is_known_of_a_document_changes_without_its_passages(base: Base) -> None:
    document = await base.put("faq", RETURNS, metadata={"v": 1})
    assert await base.found("return", filters={"v": 1})
    await base.documents.note(replace(document, metadata={"v": 2}))
    assert await base.found("return", filters={"v": 1}) == []
    assert await base.found("return", filters={"v": 2}) == [RETURNS]


async def test_a_document_that_is_only_noted_has_no_passages(base: Base) -> None:
    document = Document(DocumentID("new"), SHOP, "new", "pdf", 1, 1)
    await base.documents.note(document)
    assert list(await base.documents.list(SHOP)) == [document]
    assert await base.found("new") == []


async def test_searches_see_the_whole_of_before_or_of_after(base: Base) -> None:
    """Large documents go in by slices; whoever searches meanwhile sees one edition alone."""
    count = 3 * SLICE
    await base.put("book", *(f"chapter {n} edition1" for n in range(count)))
    putting = asyncio.create_task(base.put("book", *(f"chapter {n} edition2" for n in range(count))))
    seen: set[frozenset[str]] = set()
    while not putting.done():
        found = await base.found("chapter", limit=50)
        assert len(found) == 50
        seen.add(frozenset(text.split()[-1] for text in found))
        chunks = await base.documents.chunks(SHOP, DocumentID("book"))
        assert len(chunks) == count and len({chunk.content.split()[-1] for _, chunk in chunks}) == 1
    assert seen <= {frozenset({"edition1"}), frozenset({"edition2"})}
    assert {text.split()[-1] for text in await base.found("chapter", limit=50)} == {"edition2"}


async def test_one_that_is_removed_while_it_is_replaced_is_told(base: Base) -> None:
    await base.put("faq", RETURNS)
    results = await asyncio.gather(
        base.put("faq", *(f"passage {n}" for n in range(2 * SLICE))),
        base.documents.remove(SHOP, DocumentID("faq")),
        return_exceptions=True,
    )
    assert results[1] is True
    assert await base.found("return unused") == []


async def test_the_same_words_are_shown_once(base: Base) -> None:
    await base.put("one", RETURNS)
    await base.put("two", RETURNS, SHIPPING)
    assert await base.found("return") == [RETURNS]


FILTERS = [
    ({"price": 20}, {"cup"}),
    ({"price": {"$lt": 20}}, {"tea"}),
    ({"price": {"$gte": 20, "$lte": 30}}, {"cup", "pot"}),
    ({"price": {"$ne": 20}}, {"tea", "pot"}),
    ({"price": {"$in": [5, 30]}}, {"tea", "pot"}),
    ({"price": {"$nin": [5, 30]}}, {"cup"}),
    ({"colors": "red"}, {"cup", "pot"}),
    ({"colors": {"$all": ["red", "blue"]}}, {"pot"}),
    ({"maker.country": "jp"}, {"pot"}),
    ({"maker": {"country": "jp"}}, {"pot"}),
    ({"$and": [{"colors": "red"}, {"price": {"$gt": 20}}]}, {"pot"}),
    ({"$or": [{"price": 5}, {"price": 30}]}, {"tea", "pot"}),
    ({"$not": {"colors": "red"}}, {"tea"}),
    ({"price": {"$not": {"$gt": 5}}}, {"tea"}),
    ({"maker": {"$exists": True}}, {"pot"}),
    ({"shop": "oslo"}, {"tea", "cup", "pot"}),
    ({"shop": "rome"}, set()),
    ({"price": "20"}, set()),
    ({"hot": True}, {"tea"}),
    ({"hot": 1}, set()),
]


@pytest.mark.parametrize(("filters", "names"), FILTERS)
async def test_filters_leave_in_what_they_say(base: Base, filters: dict[str, Any], names: set[str]) -> None:
    await base.put(
        "goods",
        Chunk("a good thing: tea", {"price": 5, "hot": True}),  # type: ignore[arg-type]
        Chunk("a good thing: cup", {"price": 20, "colors": ["red"]}),  # type: ignore[arg-type]
        Chunk("a good thing: pot", {"price": 30.0, "colors": ["red", "blue"], "maker": {"country": "jp"}}),  # type: ignore[arg-type]
        metadata={"shop": "oslo"},
    )
    assert {text.split()[-1] for text in await base.found("good thing", filters=filters)} == names


async def test_filters_find_what_lies_behind_many_others(base: Base) -> None:
    await base.put("crowd", *(f"the same word, number {n}" for n in range(300)))
    await base.put("one", "a word among many other things that are told here", metadata={"mine": True})
    assert await base.found("word", limit=1, filters={"mine": True}) == [
        "a word among many other things that are told here"
    ]


@pytest.mark.parametrize(
    ("tags", "names"),
    [
        (Tags(include=TagRule(("a",))), {"one", "both"}),
        (Tags(include=TagRule(("a", "b"), "and")), {"both"}),
        (Tags(include=TagRule(("a", "b"), "or")), {"one", "both"}),
        (Tags(exclude=TagRule(("b",))), {"one", "none"}),
        (Tags(include_all_tagged=True), {"one", "both"}),
        (Tags(include_all_non_tagged=True), {"none"}),
        (Tags(include=TagRule(("b",)), include_all_non_tagged=True), {"both", "none"}),
        (Tags(), {"one", "both", "none"}),
    ],
)
async def test_tags_choose_documents(base: Base, tags: Tags, names: set[str]) -> None:
    await base.put("one", "a thing called one", tags=("a",))
    await base.put("both", "a thing called both", tags=("a", "b"))
    await base.put("none", "a thing called none")
    assert {text.split()[-1] for text in await base.found("thing called", tags=tags)} == names


@pytest.mark.parametrize("name", ["a\0b", "\ud800"])
async def test_names_that_cannot_be_kept_are_refused(base: Base, name: str) -> None:
    with pytest.raises(InvalidInput):
        await base.put("faq", RETURNS, project=ProjectID(name))
    assert list(await base.search(ProjectID(name), "return", 3)) == []
    assert list(await base.documents.list(ProjectID(name))) == []
    assert await base.documents.find(SHOP, DocumentID(name)) is None


@pytest.mark.parametrize(
    "question", ['"', "* OR *", "shelf:", "NEAR(a b)", "a AND NOT b", "é\ud800", "x" * 9000, "^", "content : x", "-a"]
)
async def test_questions_are_never_taken_for_expressions(base: Base, question: str) -> None:
    await base.put("faq", RETURNS)
    await base.found(question)


async def test_texts_come_back_as_they_were(base: Base) -> None:
    text = "{secret.key} Zoë \U0001f600\n<b>&amp;</b> 'quoted' \"twice\""
    await base.put("odd", text)
    assert await base.found("Zoe quoted") == [text]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(st.integers(0, 30), unique=True), min_size=1, max_size=3))
def test_fusion_ranks_what_all_agree_on_first(ranked: list[list[int]]) -> None:
    found = fused(ranked)
    assert {n for n, _ in found} == {n for each in ranked for n in each}
    assert all(0 < score <= 1 for _, score in found)
    if all(each and each[0] == ranked[0][0] for each in ranked):
        assert found[0] == (ranked[0][0], 1.0)


async def test_documents_outlive_the_process_and_other_processes_see_them(tmp_path: Path) -> None:
    async def open_one(exclusive: bool) -> tuple[SqliteStore, Base]:
        store = SqliteStore(tmp_path / "data.db", clock=StillClock(1), exclusive=exclusive)
        await store.open()
        return store, Base(FileShelf(store.database), Hashed())

    server, served = await open_one(True)
    assert await served.found("return") == []
    beside, other = await open_one(False)
    await other.put("faq", RETURNS)
    assert await served.found("return") == [RETURNS]
    for store, base in ((beside, other), (server, served)):
        await base.shelf.close()
        await store.close()
    again, base = await open_one(True)
    assert await base.found("return") == [RETURNS]
    await base.shelf.close()
    await again.close()


async def test_vectors_of_another_embedder_are_not_compared(tmp_path: Path) -> None:
    shelf = MemoryShelf()
    await Base(shelf, Hashed()).put("faq", RETURNS)

    class Other(Hashed):
        name = "other"

    assert await Base(shelf, Other()).found("return") == [RETURNS]
    await shelf.close()
