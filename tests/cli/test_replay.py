"""`parley replay`: stored sessions run again from their data file alone, with their own agent or a changed one."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from recorded import house, send, tell
from running import run

from parley.backends.llm.scripted import script_of
from parley.backends.tools.scripted import ScriptedTools
from parley.domain.actions import parse_action
from parley.ports.llm import Asked, Piece
from parley.ports.tools import Request, RequestFailed, Response
from parley.session.edits import merged_variables

LAUNCH = {"type": "launch"}
AGENT = """
project: shop
variables: {q: "", status: "", result: "", name: {default: you, persist: true}, visits: {default: 0, persist: true}}
settings: {recording: RECORDING}
functions:
  rate:
    source: |
      export default async function main({inputVars}) {
        const [eur, usd] = await Promise.all([fetch('https://rates.test/eur'), fetch('https://rates.test/usd')]);
        return {outputVars: {rate: `${eur.json.rate}/${usd.json.rate} at ${Math.random()} on ${Date.now()}`}};
      }
    outputs: [rate]
workflows:
  main:
    - set: {visits: = Number(visits) + 1}
    - say: ["Hello {name}.", "Hi {name}.", "Welcome {name}."]
    - {label: again, ask: "What is it?", into: q}
    - if: q == 'order'
      then: [-> order]
    - if: q == 'rate'
      then: [-> rate]
    - if: q == 'story'
      then: [-> story]
    - buttons: {Left: [say: Going left.], Right: [say: Going right.]}
    - -> again
  order:
    - api: GET https://shop.test/orders/7
      headers: {Authorization: "Bearer {secret.key}"}
      params: {token: "{secret.key}"}
      into: {status: status}
      on_failure: [{say: No answer.}]
    - say: "It is {status}."
    - -> main.again
  rate:
    - function: rate
      into: {result: rate}
    - say: "{result}"
    - -> main.again
  story:
    - prompt: Tell a story.
    - -> main.again
