"""The tools of an export's agents."""

from __future__ import annotations

from typing import Any

from parley.domain.model_steps import AgentStep
from parley.domain.program import Program
from parley.domain.tools import ApiTool, FunctionTool, McpServer, McpTool, Parameter, SystemTool
from parley.domain.world_steps import Api, Captured, Pair, RawBody
from parley.projects.vf.compiler import compile_export
from parley.projects.vf.report import Import

VARIABLES = [{"id": "v1", "name": "order"}, {"id": "v2", "name": "found"}]


def markup(*parts: Any) -> list[Any]:
    return [{"text": list(parts)}]


def compiled(**resources: Any) -> Import:
    start = {"nodeID": "start", "type": "start", "data": {"portsV2": {"builtIn": {}, "dynamic": [], "byKey": {}}}}
    diagram = {"_id": "d", "name": "Home", "type": "TOPIC", "nodes": {"start": start}, "variables": []}
    version = {"rootDiagramID": "d", "_version": 13}
    export = {"version": version, "diagrams": {"d": diagram}, "variables": VARIABLES, **resources}
    return compile_export(export, "agent.vf", "agent")


def program(found: Import) -> Program:
    return found.loaded.project.environments[0].program


def test_a_function_becomes_a_tool_with_what_the_model_gives_and_what_it_does_not() -> None:
    found = compiled(
        secrets=[{"id": "s1", "name": "zendesk_key"}],
        functions=[{"id": "f1", "name": "Find ticket", "code": "export default async () => ({})"}],
        functionVariables=[{"id": "o1", "functionID": "f1", "type": "output", "name": "ticket"}],
        agentFunctionTools=[
            {
                "id": "t1",
                "agentID": "a1",
                "functionID": "f1",
                "description": "Finds a ticket.",
                "inputVariables": {
                    "number": {"description": "Its number", "defaultValue": markup("")},
                    "key": {"description": "", "defaultValue": markup({"secretID": "s1"})},
                },
                "captureInputVariables": {"number": {"variableOrEntityID": "v1"}},
                "captureResponse": {"x": {"functionOutputVariableID": "o1", "variableOrEntityID": "v2"}},
            }
        ],
    )
    assert program(found).tools == {
        "Find_ticket": FunctionTool(
            "Find_ticket",
            "Finds a ticket.",
            (Parameter("number", "Its number", into="order"), Parameter("key", given="{secret.zendesk_key}")),
            (Captured("ticket", "found"),),
            function="f1",
        )
    }


def test_a_request_of_the_library_becomes_a_tool() -> None:
    found = compiled(
        apiTools=[
            {
                "id": "r1",
                "name": "track",
                "description": "Tracks an order.",
                "url": markup("https://x.test/", {"variableID": "i1"}),
                "httpMethod": "post",
                "headers": [{"key": "x-a", "value": markup("b")}],
                "body": {"type": "raw-input", "content": markup('{"o": "', {"variableID": "v1"}, '"}')},
                "settings": {"timeoutMs": 2500},
            }
        ],
        apiToolVariables=[{"id": "i1", "apiToolID": "r1", "name": "code"}],
        agentAPITools=[
            {
                "id": "t1",
                "agentID": "a1",
                "apiToolID": "r1",
                "asyncExecution": True,
                "inputVariables": {"code": {"description": "The code", "required": False}},
                "captureResponse": {"m": {"path": "state", "variableOrEntityID": "v2"}},
            }
        ],
    )
    assert program(found).tools["track"] == ApiTool(
        "track",
        "Tracks an order.",
        (Parameter("code", "The code", required=False),),
        (Captured("state", "found"),),
        running="background",
        timeout=2.5,
        request=Api(
            "request",
            url="https://x.test/{code}",
            method="POST",
            headers=(Pair("x-a", "b"),),
            body=RawBody('{"o": "{order}"}'),
        ),
    )


def test_a_tool_of_an_mcp_server_brings_its_server_along() -> None:
    header = {"key": "authorization", "value": markup("Bearer ", {"secretID": "s1"})}
    found = compiled(
        secrets=[{"id": "s1", "name": "key"}],
        mcpServers=[{"id": "m1", "name": "My maps", "url": markup("https://m.test/mcp"), "headers": [header]}],
        mcpTools=[{"id": "mt1", "name": "find_place", "serverID": "m1", "inputSchema": {"type": "object"}}],
        agentMCPTools=[{"id": "t1", "agentID": "a1", "mcpToolID": "mt1", "inputVariables": {}}],
    )
    assert program(found).tools == {"find_place": McpTool("find_place", server="My_maps", remote="find_place")}
    assert program(found).servers == {
        "My_maps": McpServer("My_maps", "https://m.test/mcp", {"authorization": "Bearer {secret.key}"})
    }


def test_what_cannot_be_offered_is_reported() -> None:
    found = compiled(
        integrationTools=[{"id": "i1", "name": "Update ticket"}],
        agentIntegrationTools=[{"id": "t1", "agentID": "a1", "integrationToolID": "i1"}],
        agentFunctionTools=[{"id": "t2", "agentID": "a1", "functionID": "gone"}],
        agentAPITools=[{"id": "t3", "agentID": "a1", "apiToolID": "gone"}],
        agentMcpTools=[{"id": "t4", "agentID": "a1", "mcpToolID": "gone"}],
    )
    assert program(found).tools == {}
    told = [str(warning) for warning in found.loaded.warnings]
    for words in ("belongs to an integration", "its function is not", "its request is not", "its MCP server is not"):
        assert any(words in each for each in told)


