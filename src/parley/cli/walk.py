"""`parley check --walk`: goes everywhere that an agent lets anybody go, and says what was never reached."""

from __future__ import annotations

import asyncio
from pathlib import Path

from rich.console import Console

from parley.app import scripts_in_this_process
from parley.crawl.edges import places_of
from parley.crawl.reasons import called, missed_in
from parley.crawl.walked import Walked
from parley.crawl.walker import Walker
from parley.projects.load import load


def walk(path: Path, *, most_turns: int = 20_000) -> int:
    """Walk through every environment and print what was found; 1 where something went wrong inside Parley."""
    console = Console(highlight=False, soft_wrap=True)
    failed = False
    for environment in load(path).project.environments:
        walked = asyncio.run(
            Walker(environment.program, most_turns=most_turns, scripts=scripts_in_this_process()).walk()
        )
        for line in lines_of(walked, f"{path} ({environment.alias})"):
            console.print(line, markup=False)
        failed = failed or bool(walked.failures)
    return 1 if failed else 0


def lines_of(walked: Walked, title: str) -> list[str]:
    """What was found, as text: the share of steps reached, each that was not, and what went wrong."""
    places = places_of(walked.program)
    share = 100 * len(walked.reached) / len(places) if places else 100.0
    lines = [f"{title}: {len(walked.reached)} of {len(places)} steps reached ({share:.0f} %), {walked.turns} turns"]
    if walked.helped:
        lines.append(f"  {len(walked.helped)} of them only with variables set from outside")
    if not walked.is_complete:
        lines.append("  stopped before everything was tried")
    lines += [f"  not reached: {called(missed.place, walked.program)}: {missed.reason}" for missed in missed_in(walked)]
    lines += [f"  never waits: {called(place, walked.program)}" for place in sorted(walked.endless)]
    lines += [f"  nothing leads on from: {called(place, walked.program)}" for place in sorted(walked.traps)]
    lines += [f"  {count} x error trace: {message}" for message, count in walked.complaints.most_common()]
    for failure in walked.failures[:5]:
        lines += [f"  INTERNAL ERROR after {failure.actions}", failure.traceback]
    return lines
