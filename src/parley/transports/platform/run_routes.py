"""Runs: conversations of any channel, and what operators do in them (platform API, section 5.1).

Another way to say what `operator_routes` says, with one rule more: nobody acts here in another's name.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query

from parley.domain.conversation_names import conference_of, participant_of
from parley.domain.ids import SessionID
from parley.domain.operator import Mode
from parley.errors import Conflict, NotFound
from parley.session.handle import SessionHandle
from parley.transports.platform.access import Called, Caller, TheEstate
from parley.transports.platform.run_shapes import (
    ActorBody,
    AuthoredTurnAnswer,
    AuthoredTurnBody,
    Channel,
    Kind,
    Run,
    RunGuidanceAnswer,
    RunGuidanceBody,
    RunList,
    RunModeAnswer,
    RunModeBody,
    RunSummary,
    RunTakeoverBody,
    run_of,
)
from parley.transports.platform.shapes import IdempotencyKey
from parley.workspaces.estate import Estate
from parley.workspaces.runs import Filter
from parley.workspaces.supervising import NotOnCall

router = APIRouter(prefix="/v1/{workspace_id}/runs", tags=["Runs"])
VOICE = "voice"
REFUSALS: dict[int | str, dict[str, Any]] = {
    403: {"description": "The key is no admin's, or did not register this operator."},
    404: {"description": "The run is not live, or there is no such operator."},
    409: {"description": "The run cannot take this now, or its channel never can."},
}
NOT_ON_VOICE = "A call has no words to put in the agent's place. Take it over, and speak with `say`."


@router.get("")
async def list_runs(
    caller: Called,
    estate: TheEstate,
    status: Annotated[Filter | None, Query()] = None,
    kind: Annotated[Kind | None, Query()] = None,
    channel: Annotated[Channel | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    continuation_token: Annotated[str | None, Query(max_length=200)] = None,
) -> RunList:
    """The workspace's runs, newest first. `status=live`: those that have not ended."""
    page = await estate.runs.page(caller.workspace, status, channel, limit, continuation_token)
    states = () if kind == "framework" else page.states
    following = None if kind == "framework" else page.following
    names = await _names(caller, estate)
    items = [run_of(state, caller.workspace.id, estate.clock.now_ms(), names) for state in states]
    return RunList(items=items, has_more=following is not None, continuation_token=following)


@router.get("/summary")
async def summarize_runs(caller: Called, estate: TheEstate) -> RunSummary:
    """How many runs there are."""
    counted = await estate.runs.counts(caller.workspace)
    return RunSummary(
        workspace_id=UUID(caller.workspace.id),
        total=counted.total,
        live=counted.live,
        by_status={
            "running": counted.live - counted.paused,
            "paused": counted.paused,
            "ended": counted.total - counted.live,
        },
        by_channel=counted.by_channel,
        by_kind={"conversation": counted.total, "framework": 0},
    )


@router.get("/{run_id}", responses={404: {"description": "Run not found."}})
async def get_run(run_id: UUID, caller: Called, estate: TheEstate) -> Run:
    """One run, ended or not."""
    try:
        session = await estate.injecting.recall(caller.workspace, str(run_id))
    except NotFound as error:
        raise NotFound("Run not found.", code="no_run") from error
    return run_of(session.state(), caller.workspace.id, estate.clock.now_ms(), await _names(caller, estate))


@router.post("/{run_id}/guidance", responses=REFUSALS)
async def guide_run(
    run_id: UUID,
    body: RunGuidanceBody,
    caller: Called,
    estate: TheEstate,
    key: IdempotencyKey = None,
) -> RunGuidanceAnswer:
    """Coach the agent, which uses it in its next response; the user notices nothing."""
    operator = await _own(body, caller, estate)
    receipt, is_new = await estate.supervising.guide(
        caller.workspace, operator, str(run_id), body.message, caller.key, key=key
    )
    status = receipt.status if is_new else "deduplicated"
    return RunGuidanceAnswer(run_id=run_id, status=status, injection_id=receipt.injection.id)


@router.post("/{run_id}/takeover", responses=REFUSALS)
async def take_over_run(run_id: UUID, body: RunTakeoverBody, caller: Called, estate: TheEstate) -> RunModeAnswer:
    """Listen to it, or take it over: then the agent is silent."""
    operator = await _own(body, caller, estate)
    await estate.supervising.join(caller.workspace, operator, str(run_id), body.mode, caller.key)
    return await _mode(run_id, operator, body.mode, caller, estate)


@router.post("/{run_id}/handback", responses=REFUSALS)
async def hand_back_run(run_id: UUID, body: ActorBody, caller: Called, estate: TheEstate) -> RunModeAnswer:
    """Leave; the agent goes on with what was said."""
    operator = await _own(body, caller, estate)
    with _here():
        await estate.supervising.leave(caller.workspace, operator, str(run_id), caller.key)
    return RunModeAnswer(run_id=run_id, mode=None)


@router.post("/{run_id}/switch-mode", responses=REFUSALS)
async def switch_run_mode(run_id: UUID, body: RunModeBody, caller: Called, estate: TheEstate) -> RunModeAnswer:
    """From listening to having it, or back."""
    operator = await _own(body, caller, estate)
    with _here():
        await estate.supervising.switch(caller.workspace, operator, str(run_id), body.mode, caller.key)
    return await _mode(run_id, operator, body.mode, caller, estate)


@router.post("/{run_id}/authored-turn", responses=REFUSALS)
async def author_turn(run_id: UUID, body: AuthoredTurnBody, caller: Called, estate: TheEstate) -> AuthoredTurnAnswer:
    """Answer the user in the agent's place, in a conversation that this operator has taken over."""
    operator = await _own(body, caller, estate)
    session = await estate.supervising.live(caller.workspace, str(run_id))
    if session.state().contact.channel == VOICE:
        raise Conflict(NOT_ON_VOICE, code="not_on_voice")
    with _here():
        turn = await estate.supervising.say(caller.workspace, operator, str(run_id), body.text, caller.key)
    return AuthoredTurnAnswer(run_id=run_id, staged=True, turn_id=turn)


async def _own(body: ActorBody, caller: Caller, estate: Estate) -> str:
    """The operator, who must be the caller's own."""
    return (await estate.operators.own_of(caller.key, str(body.operator_id))).id


@contextmanager
def _here() -> Iterator[None]:
    """Somebody who is not in a run that lives is told that the run does not take this from them now."""
    try:
        yield
    except NotOnCall as absent:
        raise Conflict("This operator is not in this run. Take it over first.", code=absent.code) from absent


async def _mode(run_id: UUID, operator: str, mode: Mode, caller: Caller, estate: Estate) -> RunModeAnswer:
    session: SessionHandle = await estate.injecting.recall(caller.workspace, str(run_id))
    if session.state().contact.channel != VOICE:
        return RunModeAnswer(run_id=run_id, mode=mode)
    conference = conference_of(SessionID(session.id))
    return RunModeAnswer(
        run_id=run_id, mode=mode, conference_sid=conference, participant_call_sid=participant_of(operator)
    )


async def _names(caller: Caller, estate: Estate) -> dict[str, str]:
    return {service.id: service.name for service in await estate.services.of(caller.workspace)}
