"""Every route, with every role's key, no key, a wrong one, and one of another workspace: the matrix of rights.py."""

from __future__ import annotations

import uuid

import httpx
import pytest

from estate_fixture import Ground
from parley.domain.workspace import ROLES, Role, is_at_least
from parley.transports.platform.rights import RIGHTS

PARTS = {
    "canonical_id": "crm:Patient:1",
    "call_sid": "CA" + "0" * 32,
    "key_id": str(uuid.UUID(int=1)),
}
REFUSED = {401, 403}


def filled(path: str, workspace: str) -> str:
    """The path with something in each of its braces."""
    parts = []
    for part in path.split("/"):
        name = part.strip("{}")
        found = workspace if name == "workspace_id" else PARTS.get(name, str(uuid.UUID(int=1)))
        parts.append(found if part.startswith("{") else part)
    return "/".join(parts)


async def status(ground: Ground, key: str | None, method: str, path: str, workspace: str) -> int:
    headers = {} if key is None else {"authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=ground.front), base_url="http://parley.test"
    ) as client:
        body = {"json": {}} if method in ("POST", "PUT", "PATCH") else {}
        return (await client.request(method, filled(path, workspace), headers=headers, **body)).status_code


@pytest.mark.parametrize(("method", "path"), sorted(RIGHTS))
async def test_a_route_lets_in_who_may_and_nobody_else(ground: Ground, method: str, path: str) -> None:
    wanted = RIGHTS[method, path]
    ours = ground.ours.id
    said: dict[Role, int] = {role: await status(ground, ground.keys[role], method, path, ours) for role in ROLES}
    for role in ROLES:
        if is_at_least(role, wanted):
            assert said[role] not in REFUSED | {500}, role
        else:
            assert said[role] == 403, role
    for key in (None, "", "nonsense", "pk_" + "0" * 24 + "_x"):
        assert await status(ground, key, method, path, ours) == 401
    if "{workspace_id}" in path:
        assert await status(ground, ground.foreign_key, method, path, ours) == 403
        assert await status(ground, ground.keys["owner"], method, path, "not-a-uuid") == 422
