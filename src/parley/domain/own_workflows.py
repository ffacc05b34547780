"""The workflows that nobody has written: the agent itself is run as one, and so is each of its playbooks.

So that the stack, triggers, coming back, limits and debugging need to know of workflows alone.
"""

from __future__ import annotations

from msgspec.structs import replace

from parley.domain.ids import StepID, WorkflowID
from parley.domain.model_steps import AgentPath, AgentStep, Routing
from parley.domain.playbooks import Exit, Playbook
from parley.domain.program import Program, Workflow
from parley.domain.steps import End, GoTo, Step

_PREFIX = "agent:"
ROUTER = WorkflowID(f"{_PREFIX}router")
"""At the bottom of the stack, in a program that has a router. No author's workflow has a colon in its id."""
_ROUTING = StepID("route")


def playbook_workflow(playbook: str) -> WorkflowID:
    """The workflow that a playbook is run as where the agent routes to it."""
    return WorkflowID(f"{_PREFIX}playbook:{playbook}")


def is_own(workflow: WorkflowID) -> bool:
    """Whether it is one of those made here."""
    return workflow.startswith(_PREFIX)


def complete(program: Program) -> Program:
    """The program with the workflows of its playbooks and, where it has a router, of the agent, which then begins."""
    own = {playbook_workflow(name): _workflow(playbook, program) for name, playbook in program.playbooks.items()}
    if program.router is None:
        return replace(program, workflows={**program.workflows, **own})
    own[ROUTER] = Workflow(ROUTER, "agent", {_ROUTING: Routing(_ROUTING, "agent")}, _ROUTING)
    return replace(program, workflows={**program.workflows, **own}, start=ROUTER)


def _workflow(playbook: Playbook, program: Program) -> Workflow:
    talk = StepID("talk")
    steps: dict[StepID, Step] = {}
    paths = []
    for n, each in enumerate(playbook.exits, 1):
        out = _out(each, n)
        if out is not None:
            steps[out.id] = out
        then = None if out is None else out.id
        paths.append(AgentPath(each.name, each.about, each.variables, then, each.needs))
    steps[talk] = AgentStep(
        talk, playbook.name, playbook=playbook.name, paths=tuple(paths), hands_back=program.router is not None
    )
    return Workflow(playbook_workflow(playbook.name), playbook.title or playbook.name, steps, talk)


def _out(way: Exit, n: int) -> Step | None:
    id = StepID(f"exit{n}")
    if way.ends:
        return End(id)
    return None if way.workflow is None else GoTo(id, then=way.step, workflow=way.workflow)