def test_two_tools_of_one_name_get_two_names() -> None:
    function = {"id": "f1", "name": "find", "code": "export default async () => ({})"}
    tools = [{"id": f"t{n}", "agentID": f"a{n}", "functionID": "f1"} for n in range(3)]
    found = compiled(functions=[function], agentFunctionTools=tools)
    assert list(program(found).tools) == ["find", "find_2", "find_3"]


def test_nonsense_where_tools_are_expected_is_no_tool() -> None:
    for nonsense in (None, 5, "x", {}, [None, 5, "x", [], {}, {"inputVariables": [], "captureResponse": 5}]):
        keys = ("agentFunctionTools", "agentAPITools", "agentMCPTools", "agentIntegrationTools", "apiTools", "mcpTools")
        assert program(compiled(**dict.fromkeys(keys, nonsense))).tools == {}


def talking(agent: dict[str, Any], **resources: Any) -> Import:
    """An export whose first step is this agent."""
    ports: dict[str, Any] = {"portsV2": {"builtIn": {}, "dynamic": [], "byKey": {}}}
    onward = {"portsV2": {"builtIn": {"next": {"type": "next", "target": "talk"}}, "dynamic": [], "byKey": {}}}
    nodes = {
        "start": {"nodeID": "start", "type": "start", "data": onward},
        "talk": {"nodeID": "talk", "type": "agent", "data": {"agentID": "a1", **ports}},
    }
    diagram = {"_id": "d", "name": "Home", "type": "TOPIC", "nodes": nodes, "variables": []}
    export = {
        "version": {"rootDiagramID": "d", "_version": 13},
        "diagrams": {"d": diagram},
        "variables": VARIABLES,
        "agents": [{"id": "a1", "name": "Guide", "instructions": markup("Help."), **agent}],
        **resources,
    }
    return compile_export(export, "agent.vf", "agent")


def offered(found: Import) -> tuple[str, ...]:
    (step,) = [s for w in program(found).workflows.values() for s in w.steps.values() if isinstance(s, AgentStep)]
    return step.tools


def test_an_agent_is_offered_its_own_tools_and_no_other_s() -> None:
    function = {"id": "f1", "name": "find", "code": "export default async () => ({})"}
    tools = [{"id": f"t{n}", "agentID": f"a{n}", "functionID": "f1"} for n in (1, 2)]
    found = talking({}, functions=[function], agentFunctionTools=tools)
    assert offered(found) == ("find",)
    assert not [warning for warning in found.loaded.warnings if "not offered" in str(warning)]


def test_the_runtime_s_own_tools_are_those_that_the_agent_has_switched_on() -> None:
    found = talking(
        {
            "knowledgeBaseTool": {"enabled": True, "description": "Ask it first.", "chunkLimit": 50},
            "buttonTool": {"enabled": True, "description": ""},
            "cardTool": {"enabled": False, "description": ""},
            "carouselTool": None,
            "callForwardTool": {"enabled": True, "address": markup("sip:", {"variableID": "v1"}, "@tel.test")},
        }
    )
    assert offered(found) == ("knowledge_base", "show_buttons", "forward_call")
    assert program(found).tools == {
        "knowledge_base": SystemTool("knowledge_base", "Ask it first.", kind="knowledge", options={"limit": 10}),
        "show_buttons": SystemTool("show_buttons", kind="buttons"),
        "forward_call": SystemTool("forward_call", kind="call_forward", options={"address": "sip:{order}@tel.test"}),
    }


def test_agents_share_a_tool_of_the_runtime_s_and_describe_it_differently_where_they_do() -> None:
    other = {
        "id": "a2",
        "knowledgeBaseTool": {"enabled": True, "description": "Last."},
        "buttonTool": {"enabled": True},
    }
    mine = {"knowledgeBaseTool": {"enabled": True, "description": "First."}, "buttonTool": {"enabled": True}}
    found = talking({}, agents=[{"id": "a1", "instructions": markup("Help."), **mine}, other])
    assert offered(found) == ("knowledge_base", "show_buttons")
    assert list(program(found).tools) == ["knowledge_base", "show_buttons", "knowledge_base_2"]


def test_a_call_that_goes_nowhere_is_not_offered() -> None:
    found = talking({"callForwardTool": {"enabled": True}})
    assert offered(found) == ()
    assert any("where the call goes" in str(warning) for warning in found.loaded.warnings)


def test_the_compiled_agent_stands_in_for_one_that_the_library_lacks() -> None:
    compiled_agent = {"instructions": "Help.", "knowledgeBaseTool": {"enabled": True, "description": "Look."}}
    version = {"rootDiagramID": "d", "_version": 13, "programResources": {"agents": {"a1": compiled_agent}}}
    found = talking({}, agents=[], version=version)
    assert offered(found) == ("knowledge_base",)


def test_passages_and_memory_are_as_the_export_has_them() -> None:
    version = {"rootDiagramID": "d", "_version": 13, "settings": {"memory": {"turns": 25}}}
    knowledge = {"settings": {"search": {"limit": 7}}}
    settings = program(compiled(version=version, project={"knowledgeBase": knowledge})).settings
    assert (settings.knowledge.limit, settings.memory.turns) == (7, 25)
    for nonsense in (None, 0, -3, "x", {}):
        knowledge = {"settings": {"search": {"limit": nonsense}}}
        version = {"rootDiagramID": "d", "settings": {"memory": {"turns": nonsense}}}
        settings = program(compiled(version=version, project={"knowledgeBase": knowledge})).settings
        assert settings.knowledge.limit >= 1
        assert settings.memory.turns >= 1
