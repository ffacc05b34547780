"""Files that users send (Conversations API, sections 2.8 and 7; docs/reference/widget-routes.md)."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from house_fixture import API_KEY, Opened, Talk, exchange, project, raw_request, served, split_response
from parley.backends.clock import StillClock
from parley.backends.files.s3 import Bucket, S3Files
from parley.backends.files.s3_signature import S3Credentials
from parley.domain.file_kind import KINDS, PNG
from parley.domain.file_name import attachment, safe_name
from parley.errors import InvalidInput
from parley.session.uploads import LARGEST, MOST
from parley.transports.http.multipart import parse_form
from s3_server import BUCKET, KEY, REGION, SECRET, S3Server
from wire.widget_house import ORIGIN, open_widget_house

TICKET = "/v1/handoff/file-storage"
NOW = 1_738_591_200_000
SAMPLES = {
    "a.png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"p" * 50,
    "a.jpg": b"\xff\xd8\xff\xe0" + b"j" * 50,
    "a.JPEG": b"\xff\xd8\xff\xe1" + b"j" * 50,
    "a.pdf": b"%PDF-1.7\n" + b"d" * 50,
    "a.webp": b"RIFF\x20\0\0\0WEBPVP8L" + b"w" * 50,
}
PICTURE = SAMPLES["a.png"]
MIMES = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "pdf": "application/pdf", "webp": "image/webp"}


@pytest.fixture
async def opened(tmp_path: Path) -> Opened:
    return await open_widget_house(tmp_path, clock=StillClock(NOW))


async def ticket(client: httpx.AsyncClient, key: str, **body: Any) -> dict[str, Any]:
    answer = await client.post(TICKET, json=body, headers={"authorization": key})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def send(
    client: httpx.AsyncClient, told: dict[str, Any], data: bytes = PICTURE, name: str = "a.png", **changed: Any
) -> httpx.Response:
    fields = {name: value for name, value in {**told["fields"], **changed}.items() if value is not None}
    return await client.post(told["url"], data=fields, files={"file": (name, data)})


def kept_in(path: Path) -> list[Path]:
    return [each for each in (path / "files").rglob("*") if each.is_file()]


@pytest.mark.parametrize("name", SAMPLES)
async def test_a_file_goes_in_and_comes_out_as_something_to_save(
    client: httpx.AsyncClient, talk: Talk, name: str
) -> None:
    told = await ticket(client, talk.key, name=name, size=60)
    assert told.keys() == {"url", "fields", "provider", "fileURL"}
    assert told["provider"] == "local"
    answer = await send(client, told, SAMPLES[name], name)
    assert answer.status_code == 201
    sent = answer.json()
    assert sent["url"] == told["fileURL"] == answer.headers["location"]
    assert (sent["filename"], sent["size"]) == (f"a.{name[2:].lower()}", len(SAMPLES[name]))
    assert sent["mimeType"] == MIMES[name[2:].lower()]
    got = await client.get(sent["url"])
    assert (got.status_code, got.content) == (200, SAMPLES[name])
    assert got.headers["content-type"] == sent["mimeType"]
    assert got.headers["content-disposition"].startswith("attachment;")
    assert got.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in got.headers["content-security-policy"]
    head = await client.head(sent["url"])
    assert (head.status_code, head.content) == (200, b"")


async def test_what_was_sent_can_be_told_to_the_agent(client: httpx.AsyncClient, talk: Talk) -> None:
    await talk.launch()
    sent = (await send(client, await ticket(client, talk.key))).json()
    files = [{"url": sent["url"], "mimeType": sent["mimeType"], "filename": sent["filename"], "size": sent["size"]}]
    answer = await talk.send({"type": "file", "payload": {"files": files}})
    assert answer.status_code == 200


async def test_the_key_may_be_in_the_body_and_a_live_user_is_enough(client: httpx.AsyncClient, talk: Talk) -> None:
    for body in ({"sessionKey": talk.key}, {"projectID": "shop", "userID": "ada"}):
        answer = await client.post(TICKET, json=body)
        assert answer.status_code == 200
        assert (await send(client, answer.json())).status_code == 201
    bare = await client.post(TICKET, headers={"authorization": f"Bearer {talk.key}"})
    assert bare.status_code == 200


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        ({}, {}, 401),
        ({"sessionKey": "nonsense"}, {}, 401),
        ({}, {"authorization": API_KEY}, 401),
        ({"projectID": "shop", "userID": "nobody"}, {}, 401),
        ({"projectID": "nope", "userID": "ada"}, {}, 404),
        ({"projectID": "shop", "userID": 7}, {}, 400),
        ({"projectID": "shop", "userID": "\0"}, {}, 400),
        ({"projectID": 7, "userID": "ada"}, {}, 400),
        ({"sessionKey": 7}, {}, 400),
    ],
)
async def test_strangers_send_nothing(
    client: httpx.AsyncClient, talk: Talk, body: Any, headers: dict[str, str], status: int
) -> None:
    assert (await client.post(TICKET, json=body, headers=headers)).status_code == status


async def test_an_ended_session_takes_no_files(client: httpx.AsyncClient, talk: Talk) -> None:
    await talk.send({"type": "end"})
    answer = await client.post(TICKET, json={}, headers={"authorization": talk.key})
    assert (answer.status_code, answer.json()["code"]) == (401, "session_ended")


async def test_pages_of_others_get_no_ticket(tmp_path: Path) -> None:
    opened = await open_widget_house(tmp_path, project(origins=(ORIGIN,)), project("open"))
    async with opened.client() as client:
        talk = await Talk.start(client)
        for body in ({"sessionKey": talk.key}, {"projectID": "shop", "userID": "ada"}):
            evil = await client.post(TICKET, json=body, headers={"origin": "https://evil.example"})
            good = await client.post(TICKET, json=body, headers={"origin": ORIGIN})
            assert (evil.status_code, good.status_code) == (403, 200)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"", "a.png"),
        (b"<html><script>alert(1)</script>", "a.png"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a.svg"),
        (b"MZ\x90\0", "a.exe"),
        (PICTURE, "a.html"),
        (PICTURE, "a.pdf"),
        (b"\x89PNG\r\n\x1a\n<html>", "a.png"),
        (b" %PDF-1.7", "a.pdf"),
        (b"RIFF\0\0\0\0WAVEfmt ", "a.webp"),
        (b"GIF89a", "a.gif"),
        (b"\xff\xd8", "a.jpg"),
    ],
)
async def test_other_kinds_are_refused_by_content_and_by_name(
    opened: Opened, tmp_path: Path, data: bytes, name: str
) -> None:
    async with opened.client() as client:
        talk = await Talk.start(client)
        answer = await send(client, await ticket(client, talk.key), data, name)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input")
    assert kept_in(tmp_path) == []


async def test_names_and_sizes_that_cannot_be_are_told_before_anything_is_sent(
    client: httpx.AsyncClient, talk: Talk
) -> None:
    headers = {"authorization": talk.key}
    assert (await client.post(TICKET, json={"filename": "a.exe"}, headers=headers)).status_code == 400
    assert (await client.post(TICKET, json={"size": LARGEST + 1}, headers=headers)).status_code == 413


async def test_five_megabytes_and_no_byte_more(opened: Opened, tmp_path: Path) -> None:
    async with opened.client() as client:
        talk = await Talk.start(client)
        whole = PICTURE + b"x" * (LARGEST - len(PICTURE))
        over = await send(client, await ticket(client, talk.key), whole + b"x")
        far_over = await send(client, await ticket(client, talk.key), whole + b"x" * 100_000)
        assert (over.status_code, far_over.status_code) == (413, 413)
        assert kept_in(tmp_path) == []
        exact = await send(client, await ticket(client, talk.key), whole)
        assert (exact.status_code, exact.json()["size"]) == (201, LARGEST)
        assert (await client.get(exact.json()["url"])).content == whole


async def test_ten_files_a_conversation(opened: Opened) -> None:
    async with opened.client() as client:
        talk, other = await Talk.start(client), await Talk.start(client, "bob")
        for _ in range(MOST):
            assert (await send(client, await ticket(client, talk.key))).status_code == 201
        answer = await client.post(TICKET, json={}, headers={"authorization": talk.key})
        assert (answer.status_code, "10 files" in answer.json()["message"]) == (400, True)
        assert (await send(client, await ticket(client, other.key))).status_code == 201


async def test_tickets_that_are_out_count_until_they_expire(opened: Opened) -> None:
    clock = opened.clock
    assert isinstance(clock, StillClock)
    async with opened.client() as client:
        talk = await Talk.start(client)
        headers = {"authorization": talk.key}
        answers = await asyncio.gather(*(client.post(TICKET, json={}, headers=headers) for _ in range(15)))
        assert [answer.status_code for answer in answers].count(200) == MOST
        await clock.advance(601)
        assert (await client.post(TICKET, json={}, headers=headers)).status_code == 200


async def test_a_ticket_is_good_for_one_file(opened: Opened, tmp_path: Path) -> None:
    async with opened.client() as client:
        talk = await Talk.start(client)
        told = await ticket(client, talk.key)
        answers = await asyncio.gather(*(send(client, told) for _ in range(5)))
        assert sorted(answer.status_code for answer in answers) == [201, 401, 401, 401, 401]
        assert len(kept_in(tmp_path)) == 1


async def test_a_refused_file_does_not_use_up_its_ticket(client: httpx.AsyncClient, talk: Talk) -> None:
    told = await ticket(client, talk.key)
    assert (await send(client, told, b"nonsense")).status_code == 400
    assert (await send(client, told)).status_code == 201


async def test_a_ticket_expires(opened: Opened) -> None:
    clock = opened.clock
    assert isinstance(clock, StillClock)
    async with opened.client() as client:
        told = await ticket(client, (await Talk.start(client)).key)
        await clock.advance(601)
        answer = await send(client, told)
        assert (answer.status_code, "expired" in answer.text) == (401, True)


async def test_a_ticket_cannot_be_changed(opened: Opened, tmp_path: Path) -> None:
    async with opened.client() as client:
        talk, other = await Talk.start(client), await Talk.start(client, "bob")
        told, theirs = await ticket(client, talk.key), await ticket(client, other.key)
        policy = json.loads(base64.b64decode(told["fields"]["policy"]))
        later = base64.b64encode(json.dumps({**policy, "until": NOW * 2}).encode()).decode()
        for changed in (
            {"key": theirs["fields"]["key"]},
            {"key": "../../../etc/passwd"},
            {"key": None},
            {"policy": later},
            {"policy": theirs["fields"]["policy"]},
            {"policy": ""},
            {"policy": None},
            {"policy": "é\0"},
            {"x-parley-signature": "0" * 64},
            {"x-parley-signature": "é"},
            {"x-parley-signature": None},
        ):
            assert (await send(client, told, **changed)).status_code == 401, changed
        assert kept_in(tmp_path) == []


@pytest.mark.parametrize(
    "name",
    [
        "../../../etc/passwd.png",
        "..\\..\\boot.png",
        "/etc/cron.d/x.png",
        "C:\\x.png",
        ".png",
        "..",
        "con.png",
        "a\r\nX-Evil: 1.png",
        'a".png',
        "\u202egnp.exe.png",
        "Zoë \U0001f600.png",
        "x" * 300 + ".png",
        "%2e%2e%2f.png",
        "",
    ],
)
async def test_names_are_made_harmless(opened: Opened, tmp_path: Path, name: str) -> None:
    async with opened.client() as client:
        talk = await Talk.start(client)
        told = await ticket(client, talk.key)
        quoted = name.replace("\\", "\\\\").replace('"', '\\"').replace("\r\n", "%0D%0A")
        body = _form(told["fields"], f'form-data; name="file"; filename="{quoted}"', PICTURE)
        answer = await client.post(told["url"], content=body, headers={"content-type": _FORM})
        assert answer.status_code in (201, 400), answer.text
        if answer.status_code == 201:
            shown = answer.json()["filename"]
            assert not set(shown) & set('/\\\r\n"<>%\u202e')
            assert shown.endswith(".png")
            assert len(shown) <= 101
            got = await client.get(answer.json()["url"])
            assert got.status_code == 200
            assert "\n" not in got.headers["content-disposition"]
        (kept,) = kept_in(tmp_path) or [tmp_path / "files" / "none"]
        assert kept.is_relative_to(tmp_path / "files")


_FORM = "multipart/form-data; boundary=xyz"


def _form(fields: dict[str, str], disposition: str, data: bytes) -> bytes:
    parts = [f'--xyz\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n'.encode() for n, v in fields.items()]
    return b"".join(parts) + f"--xyz\r\nContent-Disposition: {disposition}\r\n\r\n".encode() + data + b"\r\n--xyz--\r\n"


@pytest.mark.parametrize(
    "path",
    [
        "/files/../../etc/passwd",
        "/files/..%2f..%2fetc/passwd/x",
        "/files/%2e%2e/%2e%2e/passwd",
        "/files/0123456789abcdef01234567/" + "0" * 32 + "/a.png",
        "/files/0123456789abcdef01234567/.unfinished/a.png",
        "/files/%00/%00/%00",
        "/files/0123456789ABCDEF01234567/" + "0" * 32 + "/a.png",
        "/files/0123456789abcdef01234567\n/" + "0" * 32 + "/a.png",
    ],
)
async def test_paths_lead_nowhere_else(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path.replace("\n", "%0a"))).status_code == 404


async def test_the_name_in_a_url_cannot_make_a_page_of_a_file(client: httpx.AsyncClient, talk: Talk) -> None:
    url = (await send(client, await ticket(client, talk.key))).json()["url"]
    for name in ("x.html", "%0d%0aX-Evil:%201", "..%2f..%2fx.svg", "%22;%20x.js"):
        got = await client.get(url.rpartition("/")[0] + "/" + name)
        assert got.status_code == 200
        assert got.headers["content-type"] == "image/png"
        assert got.headers["content-disposition"].endswith(".png")
        assert "x-evil" not in got.headers


async def test_files_go_with_their_conversation(opened: Opened, tmp_path: Path) -> None:
    async with opened.client() as client:
        talk = await Talk.start(client)
        url = (await send(client, await ticket(client, talk.key))).json()["url"]
        await talk.send({"type": "end"})
        assert (await client.get(url)).status_code == 200
        again = await Talk.start(client)
        await send(client, await ticket(client, again.key))
        unused = await ticket(client, again.key)
        other = await Talk.start(client, user="bert")
        kept = (await send(client, await ticket(client, other.key))).json()["url"]
        assert (await client.delete("/state/user/ada", headers={"authorization": API_KEY})).status_code == 200
        assert [path.parent.name for path in kept_in(tmp_path)] == [kept.split("/")[-3]]
        assert (await client.get(url)).status_code == 404
        late = await send(client, unused)
        assert (late.status_code, late.json()["message"]) == (401, "The conversation of this ticket has been deleted.")
        assert len(kept_in(tmp_path)) == 1


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (None, b""),
        ("application/json", b"{}"),
        ("multipart/form-data", b"--xyz--"),
        (_FORM, b""),
        (_FORM, b"--xyz--\r\n"),
        (_FORM, b"--xyz\r\n\r\n"),
        (_FORM, b"--xyz\r\nContent-Disposition: form-data\r\n\r\nx\r\n--xyz--"),
        (_FORM, b'--xyz\r\nContent-Disposition: form-data; name="key"\r\n\r\nx\r\n--xyz--'),
        (_FORM, b'--xyz\r\nContent-Disposition: form-data; name="file"\r\n\r\nx'),
        (_FORM, b'--xyz\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n' * 100 + b"--xyz--"),
        (_FORM, b'--xyz\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + b"x" * 20_000 + b"\r\n--xyz--"),
        (_FORM, _form({}, 'form-data; name="file"', b"x") * 2),
        ("multipart/form-data; boundary=" + "x" * 100, b"--" + b"x" * 100 + b"--"),
    ],
)
async def test_forms_that_are_none_are_400(client: httpx.AsyncClient, content_type: str | None, body: bytes) -> None:
    headers = {} if content_type is None else {"content-type": content_type}
    answer = await client.post(f"{TICKET}/upload", content=body, headers=headers)
    assert answer.status_code in (400, 401), answer.text


@given(st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_no_form_makes_the_reader_fail(data: bytes) -> None:
    for body in (data, b"--xyz\r\n" + data + b"\r\n--xyz--", b"--xyz\r\n\r\n\r\n--xyz" + data):
        try:
            parse_form(_FORM, body)
        except InvalidInput:
            continue


@given(st.text(max_size=400), st.sampled_from([None, *KINDS]))
@settings(max_examples=500, deadline=None)
def test_every_name_becomes_a_harmless_one(name: str, kind: Any) -> None:
    made = safe_name(name, kind)
    assert made
    assert len(made) <= 110
    assert not set(made) & set('/\\\0\r\n"<>|:*?%')
    assert made not in (".", "..")
    assert not made.startswith(".")
    assert safe_name(made, kind) == made
    assert kind is None or made.rpartition(".")[2] in kind.extensions
    attachment(made).encode("latin-1")


def test_a_name_keeps_what_its_owner_called_it() -> None:
    assert safe_name("Zoë's holiday (2).PNG", PNG) == "Zoë_s holiday (2).png"
    assert "filename*=UTF-8''Zo%C3%AB" in attachment("Zoë.png")


async def test_a_partial_upload_leaves_nothing(opened: Opened, tmp_path: Path) -> None:
    async with served(opened.app) as address:
        async with opened.client() as client:
            told = await ticket(client, (await Talk.start(client)).key)
        whole = _form(told["fields"], 'form-data; name="file"; filename="a.png"', PICTURE + b"x" * 100_000)
        request = raw_request("POST", f"{TICKET}/upload", {"content-type": _FORM}, whole)
        _, writer = await asyncio.open_connection(*address)
        writer.write(request[: len(request) // 2])
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        status, headers, _ = split_response(await exchange(address, request))
        assert status == 201
        assert headers["location"].startswith("http://parley.test/files/")
    assert len(kept_in(tmp_path)) == 1


async def test_a_house_without_files_says_so(client: httpx.AsyncClient) -> None:
    from house_fixture import open_house

    async with (await open_house()).client() as plain:
        assert (await plain.post(TICKET, json={})).status_code == 404
        assert (await plain.get("/files/a/b/c")).status_code == 404
        assert (await plain.post("/feedback/shop/user/ada", json={})).status_code == 404


@pytest.fixture
async def in_bucket(tmp_path: Path) -> AsyncIterator[tuple[httpx.AsyncClient, S3Server, httpx.AsyncClient]]:
    """A client of a house whose files are in a bucket, the bucket, and a client for the network."""
    clock = StillClock(NOW)
    s3 = S3Server(clock)
    async with served(s3) as (host, port), httpx.AsyncClient() as network:
        files = S3Files(Bucket(f"http://{host}:{port}", BUCKET), S3Credentials(KEY, SECRET, REGION), clock)
        await files.open()
        opened = await open_widget_house(tmp_path, clock=clock, files=files)
        async with opened.client() as client:
            yield client, s3, network
        await files.close()


async def test_a_file_goes_to_the_bucket_by_itself(
    in_bucket: tuple[httpx.AsyncClient, S3Server, httpx.AsyncClient],
) -> None:
    client, s3, network = in_bucket
    talk = await Talk.start(client)
    told = await ticket(client, talk.key, filename="Zoë.png")
    assert told["provider"] == "s3"
    assert (await send(network, told)).status_code == 201
    assert list(s3.objects.values()) == [PICTURE]
    moved = await client.get(told["fileURL"])
    assert moved.status_code == 302
    got = await network.get(moved.headers["location"])
    assert (got.status_code, got.content, got.headers["content-type"]) == (200, PICTURE, "image/png")
    assert got.headers["content-disposition"].startswith("attachment;")


async def test_what_is_no_file_in_the_bucket_is_deleted_and_never_served(
    in_bucket: tuple[httpx.AsyncClient, S3Server, httpx.AsyncClient],
) -> None:
    client, s3, network = in_bucket
    told = await ticket(client, (await Talk.start(client)).key)
    assert (await send(network, told, b"<html>" * 10)).status_code == 201
    assert (await client.get(told["fileURL"])).status_code == 404
    assert s3.objects == {}
    assert (await send(network, told, b"x" * (LARGEST + 1))).status_code == 403


async def test_a_bucket_that_is_down_is_503(
    in_bucket: tuple[httpx.AsyncClient, S3Server, httpx.AsyncClient],
) -> None:
    client, s3, _ = in_bucket
    talk = await Talk.start(client)
    told = await ticket(client, talk.key)
    s3.is_broken = True
    assert (await client.get(told["fileURL"])).status_code == 503
    answer = await client.post(TICKET, json={}, headers={"authorization": talk.key})
    assert (answer.status_code, answer.json()["code"]) == (503, "store_unavailable")
