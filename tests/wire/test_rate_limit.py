"""The rate limit: off unless it is set; a bucket a key; refused before any effect."""

from __future__ import annotations

import httpx

from documented import answer_faults
from estate_fixture import URL, break_ground
from house_fixture import API_KEY, Talk, open_house
from parley.backends.clock import StillClock
from parley.transports.front import Front


async def test_it_is_off_by_default(talk: Talk) -> None:
    answer = await talk.send({"type": "launch"})
    assert "x-ratelimit-limit" not in answer.headers


async def test_a_key_has_so_many_requests_a_minute() -> None:
    clock = StillClock()
    opened = await open_house(clock=clock, rate_per_minute=3)
    async with opened.client() as client:
        talk, other = await Talk.start(client, "ada"), await Talk.start(client, "bob")
        left = [(await talk.send({"type": "launch"})).headers["x-ratelimit-remaining"] for _ in range(3)]
        assert left == ["2", "1", "0"]
        refused = await talk.send({"type": "text", "payload": "hi"})
        assert refused.status_code == 429
        assert refused.json() == {
            "statusCode": 429,
            "error": "Too Many Requests",
            "message": "More than 3 requests in a minute with this key. Try again in 20 s.",
            "code": "rate_limited",
        }
        assert refused.headers["retry-after"] == "20"
        assert refused.headers["x-ratelimit-limit"] == "3"
        assert refused.headers["x-ratelimit-reset"] == "60"
        assert (await other.send({"type": "launch"})).status_code == 200
        await clock.advance(20)
        answer = await talk.send({"type": "text", "payload": "hi"}, config={"state": True})
        assert answer.json()["state"]["variables"]["last_utterance"] == "hi"
        assert (await talk.send({"type": "launch"})).status_code == 429


async def test_probes_are_free_and_legacy_bodies_stay_legacy() -> None:
    opened = await open_house(clock=StillClock(), rate_per_minute=1)
    async with opened.client() as client:
        for _ in range(5):
            assert (await client.get("/health")).status_code == 200
        for status in (200, 429):
            answer = await client.post(
                "/state/user/ada/interact", json={"action": {"type": "launch"}}, headers={"authorization": API_KEY}
            )
            assert answer.status_code == status
        assert (answer.json()["code"], answer.json()["status"]) == (429, "Too Many Requests")


async def test_the_platform_api_refuses_in_its_own_form_and_says_when_in_seconds_since_1970() -> None:
    ground = await break_ground(await open_house(clock=StillClock(now_ms=2_000_000_000_000)))
    front = Front(ground.opened.house, estate=ground.estate, rate_per_minute=1)
    headers = {"authorization": f"Bearer {ground.keys['owner']}"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(front), base_url=URL, headers=headers) as client:
        for status in (200, 429):
            answer = await client.get(ground.at("/sessions/active"))
            assert answer.status_code == status
            assert answer.headers["x-ratelimit-reset"] == str(2_000_000_060)
        assert answer.headers["retry-after"] == "60"
        assert answer.json()["error_code"] == "rate_limited"
        assert answer_faults("GET", ground.at("/sessions/active"), 429, answer.headers, answer.content) == []
        stable = await client.get("/v1/stable/environment")
        assert (stable.status_code, stable.json()["code"]) == (429, "rate_limited")
