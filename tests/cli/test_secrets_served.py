"""Secrets in a server as people run it: they reach the service, and are found nowhere else."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from tests.cli.running import run, serving

SECRET = "Ab3+key/of=the shop"
AGENT = """
variables: {all: "", one: "", made: ""}
settings: {private_hosts: ["127.0.0.1"]}
functions:
  leak: |
    export default async function main(args) {
      console.log(args.inputVars.key);
      const response = await fetch(args.inputVars.url, {headers: {authorization: args.inputVars.key}});
      return {outputVars: {key: args.inputVars.key + response.json.key}, trace: [{type: 'leak', payload: args}]};
    }
mcp:
  gone: {url: "http://127.0.0.1:1/{secret.shop_key}", headers: {x-key: "{secret.shop_key}"}}
workflows:
  main:
    - api: POST http://127.0.0.1:PORT/echo?key={secret.shop_key}
      headers: {authorization: "{secret.shop_key}"}
      json: {key: "{secret.shop_key}"}
      into: {all: response, one: key}
    - api: GET http://127.0.0.1:1/{secret.shop_key}
    - api: GET http://{secret.shop_key}/
    - function: leak
      with: {key: "{secret.shop_key}", url: "http://127.0.0.1:PORT/echo"}
      into: {made: key}
    - say: "{all} {one} {made} {secret.shop_key}"
    - listen:
"""


class Echo(BaseHTTPRequestHandler):
    """Says back whatever it is told."""

    heard: list[str]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        key = self.headers["authorization"]
        self.heard.append(key)
        answer = json.dumps({"url": self.path, "body": body, "key": key, "headers": dict(self.headers)}).encode()
        self.send_response(200, f"OK {key}")
        self.send_header("content-type", "application/json")
        self.send_header("x-echo", key)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def echo() -> Iterator[ThreadingHTTPServer]:
    handler = type("Handler", (Echo,), {"heard": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def is_in(text: str) -> bool:
    """Whether the secret, or what JSON and addresses make of it, is there."""
    forms = (SECRET, SECRET.lower(), "Ab3%2Bkey", "Ab3%2bkey", "Ab3+key")
    return any(form in text for form in forms)


def test_a_secret_is_sent_and_is_found_nowhere_else(tmp_path: Path, echo: ThreadingHTTPServer) -> None:
    agent, data = tmp_path / "agent.yaml", tmp_path / "parley.db"
    agent.write_text(AGENT.replace("PORT", str(echo.server_address[1])), "utf-8")
    secrets = tmp_path / "secrets.yaml"
    secrets.write_text(f"shop_key: {SECRET}\n", "utf-8")
    secrets.chmod(0o644)
    with serving(agent, "--data", data, PARLEY_SECRETS=str(secrets)) as server:
        started = httpx.post(
            f"{server.url}/v4/project/agent/session",
            headers={"authorization": server.key},
            json={"userID": "ada"},
            timeout=20,
        )
        key = started.json()["sessionKey"]
        answered = httpx.post(
            f"{server.url}/v4/interact",
            headers={"authorization": key},
            json={"action": {"type": "launch"}, "config": {"state": True, "logs": "verbose"}},
            timeout=30,
        )
        server.wait_for(server.err, "MCP server does not tell")
        server.stop()
        logged = "".join(server.out + server.err)
    assert echo.RequestHandlerClass.heard == [SECRET, SECRET]  # type: ignore[attr-defined]
    assert "__secret_shop_key__" in answered.text
    assert "{secret.shop_key}" in answered.text
    assert not is_in(answered.text)
    assert not is_in(logged)
    assert "chmod 600" in logged
    for file in tmp_path.glob("parley.db*"):
        assert not is_in(file.read_bytes().decode("latin-1"))


def test_a_secret_that_is_not_set_is_warned_of(tmp_path: Path) -> None:
    agent = tmp_path / "agent.yaml"
    agent.write_text(AGENT.replace("PORT", "80"), "utf-8")
    told = run("check", agent)
    assert "the secret `shop_key` is not set for the environment `main`" in told.stdout
    assert "Set PARLEY_SECRET_SHOP_KEY" in told.stdout
    assert "the secret" not in run("check", agent, PARLEY_SECRET_SHOP_KEY="abcd").stdout


def test_a_file_of_secrets_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    agent = tmp_path / "agent.yaml"
    agent.write_text(AGENT.replace("PORT", "80"), "utf-8")
    told = run("serve", agent, "--port", "0", "--data", ":memory:", PARLEY_SECRETS=str(tmp_path / "none.yaml"))
    assert told.returncode != 0
    assert "the file with the secrets cannot be read" in told.stderr
    assert "Traceback" not in told.stderr
