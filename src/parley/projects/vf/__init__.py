"""Reads Voiceflow `.vf` exports of all schema versions into programs. Knows the file's contract, no vendor code."""

from __future__ import annotations

from pathlib import Path

from parley.projects.loaded import Loaded
from parley.projects.vf.compiler import compile_export
from parley.projects.vf.export_file import read_export
from parley.projects.vf.report import Import

__all__ = ["Import", "import_vf", "load_vf"]


def load_vf(path: Path) -> Loaded:
    """The project in the export. Raises `BadProject`; what differs or cannot run yet is in the warnings."""
    return import_vf(path).loaded


def import_vf(path: Path) -> Import:
    """Like `load_vf`, with what became of every node."""
    return compile_export(read_export(path), path.name, path.stem)
