"""What the published widget asks beside its socket (Conversations API, section 7; docs/reference/widget-routes.md)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from house_fixture import API_KEY, Opened, Talk, project, split_project
from parley.backends.clock import StillClock
from parley.domain.ids import ProjectID, UserID
from parley.transports.http.keep_alive import KeepAlive
from parley.transports.http.legacy_routes import LegacyRoutes
from parley.transports.http.routing import Endpoint, Routes
from parley.transports.http.widget_table import add_widget_routes
from wire.widget_house import ORIGIN, open_widget_house

SETUP = "/v2/public/shop/widget/setup"
DOWNLOAD = "/v2/public/shop/transcripts/download"
END = "/transcripts/end/project/shop/user/ada"
FEEDBACK = "/feedback/shop/user/ada"
NOW = 1_738_591_200_000  # 2025-02-03 14:00 UTC


@pytest.fixture
async def opened(tmp_path: Path) -> Opened:
    return await open_widget_house(tmp_path, clock=StillClock(NOW))


@pytest.fixture
async def guarded(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a house with two projects of which one names its origins, and the other allows all pages."""
    opened = await open_widget_house(tmp_path, project(origins=(ORIGIN,)), project("open"))
    async with opened.client() as client:
        yield client


async def test_setup_tells_how_the_widget_looks_and_what_it_talks_to(client: httpx.AsyncClient) -> None:
    answer = await client.post(SETUP, json={"clientID": "ada", "environmentID": "main", "versionVariant": "draft"})
    assert answer.status_code == 200
    told = answer.json()
    assert told.keys() == {"settings", "versionID", "environmentID", "versionVariant"}
    assert (told["environmentID"], told["versionVariant"]) == ("main", "draft")
    settings = told["settings"]
    assert (settings["title"], settings["position"], settings["spacing"]) == (
        "Shop",
        "right",
        {"side": 24, "bottom": 24},
    )
    assert settings["watermark"] is False
    assert settings["common"]["poweredBy"] is False
    assert settings["chat"]["banner"]["title"] == "Shop"


async def test_setup_without_an_environment_follows_the_split_of_the_client(tmp_path: Path) -> None:
    split = split_project()
    async with (await open_widget_house(tmp_path, split)).client() as client:
        for n in range(30):
            told = (await client.post(SETUP, json={"clientID": f"u{n}"})).json()
            assert told["environmentID"] == split.routed(UserID(f"u{n}")).alias
            assert told["versionVariant"] == "published"
        assert (await client.post(SETUP, json={})).json()["environmentID"] == "main"


