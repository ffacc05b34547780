"""The chat page in a real browser, against a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from served import KEY, Wire, served

CHROMIUM = "/usr/bin/chromium"
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served() as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM if Path(CHROMIUM).exists() else None, args=ARGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh page whose console must stay empty; a test that expects errors takes them out of `page.errors`."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.set_default_timeout(10_000)
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.errors = errors  # type: ignore[attr-defined]
    yield page
    context.close()
    assert errors == []


def errors_of(page: Page) -> list[str]:
    errors: list[str] = page.errors  # type: ignore[attr-defined]
    found = list(errors)
    errors.clear()
    return found


def launch(page: Page, url: str, more: str = "") -> None:
    page.goto(f"{url}/#key={KEY}&project=tryout{more}")
    expect(page.get_by_role("log").get_by_text("What's your name?")).to_be_visible()


def tell(page: Page, words: str) -> None:
    page.get_by_label("Your message").fill(words)
    page.keyboard.press("Enter")


def to_menu(page: Page, url: str, more: str = "") -> None:
    launch(page, url, more)
    tell(page, "Ada")
    expect(page.get_by_role("button", name="Do something")).to_be_enabled()


def test_conversation_goes_from_hello_to_the_end_and_starts_again(page: Page, url: str) -> None:
    to_menu(page, url)
    log = page.get_by_role("log")
    expect(log.get_by_text("Nice to meet you, Ada.")).to_be_visible()
    page.get_by_role("button", name="See the").click()
    expect(page.get_by_role("button", name="Do something")).to_be_disabled()
    page.get_by_role("button", name="Take the chair").click()
    expect(log.get_by_text("It is yours, Ada.")).to_be_visible()
    expect(page.get_by_text("The conversation is over.")).to_be_visible()
    expect(page.get_by_label("Your message")).to_be_hidden()
    page.get_by_role("button", name="Start again").click()
    expect(page.get_by_label("Your message")).to_be_visible()
    expect(log.get_by_text("It is yours, Ada.")).to_have_count(0)


def test_what_an_agent_says_is_text_and_never_markup(page: Page, url: str) -> None:
    to_menu(page, url)
    log = page.get_by_role("log")
    expect(log.get_by_text("<script>document.title='owned'</script>")).to_be_visible()
    expect(page.get_by_role("heading", name="Tryout <b>agent</b>")).to_be_visible()
    page.get_by_role("button", name="Bad link").click()
    page.get_by_role("button", name="See the <i>cards</i>").nth(1).click()
    expect(log.get_by_role("heading", name="Lamp <b>one</b>")).to_be_visible()
    assert log.locator("img, script, i:not(.typing i), b, u").count() == 0
    assert "owned" not in page.title()


def test_custom_action_offers_its_paths(page: Page, url: str) -> None:
    to_menu(page, url)
    page.get_by_role("button", name="Do something").click()
    box = page.get_by_label("Custom action calendar")
    expect(box.get_by_text("<b>for Ada</b>")).to_be_visible()
    box.get_by_role("button", name="booked").click()
    expect(page.get_by_role("log").get_by_text("It is booked.")).to_be_visible()
    expect(box.get_by_role("button", name="cancelled")).to_be_disabled()


def test_silence_is_watched_and_answered(page: Page, url: str) -> None:
    to_menu(page, url)
    page.get_by_role("button", name="Wait for me").click()
    expect(page.get_by_text("No reply in 1 s")).to_be_visible()
    expect(page.get_by_role("log").get_by_text("Still there?")).to_be_visible()
    expect(page.get_by_text("The conversation is over.")).to_be_visible()


def test_silence_is_not_answered_while_the_user_types_or_has_stopped_the_timer(page: Page, url: str) -> None:
    to_menu(page, url)
    page.get_by_role("button", name="Wait for me").click()
    page.get_by_role("button", name="Stop the timer").click()
    page.wait_for_timeout(1500)
    expect(page.get_by_role("log").get_by_text("Still there?")).to_have_count(0)


def test_traces_are_listed_filtered_and_opened(page: Page, url: str) -> None:
    to_menu(page, url)
    traces = page.get_by_label("Traces", exact=True)
    expect(traces.locator("summary").first).to_contain_text("debug")
    assert traces.locator("summary time").first.inner_text().startswith("+")
    page.get_by_label("Filter traces").fill("nice to meet")
    expect(traces.locator("summary:visible")).to_have_count(1)
    traces.locator("summary:visible").click()
    expect(traces.locator("pre:visible")).to_contain_text('"message": "Nice to meet you, Ada."')
    assert traces.get_by_text("launch").is_hidden()


def test_form_asks_for_key_and_agent_and_says_what_is_wrong_with_them(page: Page, url: str) -> None:
    page.goto(url)
    expect(page.locator("#project")).to_have_value("tryout")
    page.locator("#environment").select_option("candidate")
    page.get_by_label("API key").fill("VF.DM.wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("This is not a valid API key.")
    assert all("401" in error for error in errors_of(page))
    page.get_by_label("API key").fill(KEY)
    page.get_by_role("button", name="Start the conversation").click()
    expect(page.get_by_role("log").get_by_text("What's your name?")).to_be_visible()
    assert KEY not in page.evaluate("JSON.stringify(sessionStorage) + document.cookie")


def test_cut_stream_is_taken_up_where_it_broke(page: Page, url: str) -> None:
    wire = Wire(url)
    try:
        launch(page, wire.url)
        wire.cut_after = b"id: 3\n"
        tell(page, "Ada")
        expect(page.get_by_role("button", name="Do something")).to_be_enabled()
        assert wire.cuts == 1
        expect(page.get_by_role("log").get_by_text("Nice to meet you, Ada.")).to_have_count(1)
        expect(page.get_by_role("log").get_by_text("What now?")).to_have_count(1)
        assert all("ERR_" in error for error in errors_of(page))
    finally:
        wire.close()


def test_action_whose_acceptance_got_lost_is_carried_out_once(page: Page, url: str) -> None:
    wire = Wire(url)
    try:
        launch(page, wire.url)
        wire.cut_after = b"HTTP/1.1"
        tell(page, "Ada")
        expect(page.get_by_role("button", name="Do something")).to_be_enabled()
        assert wire.cuts == 1
        expect(page.get_by_role("log").get_by_text("Nice to meet you, Ada.")).to_have_count(1)
        assert all("ERR_" in error for error in errors_of(page))
    finally:
        wire.close()


def test_reload_keeps_the_conversation(page: Page, url: str) -> None:
    to_menu(page, url)
    page.reload()
    expect(page.get_by_role("log").get_by_text("Nice to meet you, Ada.")).to_be_visible()
    page.get_by_role("button", name="Do something").click()
    expect(page.get_by_label("Custom action calendar")).to_be_visible()


def test_server_that_went_away_is_told_with_what_to_do(page: Page) -> None:
    with served() as url:
        launch(page, url)
    tell(page, "Ada")
    expect(page.get_by_text("The connection broke. Coming back…")).to_be_visible()
    expect(page.get_by_text("does not answer. Check that “parley serve” is running")).to_be_visible(timeout=20_000)
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    assert all("ERR_" in error for error in errors_of(page))


def test_phone_has_the_traces_in_a_drawer(page: Page, url: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    to_menu(page, url)
    drawer = page.get_by_label("Traces", exact=True)
    expect(drawer).to_be_hidden()
    page.locator("#toggle").click()
    expect(drawer).to_be_visible()
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_page_works_from_the_keyboard_alone(page: Page, url: str) -> None:
    to_menu(page, url)
    page.get_by_role("button", name="Do something").focus()
    page.keyboard.press("Enter")
    box = page.get_by_label("Custom action calendar")
    expect(box).to_be_visible()
    box.get_by_role("button", name="booked").focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("log").get_by_text("It is booked.")).to_be_visible()
    assert page.get_by_role("log").get_attribute("aria-live") == "polite"


def test_page_allows_no_script_but_its_own(url: str) -> None:
    answer = httpx.get(url)
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self'" in policy and "unsafe" not in policy and "default-src 'none'" in policy
    assert "onclick" not in answer.text and "style=" not in answer.text


def test_list_of_projects_tells_no_more_than_names(url: str) -> None:
    served_here = {"id": "tryout", "name": "Tryout <b>agent</b>", "environments": ["main", "candidate"]}
    assert httpx.get(f"{url}/console/projects").json() == {"projects": [served_here]}
