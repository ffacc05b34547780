"""Who may do what on the stable API: the least role that a workspace key needs on each route.

An API key opens its project whole. A route that is not in this table cannot be served: the door refuses to open.
"""

from __future__ import annotations

from parley.domain.workspace import Role

V1 = "/v1/stable"
CONVERSATION = f"{V1}/conversation/{{userID}}"
STATE = f"{V1}/conversation-state/{{userID}}"
TRANSCRIPT = f"{V1}/transcript"
PROPERTY = f"{V1}/transcript-property"
ENVIRONMENT = f"{V1}/environment"
DOCUMENT = f"{V1}/document"
QUERY = f"{V1}/knowledge-base/query"

RIGHTS: dict[tuple[str, str], Role] = {
    ("PUT", CONVERSATION): "member",
    ("GET", STATE): "viewer",
    ("PATCH", STATE): "member",
    ("DELETE", STATE): "member",
    ("PATCH", f"{STATE}/variables"): "member",
    ("POST", f"{TRANSCRIPT}/search"): "viewer",
    ("GET", f"{TRANSCRIPT}/{{transcriptID}}"): "viewer",
    ("GET", PROPERTY): "viewer",
    ("POST", PROPERTY): "admin",
    ("GET", f"{PROPERTY}/{{propertyID}}"): "viewer",
    ("PATCH", f"{PROPERTY}/{{propertyID}}"): "admin",
    ("DELETE", f"{PROPERTY}/{{propertyID}}"): "admin",
    ("PUT", f"{PROPERTY}/{{propertyID}}/value"): "member",
    ("GET", ENVIRONMENT): "viewer",
    ("PUT", f"{ENVIRONMENT}/merge"): "admin",
    ("PUT", f"{ENVIRONMENT}/update-traffic-split"): "admin",
    ("GET", f"{ENVIRONMENT}/{{environmentAlias}}"): "viewer",
    ("PATCH", f"{ENVIRONMENT}/{{environmentAlias}}"): "admin",
    ("DELETE", f"{ENVIRONMENT}/{{environmentAlias}}"): "admin",
    ("PUT", f"{ENVIRONMENT}/{{environmentAlias}}/compile"): "member",
    ("POST", f"{ENVIRONMENT}/{{environmentAlias}}/clone"): "admin",
    ("POST", f"{ENVIRONMENT}/{{environmentAlias}}/publish"): "admin",
    ("GET", DOCUMENT): "viewer",
    ("POST", f"{DOCUMENT}/url"): "member",
    ("POST", f"{DOCUMENT}/text"): "member",
    ("POST", f"{DOCUMENT}/table"): "member",
    ("GET", f"{DOCUMENT}/{{documentID}}"): "viewer",
    ("PATCH", f"{DOCUMENT}/{{documentID}}"): "member",
    ("DELETE", f"{DOCUMENT}/{{documentID}}"): "member",
    ("POST", f"{DOCUMENT}/{{documentID}}/refresh"): "member",
    ("POST", QUERY): "viewer",
}
