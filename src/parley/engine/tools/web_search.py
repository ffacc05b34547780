"""The web search tool: asks the search engine that the operator has set up, of those that answer as SearXNG does.

Its answer is `{"results": [{"title", "url", "content"}]}`; what pages say is data, and reaches the model as a result.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote_plus, urlsplit

from parley.domain.tools import Parameter, SystemTool
from parley.engine.json_text import json_in
from parley.engine.tools.outcome import Outcome, Run, failed
from parley.engine.turn import Turn
from parley.ports.tools import TIMEOUT, Request, RequestFailed

PARAMETERS = (Parameter("query", "What to search for."),)
ABOUT = "Search the web."
QUERY = "{query}"
"""Stands in the address for what is searched for."""
_RESULTS = 5
_SHOWN = 500


def prepare_search(tool: SystemTool, arguments: dict[str, Any], turn: Turn) -> Run:
    """The search, ready to be made."""
    address = turn.world.search
    domains = [each for each in tool.options.get("domains") or () if isinstance(each, str)]

    async def run() -> Outcome:
        if address is None:
            return failed("web search is not set up here: the operator names a search engine in PARLEY_SEARCH_URL")
        query = str(arguments["query"])
        sites = " OR ".join(f"site:{domain}" for domain in domains)
        request = _request(address, f"{query} {sites}".rstrip(), tool.timeout)
        try:
            response = await turn.world.tools.send(request)
        except RequestFailed as error:
            return failed(f"web search: {error.message}")
        if not 200 <= response.status < 300:
            return failed(f"web search: it answered {response.status} {response.reason}".rstrip())
        return _outcome(json_in(response.body), domains)

    return run


def _request(address: str, query: str, timeout: float | None) -> Request:
    """The operator named the address, so it may be in the operator's own network."""
    place = urlsplit(address)
    host = (place.hostname or "").lower()
    port = place.port or (443 if place.scheme == "https" else 80)
    url = address.replace(QUERY, quote_plus(query)) if QUERY in address else f"{address}{quote_plus(query)}"
    return Request("GET", url, timeout=timeout or TIMEOUT, private_hosts=frozenset({f"{host}:{port}"}))


def _outcome(found: Any, domains: list[str]) -> Outcome:
    results = found.get("results") if isinstance(found, dict) else None
    if not isinstance(results, list):
        return failed("web search: the answer has no `results`")
    shown = [each for each in results if isinstance(each, dict) and _is_within(each.get("url"), domains)][:_RESULTS]
    lines = [
        f"{n}. {each.get('title') or each['url']}\n{each['url']}\n{str(each.get('content') or '')[:_SHOWN]}"
        for n, each in enumerate(shown, 1)
    ]
    return Outcome("\n\n".join(lines) or "Nothing was found.", found={"results": shown}, has_found=True)


def _is_within(url: Any, domains: list[str]) -> bool:
    if not isinstance(url, str):
        return False
    try:
        host = (urlsplit(url).hostname or "").lower()
    except ValueError:
        return False
    return not domains or any(host == each.lower() or host.endswith(f".{each.lower()}") for each in domains)