"""
MODEL = "[{answer: Once upon a time there was a cat.}]"


def shop() -> ScriptedTools:
    """A shop that answers, with the secret that it was sent."""

    def order(request: Request) -> Response:
        return Response(200, "OK", request.url, (), json.dumps({"status": "on its way", "to": request.url}).encode())

    def rate(value: float) -> Response:
        return Response(200, "OK", "", (), json.dumps({"rate": value}).encode())

    return ScriptedTools(
        {
            "GET https://shop.test/orders/7": order,
            "GET https://rates.test/eur": rate(1.5),
            "GET https://rates.test/usd": rate(1.75),
        }
    )


@pytest.fixture
def agent(tmp_path: Path) -> Path:
    return written(tmp_path / "agent.yaml")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data.db"


def written(path: Path, old: str = "", new: str = "", recording: str = "on") -> Path:
    path.write_text(
        AGENT.replace("RECORDING", recording).replace(old, new) if old else AGENT.replace("RECORDING", recording)
    )
    return path


def replayed(session: str, data: Path, *more: str | Path) -> tuple[int, str]:
    """The exit code, and what is shown."""
    done = run("replay", session, "--data", data, *more)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


async def test_a_session_with_models_services_functions_and_buttons_is_the_same(agent: Path, data: Path) -> None:
    async with house(data, agent, shop(), script_of(MODEL), key="s3cret-key") as opened:
        session = await opened.session()
        said = await tell(session, LAUNCH, "order", "rate", "story", "else")
        state = session.state().storage
        assert state is not None
        await tell(session, {"type": "text", "payload": "left"}, {"type": "event", "payload": {"event": {"name": "x"}}})
        assert "It is on its way." in said
        assert "Once upon a time there was a cat." in said
    code, shown = await asyncio.to_thread(replayed, session.id, data)
    assert code == 0, shown
    assert "7 turns, 7 the same, 0 different" in shown


async def test_nothing_is_kept_of_a_turn_that_asks_for_nothing_nor_of_any_secret(agent: Path, data: Path) -> None:
    async with house(data, agent, shop(), key="s3cret-key") as opened:
        session = await opened.session()
        await tell(session, LAUNCH, "order")
        plain, asking = await opened.store.turns(session.id)
    assert plain.heard is None
    assert asking.heard is not None
    assert b"on its way" in asking.heard
    assert b"s3cret" not in asking.heard
    code, shown = await asyncio.to_thread(replayed, session.id, data)
    assert code == 0, shown


async def test_streamed_answers_and_state_are_the_same(agent: Path, data: Path) -> None:
    async with house(data, agent, shop(), script_of(MODEL)) as opened:
        session = await opened.session()
        await tell(session, LAUNCH, "story", completion_events=True, state=True)
    code, shown = await asyncio.to_thread(replayed, session.id, data)
    assert code == 0, shown


async def test_failures_of_the_world_are_the_same(agent: Path, data: Path) -> None:
    class Down:
        async def send(self, request: Request) -> Response:
            raise RequestFailed("the line is down")

        def post(self, request: Request) -> None: ...

    async with house(data, agent, Down(), script_of("[{fails: asleep}]"), key="s3cret-key") as opened:
        session = await opened.session()
        assert "No answer." in await tell(session, LAUNCH, "order", "story", "rate")
    code, shown = await asyncio.to_thread(replayed, session.id, data)
    assert code == 0, shown


async def test_a_secret_and_a_model_that_were_not_there_are_not_there_again(agent: Path, data: Path) -> None:
    async with house(data, agent, shop()) as opened:
        session = await opened.session()
        assert "No answer." in await tell(session, LAUNCH, "order", "story")
    code, shown = await asyncio.to_thread(replayed, session.id, data)
    assert code == 0, shown


async def test_what_a_user_brings_from_the_session_before_and_what_clients_set_is_there_again(
    agent: Path, data: Path
) -> None:
    async with house(data, agent, shop()) as opened:
        await tell(await opened.session(), LAUNCH)
        first = await opened.directory.latest(opened.project.id, (await opened.session()).state().user)
        assert first is not None
        session = await opened.session()
        await (await session.edit(merged_variables({"name": "Ada"}), "variables")).whole()
        said = await tell(session, LAUNCH)
        assert said[0] in ("Hello Ada.", "Hi Ada.", "Welcome Ada.")
    code, shown = await asyncio.to_thread(replayed, session.id, data)
    assert code == 0, shown
    assert "2 turns" in shown


class Slow:
    """A model that says two words and then waits until it is let go."""

    def __init__(self) -> None:
        self.has_begun = asyncio.Event()

    async def answer(self, asked: Asked) -> AsyncIterator[Piece]:
        yield "Once "
        yield "upon "
        self.has_begun.set()
        await asyncio.get_running_loop().create_future()


async def test_an_interrupted_turn_stops_where_it_stopped(agent: Path, data: Path) -> None:
    slow = Slow()
    async with house(data, agent, shop(), slow) as opened:
        session = await opened.session()
        await tell(session, LAUNCH)
        answer = await send(session, "story", completion_events=True)
        await slow.has_begun.wait()
        session.interrupt()
        await answer.whole()
        await tell(session, "order")
    code, shown = await asyncio.to_thread(replayed, session.id, data)
    assert code == 0, shown


async def test_texts_that_were_merged_are_merged_again(agent: Path, data: Path) -> None:
    async with house(data, agent, shop()) as opened:
        session = await opened.session()
        await tell(session, LAUNCH)
        first, second = [await send(session, text, concurrency="merge") for text in ("good", "morning")]
        await tell(session, "order")
        assert (len(await first.whole()) > 1, len(await second.whole())) == (True, 1)
    code, shown = await asyncio.to_thread(replayed, session.id, data)
    assert (code, "not recorded" in shown) == (0, False), shown


async def test_a_turn_that_ran_out_of_time_does_so_again_at_once(tmp_path: Path, data: Path) -> None:
    agent = written(tmp_path / "agent.yaml", "settings: {", "settings: {limits: {seconds: 0.2}, ")
    async with house(data, agent, shop(), Slow()) as opened:
        session = await opened.session()
        await tell(session, LAUNCH, "story")
    code, shown = await asyncio.to_thread(replayed, session.id, data)
    assert code == 0, shown


async def test_a_turn_that_was_run_again_after_a_crash_is_the_same(agent: Path, data: Path) -> None:
    class Dying(ScriptedTools):
        """Never answers."""

        async def send(self, request: Request) -> Response:
            begun.set()
            return await asyncio.get_running_loop().create_future()

    begun = asyncio.Event()
    async with house(data, agent, Dying(), key="s3cret-key") as opened:
        session = await opened.session()
        await tell(session, LAUNCH)
        running = await send(session, "order")
        await begun.wait()
    async with house(data, agent, shop(), key="s3cret-key") as opened:
        again = await opened.directory.find(session.id)
        await (await again.answer(running.turn)).whole()
        await tell(again, "rate")
    code, shown = await asyncio.to_thread(replayed, session.id, data)
    assert code == 0, shown
    assert "3 turns" in shown


async def test_a_changed_agent_is_shown_where_it_differs(agent: Path, data: Path, tmp_path: Path) -> None:
    async with house(data, agent, shop(), script_of(MODEL), key="s3cret-key") as opened:
        session = await opened.session()
        await tell(session, LAUNCH, "order", "story")
    changed = written(tmp_path / "changed.yaml", "It is {status}.", "Your order is {status}.")
    code, shown = await asyncio.to_thread(replayed, session.id, data, "--agent", changed)
    assert code == 1
    assert "- text: It is on its way." in shown
    assert "+ text: Your order is on its way." in shown
    assert "! no longer asked" not in shown
    assert "not recorded" not in shown.split("turn 3")[0]


async def test_what_a_changed_agent_asks_anew_is_told_at_its_place_and_fails(
    agent: Path, data: Path, tmp_path: Path
) -> None:
    async with house(data, agent, shop(), script_of(MODEL), key="s3cret-key") as opened:
        session = await opened.session()
        await tell(session, LAUNCH, "order", "else")
    changed = written(tmp_path / "changed.yaml", "orders/7", "orders/8")
    code, shown = await asyncio.to_thread(replayed, session.id, data, "--agent", changed)
    assert code == 1
    lines = [line.strip() for line in shown.splitlines()]
    told = next(
        n for n, line in enumerate(lines) if line.startswith("! not recorded: a service was asked something new")
    )
    assert "orders/8" in lines[told]
    assert "+ text: No answer." in lines[told:]
    assert "s3cret" not in shown
    assert "1 different" in lines[-1] or "2 different" in lines[-1]


async def test_everything_as_json(agent: Path, data: Path) -> None:
    async with house(data, agent, shop(), key="s3cret-key") as opened:
        session = await opened.session()
        await tell(session, LAUNCH, "order")
    code, shown = await asyncio.to_thread(replayed, session.id, data, "--json")
    document: dict[str, Any] = json.loads(shown)
    assert code == 0
    assert document["same"] is True
    assert [turn["same"] for turn in document["turns"]] == [True, True]
    assert document["turns"][1]["recorded"] == document["turns"][1]["replayed"] != []


async def test_a_running_server_is_not_disturbed(agent: Path, data: Path) -> None:
    async with house(data, agent, shop(), key="s3cret-key") as opened:
        session = await opened.session()
        await tell(session, LAUNCH, "order")
        code, shown = await asyncio.to_thread(replayed, session.id, data)
        assert code == 0, shown
        assert await tell(session, "rate")


async def test_a_large_answer_is_cut_and_the_replay_says_so(tmp_path: Path, data: Path) -> None:
    agent = written(tmp_path / "agent.yaml", recording="{largest: 20}")
    async with house(data, agent, shop(), key="s3cret-key") as opened:
        session = await opened.session()
        await tell(session, LAUNCH, "order")
        turns = await opened.store.turns(session.id)
        assert len(turns[1].heard or b"") < 600
    code, shown = await asyncio.to_thread(replayed, session.id, data)
    assert code == 1
    assert "recorded in part" in shown


async def test_what_the_agent_redacts_is_not_in_the_file_and_the_replay_is_the_same(tmp_path: Path, data: Path) -> None:
    agent = written(tmp_path / "agent.yaml", recording='{redact: ["on its \\\\w+"]}')
    async with house(data, agent, shop(), key="s3cret-key") as opened:
        session = await opened.session()
        await tell(session, LAUNCH, "order")
        turns = await opened.store.turns(session.id)
        assert b"[redacted]" in (turns[1].heard or b"")
        assert b"on its" not in (turns[1].heard or b"")
    code, shown = await asyncio.to_thread(replayed, session.id, data)
    assert code == 0, shown


async def test_with_recording_off_the_world_is_not_there(tmp_path: Path, data: Path) -> None:
    agent = written(tmp_path / "agent.yaml", recording="off")
    async with house(data, agent, shop(), key="s3cret-key") as opened:
        session = await opened.session()
        await tell(session, LAUNCH, "order")
        assert [turn.heard for turn in await opened.store.turns(session.id)] == [None, None]
    code, shown = await asyncio.to_thread(replayed, session.id, data)
    assert code == 1
    assert "not recorded" in shown


def test_what_cannot_be_replayed_is_one_clear_line(agent: Path, data: Path) -> None:
    assert replayed("nobody", data) == (
        2,
        f"{data}: there is no such data file. Name the one that the server uses: --data FILE.\n",
    )
    asyncio.run(_opened(data, agent))
    assert replayed("nobody", data) == (2, "There is no session 'nobody' in this data file.\n")
    sqlite3.connect(data).close()
    assert parse_action(LAUNCH) is not None


async def _opened(data: Path, agent: Path) -> None:
    async with house(data, agent, shop()):
        pass
