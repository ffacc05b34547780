"""A BERT encoder's forward pass in numpy, from the weights of a safetensors file to one vector a text.

The mean over the pieces of the last layer, of length 1: what sentence-transformers makes of MiniLM. The table of words
is mapped into memory, not read: rows of words that nobody says cost nothing.
"""

from __future__ import annotations

import json
import mmap
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]


class Bert:
    """The weights, ready to run. Has no state: threads may share it."""

    def __init__(self, path: Path, *, heads: int, layers: int, epsilon: float) -> None:
        self._heads = heads
        self._epsilon = epsilon
        weights = _mapped(path)
        self._words = weights["embeddings.word_embeddings.weight"]
        kinds = weights["embeddings.token_type_embeddings.weight"]
        self._places = weights["embeddings.position_embeddings.weight"] + kinds[0]
        self._norm = (weights["embeddings.LayerNorm.weight"], weights["embeddings.LayerNorm.bias"])
        self._layers = [_layer(weights, f"encoder.layer.{n}") for n in range(layers)]

    def vector(self, ids: list[int]) -> Matrix:
        """The vector of a text that is these pieces."""
        x = self._normalized(self._words[ids] + self._places[: len(ids)], self._norm)
        for layer in self._layers:
            x = self._normalized(x + self._attended(x, layer), layer["attention.output.LayerNorm"])
            inner = _gelu(_linear(x, layer["intermediate.dense"]))
            x = self._normalized(x + _linear(inner, layer["output.dense"]), layer["output.LayerNorm"])
        mean: Matrix = x.mean(axis=0)
        return mean / max(float(np.linalg.norm(mean)), 1e-12)

    def _attended(self, x: Matrix, layer: dict[str, tuple[Matrix, Matrix]]) -> Matrix:
        query, key, value = (self._by_head(_linear(x, layer[f"attention.self.{n}"])) for n in ("query", "key", "value"))
        scores = query @ key.transpose(0, 2, 1) / np.float32(np.sqrt(query.shape[-1]))
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        scores /= scores.sum(axis=-1, keepdims=True)
        joined = (scores @ value).transpose(1, 0, 2).reshape(x.shape)
        return _linear(joined, layer["attention.output.dense"])

    def _by_head(self, x: Matrix) -> Matrix:
        return x.reshape(len(x), self._heads, -1).transpose(1, 0, 2)

    def _normalized(self, x: Matrix, norm: tuple[Matrix, Matrix]) -> Matrix:
        centred = x - x.mean(axis=-1, keepdims=True)
        spread = np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + np.float32(self._epsilon))
        result: Matrix = centred / spread * norm[0] + norm[1]
        return result


def _layer(weights: dict[str, Matrix], prefix: str) -> dict[str, tuple[Matrix, Matrix]]:
    """Weight and bias of each part, copied: what every text needs had better lie well in memory."""
    parts = {name.removeprefix(f"{prefix}.").rsplit(".", 1)[0] for name in weights if name.startswith(f"{prefix}.")}
    return {
        part: (_turned(weights[f"{prefix}.{part}.weight"]), weights[f"{prefix}.{part}.bias"].copy()) for part in parts
    }


def _turned(weight: Matrix) -> Matrix:
    """The weight for `x @ weight`; that of a norm as it is."""
    return np.array(weight.T, order="C")


def _linear(x: Matrix, part: tuple[Matrix, Matrix]) -> Matrix:
    return x @ part[0] + part[1]


def _gelu(x: Matrix) -> Matrix:
    """x times the share of the normal distribution below x; the error function as Abramowitz and Stegun's 7.1.26."""
    z = np.abs(x) * np.float32(0.7071067811865476)
    t = np.float32(1) / (np.float32(1) + np.float32(0.3275911) * z)
    series = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t
    result: Matrix = x * np.float32(0.5) * (1 + np.sign(x) * (1 - series * np.exp(-z * z))).astype(np.float32)
    return result


def _mapped(path: Path) -> dict[str, Matrix]:
    """The 32-bit tensors of a safetensors file, as views into it."""
    with path.open("rb") as file:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    size = int.from_bytes(data[:8], "little")
    header: dict[str, Any] = json.loads(data[8 : 8 + size])
    found = {}
    for name, tensor in header.items():
        if name != "__metadata__" and tensor["dtype"] == "F32":
            first, last = tensor["data_offsets"]
            flat = np.frombuffer(data, "<f4", (last - first) // 4, 8 + size + first)
            found[name] = flat.reshape(tensor["shape"])
    return found