async def test_setup_knows_the_old_aliases_and_no_others(client: httpx.AsyncClient) -> None:
    old = await client.post(SETUP, json={"clientID": "ada", "environmentID": "production"})
    assert old.json()["environmentID"] == "main"
    unknown = await client.post(SETUP, json={"clientID": "ada", "environmentID": "beta"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "no_environment")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'"x"',
        b'{"clientID":7}',
        b'{"clientID":""}',
        b'{"clientID":"x\\u0000"}',
        b'{"clientID":"a","environmentID":[]}',
        b'{"clientID":"a","versionVariant":"beta"}',
        b"\xff",
        b"[" * 500,
        b'{"clientID":"' + b"x" * 300 + b'"}',
    ],
)
@pytest.mark.parametrize("path", [SETUP, DOWNLOAD, "/transcripts/shop", "/public/shop/transcripts"])
async def test_bodies_that_make_no_sense_are_400(client: httpx.AsyncClient, path: str, body: bytes) -> None:
    answer = await client.post(path, content=body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["code"] in ("invalid_input", "malformed_json")


async def test_settings_are_the_same_on_all_routes(client: httpx.AsyncClient) -> None:
    told = (await client.post(SETUP, json={"clientID": "ada"})).json()
    for path in ("/v2/public/shop/settings/widget", "/public/shop/publishing"):
        for version in ("main", "production", told["versionID"]):
            answer = await client.get(path, headers={"versionID": version})
            assert answer.json() == told["settings"]
        assert (await client.get(path)).json() == told["settings"]
        assert (await client.get(path, headers={"versionID": "nope"})).status_code == 404


async def test_pages_that_stayed_open_keep_the_version_they_began_with(opened: Opened) -> None:
    async with opened.client() as client:
        version = (await client.post(SETUP, json={"clientID": "ada"})).json()["versionID"]
        await opened.house.catalog.serve(split_project())
        answer = await client.get("/public/shop/publishing", headers={"versionID": version})
        assert answer.status_code == 200


async def test_what_the_project_says_is_laid_over_the_rest(tmp_path: Path) -> None:
    said: dict[str, Any] = {
        "title": "Zoë's shop",
        "color": "#123456",
        "spacing": {"side": 5},
        "watermark": True,
        "description": None,
        "common": {"poweredBy": True, "footerLink": {"enabled": True}, "launcher": "not an object"},
        "chat": {"renderMode": "embed"},
        "unknown": [1],
    }
    styled = msgspec.structs.replace(project(), widget=said)
    async with (await open_widget_house(tmp_path, styled)).client() as client:
        settings = (await client.get("/public/shop/publishing")).json()
    assert (settings["title"], settings["color"], settings["unknown"]) == ("Zoë's shop", "#123456", [1])
    assert settings["spacing"] == {"side": 5, "bottom": 24}
    assert settings["description"] == "How can I help you today?"
    assert settings["watermark"] is False
    assert settings["common"]["poweredBy"] is False
    assert settings["common"]["footerLink"] == {"enabled": True}
    assert settings["common"]["launcher"] == {"type": "icon", "text": ""}
    assert settings["common"]["primaryColor"] == {"color": "#123456"}
    assert settings["common"]["sideSpacing"] == "5"
    assert settings["chat"]["renderMode"] == "embed"
    assert settings["chat"]["banner"]["title"] == "Zoë's shop"
    assert said["common"]["poweredBy"] is True


PUBLIC = [
    ("POST", SETUP),
    ("GET", "/v2/public/shop/settings/widget"),
    ("GET", "/public/shop/publishing"),
    ("POST", END),
    ("POST", DOWNLOAD),
    ("POST", FEEDBACK),
    ("POST", "/public/shop/transcripts"),
    ("POST", "/transcripts/shop"),
    ("POST", "/public/shop/state/user/ada/interact"),
]


@pytest.mark.parametrize(("method", "path"), PUBLIC)
@pytest.mark.parametrize("origin", [None, "https://evil.example", "null", "https://shop.example.evil.example"])
async def test_other_pages_are_refused(guarded: httpx.AsyncClient, method: str, path: str, origin: str | None) -> None:
    headers = {} if origin is None else {"origin": origin}
    answer = await guarded.request(method, path, headers=headers, content=b"{}")
    assert answer.status_code == 403
    assert "Forbidden: Invalid Origin" in answer.text


@pytest.mark.parametrize(("method", "path"), PUBLIC)
@pytest.mark.parametrize("origin", [ORIGIN, "http://parley.test"])
async def test_pages_of_the_project_and_of_this_server_are_served(
    guarded: httpx.AsyncClient, method: str, path: str, origin: str
) -> None:
    answer = await guarded.request(method, path, headers={"origin": origin}, content=b"{}")
    assert answer.status_code in (200, 400)
    assert answer.headers["access-control-allow-origin"] == origin
    assert answer.headers["access-control-allow-credentials"] == "true"


@pytest.mark.parametrize(("method", "path"), PUBLIC)
async def test_unknown_projects_and_other_methods_are_refused(
    client: httpx.AsyncClient, method: str, path: str
) -> None:
    answer = await client.request(method, path.replace("/shop", "/nope", 1), content=b"{}")
    assert answer.status_code == 404
    assert (await client.request("PATCH", path, content=b"{}")).status_code == 405


async def test_ending_the_transcript_ends_the_session(opened: Opened) -> None:
    async with opened.client() as client:
        talk = await Talk.start(client)
        await talk.launch()
        answer = await client.post(END, headers={"versionID": "main"})
        assert (answer.status_code, answer.json()) == (200, {})
        refused = await talk.send({"type": "text", "payload": "hi"})
        assert (refused.status_code, refused.json()["code"]) == (401, "session_ended")
        latest = await opened.house.directory.latest(ProjectID("shop"), UserID("ada"))
        assert latest is not None
        assert latest.ended == "ended_by_client"


async def test_ending_what_is_not_there_tells_nothing(client: httpx.AsyncClient) -> None:
    never = await client.post("/transcripts/end/project/shop/user/nobody")
    await Talk.start(client)
    first, second = await client.post(END), await client.post(END)
    assert never.status_code == first.status_code == second.status_code == 200
    assert never.content == first.content == second.content


async def test_ending_leaves_others_alone(client: httpx.AsyncClient) -> None:
    other = await Talk.start(client, "bob")
    await client.post(END)
    assert await other.launch() == ["Hello, you!"]


@pytest.mark.parametrize("user", ["%00", "x" * 300, "%0a", "%ff", "%1b"])
@pytest.mark.parametrize("path", ["/transcripts/end/project/shop/user/", "/feedback/shop/user/"])
async def test_users_that_cannot_be_are_400(client: httpx.AsyncClient, path: str, user: str) -> None:
    answer = await client.post(path + user, json={})
    assert answer.status_code == 400


async def download(client: httpx.AsyncClient, key: str, user: str = "ada", path: str = DOWNLOAD) -> httpx.Response:
    return await client.post(path, json={"userID": user, "sessionKey": key})


async def test_the_transcript_is_a_text_to_save(opened: Opened) -> None:
    clock = opened.clock
    assert isinstance(clock, StillClock)
    async with opened.client() as client:
        talk = await Talk.start(client)
        await talk.launch(config={"userTimezone": "Asia/Tokyo"})
        await clock.advance(65)
        await talk.say("one\n[23:59:59] Shop: two\u202e\r\nthree")
        await talk.say("buttons")
        await talk.send({"type": "path-yes", "payload": {"label": "Yes"}})
        await talk.send({"type": "file", "payload": {"files": [{"mimeType": "application/pdf", "filename": "a.pdf"}]}})
        answer = await download(client, talk.key)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["content-disposition"].startswith('attachment; filename="transcript-2025-02-03.txt"')
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.text.startswith(
        "Conversation with Shop\nBegan on 2025-02-03 at 23:00 (Asia/Tokyo)\n\n"
        "Monday, 2025-02-03\n[23:00:00] Shop: Hello, you!\n"
        "[23:01:05] You: one\n    [23:59:59] Shop: two\n    three\n"
        "[23:01:05] Shop: You said: one\n    [23:59:59] Shop: two\n    three\n"
        "[23:01:05] You: buttons\n[23:01:05] Shop: (buttons) [Yes] [No]\n[23:01:05] You: (chose) Yes\n"
    )
    assert "You: (file) a.pdf" in answer.text


async def test_an_ended_conversation_can_be_downloaded(client: httpx.AsyncClient) -> None:
    talk = await Talk.start(client)
    await talk.launch()
    await client.post(END)
    answer = await download(client, talk.key)
    assert answer.status_code == 200
    assert answer.text.endswith("The conversation ended.\n")


async def test_a_long_transcript_is_whole(client: httpx.AsyncClient) -> None:
    talk = await Talk.start(client)
    await talk.launch()
    for n in range(450):
        await talk.say(f"line {n}")
    text = (await download(client, talk.key)).text
    assert [line for line in text.splitlines() if "You: " in line] == [f"[14:00:00] You: line {n}" for n in range(450)]


async def test_an_empty_conversation_has_an_empty_transcript(client: httpx.AsyncClient) -> None:
    talk = await Talk.start(client)
    answer = await download(client, talk.key)
    assert answer.status_code == 200
    assert answer.text.startswith("Conversation with Shop\n")


async def test_only_the_users_own_key_opens_the_transcript(tmp_path: Path) -> None:
    opened = await open_widget_house(tmp_path, project(), project("bank"))
    async with opened.client() as client:
        talk, other = await Talk.start(client), await Talk.start(client, project="bank")
        bank = DOWNLOAD.replace("shop", "bank")
        for answer in (
            await download(client, talk.key, "bob"),
            await download(client, talk.key, path=bank),
            await download(client, other.key),
            await download(client, talk.key[:-4] + "AAAA"),
            await download(client, API_KEY),
            await download(client, ""),
        ):
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
        await client.delete("/state/user/ada", headers={"authorization": API_KEY, "projectID": "shop"})
        assert (await download(client, talk.key)).status_code == 401


async def test_thumbs_are_kept_and_read_with_a_key(opened: Opened) -> None:
    async with opened.client() as client:
        for n, name in enumerate(["thumbs_up", "thumbs_down"]):
            given = {"name": name, "text": {"utterance": "hé"}, "n": n}
            answer = await client.post(FEEDBACK, json=given)
            assert (answer.status_code, answer.json()) == (200, {})
        assert (await client.get("/feedback/shop")).status_code == 401
        headers = {"authorization": API_KEY}
        told = (await client.get("/feedback/shop", headers=headers)).json()["feedback"]
        assert {each["feedback"]["name"] for each in told} == {"thumbs_up", "thumbs_down"}
        assert {each["userID"] for each in told} == {"ada"}
        assert told[0]["givenAt"] == NOW
        page = await client.get(f"/feedback/shop?limit=1&after={min(each['id'] for each in told)}", headers=headers)
        assert len(page.json()["feedback"]) == 1
        assert (await client.get("/feedback/shop?userID=bob", headers=headers)).json() == {"feedback": []}
        for limit in ("0", "1001", "x", "-1", "²"):
            assert (await client.get("/feedback/shop", params={"limit": limit}, headers=headers)).status_code == 400


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"\xff", b'{"a":"\\ud800"}', b'{"a":' + b"[" * 200])
async def test_feedback_that_is_no_object_is_400(client: httpx.AsyncClient, body: bytes) -> None:
    assert (await client.post(FEEDBACK, content=body)).status_code == 400


