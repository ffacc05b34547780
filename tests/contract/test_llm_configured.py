"""Which models a server has: settings, the file of models, keys, and what is wrong with them, in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.contract.llm_clients import Heard, hear
from tests.model_server import ModelServer, model_server
from tests.model_streams import CHAT, SAID

from parley.backends.clock import SystemClock
from parley.backends.llm.configured import ConfiguredModels
from parley.backends.llm.scripted import ScriptedModel
from parley.config import FromEnvironment, ModelChoice
from parley.domain.prompt import ModelSettings
from parley.errors import BadProject
from parley.ports.llm import Asked, Line

HI = (Line("user", "Hi"),)


async def asked(server: ModelServer, names: str | None, model: str | None = None, **how: Any) -> Heard:
    """What comes of a question to the models of these settings; the server answers well if it says nothing else."""
    server.replies or server.reply(CHAT["openai"].data)
    keys, file = how.pop("keys", {}), how.pop("file", None)
    models = ConfiguredModels(SystemClock(), keys.get, **how)
    opened = models.open(names, file)
    assert opened is not None
    try:
        return await hear(opened, Asked(HI, settings=ModelSettings(model=model)))
    finally:
        await models.close()


async def test_two_settings_are_enough() -> None:
    async with model_server() as server:
        heard = await asked(server, "openai:llama3.2", url=server.url)
    assert heard.text == SAID
    assert server.requests[0].body["model"] == "llama3.2"
    assert "authorization" not in server.requests[0].headers


async def test_a_key_for_the_own_server_is_sent_and_the_key_for_openai_is_not() -> None:
    async with model_server() as server:
        await asked(server, "openai:x", url=server.url, keys={"OPENAI_API_KEY": "sk-openai"})
        await asked(server, "openai:x", url=server.url, key="mine\n")
    assert [request.headers.get("authorization") for request in server.requests] == [None, "Bearer mine"]


async def test_models_follow_each_other_in_the_order_of_the_names() -> None:
    async with model_server() as server:
        server.fail(401, {})
        server.reply(CHAT["openai"].data)
        heard = await asked(server, "openai:one, openai:two", url=server.url)
    assert [request.body["model"] for request in server.requests] == ["one", "two"]
    assert heard.text == SAID


async def test_an_agent_may_name_another_model_of_the_same_provider() -> None:
    async with model_server() as server:
        await asked(server, "openai:one", "openai:other", url=server.url)
        heard = await asked(server, "openai:one", "anthropic:claude", url=server.url)
        await asked(server, "openai:one", "scripted:/etc/passwd", url=server.url)
    assert [request.body["model"] for request in server.requests] == ["other", "one", "one"]
    assert "there is no model 'anthropic:claude' here" in heard.notices[0]


async def test_a_file_of_models(tmp_path: Path) -> None:
    file = tmp_path / "models.yaml"
    async with model_server() as server:
        file.write_text(
            "models:\n"
            f"  quick: {{address: 'openai:small', url: '{server.url}', prices: {{asked: 1, answered: 2}}}}\n"
            f"  large: {{address: 'openai:big', url: '{server.url}', key_env: BIG_KEY, waits: {{first: 3}}}}\n"
            "order: [large, quick]\n"
        )
        large = await asked(server, None, file=file, keys={"BIG_KEY": "sk-big"})
        quick = await asked(server, "quick", file=file, keys={"BIG_KEY": "sk-big"})
        await asked(server, None, "quick", file=file, keys={"BIG_KEY": "sk-big"})
    assert [request.body["model"] for request in server.requests] == ["big", "small", "small"]
    assert server.requests[0].headers["authorization"] == "Bearer sk-big"
    assert large.usage is not None and large.usage.cost is None
    assert quick.usage is not None and quick.usage.cost == pytest.approx((20 + 7 * 2) / 1e6)


def test_a_script_alone_is_asked_as_it_is(tmp_path: Path) -> None:
    script = tmp_path / "script.yaml"
    script.write_text("- answer: Hi.")
    assert isinstance(ConfiguredModels(SystemClock(), {}.get).open(f"scripted:{script}", None), ScriptedModel)


def test_without_names_there_is_none() -> None:
    assert ConfiguredModels(SystemClock(), {}.get).open(None, None) is None


@pytest.mark.parametrize(
    ("names", "how", "told"),
    [
        ("gpt-5", {}, "begin with openai:"),
        ("delphi:oracle", {}, "begin with openai:"),
        ("openai:", {"key": "k"}, "say which model"),
        ("openai:gpt-5", {}, "Set OPENAI_API_KEY, or PARLEY_MODEL_URL"),
        ("anthropic:claude", {}, "Set ANTHROPIC_API_KEY"),
        ("openai:a", {"url": "localhost:11434"}, "http:// or https://"),
        ("openai:a", {"url": "http://user:secret@host/v1"}, "hold no password"),
        ("openai:a", {"key": "two words"}, "characters that no key has"),
        ("openai:a", {"key": "k\r\nx: y"}, "characters that no key has"),
        ("scripted:/nowhere.yaml", {}, "not a script"),
    ],
)
def test_wrong_settings_give_one_clear_line(names: str, how: dict[str, str], told: str) -> None:
    with pytest.raises(BadProject) as refused:
        ConfiguredModels(SystemClock(), {}.get, **how).open(names, None)
    assert told in refused.value.message
    assert "\n" not in refused.value.message
    assert "secret" not in refused.value.message and "two words" not in refused.value.message


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("models: {a: {address: gpt}}", "a: its address has to begin with"),
        ("models: {a: {address: 'openai:x'}}\norder: [b]", "names b"),
        ("models: {a: {address: 'openai:x', key_env: NOT_SET}}", "a: the model needs a key. Set NOT_SET."),
        ("models: {a: {address: 'openai:x', price: 3}}", "price"),
        ("models: [", "cannot be used"),
        ("", "cannot be used"),
    ],
)
def test_a_wrong_file_gives_one_clear_line(text: str, told: str, tmp_path: Path) -> None:
    file = tmp_path / "models.yaml"
    file.write_text(text)
    with pytest.raises(BadProject) as refused:
        ConfiguredModels(SystemClock(), {}.get).open(None, file)
    assert told in refused.value.message and "\n" not in refused.value.message


def test_the_environment_is_read_in_one_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_MODEL", "openai:a,anthropic:b")
    monkeypatch.setenv("PARLEY_MODEL_URL", "http://localhost/v1")
    monkeypatch.setenv("PARLEY_MODEL_KEY", "sk-mine")
    monkeypatch.setenv("PARLEY_MODELS", "models.yaml")
    monkeypatch.setenv("SOME_KEY", "sk-some")
    choice = FromEnvironment().model
    assert (choice.names, choice.url, choice.key) == ("openai:a,anthropic:b", "http://localhost/v1", "sk-mine")
    assert (choice.file, choice.key_of("SOME_KEY"), choice.key_of("NO_SUCH")) == (Path("models.yaml"), "sk-some", None)
    assert "sk-" not in repr(choice) + repr(ModelChoice(key="sk-x"))
