"""The prompts and agents of an export's content library, by id.

The library itself is read; the compiled copy in `version.programResources` only stands in for what it lacks.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from parley.domain.prompt import Memory, ModelSettings, Prompt, PromptMessage
from parley.projects.vf.names import Names
from parley.projects.vf.rich_text import RichText
from parley.projects.vf.shapes import Obj, at, by_id, items, number, obj, objects, text

_MEMORY: dict[str, Memory] = {"memory": "only", "memory_prompt": "before"}
_TOOLS = ("functionTools", "apiTools", "integrationTools", "flowTools", "mcpIntegrationTools")


class PathTool(Struct, frozen=True):
    """A way on that an agent may choose; `id` is its port."""

    id: str
    name: str
    about: str
    variables: tuple[str, ...]


class FoundAgent(Struct, frozen=True):
    """An agent; `tools` are the kinds of tools that its compiled copy has: those of the library are read with it."""

    name: str
    instructions: str
    settings: ModelSettings
    paths: tuple[PathTool, ...]
    tools: tuple[str, ...]


class Prompts:
    """Finds prompts and agents."""

    def __init__(self, export: Obj, names: Names, rich: RichText) -> None:
        self._names, self._rich = names, rich
        self._prompts, self._agents = by_id(export.get("prompts")), by_id(export.get("agents"))
        self._messages = by_id(export.get("promptMessages"))
        self._paths = objects(export.get("agentPathTools")) or objects(export.get("agentPaths"))
        self._values = objects(export.get("agentPathToolVariables"))
        compiled = at(export.get("version"), "programResources")
        self._compiled_prompts, self._compiled_agents = obj(at(compiled, "prompts")), obj(at(compiled, "agents"))

    def inline(self, data: Obj, common: Obj | None = None) -> Prompt:
        """A prompt that is written in a node, in the way of `generative` and of each set of `ai_set`."""
        common = data if common is None else common
        system = "\n\n".join(part for part in (text(common.get("system")), text(data.get("instruction"))) if part)
        return Prompt(
            self._template(data.get("prompt")),
            self._template(system),
            memory=_MEMORY.get(text(data.get("mode")), "none"),
            knowledge="knowledge" in text(common.get("source")).lower(),
            settings=model_settings(common),
        )

    def prompt(self, id: object) -> Prompt | None:
        """A prompt of the library; None where the file has none of this id."""
        found, compiled = self._prompts.get(text(id)), obj(self._compiled_prompts.get(text(id)))
        settings = model_settings({**obj(compiled.get("settings")), **obj(at(found, "settings"))})
        if found is None:
            return self._compiled(compiled, settings) if compiled else None
        system: list[str] = []
        messages: list[PromptMessage] = []
        order = [each for each in items(found.get("messageOrder")) if isinstance(each, str)]
        own = [key for key, each in self._messages.items() if each.get("promptID") == found.get("id")]
        for key in dict.fromkeys([*(k for k in order if k in self._messages), *own]):
            data = obj(self._messages[key].get("data"))
            content = self._rich.template(data.get("content"))
            if data.get("role") == "system":
                system.append(content)
            elif content.strip():
                messages.append(PromptMessage(_role(data), content))
        return Prompt(system="\n".join(system), messages=tuple(messages), settings=settings)

    def agent(self, id: object) -> FoundAgent | None:
        """An agent of the library; None where the file has none of this id."""
        found, compiled = self._agents.get(text(id)), obj(self._compiled_agents.get(text(id)))
        if found is None and not compiled:
            return None
        written = found if found is not None else compiled
        instructions = self._rich.template(written.get("instructions"))
        settings = model_settings({**obj(compiled.get("settings")), **obj(at(found, "settings"))})
        paths = self._path_tools(text(id), compiled)
        return FoundAgent(text(written.get("name")), instructions, settings, paths, _tools(compiled))

    def _path_tools(self, agent: str, compiled: Obj) -> tuple[PathTool, ...]:
        own = [each for each in self._paths if each.get("agentID") == agent]
        if own:
            return tuple(
                PathTool(text(each.get("id")), text(each.get("name")), text(each.get("description")), self._given(each))
                for each in own
            )
        return tuple(
            PathTool(
                text(each.get("id")),
                text(each.get("name")),
                text(each.get("description")),
                tuple(text(value.get("name")) for value in objects(each.get("variables")) if text(value.get("name"))),
            )
            for each in objects(compiled.get("pathTools"))
        )

    def _given(self, path: Obj) -> tuple[str, ...]:
        own = [each for each in self._values if each.get("agentPathToolID") == path.get("id")]
        names = (self._names.variable(each.get("variableID") or each.get("entityID")) for each in own)
        return tuple(dict.fromkeys(name for name in names if name))

    def _compiled(self, compiled: Obj, settings: ModelSettings) -> Prompt:
        messages = tuple(
            PromptMessage(_role(each), self._template(each.get("content")))
            for each in objects(compiled.get("messages"))
            if text(each.get("content")).strip()
        )
        return Prompt(system=self._template(compiled.get("system")), messages=messages, settings=settings)

    def _template(self, source: Any) -> str:
        return self._names.template(text(source)) if isinstance(source, str) else self._rich.template(source)


def model_settings(data: Obj) -> ModelSettings:
    """How the model is to answer."""
    longest = number(data.get("maxTokens"))
    return ModelSettings(
        text(data.get("model")) or None,
        number(data.get("temperature")),
        int(longest) if longest is not None and longest >= 1 else None,
    )


def _role(data: Obj) -> Literal["user", "assistant"]:
    return "assistant" if data.get("role") == "assistant" else "user"


def _tools(compiled: Obj) -> tuple[str, ...]:
    return tuple(key for key in _TOOLS if objects(compiled.get(key)))
