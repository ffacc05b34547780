"""What webhooks send is what the reference shows, field by field."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx

from estate_fixture import Ground
from parley.domain.conversation_names import call_of
from parley.domain.ids import UserID
from parley.domain.operator import Handover
from parley.domain.state import Contact
from parley.domain.webhook import TYPES
from parley.session.happenings import HandedOver

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "platform-api.md"


def documented() -> dict[str, Any]:
    blocks = map(json.loads, re.findall(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL))
    return {block["type"]: block for block in blocks if block.get("type") in TYPES}


def shape(value: Any) -> Any:
    """The names and kinds of an object's fields."""
    if isinstance(value, dict):
        return {name: shape(each) for name, each in value.items()}
    return type(value)


async def test_the_reference_shows_what_is_sent(client: httpx.AsyncClient, ground: Ground) -> None:
    hook = (await client.post(ground.at("/webhooks"), json={"url": "https://example.org/hook"})).json()
    directory = ground.opened.house.directory
    project = next(iter(ground.opened.house.catalog.projects()))
    text, _ = await directory.obtain(project.id, UserID("ada"), project.environments[0])
    contact = Contact("voice", caller="+15550100")
    call, _ = await directory.obtain(project.id, UserID("bob"), project.environments[0], contact)
    at = ground.at(f"/sessions/{call_of(text.id)}/inject")
    assert (await client.post(at, json={"message": "Be kind.", "event_type": "guidance"})).status_code == 200
    await (await ground.estate.talks.greet(text)).whole()
    directory.happenings.tell(HandedOver(call.state(), Handover()))
    await directory.end(call.id, "hangup")
    await ground.estate.reporting.told()
    await ground.estate.announcing.told()
    sent = {d.type: json.loads(d.body) for d in await ground.estate.webhooks.deliveries(hook["id"])}
    assert len(documented()) == 4
    for type, shown in documented().items():
        assert shape(sent[type]) == shape(shown), type
    assert sent["runtime.injection.used"]["data"]["call_sid"] == call_of(text.id)
    assert sent["runtime.call.end"]["data"]["metadata"]["userNumber"] == "+15550100"
    assert "Be kind." not in json.dumps(sent)
    await ground.estate.close()
