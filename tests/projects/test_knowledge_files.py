"""The documents that an agent's files name: which there are, what is wrong with them, and when they are read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.fixtures import documents as made
from tests.wire.knowledge_house import open_knowledge_house

from parley.backends.knowledge.readers import Readers
from parley.domain.ids import ProjectID
from parley.domain.knowledge_settings import KnowledgeSettings
from parley.projects.load import check, load
from parley.session.stocking import stock

AGENT = "workflows: {main: [{say: Hello}]}\n"


def agent(path: Path, knowledge: str = "", **files: bytes) -> Path:
    """A directory with an agent and these documents, `__` in a name for a dot and `___` for a slash."""
    (path / "agent.yaml").write_text(AGENT + (f"knowledge: {knowledge}\n" if knowledge else ""))
    for name, data in files.items():
        file = path / name.replace("___", "/").replace("__", ".")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return path


def test_files_and_pages_are_named_with_all_that_belongs_to_them(tmp_path: Path) -> None:
    page = "{url: 'https://example.org/a', refresh: daily, name: A, tags: [x], metadata: {country: no, n: 3}}"
    path = agent(
        tmp_path,
        f"{{documents: [terms.md, 'https://example.org', {page}, {{file: b.txt, tags: [y]}}], "
        "limit: 5, rewrite: true, sources: 2}",
        terms__md=b"# Terms",
        b__txt=b"b",
        knowledge___more___c__csv=b"a,b\n1,2",
    )
    project = load(path).project
    assert [each.name for each in project.documents] == [
        *("terms.md", "https://example.org", "A", "b.txt", "knowledge/more/c.csv")
    ]
    assert (project.documents[2].refresh, project.documents[2].tags) == ("daily", ("x",))
    assert project.documents[2].metadata == {"country": "no", "n": 3}
    settings = project.environments[0].program.settings
    assert settings.knowledge == KnowledgeSettings(5, True, 2) and settings.no_match_prompt is None


def test_documents_may_answer_what_fits_nothing(tmp_path: Path) -> None:
    prompt = load(agent(tmp_path, "{fallback: true}")).project.environments[0].program.settings.no_match_prompt
    assert prompt is not None and prompt.knowledge and prompt.text == "{last_utterance}"


@pytest.mark.parametrize(
    ("knowledge", "said"),
    [
        ("{documents: [none.md]}", "there is no file `none.md`"),
        ("{documents: [../agent.yaml]}", "outside the agent's directory"),
        ("{documents: [agent.yaml]}", "of no kind that is read"),
        ("{documents: [empty.md]}", "is empty"),
        ("{documents: [terms.md, terms.md]}", "listed twice"),
        ("{documents: ['https://']}", "there is no file"),
        ("{documents: [{url: ftp://x}]}", "is not a web address"),
        ("{documents: [{file: terms.md, url: 'https://x.example'}]}", "needs one of"),
        ("{documents: [{file: terms.md, refresh: daily}]}", "only a `url`"),
        ("{documents: [{url: 'https://x.example', refresh: hourly}]}", "`refresh` cannot be `hourly`"),
        ("{documents: [{file: terms.md, metadata: 3}]}", "must be a mapping"),
        ("{documents: terms.md}", "must be a list"),
        ("{limit: 31}", "at most 30"),
        ("{limit: 0}", "more than 0"),
        ("{sources: 6}", "at most 5"),
        ("{fallback: perhaps}", "`true` or `false`"),
        ("[terms.md]", "must be a mapping"),
        ("{files: [terms.md]}", "no key `files`"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, knowledge: str, said: str) -> None:
    problems = check(agent(tmp_path, knowledge, terms__md=b"# Terms", empty__md=b""))
    assert any(said in problem.message and problem.line for problem in problems), problems


def test_other_files_in_the_directory_are_warned_of(tmp_path: Path) -> None:
    problems = check(agent(tmp_path, knowledge___photo__png=b"x", knowledge____hidden__md=b"x"))
    assert [(problem.severity, "photo.png" in problem.message) for problem in problems] == [("warning", True)]


class Counting(Readers):
    """Counts what is read."""

    def __init__(self) -> None:
        super().__init__(seconds=20)
        self.count = 0

    async def read(self, *given: Any) -> Any:
        """See `DocumentReader.read`."""
        self.count += 1
        return await super().read(*given)


async def test_only_what_has_changed_is_read_anew(tmp_path: Path) -> None:
    path = agent(tmp_path, knowledge___a__md=made.MARKDOWN, knowledge___b__txt=b"Opening hours: nine to six.")
    readers = Counting()
    id = ProjectID(load(path).project.id)

    async def served() -> list[str]:
        async with open_knowledge_house(load(path).project, data=tmp_path / "data.db", readers=readers) as opened:
            assert opened.house.library is not None
            await stock(opened.house.library, load(path).project)
            return [f"{each.name} {each.status}" for each in await opened.house.library.list(id)]

    assert await served() == ["knowledge/a.md SUCCESS", "knowledge/b.txt SUCCESS"]
    assert readers.count == 2
    await served()
    assert readers.count == 2
    (path / "knowledge" / "b.txt").write_bytes(b"Opening hours: ten to four.")
    await served()
    assert readers.count == 3
    (path / "knowledge" / "a.md").unlink()
    assert await served() == ["knowledge/b.txt SUCCESS"]
    assert readers.count == 3


async def test_documents_that_were_added_stay_when_the_files_change(tmp_path: Path) -> None:
    path = agent(tmp_path, knowledge___a__md=made.MARKDOWN)
    project = load(path).project
    async with open_knowledge_house(project) as opened, opened.client() as client:
        assert opened.house.library is not None
        headers = {"authorization": "VF.DM.0123456789abcdef01234567.test-secret"}
        await client.post("/v1/stable/document/text", headers=headers, files={"file": ("own.txt", b"My own words.")})
        await stock(opened.house.library, project)
        (path / "knowledge" / "a.md").unlink()
        await stock(opened.house.library, load(path).project)
        assert [each.name for each in await opened.house.library.list(project.id)] == ["own.txt"]
