"""Ground to stand on for the tests of the platform door."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from estate_fixture import Ground, break_ground, close_all
from watched_front import everything_keeps_to_the_documents

__all__ = ["everything_keeps_to_the_documents"]


@pytest.fixture(autouse=True)
async def estates_are_closed() -> AsyncIterator[None]:
    """Nothing goes on behind a test that is over."""
    yield
    await close_all()


@pytest.fixture
async def ground() -> Ground:
    """A house with an estate."""
    return await break_ground()


@pytest.fixture
async def client(ground: Ground) -> AsyncIterator[httpx.AsyncClient]:
    """An owner."""
    async with ground.client() as client:
        yield client
