"""The travel desk as a newcomer starts it: `make serve EXAMPLE=travel_desk`, its own services included."""

from __future__ import annotations

import asyncio
import functools
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import socketio  # type: ignore[import-untyped]
from tests.cli.running import Server
from tests.model_server import ModelServer, model_server
from tests.model_streams import chunk, data, part

ROOT = Path(__file__).parents[2]
SETTINGS = (
    "PARLEY_MODEL",
    "PARLEY_MODEL_URL",
    "PARLEY_MODEL_KEY",
    "PARLEY_MODELS",
    "API_KEY",
    "MAKEFLAGS",
    "MAKELEVEL",
)
FLIGHT = "I'd like to fly to Lisbon on Friday"
pytestmark = pytest.mark.timeout(120)
Trace = dict[str, Any]


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as found:
        port: int = found.getsockname()[1]
        return port


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def copied(folder: Path) -> int:
    """Puts what `make serve` needs into the folder, with the desk's services on a free port; which one."""
    port = free_port()
    shutil.copy(ROOT / "Makefile", folder)
    for name in ("requirements.lock", "pyproject.toml"):
        (folder / name).touch()
    here = folder / "examples/travel_desk"
    shutil.copytree(ROOT / "examples/travel_desk", here, ignore=shutil.ignore_patterns("__pycache__"))
    agent = here / "agent.yaml"
    agent.write_text(agent.read_text().replace("localhost:8190", f"localhost:{port}"))
    return port


def command(folder: Path) -> list[str]:
    """As people type it, in the environment that runs the tests."""
    venv = sys.prefix
    settings = ["EXAMPLE=travel_desk", "PORT=0", f"DATA={folder}/data.db", f"VENV={venv}", "-o", f"{venv}/.installed"]
    return ["make", "-C", str(folder), "serve", *settings]


def environment(**settings: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in SETTINGS} | settings


@contextmanager
def made(folder: Path, **settings: str) -> Iterator[Server]:
    """The server that `make serve` starts. Its services are gone when it is."""
    port = copied(folder)
    process = subprocess.Popen(
        command(folder), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(**settings)
    )
    try:
        server = Server(process)
        assert answers(port)
        yield server
    finally:
        process.terminate()
        process.wait(30)
    assert "Traceback" not in "".join(server.err)
    deadline = time.monotonic() + 20
    while answers(port):
        assert time.monotonic() < deadline, "the desk's services outlive the server"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with made(tmp_path_factory.mktemp("desk")) as server:
        yield server


class Talk:
    """A conversation over HTTP, whose answers are streamed."""

    def __init__(self, server: Server, user: str) -> None:
        self._url = server.url
        start = f"{server.url}/v4/project/travel_desk/session"
        answer = httpx.post(start, json={"userID": user}, headers={"authorization": server.key})
        self._key = answer.json()["sessionKey"]
        self.act({"type": "launch"})

    def say(self, words: str) -> list[Trace]:
        """What came back."""
        return self.act({"type": "text", "payload": words})

    def act(self, action: dict[str, Any]) -> list[Trace]:
        body = {"action": action, "config": {"completionEvents": True}}
        answer = httpx.post(
            f"{self._url}/v4/interact/stream", json=body, headers={"authorization": self._key}, timeout=30
        )
        assert answer.status_code == 200
        events = [json.loads(line[5:]) for line in answer.text.splitlines() if line.startswith("data:")]
        return [event for event in events if "payload" in event]


def streamed(traces: list[Trace]) -> list[str]:
    """The texts of the model."""
    texts: list[str] = []
    for payload in (trace["payload"] for trace in traces if trace["type"] == "completion"):
        if payload["state"] == "start":
            texts.append("")
        texts[-1] += payload.get("content", "")
    return texts


def of(kind: str, traces: list[Trace]) -> list[Any]:
    return [trace["payload"] for trace in traces if trace["type"] == kind]


def used(traces: list[Trace]) -> dict[str, Any]:
    """The results of tools, by name."""
    known = [payload.get("metadata", {}) for payload in of("debug", traces)]
    return {each["tool_name"]: each["result"] for each in known if "result" in each}


