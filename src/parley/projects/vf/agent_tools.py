"""The tools of an export's agents: functions, requests, tools of MCP servers, and the runtime's own. What an
integration offers runs nowhere.

Source: Conversations API, section 8, and the stable API's schemas of tools, where no export is known to have some.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from msgspec.structs import replace

from parley.domain.tools import ApiTool, FunctionTool, McpServer, McpTool, Parameter, Tool
from parley.domain.world_steps import Captured
from parley.projects.vf.calling import request_in
from parley.projects.vf.names import Names
from parley.projects.vf.report import Report
from parley.projects.vf.rich_text import RichText
from parley.projects.vf.shapes import Obj, by_id, number, obj, objects, text
from parley.projects.vf.system_tools import system_tools
from parley.projects.vf.toolbox import AgentTools

_FUNCTIONS = ("agentFunctionTools",)
_APIS = ("agentAPITools", "agentApiTools", "agentAPICallTools")
_MCPS = ("agentMCPTools", "agentMcpTools", "agentMCPIntegrationTools", "agentMcpIntegrationTools")
_INTEGRATIONS = ("agentIntegrationTools",)
_API_VARIABLES = ("apiToolVariables", "apiToolInputVariables")
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
_LONGEST = 64


class _Reading:
    """One export while its tools are read; what `request_in` asks of a scene."""

    def __init__(self, export: Obj, names: Names, rich: RichText, report: Report) -> None:
        self.names, self.rich = names, rich
        self._export, self._report = export, report
        self._where = ""
        self.found = AgentTools({}, {}, {})
        for key in _API_VARIABLES:
            # The templates of a request name its own variables by id, as they do the agent's.
            names.variables |= {id: text(each.get("name")) for id, each in by_id(export.get(key)).items()}

    def remark(self, what: str) -> None:
        """Say what differs in the tool that is being read."""
        self._report.warn(what, self._where)

    def read(
        self, kinds: tuple[str, ...], make: Callable[[Obj, str], Tool | None], shown: Callable[[Obj], str]
    ) -> None:
        """Every tool of the kind, once for each agent that has it."""
        for each in (each for key in kinds for each in objects(self._export.get(key))):
            name = self._free(shown(each))
            self._where = f"tool '{name}'"
            tool = make(each, name)
            if tool is not None:
                self.found.tools[name] = tool
                self._offer(name, text(each.get("agentID")))

    def read_system(self) -> None:
        """What the agents have switched on; the same tool of several agents is one."""
        for agent, tool in system_tools(self._export, self.template, self._report):
            same = next((n for n, known in self.found.tools.items() if replace(tool, name=n) == known), None)
            name = same or self._free(tool.name)
            self.found.tools[name] = replace(tool, name=name)
            self._offer(name, agent)

    def _offer(self, name: str, agent: str) -> None:
        self.found.of[agent] = (*self.found.of.get(agent, ()), name)

    def function(self, each: Obj, name: str) -> Tool | None:
        """A function of the agent's; its outputs go into variables."""
        id = text(each.get("functionID"))
        if not self.names.has_function(id):
            self.remark("its function is not in the file: the model is not offered it")
            return None
        outputs = {key: text(value.get("name")) for key, value in by_id(self._export.get("functionVariables")).items()}
        captures = tuple(
            Captured(outputs.get(text(value.get("functionOutputVariableID")), key), variable)
            for key, value, variable in self._captured(each)
        )
        return self._common(FunctionTool(name, captures=captures, function=id), each)

    def api(self, each: Obj, name: str) -> Tool | None:
        """A request of the library."""
        found = by_id(self._export.get("apiTools")).get(text(each.get("apiToolID")))
        if found is None:
            self.remark("its request is not in the file: the model is not offered it")
            return None
        request = request_in(found, "request", self)
        captures = tuple(
            Captured(text(value.get("path")) or key, variable) for key, value, variable in self._captured(each)
        )
        timeout = number(obj(found.get("settings")).get("timeoutMs"))
        tool = ApiTool(name, text(found.get("description")), captures=captures, request=replace(request, captures=()))
        return self._common(tool if timeout is None else replace(tool, timeout=timeout / 1000), each)

    def mcp(self, each: Obj, name: str) -> Tool | None:
        """A tool of a server; the server says what it needs."""
        remote = by_id(self._export.get("mcpTools")).get(text(each.get("mcpToolID"))) or {}
        server = by_id(self._export.get("mcpServers")).get(text(remote.get("serverID")))
        if server is None or not text(remote.get("name")):
            self.remark("its MCP server is not in the file: the model is not offered it")
            return None
        captures = tuple(
            Captured(text(value.get("path")) or key, variable) for key, value, variable in self._captured(each)
        )
        server_name = self._server(server)
        return self._common(McpTool(name, captures=captures, server=server_name, remote=text(remote["name"])), each)

    def integration(self, each: Obj, name: str) -> Tool | None:
        """Runs nowhere but at its vendor."""
        self.remark("it belongs to an integration, which is not run here: the model is not offered it")
        return None

    def _common(self, tool: Tool, each: Obj) -> Tool:
        about = text(each.get("description")) or tool.about
        parameters = tuple(self._parameters(each))
        background = each.get("asyncExecution") is True
        return replace(tool, about=about, parameters=parameters, running="background" if background else "wait")

    def _parameters(self, each: Obj) -> Iterator[Parameter]:
        """What has a default value is put in by the runtime: the model is not asked for it."""
        wanted = obj(each.get("captureInputVariables"))
        for name, value in obj(each.get("inputVariables")).items():
            default = obj(value).get("defaultValue")
            given = self.names.template(default) if isinstance(default, str) else self.rich.template(default)
            into = text(obj(wanted.get(name)).get("variableOrEntityID"))
            yield Parameter(
                name,
                text(obj(value).get("description")),
                required=obj(value).get("required") is not False,
                given=given if given.strip() else None,
                into=self.names.variable(into) if into else None,
            )

    def _captured(self, each: Obj) -> Iterator[tuple[str, Obj, str]]:
        for key, value in obj(each.get("captureResponse")).items():
            variable = self.names.variable(obj(value).get("variableOrEntityID") or text(value))
            if variable:
                yield key, obj(value), variable

    def _server(self, server: Obj) -> str:
        name = _safe(text(server.get("name"))) or "server"
        if name not in self.found.servers:
            headers = {
                text(each.get("key")): self.template(each.get("value"))
                for each in objects(server.get("headers"))
                if text(each.get("key"))
            }
            about = text(server.get("description"))
            self.found.servers[name] = McpServer(name, self.template(server.get("url")).strip(), headers, about=about)
        return name

    def template(self, written: Any) -> str:
        """A text of the export as a template."""
        return self.names.template(written) if isinstance(written, str) else self.rich.template(written)

    def _free(self, name: str) -> str:
        base = _safe(name) or "tool"
        n = 1
        while base in self.found.tools:
            n += 1
            base = f"{_safe(name)[: _LONGEST - 4] or 'tool'}_{n}"
        return base


def agent_tools(export: Obj, names: Names, rich: RichText, report: Report) -> AgentTools:
    """All tools of all agents. What cannot be offered is told in the report."""
    reading = _Reading(export, names, rich, report)
    functions, apis, mcps = (by_id(export.get(key)) for key in ("functions", "apiTools", "mcpTools"))
    integrations = by_id(export.get("integrationTools"))

    def named(library: dict[str, Obj], key: str) -> Callable[[Obj], str]:
        return lambda each: text(obj(library.get(text(each.get(key)))).get("name"))

    reading.read(_FUNCTIONS, reading.function, named(functions, "functionID"))
    reading.read(_APIS, reading.api, named(apis, "apiToolID"))
    reading.read(_MCPS, reading.mcp, named(mcps, "mcpToolID"))
    reading.read(_INTEGRATIONS, reading.integration, named(integrations, "integrationToolID"))
    reading.read_system()
    return reading.found


def _safe(name: str) -> str:
    return _UNSAFE.sub("_", name).strip("_")[:_LONGEST]
