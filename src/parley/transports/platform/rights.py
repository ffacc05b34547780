"""Who may do what: the least role that each route of the platform API needs (platform API, section 7).

A route that is not in this table cannot be served: the door refuses to open.
"""

from __future__ import annotations

from parley.domain.workspace import Role

WS = "/v1/{workspace_id}"
RIGHTS: dict[tuple[str, str], Role] = {
    ("GET", "/v1/auth/me"): "viewer",
    ("POST", "/v1/me/workspaces"): "owner",
    ("GET", "/v1/workspaces"): "viewer",
    ("GET", "/v1/workspaces/{workspace_id}"): "viewer",
    ("PATCH", "/v1/workspaces/{workspace_id}"): "admin",
    ("GET", f"{WS}/api-keys"): "admin",
    ("POST", f"{WS}/api-keys"): "admin",
    ("DELETE", f"{WS}/api-keys/{{key_id}}"): "admin",
    ("POST", f"{WS}/api-keys/{{key_id}}/rotate"): "admin",
    ("GET", f"{WS}/services"): "viewer",
    ("GET", f"{WS}/services/{{service_id}}"): "viewer",
    ("GET", f"{WS}/agents"): "viewer",
    ("GET", f"{WS}/agents/{{agent_id}}"): "viewer",
    ("GET", f"{WS}/context-graphs"): "viewer",
    ("GET", f"{WS}/context-graphs/{{context_graph_id}}"): "viewer",
    ("GET", f"{WS}/world/entities"): "viewer",
    ("GET", f"{WS}/world/entities/{{entity_id}}"): "viewer",
    ("PUT", f"{WS}/world/entities/{{canonical_id}}"): "member",
    ("POST", f"{WS}/world/entities/resolve"): "viewer",
    ("POST", f"{WS}/operators"): "member",
    ("GET", f"{WS}/operators"): "viewer",
    ("GET", f"{WS}/operators/audit-log"): "admin",
    ("GET", f"{WS}/operators/{{operator_id}}"): "viewer",
    ("PATCH", f"{WS}/operators/{{operator_id}}"): "member",
    ("POST", f"{WS}/operators/{{operator_id}}/join-call"): "member",
    ("POST", f"{WS}/operators/{{operator_id}}/switch-mode"): "member",
    ("POST", f"{WS}/operators/{{operator_id}}/leave-call"): "member",
    ("POST", f"{WS}/operators/{{operator_id}}/send-guidance"): "member",
    ("POST", f"{WS}/operators/{{operator_id}}/say"): "member",
    ("POST", f"{WS}/operators/{{operator_id}}/wrap-up"): "member",
    ("GET", f"{WS}/sessions/active"): "viewer",
    ("POST", f"{WS}/sessions/{{call_sid}}/inject"): "member",
    ("GET", f"{WS}/sessions/{{call_sid}}/injections/{{injection_id}}"): "viewer",
    ("POST", f"{WS}/sessions/start"): "member",
    ("GET", f"{WS}/webhooks"): "admin",
    ("POST", f"{WS}/webhooks"): "admin",
    ("GET", f"{WS}/webhooks/{{webhook_id}}"): "admin",
    ("DELETE", f"{WS}/webhooks/{{webhook_id}}"): "admin",
    ("POST", f"{WS}/webhooks/{{webhook_id}}/rotate-secret"): "admin",
    ("GET", f"{WS}/webhooks/{{webhook_id}}/deliveries"): "admin",
    ("POST", f"{WS}/webhooks/{{webhook_id}}/deliveries/{{delivery_id}}/replay"): "admin",
    ("GET", f"{WS}/events/stream"): "viewer",
    ("POST", f"{WS}/conversations"): "member",
    ("GET", f"{WS}/conversations"): "viewer",
    ("GET", f"{WS}/conversations/{{conversation_id}}"): "viewer",
    ("DELETE", f"{WS}/conversations/{{conversation_id}}"): "member",
    ("POST", f"{WS}/conversations/{{conversation_id}}/turns"): "member",
    ("POST", f"{WS}/conversations/{{conversation_id}}/turns/stream"): "member",
}
