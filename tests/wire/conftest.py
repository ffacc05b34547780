"""A house and a client for the tests of the HTTP door."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from house_fixture import Opened, Talk, open_house
from watched_front import everything_keeps_to_the_documents

__all__ = ["everything_keeps_to_the_documents"]


@pytest.fixture
async def opened() -> Opened:
    """A house with one small project."""
    return await open_house()


@pytest.fixture
async def client(opened: Opened) -> AsyncIterator[httpx.AsyncClient]:
    """A client of that house."""
    async with opened.client() as client:
        yield client


@pytest.fixture
async def talk(client: httpx.AsyncClient) -> Talk:
    """A session in that house."""
    return await Talk.start(client)
