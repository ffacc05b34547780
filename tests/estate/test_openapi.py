"""The OpenAPI document, and everything in it tried with whatever its types allow: nothing answers with a 500."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from estate_fixture import Ground, break_ground
from parley.transports.platform.rights import RIGHTS

ENDLESS = {"/v1/{workspace_id}/events/stream"}


class Served:
    """A house in a thread of its own: schemathesis calls from outside, and waits."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.ground: Ground = asyncio.run_coroutine_threadsafe(break_ground(), self._loop).result(30)
        config = uvicorn.Config(self.ground.front, port=0, log_config=None, lifespan="off")
        self._server = uvicorn.Server(config)
        self._serving = asyncio.run_coroutine_threadsafe(self._server.serve(), self._loop)
        while not self._server.started:
            pass
        self.url = f"http://127.0.0.1:{self._server.servers[0].sockets[0].getsockname()[1]}"

    def stop(self) -> None:
        self._server.should_exit = True
        self._serving.result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()


@pytest.fixture(scope="module")
def house() -> Iterator[Served]:
    served = Served()
    yield served
    served.stop()


def test_the_document_has_every_route(house: Served) -> None:
    document = httpx.get(f"{house.url}/openapi.json", timeout=30).json()
    for path in (
        "/v4/interact",
        "/v4/interact/stream",
        "/state/user/{userID}",
        "/v1/stable/conversation/{userID}",
        "/v1/{workspace_id}/sessions/active",
        "/v1/{workspace_id}/sessions/{call_sid}/inject",
        "/v1/{workspace_id}/conversations/{conversation_id}/turns/stream",
    ):
        assert document["paths"][path], path
    names = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert len(names) == len(set(names))
    page = httpx.get(f"{house.url}/docs")
    assert page.status_code == 200
    assert "/console/api.js" in page.text


SHARDS = 4


@pytest.mark.timeout(300)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_nothing_that_the_types_allow_breaks_a_route(house: Served, shard: int) -> None:
    schema = schemathesis.openapi.from_url(f"{house.url}/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) > 80
    for operation in operations[shard::SHARDS]:
        if operation.path not in ENDLESS:
            try_out(operation, house)


def try_out(operation: Any, house: Served) -> None:
    @given(operation.as_strategy())
    @settings(max_examples=5, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    def answers(case: schemathesis.Case) -> None:
        parts = case.path_parameters
        if parts and "workspace_id" in parts:
            parts["workspace_id"] = house.ground.ours.id
        answer = case.call(headers={"authorization": f"Bearer {house.ground.keys['owner']}"}, timeout=20)
        assert answer.status_code < 500 or answer.status_code == 503, f"{operation.label}: {answer.text}"
        if (operation.method.upper(), operation.path) in RIGHTS:
            case.validate_response(answer, checks=[status_code_conformance, response_schema_conformance])
            nobody = case.call(headers={"authorization": "Bearer pk_0_x"}, timeout=20)
            assert nobody.status_code in (401, 413, 422), f"{operation.label}: {nobody.text}"

    answers()
