"""One OpenAPI document of everything that this server answers.

The platform's part comes from its routes' own types; what the Conversations API takes and answers stands in the files
beside `description/fragments.py`, which are read when the document is made.
"""

from __future__ import annotations

from typing import Any

from parley import __version__
from parley.transports.description.fragments import Fragments
from parley.transports.http.routing import Routes

Wire = dict[str, Any]


def document(platform: Wire | None, table: Routes) -> Wire:
    """The document: `platform` is its part of the platform API, None where that is not served."""
    fragments, platform = Fragments(), platform or {}
    places = {path: place for place, path in enumerate(fragments.paths)}
    paths = {
        each.path: {method.lower(): fragments.operation(each.path, method) for method in each.by_method}
        for each in sorted(table.described, key=lambda each: places.get(each.path, 0))
    }
    components = platform.get("components", {})
    served = paths | platform.get("paths", {})
    used = {tag for path in served.values() for operation in path.values() for tag in operation["tags"]}
    return {
        "openapi": "3.1.0",
        "info": {**fragments.whole["info"], "version": __version__},
        "tags": [tag for tag in fragments.whole["tags"] if tag["name"] in used],
        "paths": served,
        "components": {
            **components,
            "schemas": fragments.schemas | components.get("schemas", {}),
            "securitySchemes": components.get("securitySchemes", {}) | fragments.whole["keys"],
        },
    }
