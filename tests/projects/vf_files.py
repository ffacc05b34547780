"""Where the exports for tests lie: our own, and third-party samples, which lie beside the checkout or nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from parley.domain.program import Program
from parley.projects.vf import Import, import_vf

FIXTURES = Path(__file__).parents[1] / "fixtures" / "vf"
SAMPLES = Path(__file__).parents[3] / "shared" / "vf_samples"


def imported(name: str) -> Import:
    """One of our own exports."""
    return import_vf(FIXTURES / name)


def program_of(loaded: Import) -> Program:
    """What its only environment runs."""
    return loaded.loaded.project.environments[0].program


def sample(name: str) -> Import:
    """A third-party export; skips the test where there is none."""
    path = SAMPLES / name
    if not path.exists():
        pytest.skip(f"the sample {name} has no licence and is not part of the repository")
    return import_vf(path)
