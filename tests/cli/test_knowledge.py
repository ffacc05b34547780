"""`parley knowledge` and `parley check` on documents, beside a server that answers from them."""

from __future__ import annotations

from pathlib import Path

import httpx
from tests.cli.running import AGENT, run, serving
from tests.fixtures import documents as made


def passages(url: str, key: str, question: str) -> list[str]:
    body = {"question": question, "synthesis": False}
    answer = httpx.post(f"{url}/knowledge-base/query", json=body, headers={"authorization": key}, timeout=30)
    assert answer.status_code == 200, answer.text
    return [chunk["content"] for chunk in answer.json()["chunks"]]


def test_documents_are_added_found_and_removed_beside_a_running_server(tmp_path: Path) -> None:
    data, file = tmp_path / "parley.db", tmp_path / "help.md"
    of = ("--project", "tryout", "--data", data)
    file.write_bytes(made.MARKDOWN)
    with serving(AGENT, "--data", data) as server:
        assert passages(server.url, server.key, "return") == []
        added = run("knowledge", "add", file, "--tag", "help", *of)
        assert (added.returncode, added.stderr) == (0, "") and "help.md: 1 passages" in added.stdout
        assert made.RETURNS in passages(server.url, server.key, "return")[0]
        file.write_bytes(b"# Help\n\nReturns take 14 days.\n")
        assert run("knowledge", "add", file, *of).returncode == 0
        assert passages(server.url, server.key, "returns") == ["Help\nReturns take 14 days."]
        listed = run("knowledge", "list", *of).stdout
        assert listed.count("help.md") == 1
        assert "Returns take 14 days." in run("knowledge", "query", "returns", *of).stdout
        id = added.stdout.split()[0]
        assert run("knowledge", "remove", id, *of).stdout == f"Removed {id}.\n"
        assert passages(server.url, server.key, "returns") == []
        assert "Nothing was found." in run("knowledge", "query", "returns", *of).stdout
    again = run("knowledge", "remove", id, *of)
    assert (again.returncode, again.stderr) == (1, "There is no such document.\n")


def test_files_that_cannot_be_added_are_told(tmp_path: Path) -> None:
    data = tmp_path / "parley.db"
    with serving(AGENT, "--data", data):
        pass
    of = ("--project", "tryout", "--data", data)
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF broken")
    told = run("knowledge", "add", broken, *of)
    assert told.returncode == 1 and "is broken" in told.stdout
    for name, said in ((tmp_path / "none.md", "cannot be read"), (tmp_path / "a.exe", "documents end in")):
        refused = run("knowledge", "add", name, *of)
        assert refused.returncode == 1 and said in refused.stderr and "Traceback" not in refused.stderr


def test_an_agent_answers_from_the_files_beside_it(tmp_path: Path) -> None:
    agent = tmp_path / "desk"
    (agent / "knowledge").mkdir(parents=True)
    (agent / "agent.yaml").write_text("workflows: {main: [{say: Hello}]}\n")
    (agent / "knowledge" / "help.docx").write_bytes(made.docx(made.RETURNS))
    (agent / "knowledge" / "secret.pdf").write_bytes(made.encrypted_pdf())
    checked = run("check", agent)
    assert checked.returncode == 1
    assert "secret.pdf: error: The PDF is encrypted" in checked.stdout
    with serving(agent, "--data", tmp_path / "parley.db", "--reload", PARLEY_EMBEDDINGS="hashed") as server:
        assert "a document cannot be read" in server.wait_for(server.err, "secret.pdf")
        assert passages(server.url, server.key, "returned goods") == [made.RETURNS]
        (agent / "knowledge" / "help.docx").write_bytes(made.docx("Unused goods may be returned within a year."))
        server.wait_for(server.err, "agent reloaded")
        assert passages(server.url, server.key, "returned goods") == ["Unused goods may be returned within a year."]
