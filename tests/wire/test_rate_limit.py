"""The rate limit: off unless it is set; a bucket a key; refused before any effect."""

from __future__ import annotations

from house_fixture import API_KEY, Talk, open_house
from parley.backends.clock import StillClock


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
