"""Queries of functions: what they hold for, and that nothing in them can hurt."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.engine.queries import matches

EVENT = {
    "event": {
        "type": "cart",
        "payload": {
            "n": 3,
            "name": "Ada",
            "tags": ["a", "b"],
            "items": [{"id": 1, "q": 2}, {"id": 7, "q": 9}],
            "no": None,
        },
        "ok": True,
    }
}


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"event.type": "cart"},
        {"event": EVENT["event"]},
        {"event.payload.n": {"$eq": 3}},
        {"event.payload.n": {"$ne": 4, "$gt": 2, "$gte": 3, "$lt": 4, "$lte": 3}},
        {"event.payload.name": {"$gt": "Aa"}},
        {"event.payload.n": {"$in": [1, 3]}},
        {"event.payload.n": {"$nin": [1, 2]}},
        {"event.payload.tags": "a"},
        {"event.payload.tags": ["a", "b"]},
        {"event.payload.tags.1": "b"},
        {"event.payload.items.id": 7},
        {"event.payload.items.1.id": 7},
        {"event.payload.items": {"$elemMatch": {"id": 7, "q": {"$gt": 8}}}},
        {"event.payload.tags": {"$elemMatch": {"$regex": "^b$"}}},
        {"event.payload.missing": {"$exists": False}},
        {"event.payload.no": {"$exists": True}},
        {"event.payload.no": None},
        {"event.payload.missing": None},
        {"event.payload.missing": {"$ne": 1}},
        {"event.payload.name": {"$regex": "^ad", "$options": "i"}},
        {"event.payload.name": {"$not": {"$regex": "^B"}}},
        {"$or": [{"event.type": "x"}, {"event.ok": True}]},
        {"$and": [{"event.type": "cart"}, {"event.ok": True}]},
        {"$nor": [{"event.type": "x"}]},
    ],
    ids=str,
)
def test_what_holds(query: Any) -> None:
    assert matches(query, EVENT)


@pytest.mark.parametrize(
    "query",
    [
        None,
        [],
        {"event.type": "carts"},
        {"event.ok": 1},
        {"event.payload.n": {"$gt": 3}},
        {"event.payload.n": {"$gt": "2"}},
        {"event.payload.n": {"$in": 3}},
        {"event.payload.n": {"$unknown": 3}},
        {"$where": "true"},
        {"$or": []},
        {"$and": {"event.type": "cart"}},
        {"event.payload.items": {"$elemMatch": {"id": 1, "q": 9}}},
        {"event.payload.name": {"$regex": "("}},
        {"event.payload.name": {"$regex": 5}},
        {"event.payload.n": {"$regex": "3"}},
        {"event.payload.missing": {"$exists": True}},
        {"event.payload.n": {"$not": {"$eq": 3}}},
    ],
    ids=str,
)
def test_what_does_not_hold(query: Any) -> None:
    assert not matches(query, EVENT)


def test_a_pattern_that_would_take_for_ever_does_not_hold() -> None:
    begun = time.process_time()
    assert not matches({"event": {"$regex": "^(a+)+$"}}, {"event": "a" * 40 + "b"})
    assert time.process_time() - begun < 1


def test_depth_is_no_crash() -> None:
    query: Any = {"event.type": "cart"}
    for _ in range(500):
        query = {"$and": [query]}
    assert not matches(query, EVENT)
    deep: Any = {"$eq": 1}
    for _ in range(500):
        deep = {"$not": deep}
    assert isinstance(matches({"event": deep}, EVENT), bool)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["$gt", "$regex", "$not", "$elemMatch", "$in", "$or", "a", "a.b", "$options", "$exists"]),
            inner,
            max_size=3,
        )
    ),
)


@given(_JSON, _JSON)
def test_no_query_raises(query: Any, document: Any) -> None:
    assert isinstance(matches(query, document), bool)