def test_flight_is_searched_priced_and_booked(desk: Server) -> None:
    talk = Talk(desk, "ada")
    found = talk.say(FLIGHT)
    assert of("reasoning", found)[0]["state"] == "start"
    assert len(of("tool-call", found)) == 2
    assert streamed(found) == ["There are two flights to Lisbon that day. Which one shall it be?"]
    cards = of("carousel", found)[0]["cards"]
    assert [card["title"] for card in cards] == ["HT204 at 07:40", "HT208 at 16:15"]
    priced = talk.act(cards[0]["buttons"][0]["request"])
    assert list(used(priced)) == ["flights_details", "price"]
    assert streamed(priced)[0].startswith("That comes to 155.66 euros")
    booked = talk.say("Ada Lovelace")
    reference = json.loads(used(booked)["book_flight"])["reference"]
    assert streamed(booked) == [f"It is booked. Your reference is {reference}."]
    assert of("cardV2", booked)[0]["title"] == "Flight HT204, Friday"
    assert reference in of("cardV2", booked)[0]["description"]["text"]


def test_booking_is_moved_by_the_api(desk: Server) -> None:
    talk = Talk(desk, "grace")
    assert "Grace Hopper, to Rome on" in streamed(talk.say("I want to move my booking HERON7"))[0]
    assert streamed(talk.say("Monday")) == [
        "Done, it is now on Monday. The fee of 35 euros goes to the card that paid."
    ]
    assert "to Rome on Monday" in streamed(talk.say("my booking HERON7"))[0]


@pytest.mark.parametrize(
    ("question", "document", "answer"),
    [
        ("Can I get a refund if I am ill?", "knowledge/refunds.md", "Yes: with a doctor's note"),
        ("How much luggage may I take?", "knowledge/luggage.md", "One bag of 8 kilograms"),
        ("Do I need a passport?", "knowledge/documents.md", "You need a passport"),
    ],
)
def test_questions_are_answered_from_the_pages(desk: Server, question: str, document: str, answer: str) -> None:
    traces = Talk(desk, f"asks {question}").say(question)
    assert document in [chunk["documentData"]["name"] for chunk in of("knowledgeBase", traces)[0]["chunks"]]
    assert streamed(traces)[0].startswith(answer)


def test_api_that_is_down_is_told_and_a_person_is_fetched(desk: Server) -> None:
    talk = Talk(desk, "alan")
    traces = talk.say("What about my booking PX1234?")
    assert "503" in used(traces)["find_booking"]
    assert [payload["message"] for payload in of("text", traces)] == ["The booking system does not give me that one."]
    assert streamed(traces)[0].startswith("The partner's system is down")
    person = of("choice", traces)[0]["buttons"][0]
    assert person["name"] == "Talk to a person"
    handed = of("live-agent-handoff", talk.act(person["request"]))
    assert handed[0]["event"] == "chat_started"
    back = talk.act({"type": "live-agent-handoff", "payload": {"type": "return_to_voiceflow"}})
    assert of("live-agent-handoff", back)[0]["event"] == "chat_ended"


def test_small_talk_changes_of_mind_and_the_end(desk: Server) -> None:
    talk = Talk(desk, "edsger")
    hello = talk.say("hello")
    assert streamed(hello)[0].startswith("Hello") and not of("flow", hello)
    talk.say("to Oslo on Sunday")
    assert streamed(talk.say("Wait, can I get a refund if I am ill?"))[0].startswith("Yes: with a doctor's note")
    assert "from a script" in streamed(talk.say("Colourless green ideas sleep furiously"))[0]
    assert [trace["type"] for trace in talk.say("bye")][-1] == "end"


def test_script_and_key_are_what_they_should_be(desk: Server) -> None:
    printed = "".join(desk.out)
    assert re.search(r"Model +scripted:\S+ \(a script, not a language model\)", printed)
    assert "answers come from a script, not from a language model" in "".join(desk.out + desk.err)
    traces = Talk(desk, "eve").say("my booking HERON9")
    assert any("a script answered, not a language model" in payload["message"] for payload in of("debug", traces))
    assert "Bearer" not in json.dumps(traces)


