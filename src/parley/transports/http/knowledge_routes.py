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
from parley.transports.http.stable_access import StableAccess, check_environment
from parley.transports.http.stable_rights import DOCUMENT, QUERY


class KnowledgeRoutes:
    """Endpoints for an API key, the stable one for a workspace key too."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def query(self, request: Request) -> None:
        """`POST /knowledge-base/query`"""
        body = legacy_in(await request.body(self._house.body_limit))
        project = await project_of(request, self._house, body.project or request.header(b"projectid"))
        question = question_of(body, _limit(project))
        await reply_json(request, legacy_out(await self._consulting().ask(project.id, question)))

    async def query_stable(self, request: Request, project: Project) -> None:
        """`POST /v1/stable/knowledge-base/query`"""
        check_environment(request, project)
        question = question_of(stable_in(await request.body(self._house.body_limit)), _limit(project))
        began = self._house.clock.now_ms()
        consulted = await self._consulting().ask(project.id, question)
        await reply_json(request, stable_out(consulted, question, self._house.clock.now_ms() - began))

    def _consulting(self) -> Consulting:
        if self._house.consulting is None:
            raise NotFound("This server keeps no documents.")
        return self._house.consulting


def add_knowledge_routes(table: Routes, house: House, access: StableAccess) -> None:
    """Add these, and those about documents."""
    knowledge, documents = KnowledgeRoutes(house), DocumentRoutes(house)
    table.add("/knowledge-base/query", {"POST": knowledge.query})
    access.add(table, QUERY, {"POST": knowledge.query_stable})
    access.add(table, DOCUMENT, {"GET": documents.list})
    access.add(table, f"{DOCUMENT}/url", {"POST": documents.add_page})
    access.add(table, f"{DOCUMENT}/text", {"POST": documents.add_file})
    access.add(table, f"{DOCUMENT}/table", {"POST": documents.add_table})
    of_one = {"GET": documents.get, "PATCH": documents.update, "DELETE": documents.remove}
    access.add(table, f"{DOCUMENT}/{{documentID}}", of_one)
    access.add(table, f"{DOCUMENT}/{{documentID}}/refresh", {"POST": documents.refresh})


def _limit(project: Project) -> int:
    """How many passages the project's default environment wants."""
    return project.environments[0].program.settings.knowledge.limit
