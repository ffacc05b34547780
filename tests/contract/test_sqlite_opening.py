"""Opening the file: what cannot be used is refused with one line that says what to do."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from parley.backends.clock import StillClock
from parley.backends.store.sqlite import SqliteStore
from parley.backends.store.sqlite_file import SCHEMA
from parley.domain.ids import SessionID
from parley.errors import StoreUnavailable

from .nouns import session, turn

Make = Callable[..., SqliteStore]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data.db"


def at(path: Path, **options: object) -> SqliteStore:
    return SqliteStore(path, clock=StillClock(), **options)  # type: ignore[arg-type]


async def refusal(path: Path, **options: object) -> str:
    with pytest.raises(StoreUnavailable) as failure:
        await at(path, **options).open()
    assert "\n" not in failure.value.message
    assert str(path) in failure.value.message
    return failure.value.message


async def filled(path: Path) -> None:
    store = at(path)
    await store.open()
    await store.create(session())
    await store.accept(turn())
    await store.close()


async def test_missing_directories_are_made(tmp_path: Path) -> None:
    await filled(tmp_path / "a" / "b" / "data.db")
    assert (tmp_path / "a" / "b" / "data.db").exists()


async def test_a_directory_is_not_a_file(tmp_path: Path) -> None:
    assert "is a directory" in await refusal(tmp_path)


async def test_a_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "cannot be made" in await refusal(tmp_path / "file" / "sub" / "data.db")


async def test_what_is_written_is_synced_and_deleted_text_is_overwritten(path: Path) -> None:
    store = at(path)
    await store.open()

    def pragmas(connection: apsw.Connection) -> list[object]:
        return [connection.pragma(name) for name in ("journal_mode", "synchronous", "secure_delete")]

    assert await store._database.write(pragmas) == ["wal", 2, 2]
    await store.close()


async def test_something_else_than_a_database(path: Path) -> None:
    path.write_text("Dear diary, " * 1000)
    assert "not an SQLite database" in await refusal(path)
    assert path.read_text().startswith("Dear diary")


async def test_some_other_programs_database(path: Path) -> None:
    other = apsw.Connection(str(path))
    other.execute("CREATE TABLE recipes (title)")
    other.close()
    assert "some other program's database" in await refusal(path)


async def test_a_damaged_file(path: Path) -> None:
    await filled(path)
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(size - 4096))
    assert "restore a backup" in await refusal(path)


async def test_a_newer_version(path: Path) -> None:
    await filled(path)
    other = apsw.Connection(str(path))
    other.execute("PRAGMA user_version = 999")
    other.close()
    assert "written by a newer Parley" in await refusal(path)


async def test_an_older_file_is_brought_up_to_date(path: Path) -> None:
    first = sorted(SCHEMA.glob("*.sql"))[0]
    other = apsw.Connection(str(path))
    other.execute(first.read_text("utf-8"))
    other.execute("PRAGMA user_version = 1; INSERT INTO secret VALUES ('name', 'old')")
    other.close()
    store = at(path)
    await store.open()
    assert await store.keyring.secret("name", "new") == "old"
    await store.close()
    assert apsw.Connection(str(path)).pragma("user_version") == len(list(SCHEMA.glob("*.sql")))


async def test_a_file_locked_by_another_program(path: Path) -> None:
    await filled(path)
    other = apsw.Connection(str(path))
    other.execute("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE").fetchall()
    assert "Close that program" in await refusal(path, busy_timeout=0.1)
    other.close()


async def test_a_second_server_is_refused_until_the_first_is_gone(path: Path) -> None:
    first = at(path)
    await first.open()
    assert "in use by another Parley server" in await refusal(path)
    await first.check()
    await first.close()
    await filled(path)


async def test_a_refused_opener_leaves_the_locks_of_the_first_alone(path: Path) -> None:
    first = at(path)
    await first.open()
    await first.create(session())
    for _ in range(3):
        await refusal(path)
    ran = run_child("import apsw, sys; apsw.Connection(sys.argv[1]).execute('PRAGMA journal_mode = DELETE')", path)
    assert "BusyError" in ran.stderr or "LockedError" in ran.stderr, "only a sole user may leave WAL mode"
    await first.accept(turn())
    await first.close()
    store = at(path)
    await store.open()
    assert len(await store.turns(SessionID("s1"))) == 1
    await store.close()


async def test_a_second_server_process_is_refused(path: Path) -> None:
    first = at(path)
    await first.open()
    ran = run_child(
        """
        import asyncio, sys
        from pathlib import Path
        from parley.backends.clock import SystemClock
        from parley.backends.store.sqlite import SqliteStore
        asyncio.run(SqliteStore(Path(sys.argv[1]), clock=SystemClock()).open())
        """,
        path,
    )
    assert "in use by another Parley server" in ran.stderr
    await first.close()


async def test_tools_work_beside_the_server(path: Path) -> None:
    server = at(path)
    await server.open()
    tool = at(path, exclusive=False)
    await tool.open()
    await tool.keyring.secret("name", "from the tool")
    assert await server.keyring.secret("name", "from the server") == "from the tool"
    await tool.close()
    assert "in use by another" in await refusal(path)
    await server.create(session())
    await server.close()


async def test_a_tool_may_make_the_file_and_the_server_use_it(path: Path) -> None:
    tool = at(path, exclusive=False)
    await tool.open()
    await tool.keyring.secret("name", "value")
    server = at(path)
    await server.open()
    await tool.close()
    assert await server.keyring.secret("name", "other") == "value"
    assert "in use by another" in await refusal(path)
    await server.close()


@pytest.mark.parametrize("what", ["file", "directory"])
async def test_what_may_not_be_written(path: Path, what: str) -> None:
    await filled(path)
    path.chmod(0o444 if what == "file" else 0o644)
    path.parent.chmod(0o555)
    user = 65534 if os.getuid() == 0 else os.getuid()
    for parent in path.parents:
        if os.getuid() == 0 and parent != path.parent and parent.stat().st_uid == 0 and len(parent.parts) > 2:
            parent.chmod(parent.stat().st_mode | 0o055)
    ran = run_child(
        f"""
        import asyncio, os, sys
        from pathlib import Path
        from parley.backends.clock import SystemClock
        from parley.backends.store.sqlite import SqliteStore
        os.setuid({user})
        asyncio.run(SqliteStore(Path(sys.argv[1]), clock=SystemClock()).open())
        """,
        path,
    )
    path.parent.chmod(0o755)
    assert "StoreUnavailable: The data file" in ran.stderr
    assert "writable" in ran.stderr or "written by this user" in ran.stderr


def run_child(code: str, path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", textwrap.dedent(code), str(path)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
