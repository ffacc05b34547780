"""Where secrets come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from parley.backends.secrets import KeptSecrets, read_secrets
from parley.errors import BadProject

FILE = """
key: for all
other: 123456
projects:
  desk:
    key: for the desk
    environments:
      staging: {key: for staging}
"""


def written(directory: Path, text: str, mode: int = 0o600) -> Path:
    file = directory / "secrets.yaml"
    file.write_text(text, "utf-8")
    file.chmod(mode)
    return file


@pytest.fixture
def kept(tmp_path: Path) -> KeptSecrets:
    return read_secrets(written(tmp_path, FILE), {"OTHER": "from outside", "KEY": "outside"})


def test_what_is_said_for_an_environment_comes_first_then_the_project_then_the_rest(kept: KeptSecrets) -> None:
    assert kept("desk", "staging")("key") == "for staging"
    assert kept("desk", "main")("key") == "for the desk"
    assert kept("shop", "main")("key") == "outside"
    assert kept("shop", "main")("other") == "from outside"
    assert kept("shop", "main")("nothing") is None


def test_a_number_is_a_text(tmp_path: Path) -> None:
    assert read_secrets(written(tmp_path, FILE), {})("shop", "main")("other") == "123456"


def test_a_file_that_others_may_read_is_warned_of(tmp_path: Path) -> None:
    assert "chmod 600" in read_secrets(written(tmp_path, FILE, 0o644), {}).warnings[0]
    assert read_secrets(written(tmp_path, FILE, 0o600), {}).warnings == ()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("key: [hush", "not YAML in line"),
        ("key: 'hush", "not YAML"),
        ("- hush", "must be a mapping"),
        ("key: {hush: hush}", "must be a text"),
        ("key: true", "must be a text"),
        ("key: abc", "less than 4 characters"),
        ("my key: hushhush", "no name of a secret"),
        ("projects: hush", "must be a mapping"),
        ("projects: {desk: {environments: [hush]}}", "must be a mapping"),
        ("key: \x00hush", "not YAML"),
    ],
)
def test_a_file_that_is_wrong_is_refused_in_one_line_that_gives_nothing_away(
    tmp_path: Path, text: str, why: str
) -> None:
    with pytest.raises(BadProject, match=why) as refused:
        read_secrets(written(tmp_path, text), {})
    assert "\n" not in refused.value.message
    assert "hush" not in refused.value.message.replace("`my key`", "")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadProject, match="cannot be read"):
        read_secrets(tmp_path / "nowhere.yaml", {})
