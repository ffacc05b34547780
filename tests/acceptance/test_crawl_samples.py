"""Every file that we have is walked through whole: nothing breaks, and every step that has a way in is reached."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.acceptance.crawl import EXAMPLES, FIXTURES, SAMPLES, walks_of

from parley.cli.walk import lines_of
from parley.crawl.edges import reachable


@pytest.mark.parametrize("path", [*FIXTURES, *EXAMPLES], ids=lambda path: path.name)
def test_every_step_of_our_own_files_is_reached_unless_nothing_leads_to_it(path: Path) -> None:
    for walked in walks_of(path):
        report = "\n".join(lines_of(walked, path.name))
        assert not walked.failures, report
        assert not walked.endless, report
        assert walked.is_complete, report
        assert walked.reached == reachable(walked.program), report


@pytest.mark.skipif(not SAMPLES, reason="the samples have no licence and are not part of the repository")
def test_real_exports_are_walked_through_without_an_internal_error() -> None:
    for path in SAMPLES:
        for walked in walks_of(path):
            report = "\n".join(lines_of(walked, path.name))
            assert not walked.failures, report
            assert walked.is_complete, report
            assert walked.reached == reachable(walked.program), report