async def test_socket_hears_the_same(desk: Server) -> None:
    client = socketio.AsyncClient()
    heard: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
    client.on("*", functools.partial(_put, heard))
    await client.connect(desk.url, socketio_path="/v4/interact/socket", transports=["websocket"])
    config = {"completionEvents": True}
    await client.emit("client.start", {"userID": "barbara", "projectID": "travel_desk", "config": config})
    await client.emit("session.create", {})
    traces: list[Trace] = []
    for action in ({"type": "launch", "payload": {}}, {"type": "text", "payload": FLIGHT}):
        await client.emit("action.send", {"action": action})
        while True:
            event, payload = await heard.get()
            if event == "action.trace":
                traces.append(payload["trace"])
            if event == "action.status" and payload["status"] == "completed":
                break
    await client.disconnect()
    assert streamed(traces) == ["There are two flights to Lisbon that day. Which one shall it be?"]
    assert len(of("carousel", traces)[0]["cards"]) == 2
    assert {payload["state"] for payload in of("reasoning", traces)} == {"start", "content", "end"}


async def _put(heard: asyncio.Queue[tuple[str, Any]], event: str, *args: Any) -> None:
    heard.put_nowait((event, args[0] if args else None))


def calls(provider: ModelServer, name: str, **arguments: Any) -> None:
    """One more reply of the provider: it uses a tool."""
    written = part(0, f"call_{name}", name, json.dumps(arguments))
    provider.reply(data(chunk({"role": "assistant", "tool_calls": [written]}), chunk({}, "tool_calls")))


def says(provider: ModelServer, *pieces: str) -> None:
    provider.reply(data(*(chunk({"content": piece}) for piece in pieces), chunk({}, "stop")))


async def test_two_settings_put_a_model_of_the_openai_kind_in_its_place(tmp_path: Path) -> None:
    async with model_server() as provider:
        calls(provider, "bookings")
        calls(provider, "flights_search", city="Lisbon", day="Friday")
        says(provider, "At 07:40 ", "or at 16:15?")
        calls(provider, "price", flight="HT204", fare=129, travellers=1)
        says(provider, "155.66 euros.")
        calls(provider, "book_flight", flight="HT502", day="Monday", traveller="Ada Lovelace")
        says(provider, "It is booked.")
        settings = {"PARLEY_MODEL": "openai:some-model", "PARLEY_MODEL_URL": provider.url}
        found, booked, printed = await asyncio.to_thread(_book, tmp_path, settings)
    assert "Model     openai:some-model\n" in printed
    assert streamed(found) == ["At 07:40 or at 16:15?"]
    assert json.loads(used(found)["flights_search"])["flights"][0]["flight"] == "HT204"
    # The model wanted another flight than the one that was priced: what is given stays what it is.
    assert json.loads(used(booked)["book_flight"])["flight"] == "HT204"
    asked = [received.body for received in provider.requests]
    assert {body["model"] for body in asked} == {"some-model"}
    offered = [{tool["function"]["name"] for tool in body["tools"]} for body in asked]
    assert {"bookings", "changes", "questions", "talk_to_person"} <= offered[0]
    assert {"flights_search", "price", "book_flight"} <= offered[1] and "find_booking" not in offered[1]
    assert "# Booking a flight" in asked[1]["messages"][0]["content"]
    seats = next(tool for tool in asked[1]["tools"] if tool["function"]["name"] == "book_flight")
    assert list(seats["function"]["parameters"]["properties"]) == ["traveller"]


def _book(folder: Path, settings: dict[str, str]) -> tuple[list[Trace], list[Trace], str]:
    with made(folder, **settings) as server:
        talk = Talk(server, "ada")
        found = talk.say("Lisbon on Friday, please")
        talk.say("the first one")
        return found, talk.say("Ada Lovelace"), "".join(server.out)


def test_port_that_is_taken_is_told_with_what_to_do(tmp_path: Path) -> None:
    port = copied(tmp_path)
    with closing(socket.create_server(("127.0.0.1", port))):
        done = subprocess.run(command(tmp_path), capture_output=True, text=True, timeout=60, env=environment())
    assert done.returncode != 0
    assert f"Port {port} is taken. Choose another in" in done.stderr


def test_its_suite_passes_without_services_and_models() -> None:
    suite = [sys.executable, "-m", "parley", "test", str(ROOT / "examples/travel_desk")]
    done = subprocess.run(suite, capture_output=True, text=True, timeout=60, env=environment())
    assert done.returncode == 0, done.stdout
    assert re.search(r"\b[1-9]\d* passed\b", done.stdout) and "failed" not in done.stdout
