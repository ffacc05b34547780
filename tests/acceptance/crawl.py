"""Walks through files as `parley check --walk` does. As a program: a table of what was reached, and of what was not.

python -m tests.acceptance.crawl [FILE ...]
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from parley.backends.scripts.inline import InlineScripts
from parley.crawl.edges import places_of, reachable
from parley.crawl.walked import Walked
from parley.crawl.walker import Walker
from parley.projects.load import load

ROOT = Path(__file__).parents[2]
FIXTURES = sorted((ROOT / "tests" / "fixtures" / "vf").glob("*.vf"))
EXAMPLES = sorted(path for path in (ROOT / "examples").iterdir() if path.is_dir() or path.suffix == ".yaml")
SAMPLES_AT = ROOT.parent / "shared" / "vf_samples"
SAMPLES = sorted(SAMPLES_AT.iterdir()) if SAMPLES_AT.exists() else []


def walks_of(path: Path) -> list[Walked]:
    """A walk through each environment of the file."""
    programs = [environment.program for environment in load(path).project.environments]
    return [asyncio.run(Walker(program, scripts=InlineScripts()).walk()) for program in programs]


def main(paths: list[Path]) -> None:
    """Print the table."""
    from parley.cli.walk import lines_of

    lines = [f"{'file':<60} {'reached':>9} {'of':>5} {'with a way in':>14} {'helped':>7} {'states':>7} {'turns':>6}"]
    details = []
    for path in paths:
        for walked in walks_of(path):
            counts = (len(walked.reached), len(places_of(walked.program)), len(reachable(walked.program)))
            lines.append(
                f"{path.name[:60]:<60} {counts[0]:>9} {counts[1]:>5} {counts[2]:>14} {len(walked.helped):>7} "
                f"{walked.states:>7} {walked.turns:>6}"
            )
            details += lines_of(walked, path.name)
    print("\n".join(lines), "\n".join(details), sep="\n\n")


if __name__ == "__main__":
    main([Path(arg) for arg in sys.argv[1:]] or [*FIXTURES, *EXAMPLES, *SAMPLES])
