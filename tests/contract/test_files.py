"""What every place for users' files promises (ports/files.py)."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from house_fixture import served
from parley.app import files_of
from parley.backends.clock import StillClock
from parley.backends.files.address import parse_address
from parley.backends.files.local import UNFINISHED, LocalFiles
from parley.backends.files.s3 import Bucket, S3Files
from parley.backends.files.s3_signature import S3Credentials, signature, signed_form, signed_url
from parley.config import BucketKeys, Settings
from parley.domain.file_kind import PNG
from parley.domain.file_place import FileID, FilePlace, new_place
from parley.domain.ids import SessionID, new_id
from parley.errors import BadProject, StoreUnavailable
from parley.ports.files import Files, Window
from s3_server import BUCKET, KEY, REGION, SECRET, S3Server

SESSION = SessionID("0123456789abcdef01234567")
OTHER = SessionID("f" * 24)
NOW = 2_000_000_000_000


@pytest.fixture
def s3(clock: StillClock) -> S3Server:
    return S3Server(clock)


@pytest.fixture(params=["local", "s3"])
async def files(request: pytest.FixtureRequest, tmp_path: Path, clock: StillClock, s3: S3Server) -> AsyncIterator[Any]:
    if request.param == "local":
        local = LocalFiles(tmp_path / "files")
        await local.open()
        yield local
        await local.close()
        return
    async with served(s3) as (host, port):
        kept = S3Files(Bucket(f"http://{host}:{port}", BUCKET, "chat/"), S3Credentials(KEY, SECRET, REGION), clock)
        await kept.open()
        yield kept
        await kept.close()


def window(clock: StillClock, seconds: int = 600) -> Window:
    return Window(clock.now_ms(), clock.now_ms() + seconds * 1000)


async def test_a_directory_of_files_is_copied_while_it_is_in_use(tmp_path: Path) -> None:
    files, copy = LocalFiles(tmp_path / "files"), tmp_path / "copies" / "copy"
    place, other = new_place(SESSION), new_place(OTHER)
    await files.put(place, b"png")
    await files.put(other, b"other")
    (tmp_path / "files" / UNFINISHED / "part").write_bytes(b"half")
    assert await files.copy(copy) == 2
    await files.delete(place)
    assert [await LocalFiles(copy).read(each) for each in (place, other)] == [b"png", b"other"]
    assert sorted(path.name for path in copy.iterdir()) == sorted([SESSION, OTHER])
    with pytest.raises(StoreUnavailable, match="exists already"):
        await files.copy(copy)


async def test_a_file_comes_back_as_it_was(files: Files) -> None:
    place = new_place(SESSION)
    data = bytes(range(256)) * 20_000
    assert await files.read(place) is None
    assert await files.put(place, data) is True
    assert await files.read(place) == data
    assert await files.read(place, 10) == data[:10]


async def test_a_file_that_is_there_does_not_change(files: Files) -> None:
    place = new_place(SESSION)
    assert await files.put(place, b"one") is True
    assert await files.put(place, b"two") is False
    assert await files.read(place) == b"one"


async def test_of_two_that_put_at_once_one_wins(files: Files) -> None:
    place = new_place(SESSION)
    outcomes = await asyncio.gather(*(files.put(place, b"%d" % n) for n in range(8)))
    assert sum(outcomes) == 1
    assert await files.read(place) == b"%d" % outcomes.index(True)


async def test_conversations_do_not_see_each_other(files: Files) -> None:
    mine, theirs = new_place(SESSION), new_place(OTHER)
    await files.put(mine, b"mine")
    await files.put(theirs, b"theirs")
    assert list(await files.listed(SESSION)) == [mine.file]
    assert list(await files.listed(SessionID("0" * 24))) == []
    assert await files.read(FilePlace(OTHER, mine.file)) is None


async def test_what_was_deleted_is_gone(files: Files) -> None:
    kept, gone = new_place(SESSION), new_place(SESSION)
    for place in (kept, gone):
        await files.put(place, b"x")
    await files.delete(gone)
    await files.delete(gone)
    assert await files.read(gone) is None
    assert list(await files.listed(SESSION)) == [kept.file]


async def test_an_empty_file_is_a_file(files: Files) -> None:
    place = new_place(SESSION)
    await files.put(place, b"")
    assert await files.read(place, 64) == b""


async def test_what_was_cut_off_leaves_nothing(tmp_path: Path) -> None:
    files = LocalFiles(tmp_path)
    (tmp_path / UNFINISHED).mkdir()
    (tmp_path / UNFINISHED / "half").write_bytes(b"half a fi")
    await files.open()
    assert not (tmp_path / UNFINISHED).exists()
    assert list(await files.listed(SESSION)) == []


async def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = LocalFiles(tmp_path)
    place = new_place(SESSION)

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(StoreUnavailable, match=r"[Nn]o space"):
        await files.put(place, b"x" * 100)
    assert await files.read(place) is None
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


async def test_files_can_be_read_by_their_owner_alone(tmp_path: Path) -> None:
    files = LocalFiles(tmp_path / "files")
    await files.put(new_place(SESSION), b"x")
    assert (tmp_path / "files" / SESSION).stat().st_mode & 0o077 == 0


async def test_temporary_files_go_when_they_are_closed(tmp_path: Path) -> None:
    files = LocalFiles(tmp_path / "files", is_temporary=True)
    await files.put(new_place(SESSION), b"x")
    await files.close()
    assert not (tmp_path / "files").exists()


async def test_a_file_in_the_way_is_told_when_opening(tmp_path: Path) -> None:
    (tmp_path / "files").write_text("")
    with pytest.raises(StoreUnavailable, match="directory"):
        await LocalFiles(tmp_path / "files").open()


@pytest.fixture
async def bucket(clock: StillClock, s3: S3Server) -> AsyncIterator[S3Files]:
    async with served(s3) as (host, port):
        kept = S3Files(Bucket(f"http://{host}:{port}", BUCKET, "chat/"), S3Credentials(KEY, SECRET, REGION), clock)
        await kept.open()
        yield kept
        await kept.close()


async def post(files: S3Files, place: FilePlace, clock: StillClock, data: bytes, **changed: str) -> httpx.Response:
    grant = files.grant(place, 100, window(clock))
    assert grant is not None
    async with httpx.AsyncClient() as client:
        return await client.post(grant.url, data={**grant.fields, **changed}, files={"file": ("a.png", data)})


async def test_a_granted_form_is_taken(bucket: S3Files, clock: StillClock) -> None:
    place = new_place(SESSION)
    assert (await post(bucket, place, clock, b"data")).status_code == 201
    assert await bucket.read(place) == b"data"
    assert list(await bucket.listed(SESSION)) == [place.file]


async def test_a_form_that_was_changed_is_refused(bucket: S3Files, clock: StillClock, s3: S3Server) -> None:
    place = new_place(SESSION)
    assert (await post(bucket, place, clock, b"x", key="chat/elsewhere")).status_code == 403
    assert (await post(bucket, place, clock, b"x", acl="public-read")).status_code == 403
    assert (await post(bucket, place, clock, b"x", policy=base64.b64encode(b"{}").decode())).status_code == 403
    assert (await post(bucket, place, clock, b"x" * 101)).status_code == 403
    assert (await post(bucket, place, clock, b"")).status_code == 403
    assert s3.objects == {}


async def test_a_form_expires(bucket: S3Files, clock: StillClock) -> None:
    place = new_place(SESSION)
    grant = bucket.grant(place, 100, window(clock))
    assert grant is not None
    await clock.advance(601)
    async with httpx.AsyncClient() as client:
        answer = await client.post(grant.url, data=grant.fields, files={"file": ("a.png", b"x")})
    assert (answer.status_code, "expired" in answer.text) == (403, True)


async def test_a_link_serves_an_attachment_for_a_while(bucket: S3Files, clock: StillClock) -> None:
    place = new_place(SESSION)
    await bucket.put(place, b"data")
    link = bucket.link(place, PNG, 'attachment; filename="Zoë\'s.png"', window(clock, 60))
    assert link is not None
    async with httpx.AsyncClient() as client:
        answer = await client.get(link)
        assert (answer.status_code, answer.content) == (200, b"data")
        assert answer.headers["content-type"] == "image/png"
        assert answer.headers["content-disposition"].startswith("attachment")
        assert (await client.get(link.replace(place.file, "0" * 32))).status_code == 403
        await clock.advance(61)
        assert (await client.get(link)).status_code == 403


async def test_a_broken_bucket_is_unavailable(bucket: S3Files, s3: S3Server) -> None:
    s3.is_broken = True
    place = new_place(SESSION)
    for attempt in (bucket.read(place), bucket.put(place, b"x"), bucket.listed(SESSION), bucket.delete(place)):
        with pytest.raises(StoreUnavailable):
            await attempt


async def test_a_bucket_that_is_not_there_is_unavailable(clock: StillClock) -> None:
    files = S3Files(Bucket("http://127.0.0.1:9", BUCKET), S3Credentials(KEY, SECRET, REGION), clock)
    with pytest.raises(StoreUnavailable):
        await files.listed(SESSION)
    await files.open()
    with pytest.raises(StoreUnavailable):
        await files.listed(SESSION)
    await files.close()


def test_forms_are_signed_as_the_published_example() -> None:
    """The example of the S3 API reference, "POST object ... browser-based uploads using AWS Signature Version 4"."""
    policy = (
        "eyAiZXhwaXJhdGlvbiI6ICIyMDE1LTEyLTMwVDEyOjAwOjAwLjAwMFoiLA0KICAiY29uZGl0aW9ucyI6IFsNCiAgICB7ImJ1Y2tldCI6"
        "ICJzaWd2NGV4YW1wbGVidWNrZXQifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRrZXkiLCAidXNlci91c2VyMS8iXSwNCiAgICB7ImFj"
        "bCI6ICJwdWJsaWMtcmVhZCJ9LA0KICAgIHsic3VjY2Vzc19hY3Rpb25fcmVkaXJlY3QiOiAiaHR0cDovL3NpZ3Y0ZXhhbXBsZWJ1Y2tl"
        "dC5zMy5hbWF6b25hd3MuY29tL3N1Y2Nlc3NmdWxfdXBsb2FkLmh0bWwifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRDb250ZW50LVR5"
        "cGUiLCAiaW1hZ2UvIl0sDQogICAgeyJ4LWFtei1tZXRhLXV1aWQiOiAiMTQzNjUxMjM2NTEyNzQifSwNCiAgICB7IngtYW16LXNlcnZl"
        "ci1zaWRlLWVuY3J5cHRpb24iOiAiQUVTMjU2In0sDQogICAgWyJzdGFydHMtd2l0aCIsICIkeC1hbXotbWV0YS10YWciLCAiIl0sDQoN"
        "CiAgICB7IngtYW16LWNyZWRlbnRpYWwiOiAiQUtJQUlPU0ZPRE5ON0VYQU1QTEUvMjAxNTEyMjkvdXMtZWFzdC0xL3MzL2F3czRfcmVx"
        "dWVzdCJ9LA0KICAgIHsieC1hbXotYWxnb3JpdGhtIjogIkFXUzQtSE1BQy1TSEEyNTYifSwNCiAgICB7IngtYW16LWRhdGUiOiAiMjAx"
        "NTEyMjlUMDAwMDAwWiIgfQ0KICBdDQp9"
    )
    example = S3Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1")
    signed = signature(example, "20151229T000000Z", policy)
    assert signed == "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e"


def test_urls_are_signed_as_the_published_example() -> None:
    """The example of the S3 API reference, "Authenticating requests: using query parameters"."""
    example = S3Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1")
    at = 1_369_353_600_000
    url = signed_url(example, "GET", "https://examplebucket.s3.amazonaws.com/test.txt", Window(at, at + 86_400_000))
    assert url.endswith("X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")


def test_keys_that_were_issued_for_a_while_bring_their_token() -> None:
    borrowed = S3Credentials(KEY, SECRET, REGION, "a token/+")
    fields = signed_form(borrowed, {"key": "k"}, [], Window(NOW, NOW + 1000))
    assert {"x-amz-security-token": "a token/+"} in json.loads(base64.b64decode(fields["policy"]))["conditions"]
    url = signed_url(borrowed, "GET", "https://s3.test/b/k", Window(NOW, NOW + 1000))
    assert "&X-Amz-Security-Token=a%20token%2F%2B&" in url
    assert SECRET not in repr(borrowed)


def test_places_are_not_guessed() -> None:
    places = {new_place(SessionID(new_id(NOW))).file for _ in range(1000)}
    assert len(places) == 1000
    assert all(len(file) == 32 for file in places)
    assert FileID("x") not in places


@pytest.mark.parametrize(
    ("address", "bucket", "region"),
    [
        ("s3://my-bucket", Bucket("https://s3.us-east-1.amazonaws.com", "my-bucket"), "us-east-1"),
        ("s3://b.c/x/y/?region=eu-1", Bucket("https://s3.eu-1.amazonaws.com", "b.c", "x/y/"), "eu-1"),
        ("s3://abc?endpoint=http://minio:9000/", Bucket("http://minio:9000", "abc"), "us-east-1"),
    ],
)
def test_addresses_of_buckets(address: str, bucket: Bucket, region: str) -> None:
    assert parse_address(address) == (bucket, region)


@pytest.mark.parametrize(
    "address", ["s3://", "s3://A_B", "s3://abc/../x", "s3://abc?endpoint=ftp://x", "s3://abc?regoin=eu", "s3://abc/a b"]
)
def test_addresses_that_cannot_be_are_told(address: str) -> None:
    with pytest.raises(BadProject, match="address for users' files"):
        parse_address(address)


def test_files_are_kept_beside_the_data_unless_said_otherwise(tmp_path: Path) -> None:
    keys = BucketKeys("id", "a secret")
    assert isinstance(files_of(Settings((), data=str(tmp_path / "data.db"))), LocalFiles)
    assert isinstance(files_of(Settings((), files=str(tmp_path))), LocalFiles)
    assert isinstance(files_of(Settings((), files="s3://bucket", bucket_keys=keys)), S3Files)
    with pytest.raises(BadProject, match="AWS_ACCESS_KEY_ID"):
        files_of(Settings((), files="s3://bucket"))
    assert "a secret" not in repr(Settings((), bucket_keys=keys))
