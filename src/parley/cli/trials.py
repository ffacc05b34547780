"""`parley test`: conversations that are written down, tried, and what came of each."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import structlog
from rich.console import Console

from parley.app import open_props
from parley.config import FromEnvironment, Settings
from parley.errors import ParleyError
from parley.trials.junit import junit as as_junit
from parley.trials.running import Trial, suites_in, try_all

_SIGNS = {"passed": ("✓", "green"), "failed": ("✗", "red"), "error": ("!", "yellow")}


def try_suites(path: Path, *, agent: Path | None, only: str, junit: Path | None) -> int:
    """Print each conversation: 0 where all went as written, 1 where one did not, 2 where one could not be tried."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    try:
        trials = asyncio.run(_try(path, agent, only))
        if junit is not None:
            as_junit(trials).write(junit, encoding="utf-8", xml_declaration=True)
    except ParleyError as error:
        print(error.message, file=sys.stderr)  # noqa: T201
        return 2
    except OSError as error:
        print(f"{junit} cannot be written: {error.strerror or error}", file=sys.stderr)  # noqa: T201
        return 2
    outcomes = {trial.outcome for trial in trials}
    if not trials:
        print(f"No conversation under {path} is called like `{only}`.", file=sys.stderr)  # noqa: T201
    return 2 if "error" in outcomes or not trials else 1 if "failed" in outcomes else 0


async def _try(path: Path, agent: Path | None, only: str) -> list[Trial]:
    environment = FromEnvironment()
    settings = Settings(paths=(), embeddings=environment.embeddings, model=environment.model)
    color = environment.color and sys.stdout.isatty()
    console = Console(highlight=False, soft_wrap=True, no_color=not color, emoji=False)
    trials: list[Trial] = []
    async with open_props(settings) as props:
        async for trial in try_all(suites_in(path), props, agent=agent, only=only):
            if not trials or trials[-1].suite != trial.suite:
                console.print(trial.suite, style="bold", markup=False)
            trials.append(trial)
            _show(trial, console)
    if trials:
        console.print(_summary(trials))
    return trials


def _show(trial: Trial, console: Console) -> None:
    sign, color = _SIGNS[trial.outcome]
    place = f"  {trial.suite}:{trial.line}" if trial.line and trial.name else ""
    console.print(f"  {sign} {trial.name}{place}".rstrip(), style=color, markup=False)
    for line in trial.message.splitlines():
        console.print(f"      {line}", markup=False)


def _summary(trials: list[Trial]) -> str:
    counts = {outcome: sum(trial.outcome == outcome for trial in trials) for outcome in _SIGNS}
    words = {"passed": "passed", "failed": "failed", "error": "in error"}
    told = [f"{count} {words[outcome]}" for outcome, count in counts.items() if count or outcome == "passed"]
    return f"{', '.join(told)} in {sum(trial.seconds for trial in trials):.2f} s"
