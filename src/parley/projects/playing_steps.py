"""Steps in which a model is at work: agent, playbook, crew, operator."""

from __future__ import annotations

from parley.domain.model_steps import AgentPath, AgentStep, Crew, Operator
from parley.domain.playbooks import Route
from parley.domain.prompt import ModelSettings
from parley.projects.channel_steps import way
from parley.projects.draft import Draft, Place, is_nothing
from parley.projects.file_texts import long_text
from parley.projects.listening import listening_of
from parley.projects.model_steps import settings_in
from parley.projects.nodes import Listed, Mapped, Node
from parley.projects.playbooks import needs_in, playbook_named, route_of, tools_in
from parley.projects.playing_shapes import AGENT_PATH
from parley.projects.reading import boolean, items_of, mapping_of, number, shaped


def agent(value: Node, step: Mapped, place: Place, draft: Draft) -> None:
    """Lets the model talk until it chooses a path."""
    draft.add(_talk(step, place, draft, "paths", instructions=long_text(value, "`agent`", draft)), place.mark)


def playbook(value: Node, step: Mapped, place: Place, draft: Draft) -> None:
    """Lets the model talk by a playbook."""
    more = step.get("instructions")
    instructions = "" if more is None else long_text(more, "`instructions`", draft)
    found = _talk(step, place, draft, "exits", instructions=instructions, playbook=playbook_named(value, draft))
    draft.add(found, place.mark)


def crew(value: Node, step: Mapped, place: Place, draft: Draft) -> None:
    """Lets several playbooks talk."""
    members: list[Route] = []
    if isinstance(value, Listed):
        members += [Route(playbook_named(item, draft)) for item in value.items]
    else:
        for _, key, node in mapping_of(value, draft.problems, "`crew`"):
            members.append(route_of(node, draft, playbook=playbook_named(key, draft)))
    if not members:
        draft.problems.error(value.mark, "`crew` has nobody in it", "For example `crew: [refunds, orders]`.")
    first = step.get("talks_first")
    found = Crew(
        place.id,
        place.name,
        place.after,
        members=tuple(members),
        settings=settings_in(step, draft, ModelSettings()),
        paths=_paths(step.get("exits"), "`exits`", place, draft),
        each_turn=way(step, "each_turn", place, draft),
        listening=listening_of(step, place, draft),
        tools=tools_in(step.get("tools"), draft),
        talks_first=True if first is None else boolean(first, draft.problems, "`talks_first`"),
    )
    draft.add(found, place.mark)


def operator(value: Node, step: Mapped, place: Place, draft: Draft) -> None:
    """Has the model choose a way."""
    retries = step.get("retries")
    paths = _paths(step.get("exits"), "`exits`", place, draft)
    if not paths:
        advice = "For example `exits: {sales: -> sales, help: -> help}`."
        draft.problems.error(value.mark, "`operator` has nothing to choose from", advice)
    found = Operator(
        place.id,
        place.name,
        place.after,
        instructions=long_text(value, "`operator`", draft),
        settings=settings_in(step, draft, ModelSettings()),
        paths=paths,
        tools=tools_in(step.get("tools"), draft),
        retries=2 if retries is None else int(number(retries, draft.problems, "`retries`", whole=True, least=-1)),
        not_found=way(step, "not_found", place, draft),
    )
    draft.add(found, place.mark)


def _talk(
    step: Mapped, place: Place, draft: Draft, ways: str, *, instructions: str, playbook: str | None = None
) -> AgentStep:
    first = step.get("talks_first")
    return AgentStep(
        place.id,
        place.name,
        place.after,
        instructions=instructions,
        settings=settings_in(step, draft, ModelSettings()),
        paths=_paths(step.get(ways), f"`{ways}`", place, draft),
        each_turn=way(step, "each_turn", place, draft),
        listening=listening_of(step, place, draft),
        playbook=playbook,
        tools=tools_in(step.get("tools"), draft),
        talks_first=True if first is None else boolean(first, draft.problems, "`talks_first`"),
    )


def _paths(node: Node | None, what: str, place: Place, draft: Draft) -> tuple[AgentPath, ...]:
    named = mapping_of(node, draft.problems, what)
    return tuple(_path(name, given, n, place, draft) for n, (name, _, given) in enumerate(named, 1))


def _path(name: str, node: Node, n: int, place: Place, draft: Draft) -> AgentPath:
    if not isinstance(node, Mapped) or not set(node.values) & set(AGENT_PATH.keys):
        return AgentPath(name, then=draft.path(node, place, f"path{n}"))
    mapping = shaped(node, AGENT_PATH, draft.problems, f"the path `{name[:60]}`")
    when, into, needs, to = (mapping.get(key) if mapping else None for key in ("when", "into", "needs", "to"))
    items = () if into is None or is_nothing(into) else items_of(into, draft.problems, "`into` of a path")
    return AgentPath(
        name,
        "" if when is None else draft.template(when, "`when`"),
        tuple(draft.variable(item, "`into`") for item in items),
        draft.path(to, place, f"path{n}"),
        needs_in(needs, draft),
    )
