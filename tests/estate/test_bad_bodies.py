"""Bodies with what JSON cannot hold: told in this door's form, never a 500."""

from __future__ import annotations

import httpx
import pytest

from estate_fixture import Ground


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b'{"display_name": NaN}', ["body", "display_name"]),
        (b'{"display_name": 1e999}', ["body", "display_name"]),
        (b'{"display_name": "\\ud800"}', ["body", "display_name"]),
        (b'{"display_name": {"\\ud800": [NaN]}}', ["body", "display_name"]),
        (b'{"external_ids": {"\\ud800": 1}}', ["body", "external_ids"]),
    ],
)
async def test_it_is_422_and_says_where(
    client: httpx.AsyncClient, ground: Ground, body: bytes, place: list[str | int]
) -> None:
    at, json = ground.at("/world/entities/crm:Patient:1"), {"content-type": "application/json"}
    answer = await client.put(at, content=body, headers=json)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"][: len(place)] == place


async def test_limits_are_numbers_where_they_are_told(client: httpx.AsyncClient, ground: Ground) -> None:
    answer = await client.post(ground.at("/api-keys"), json={"duration_days": 91})
    assert answer.json()["detail"][0]["ctx"] == {"le": 90}
