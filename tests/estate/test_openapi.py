"""The OpenAPI document, and everything in it tried with whatever its types allow: nothing answers with a 500."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.wire.described_house import open_described_house

from estate_fixture import Ground, break_ground
from house_fixture import API_KEY

ENDLESS = {"/v1/{workspace_id}/events/stream"}
CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]
REFUSED = (400, 401, 404, 413, 422)
"""With a wrong key; what is wrong with the request otherwise may be seen first."""


class Served:
    """A house in a thread of its own: schemathesis calls from outside, and waits."""

    def __init__(self, path: Path) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._opened = AsyncExitStack()
        self.ground: Ground = asyncio.run_coroutine_threadsafe(self._open(path), self._loop).result(30)
        config = uvicorn.Config(self.ground.front, port=0, log_config=None, lifespan="off")
        self._server = uvicorn.Server(config)
        self._serving = asyncio.run_coroutine_threadsafe(self._server.serve(), self._loop)
        while not self._server.started:
            pass
        self.url = f"http://127.0.0.1:{self._server.servers[0].sockets[0].getsockname()[1]}"

    async def _open(self, path: Path) -> Ground:
        return await break_ground(await self._opened.enter_async_context(open_described_house(path)))

    def session_key(self) -> str:
        """The key of a new session."""
        start = f"{self.url}/v4/project/shop/environment/main/session"
        answer = httpx.post(start, json={"userID": "ada"}, headers={"authorization": API_KEY})
        return str(answer.json()["sessionKey"])

    def stop(self) -> None:
        self._server.should_exit = True
        self._serving.result(30)
        asyncio.run_coroutine_threadsafe(self._opened.aclose(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(tmp_path_factory.mktemp("files"))
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


# What schemathesis itself does within its strategies.
pytestmark = pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")
SHARDS = 4
FITTING = {"projectID": "shop", "environmentAlias": "main", "environmentID": "main", "environment": "main"}
"""Values of parameters that every house of these tests has something for."""


@pytest.mark.timeout(300)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_nothing_that_the_types_allow_breaks_a_route(house: Served, shard: int) -> None:
    for operation in operations_of(house)[shard::SHARDS]:
        try_out(operation, house, GenerationMode.POSITIVE, 5)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_nothing_that_the_types_forbid_breaks_a_route(house: Served, shard: int) -> None:
    for operation in operations_of(house)[shard::SHARDS]:
        try_out(operation, house, GenerationMode.NEGATIVE, 3)


def operations_of(house: Served) -> list[Any]:
    schema = schemathesis.openapi.from_url(f"{house.url}/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) > 120
    return [operation for operation in operations if operation.path not in ENDLESS]


def try_out(operation: Any, house: Served, mode: GenerationMode, times: int) -> None:
    right, wrong = keys_of(operation, house)

    @given(operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=times, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    def answers(case: schemathesis.Case) -> None:
        fit(case, house, is_project_alone=mode is GenerationMode.NEGATIVE)
        answer = case.call(headers=right, timeout=20)
        assert answer.status_code < 500 or answer.status_code == 503, f"{operation.label}: {answer.text}"
        case.validate_response(answer, checks=CHECKS)
        if wrong is not None:
            nobody = case.call(headers={"authorization": wrong}, timeout=20)
            assert nobody.status_code in REFUSED, f"{operation.label}: {nobody.status_code} {nobody.text}"

    with suppress(Unsatisfiable):
        # Where there is nothing that the types forbid.
        answers()


def keys_of(operation: Any, house: Served) -> tuple[dict[str, str], str | None]:
    """The header with a key that is good for an operation, and a key that is not; None where none is needed."""
    document = operation.schema.raw_schema["paths"][operation.path][operation.method]
    schemes = [name for each in document.get("security", ()) for name in each or ("nobody",)]
    if not schemes or "nobody" in schemes:
        return {}, None
    if "SessionKey" in schemes:
        return {"authorization": house.session_key()}, "not.a.key"
    if "ApiKey" in schemes:
        return {"authorization": API_KEY}, "VF.DM.0.x"
    return {"authorization": f"Bearer {house.ground.keys['owner']}"}, "Bearer pk_0_x"


def fit(case: schemathesis.Case, house: Served, *, is_project_alone: bool) -> None:
    """Let a request be about what is there: else it is refused before anybody looks at the rest of it."""
    if case.path_parameters and "workspace_id" in case.path_parameters:
        case.path_parameters["workspace_id"] = house.ground.ours.id
    for values in (case.path_parameters, case.query, case.headers):
        for name, value in FITTING.items():
            if values and name in values and (name == "projectID" or not is_project_alone):
                values[name] = value
