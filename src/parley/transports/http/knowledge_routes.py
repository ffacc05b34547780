"""Questions to a project's documents, outside of any conversation (engine, 1.1; Conversations API, section 9)."""

from __future__ import annotations

from parley.domain.project import Project
from parley.errors import NotFound
from parley.session.consulting import Consulting
from parley.session.house import House
from parley.transports.http.credentials import project_of
from parley.transports.http.document_routes import DocumentRoutes
from parley.transports.http.knowledge_body import legacy_in, legacy_out, question_of, stable_in, stable_out
from parley.transports.http.reply import reply_json
from parley.transports.http.request import Request
from parley.transports.http.routing import Routes

DOCUMENTS = "/v1/stable/document"


class KnowledgeRoutes:
    """Endpoints for an API key."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def query(self, request: Request) -> None:
        """`POST /knowledge-base/query`"""
        body = legacy_in(await request.body(self._house.body_limit))
        project = await project_of(request, self._house, body.project or request.header(b"projectid"))
        question = question_of(body, _limit(project))
        await reply_json(request, legacy_out(await self._consulting().ask(project.id, question)))

    async def query_stable(self, request: Request) -> None:
        """`POST /v1/stable/knowledge-base/query`"""
        project = await project_of(request, self._house, request.query("projectID") or None)
        alias = request.query("environmentAlias")
        if alias:
            project.environment(alias)
        question = question_of(stable_in(await request.body(self._house.body_limit)), _limit(project))
        began = self._house.clock.now_ms()
        consulted = await self._consulting().ask(project.id, question)
        await reply_json(request, stable_out(consulted, self._house.clock.now_ms() - began))

    def _consulting(self) -> Consulting:
        if self._house.consulting is None:
            raise NotFound("This server keeps no documents.")
        return self._house.consulting


def add_knowledge_routes(table: Routes, house: House) -> None:
    """Add these, and those about documents."""
    knowledge, documents = KnowledgeRoutes(house), DocumentRoutes(house)
    table.add("/knowledge-base/query", {"POST": knowledge.query})
    table.add("/v1/stable/knowledge-base/query", {"POST": knowledge.query_stable})
    table.add(DOCUMENTS, {"GET": documents.list})
    table.add(f"{DOCUMENTS}/url", {"POST": documents.add_page})
    table.add(f"{DOCUMENTS}/text", {"POST": documents.add_file})
    table.add(f"{DOCUMENTS}/table", {"POST": documents.add_table})
    of_one = {"GET": documents.get, "PATCH": documents.update, "DELETE": documents.remove}
    table.add(f"{DOCUMENTS}/{{documentID}}", of_one)
    table.add(f"{DOCUMENTS}/{{documentID}}/refresh", {"POST": documents.refresh})


def _limit(project: Project) -> int:
    """How many passages the project's default environment wants."""
    return project.environments[0].program.settings.knowledge.limit
