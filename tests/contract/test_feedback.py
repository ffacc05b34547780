"""What every store's feedback promises (ports/feedback.py)."""

from __future__ import annotations

from typing import Any

import pytest

from parley.domain.ids import ProjectID, UserID
from parley.errors import InvalidInput
from parley.ports.feedback import FeedbackRecord


def record(n: int, project: str = "shop", subject: str = "ada", **data: Any) -> FeedbackRecord:
    return FeedbackRecord(f"{n:024x}", project, subject, n, data or {"name": "thumbs_up"})


async def test_what_was_given_is_listed_oldest_first(store: Any) -> None:
    for n in (3, 1, 2):
        await store.feedback.add(record(n, text="Zoë \U0001f600", score=1.5, nested={"a": [None, True]}))
    assert list(await store.feedback.list("shop")) == [
        record(n, text="Zoë \U0001f600", score=1.5, nested={"a": [None, True]}) for n in (1, 2, 3)
    ]


async def test_projects_do_not_see_each_other(store: Any) -> None:
    await store.feedback.add(record(1))
    await store.feedback.add(record(2, project="bank"))
    assert [each.given_at for each in await store.feedback.list("bank")] == [2]
    assert list(await store.feedback.list("nobody")) == []


async def test_one_subject_is_told_from_the_others(store: Any) -> None:
    await store.feedback.add(record(1))
    await store.feedback.add(record(2, subject="bob"))
    assert [each.given_at for each in await store.feedback.list("shop", subject="bob")] == [2]


async def test_pages_follow_one_another_without_a_hole(store: Any) -> None:
    for n in range(1, 8):
        await store.feedback.add(record(n))
    seen: list[int] = []
    after = ""
    while page := await store.feedback.list("shop", after=after, at_most=3):
        seen += [each.given_at for each in page]
        after = page[-1].id
    assert seen == [1, 2, 3, 4, 5, 6, 7]


async def test_forgetting_a_subject_leaves_the_others(store: Any) -> None:
    await store.feedback.add(record(1))
    await store.feedback.add(record(2, subject="bob"))
    await store.feedback.forget("shop", "ada")
    await store.feedback.forget("shop", "nobody")
    assert [each.subject for each in await store.feedback.list("shop")] == ["bob"]


async def test_deleting_a_user_deletes_the_feedback_too(store: Any) -> None:
    await store.feedback.add(record(1))
    await store.forget(ProjectID("shop"), UserID("ada"))
    assert list(await store.feedback.list("shop")) == []


async def test_what_comes_back_is_the_callers_own(store: Any) -> None:
    await store.feedback.add(record(1))
    (await store.feedback.list("shop"))[0].data["name"] = "changed"
    assert (await store.feedback.list("shop"))[0].data == {"name": "thumbs_up"}


@pytest.mark.parametrize("subject", ["a\0b", "\ud800"])
async def test_names_that_cannot_be_kept_are_refused(store: Any, subject: str) -> None:
    with pytest.raises(InvalidInput):
        await store.feedback.add(record(1, subject=subject))
    assert list(await store.feedback.list("shop", subject=subject)) == []
    await store.feedback.forget("shop", subject)


async def test_old_feedback_makes_room_for_new(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("memory_feedback", "sqlite_feedback"):
        monkeypatch.setattr(f"parley.backends.store.{module}.KEPT", 5)
    monkeypatch.setattr("parley.backends.store.sqlite_feedback.TRIM_EVERY", 4)
    for n in range(1, 21):
        await store.feedback.add(record(n))
    kept = [each.given_at for each in await store.feedback.list("shop", at_most=1000)]
    assert kept == list(range(kept[0], 21))
    assert 5 <= len(kept) <= 9


async def test_feedback_outlives_the_process(reopen: Any) -> None:
    await (await reopen()).feedback.add(record(1))
    assert list(await (await reopen()).feedback.list("shop")) == [record(1)]