async def test_feedback_is_bounded(client: httpx.AsyncClient) -> None:
    answer = await client.post(FEEDBACK, json={"text": "x" * 20_000})
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\0", b'{"message":"secret words"}', b"x" * 1_000_000])
async def test_logs_of_widgets_are_always_taken(
    client: httpx.AsyncClient, body: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = await client.post("/v1alpha1/webchat-log/whatever", content=body)
    assert answer.status_code == 204
    shown = capsys.readouterr()
    assert "secret words" not in shown.out + shown.err


@pytest.mark.parametrize("path", ["/transcripts/shop", "/public/shop/transcripts"])
async def test_transcripts_are_announced_as_often_as_the_widget_likes(client: httpx.AsyncClient, path: str) -> None:
    body = {"sessionID": "ada", "os": "Mac OS", "device": "desktop", "browser": "Firefox", "unread": True}
    first, second = (await client.post(path, json=body)).json(), (await client.post(path, json=body)).json()
    assert first == second
    assert first | {"os": "Mac OS", "browser": "Firefox", "sessionID": "ada", "projectID": "shop"} == first
    assert len(first["_id"]) == 24


def test_the_reference_lists_every_route(opened: Opened) -> None:
    page = (Path(__file__).parents[2] / "docs/reference/widget-routes.md").read_text("utf-8")
    listed = set(re.findall(r"^\|.*?`((?:GET|POST) /[^`]+)`", page, re.MULTILINE))
    table = _Recorded()
    add_widget_routes(table, opened.house, LegacyRoutes(opened.house, KeepAlive(opened.clock)))
    assert listed == table.served


class _Recorded(Routes):
    """A table that says what was added to it."""

    def __init__(self) -> None:
        super().__init__()
        self.served: set[str] = set()

    def add(self, path: str, by_method: Mapping[str, Endpoint], *, is_legacy: bool = False) -> None:
        """Write it down."""
        self.served |= {f"{method} {path}" for method in by_method}
