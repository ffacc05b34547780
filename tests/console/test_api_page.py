"""The reference page in a real browser: what a developer finds there, and that its commands do what they say."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect
from served import KEY, served
from test_page import browser, page  # noqa: F401 (fixtures)

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served() as address:
        yield address


@pytest.fixture
def docs(page: Page, url: str) -> Page:  # noqa: F811
    """The page, once it lists everything."""
    page.goto(f"{url}/docs")
    expect(page.locator(".operation").first).to_be_visible()
    return page


def opened(docs: Page, id: str) -> Locator:
    """An operation, opened."""
    operation = docs.locator(f"details#{id}")
    operation.locator("> summary").click()
    expect(operation.get_by_role("heading", name="Answers")).to_be_visible()
    return operation


def test_everything_is_listed_in_its_group(docs: Page, url: str) -> None:
    document = httpx.get(f"{url}/openapi.json").json()
    operations = [operation for methods in document["paths"].values() for operation in methods.values()]
    expect(docs.locator(".operation")).to_have_count(len(operations))
    tags = [tag["name"] for tag in document["tags"]]
    expect(docs.locator("h2")).to_have_text(tags)
    expect(docs.get_by_role("navigation").get_by_role("link")).to_have_text(tags)
    assert tags[0] == "Conversations API"
    expect(docs.locator("section").first.locator("> details .summary").first).to_have_text(
        "Start a session in an environment"
    )


def test_an_operation_shows_what_it_takes_and_answers(docs: Page) -> None:
    operation = opened(docs, "interact")
    expect(operation.get_by_text("Needs a session key.")).to_be_visible()
    key = operation.get_by_role("listitem").filter(has_text="Idempotency-Key")
    expect(key).to_contain_text("at most 256 characters, printable ASCII")
    action = operation.locator("li").filter(has_text="What happened on the user's side.")
    expect(action).to_contain_text("actionrequired object")
    expect(operation.locator("pre").first).to_contain_text('"payload": "hi"')
    statuses = operation.locator(".answer .status")
    expect(statuses).to_have_text(["200", "400", "401", "403", "404", "413", "429", "500", "503"])
    operation.locator(".answer > summary").nth(2).click()
    expect(operation.get_by_text("the session of this key is over; start another one")).to_be_visible()


def test_fields_within_fields_open(docs: Page) -> None:
    operation = opened(docs, "interact")
    operation.locator("summary", has_text="TurnSettings").click()
    expect(operation.get_by_text('"enqueue" | "reject" | "interrupt" | "merge" | null')).to_be_visible()
    expect(operation.get_by_text("list of string | null")).to_be_visible()
    operation.locator("summary", has_text="Action").first.click()
    operation.locator("summary", has_text="The user wrote or said this.").click()
    expect(operation.locator("li").filter(has_text="payload").filter(has_text="string").first).to_be_visible()


def test_commands_do_what_they_say(docs: Page) -> None:
    started = said(opened(docs, "startSessionInEnvironment"), API_KEY=KEY)
    answer = said(opened(docs, "interact"), SESSION_KEY=json.loads(started)["sessionKey"])
    assert "What's your name?" in [trace["payload"].get("message") for trace in json.loads(answer)["traces"]]
    stream = said(opened(docs, "interactStreamForUser"), API_KEY=KEY)
    assert stream.startswith("\nevent: trace\nid: 1\n")


def said(operation: Locator, **environment: str) -> str:
    """What the server answers to an operation's command."""
    command = operation.locator(".command code").inner_text().replace("/shop/", "/tryout/")
    done = subprocess.run(
        ["bash", "-c", f"{command} -sS --fail-with-body --max-time 20"],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_search_finds_paths_and_words(docs: Page) -> None:
    docs.get_by_label("Search").fill("traffic split")
    expect(docs.get_by_text("Start a session by the project's traffic split")).to_be_visible()
    expect(docs.locator(".operation:visible")).to_have_count(3)
    expect(docs.get_by_text("3 found")).to_be_visible()
    docs.get_by_label("Search").fill("nothing has this")
    expect(docs.get_by_text("0 found")).to_be_visible()
    expect(docs.locator("h2:visible")).to_have_count(0)


def test_an_address_leads_to_its_operation(page: Page, url: str) -> None:  # noqa: F811
    page.goto(f"{url}/docs#stableAddTable")
    operation = page.locator("#stableAddTable")
    expect(operation.get_by_text("Needs a workspace key, or an API key.")).to_be_in_viewport()


def test_reference_works_from_the_keyboard_alone(docs: Page) -> None:
    docs.get_by_label("Search").focus()
    docs.keyboard.type("/ready")
    docs.keyboard.press("Tab")
    while docs.evaluate("document.activeElement.tagName") == "A":
        docs.keyboard.press("Tab")
    docs.keyboard.press("Enter")
    expect(docs.locator("#getReadiness").get_by_role("heading", name="Try it")).to_be_visible()


def test_everything_opens_on_a_phone_without_a_raw_mark_in_it(docs: Page) -> None:
    docs.set_viewport_size({"width": 390, "height": 844})
    docs.evaluate("for (const each of document.querySelectorAll('.operation')) each.open = true")
    expect(docs.locator(".opened")).to_have_count(docs.locator(".operation").count())
    assert docs.evaluate("document.documentElement.scrollWidth") == 390
    assert "`" not in docs.locator("main").inner_text()
    assert "undefined" not in docs.locator("main").inner_text()
    assert "[object" not in docs.locator("main").inner_text()
