"""What the chat page shows of a model at work: its thoughts, its tools, its answers in pieces, a person instead."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from served import KEY, served
from test_page import browser, page, tell  # noqa: F401 (fixtures)

HERE = Path(__file__).parent
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    script = f"scripted:{HERE / 'thinking_script.yaml'}"
    with served(agent=HERE / "thinking.yaml", PARLEY_MODEL=script) as address:
        yield address


@pytest.fixture
def talking(page: Page, url: str) -> Page:  # noqa: F811
    """The page, after the greeting."""
    page.goto(f"{url}/#key={KEY}&project=thinking")
    expect(page.get_by_role("log").get_by_text("What shall I count?")).to_be_visible()
    return page


def test_thoughts_and_tools_are_lines_that_open(talking: Page) -> None:
    tell(talking, "count")
    log = talking.get_by_role("log")
    expect(log.get_by_text("It is <b>42</b>, as always.")).to_have_count(1)
    expect(log.get_by_text("I had better use a tool.")).to_be_hidden()
    log.get_by_text("Thought").click()
    expect(log.get_by_text("I had better use a tool.")).to_be_visible()
    log.get_by_text("total was used").click()
    expect(log.locator("pre:visible")).to_have_text(['{\n  "price": 21\n}', '{\n  "total": 42\n}'])
    assert log.locator("b").all_inner_texts() == ["total"]


def test_tool_that_fails_says_so(talking: Page) -> None:
    tell(talking, "break")
    log = talking.get_by_role("log")
    expect(log.get_by_text("It is broken.")).to_be_visible()
    log.get_by_text("broken failed").click()
    expect(log.locator("pre:visible").last).to_contain_text("Error:")


def test_what_comes_in_pieces_is_one_line_of_the_traces(talking: Page) -> None:
    tell(talking, "count")
    traces = talking.get_by_label("Traces", exact=True)
    expect(traces.locator("summary", has_text="completion")).to_have_count(1)
    expect(traces.locator("summary", has_text="completion")).to_contain_text("It is <b>42</b>, as always.")
    expect(traces.locator("summary", has_text="reasoning")).to_have_count(1)
    expect(traces.locator("summary", has_text="tool-call")).to_contain_text("total")
    talking.get_by_label("Filter traces").fill("it is <b>42</b>, as")
    traces.locator("summary:visible").click()
    shown = traces.locator("pre:visible").inner_text()
    assert shown.count('"state": "content"') > 1 and '"state": "end"' in shown


def test_page_says_that_a_script_answers(talking: Page) -> None:
    said = talking.get_by_text("A script answers here, not a language model.")
    expect(said).to_be_hidden()
    tell(talking, "hello")
    expect(said).to_be_visible()
    talking.get_by_role("button", name="Restart").click()
    expect(said).to_be_hidden()


def test_user_who_was_handed_over_may_come_back(talking: Page) -> None:
    tell(talking, "a person please")
    log = talking.get_by_role("log")
    expect(log.get_by_text("Somebody comes.")).to_be_visible()
    tell(talking, "is anybody there?")
    back = log.get_by_role("button", name="Back to the agent")
    back.click()
    expect(log.get_by_text("Here I am again.")).to_be_visible()
    expect(log.get_by_text("The person has left.")).to_be_visible()
    expect(back).to_be_disabled()


def test_reload_shows_the_work_again(talking: Page) -> None:
    tell(talking, "count")
    log = talking.get_by_role("log")
    expect(log.get_by_text("It is <b>42</b>, as always.")).to_be_visible()
    talking.reload()
    expect(log.get_by_text("total was used")).to_be_visible()
    expect(log.get_by_text("It is <b>42</b>, as always.")).to_have_count(1)
    expect(talking.get_by_text("A script answers here, not a language model.")).to_be_visible()
