"""Secrets of the tools of a model, in a server as people run it: each goes where it belongs, and is found nowhere else.

The service, the function and the MCP server all say back the secret that they got, and the model says all that it read.
"""

from __future__ import annotations

import asyncio
import json
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Any

import httpx
import pytest
from running import Server, run, serving
from test_secrets_served import Echo, echo, is_in
from tests.contract.test_mcp import running

__all__ = ["echo"]

SECRET = "Ab3+key/of=the shop"
HIDDEN = "__secret_shop_key__"
AGENT = """
project: agent
variables: {all: "", one: "", made: "", told: ""}
settings: {private_hosts: ["127.0.0.1"], recording: on}
functions:
  leak: |
    export default async function main(args) {
      console.log(args.inputVars.key);
      const response = await fetch(args.inputVars.url, {headers: {authorization: args.inputVars.key}});
      return {outputVars: {key: args.inputVars.key + response.json.key}, trace: [{type: 'leak', payload: args}]};
    }
  broken: "export default async function main(args) { throw new Error('no ' + args.inputVars.key); }"
mcp:
  far: {url: "MCP", headers: {authorization: "{secret.shop_key}"}}
  gone: {url: "http://127.0.0.1:1/{secret.shop_key}", headers: {x-key: "{secret.shop_key}"}}
tools:
  order:
    api: POST http://127.0.0.1:PORT/echo?key={secret.shop_key}
    parameters: {token: {given: "{secret.shop_key}"}}
    headers: {authorization: "{secret.shop_key}"}
    json: {key: "{token}"}
    into: {all: response, one: key}
    messages: {complete: "The service says {all}."}
  nowhere: {api: "GET http://127.0.0.1:1/{secret.shop_key}"}
  leak:
    function: leak
    parameters: {key: {given: "{secret.shop_key}"}, url: {given: "http://127.0.0.1:PORT/echo"}}
    into: {made: key}
  broken: {function: broken, parameters: {key: {given: "{secret.shop_key}"}}}
  say_back: {mcp: far.echo, parameters: {text: {given: "{secret.shop_key}"}}, into: {told: response}}
  sold_out: {mcp: far.fail}
  unreachable: {mcp: gone.find}
workflows:
  main:
    - agent: "You use everything. The key is {secret.shop_key}."
      tools: [order, nowhere, leak, broken, say_back, sold_out, unreachable]
"""
MODEL = """
- when: go
  answer: I use {secret.shop_key}.
  calls: [{order: {}}, {nowhere: {}}, {leak: {}}, {broken: {}}, {say_back: {}}, {sold_out: {}}, {unreachable: {}}]
  anyway: true
  then: [{result: '(?s)(.*)', answer: 'I read \\1'}]
- {answer: Hello.}
"""


def seen_by_clients(server: Server, session: str) -> dict[str, str]:
    """All that a client can be shown of a conversation: its turns whole and in pieces, state, transcripts, errors."""
    own, project = {"authorization": session}, {"authorization": server.key}
    said, config = {"type": "text", "payload": "go"}, {"state": True, "logs": "verbose", "completionEvents": True}
    with httpx.Client(base_url=server.url, timeout=30) as client:

        def post(path: str, headers: dict[str, str], body: dict[str, Any]) -> httpx.Response:
            return client.post(path, headers=headers, json=body)

        post("/v4/interact", own, {"action": {"type": "launch"}}).raise_for_status()
        told = {
            "whole": post("/v4/interact", own, {"action": said, "config": {"state": True, "logs": "verbose"}}),
            "in pieces": post("/v4/interact/stream", own, {"action": said, "config": config}),
            "transcript": post(
                "/v2/public/agent/transcripts/download",
                {},
                {"userID": "ada", "sessionKey": session},
            ),
            "state": client.get("/state/user/ada", headers=project),
            "stable": client.get(f"/v1/stable/transcript/{id_of(session)}", headers=project),
        }
        for response in told.values():
            assert response.status_code == 200, response.text
        told["error"] = post("/v4/interact", own, {"action": {"type": ""}})
    return {name: response.text for name, response in told.items()}


def id_of(session: str) -> str:
    """The session that a session key is for."""
    claims = session.split(".")[1]
    return str(json.loads(urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sid"])


def converse(folder: Path, agent: str) -> tuple[dict[str, str], str, str]:
    """What the client saw, what the server printed, and what a replay of the conversation shows."""
    (folder / "agent.yaml").write_text(agent, "utf-8")
    (folder / "model.yaml").write_text(MODEL, "utf-8")
    secrets, data = folder / "secrets.yaml", folder / "parley.db"
    secrets.write_text(f"shop_key: {SECRET}\n", "utf-8")
    secrets.chmod(0o600)
    settings = {"PARLEY_SECRETS": str(secrets), "PARLEY_MODEL": f"scripted:{folder / 'model.yaml'}"}
    with serving(folder / "agent.yaml", "--data", data, **settings) as server:
        started = httpx.post(
            f"{server.url}/v4/project/agent/session",
            headers={"authorization": server.key},
            json={"userID": "ada"},
            timeout=20,
        ).json()
        seen = seen_by_clients(server, started["sessionKey"])
        server.stop()
        printed = "".join(server.out + server.err)
    replays = [run("replay", id_of(started["sessionKey"]), "--data", data, *more) for more in ((), ("--json",))]
    return seen, printed, "".join(done.stdout + done.stderr for done in replays)


@pytest.mark.timeout(120)
async def test_the_secrets_of_tools_are_sent_and_are_found_nowhere_else(tmp_path: Path, echo: Any) -> None:
    async with running() as far:
        agent = AGENT.replace("PORT", str(echo.server_address[1])).replace("MCP", far.url, 1)
        seen, printed, replayed = await asyncio.to_thread(converse, tmp_path, agent)
    handler: type[Echo] = echo.RequestHandlerClass
    assert handler.heard == [SECRET] * 4, "the service and the function got it, in both turns"
    traces = json.loads(seen["whole"])["traces"]
    read = next(t["payload"]["message"] for t in traces if t["type"] == "text" and "I read" in t["payload"]["message"])
    assert read.count(HIDDEN) >= 5, "service, function, failure, MCP server: all of them said it back"
    assert f"{HIDDEN} ({HIDDEN})" in read, "the MCP server got it as an argument and as a header"
    assert all(HIDDEN in seen[name] for name in ("in pieces", "transcript", "state", "stable"))
    for text in (*seen.values(), printed, replayed):
        assert not is_in(text)
    assert "3 turns" in replayed
    for file in tmp_path.glob("parley.db*"):
        assert not is_in(file.read_bytes().decode("latin-1"))
