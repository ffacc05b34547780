"""`parley replay` of a playbook that used tools: offline, the same; with a changed agent, different where it is."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from recorded import house, tell
from test_replay import replayed

from parley.backends.llm.scripted import script_of
from parley.backends.tools.scripted import ScriptedTools
from parley.ports.tools import Response

AGENT = """
project: shop
variables: {status: "", rate: "", stars: 0}
functions:
  rate: |
    export default async function main({inputVars}) {
      const eur = await fetch('https://rates.test/eur');
      return {outputVars: {rate: `${eur.json.rate} at ${Math.random()} on ${Date.now()}`}};
    }
tools:
  order:
    api: POST https://shop.test/orders
    parameters: {item: What}
    json: {item: "{item}"}
    into: {status: status}
  rate: {function: rate, into: {rate: rate}}
  count: {workflow: counting, outputs: [stars]}
playbooks:
  desk: {instructions: Serve the desk., tools: [order, rate, count, end]}
workflows:
  main:
    - playbook: desk
      exits: {sold: {to: [say: "Sold for {rate}, {status}, {stars}."]}}
  counting: [{set: {stars: = stars + 1}}, {say: Counting.}]
"""
MODEL = """
- when: buy
  think: Let me see.
  answer: One moment.
  calls: {order: {item: lamp}}
  then:
    - calls: {rate: {}}
      then: [{calls: {count: {}}, then: [{answer: 'All done.'}]}]
- {when: enough, calls: {sold: {}}}
- {answer: Hello.}
"""


def shop() -> ScriptedTools:
    """A shop and its bank."""
    return ScriptedTools(
        {
            "POST https://shop.test/orders": Response(200, "OK", "", (), json.dumps({"status": "sent"}).encode()),
            "GET https://rates.test/eur": Response(200, "OK", "", (), json.dumps({"rate": 1.5}).encode()),
        }
    )


@pytest.mark.parametrize("reads_along", [True, False], ids=["in pieces", "whole"])
async def test_a_playbook_with_tools_is_the_same_without_its_world(tmp_path: Path, reads_along: bool) -> None:
    agent, data = tmp_path / "agent.yaml", tmp_path / "data.db"
    agent.write_text(AGENT)
    async with house(data, agent, shop(), script_of(MODEL)) as opened:
        session = await opened.session()
        said = await tell(session, {"type": "launch"}, "buy", "enough", completion_events=reads_along)
    assert any(text.startswith("Sold for 1.5 at 0.") and text.endswith(", sent, 1.") for text in said)
    code, shown = await asyncio.to_thread(replayed, session.id, data)
    assert code == 0, shown
    assert "3 turns, 3 the same, 0 different" in shown
    agent.write_text(AGENT.replace("Sold for", "Given away for"))
    code, shown = await asyncio.to_thread(replayed, session.id, data, "--agent", agent)
    assert code == 1
    assert "3 turns, 2 the same, 1 different" in shown
    assert "+ text: Given away for" in shown
