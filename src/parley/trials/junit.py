"""Trials as JUnit XML, which build servers read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

from parley.trials.running import Trial

_UNFIT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML cannot hold."""


def junit(trials: Sequence[Trial]) -> ElementTree:
    """A `testsuite` for each file, a `testcase` for each conversation."""
    root = Element("testsuites", _counts(trials))
    for file, group in groupby(trials, key=lambda trial: trial.suite):
        of_file = list(group)
        suite = SubElement(root, "testsuite", {"name": _fit(file), **_counts(of_file)})
        for trial in of_file:
            attributes = {"classname": _fit(file), "name": _fit(trial.name or file), "time": f"{trial.seconds:.3f}"}
            case = SubElement(suite, "testcase", attributes)
            if trial.outcome != "passed":
                first = _fit(trial.message.split("\n", 1)[0])
                told = SubElement(case, "failure" if trial.outcome == "failed" else "error", {"message": first})
                told.text = _fit(f"{file}:{trial.line}\n{trial.message}")
    indent(root)
    return ElementTree(root)


def _counts(trials: Sequence[Trial]) -> dict[str, str]:
    return {
        "tests": str(len(trials)),
        "failures": str(sum(trial.outcome == "failed" for trial in trials)),
        "errors": str(sum(trial.outcome == "error" for trial in trials)),
        "time": f"{sum(trial.seconds for trial in trials):.3f}",
    }


def _fit(text: str) -> str:
    return _UNFIT.sub("\ufffd", text)
