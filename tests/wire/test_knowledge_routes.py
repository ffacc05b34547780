"""The knowledge base over HTTP (engine, section 1.1; Conversations API, section 9; docs/reference/knowledge.md)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
import yaml
from tests.fixtures import documents as made

from house_fixture import API_KEY, Opened, project
from parley.backends.clock import StillClock
from parley.backends.llm.scripted import script_of
from parley.backends.tools.scripted import ScriptedTools
from parley.domain.program import Settings
from parley.ports.tools import Request, RequestFailed, Response
from wire.knowledge_house import names, open_knowledge_house

DOCUMENTS = "/v1/stable/document"
KEY = {"authorization": API_KEY}
HOUSE = {"projectID": "shop", "environmentAlias": "main"}
OPENAPI = Path(__file__).parents[3] / "shared" / "contract" / "openapi" / "voiceflow-stable.openapi.yaml"
SITE = "https://shop.example/help"


class Site:
    """A web site whose one page changes."""

    def __init__(self) -> None:
        self.body = made.PAGE
        self.mime = "text/html; charset=utf-8"
        self.status = 200
        self.asked = 0

    def tools(self) -> ScriptedTools:
        """The way to it."""
        return ScriptedTools({f"GET {SITE}": self._answer})

    def _answer(self, request: Request) -> Response:
        self.asked += 1
        if self.status == 0:
            raise RequestFailed("the address is not public")
        return Response(self.status, "", SITE, (("content-type", self.mime),), self.body)


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def clock() -> StillClock:
    return StillClock(1_738_591_200_000)


@pytest.fixture
async def opened(site: Site, clock: StillClock) -> AsyncIterator[Opened]:
    model = script_of("- {when: return, system: 30 days, answer: Within 30 days.}\n- {answer: NOT_FOUND}\n")
    async with open_knowledge_house(tools=site.tools(), model=model, clock=clock) as house:
        yield house


@pytest.fixture
async def client(opened: Opened) -> AsyncIterator[httpx.AsyncClient]:
    async with opened.client() as made:
        made.headers.update(KEY)
        yield made


async def send(client: httpx.AsyncClient, name: str, data: bytes, query: str = "", **fields: str) -> dict[str, Any]:
    answer = await client.post(
        f"{DOCUMENTS}/text{query}", params=HOUSE if not query else None, data=fields, files={"file": (name, data)}
    )
    assert answer.status_code == 201, answer.text
    document: dict[str, Any] = answer.json()["document"]
    return document


async def ask(client: httpx.AsyncClient, question: str, **body: Any) -> dict[str, Any]:
    answer = await client.post("/knowledge-base/query", json={"question": question, "synthesis": False, **body})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def contents(told: dict[str, Any]) -> list[str]:
    return [chunk["content"] for chunk in told["chunks"]]


@pytest.mark.parametrize(
    ("name", "data", "type"),
    [
        ("help.md", made.MARKDOWN, "md"),
        ("help.html", made.PAGE, "text"),
        ("help.txt", made.RETURNS.encode(), "text"),
        ("help.pdf", made.pdf(made.RETURNS), "pdf"),
        ("help.docx", made.docx(made.RETURNS), "docx"),
        ("HELP.CSV", f"topic,text\nreturns,{made.RETURNS}\n".encode(), "csv"),
    ],
)
async def test_a_file_of_every_kind_is_found(client: httpx.AsyncClient, name: str, data: bytes, type: str) -> None:
    document = await send(client, name, data)
    assert document["status"] == {"type": "SUCCESS"}
    assert (document["data"]["type"], document["data"]["name"]) == (type, name)
    told = await ask(client, "Can I return unused goods?", chunkLimit=1)
    assert made.RETURNS in contents(told)[0]
    chunk = told["chunks"][0]
    assert chunk["documentID"] == document["id"] and chunk["chunkID"] and 0 < chunk["score"] <= 1
    assert chunk["source"] == document["data"]


async def test_the_answer_has_the_legacy_shape(client: httpx.AsyncClient) -> None:
    await send(client, "help.md", made.MARKDOWN)
    told = (await client.post("/knowledge-base/query", json={"question": "When can I return things?"})).json()
    assert told.keys() == {"output", "chunks", "tokens", "queryTokens", "answerTokens", "model", "multiplier"}
    assert (told["output"], told["model"]) == ("Within 30 days.", "scripted")
    assert told["tokens"] == told["queryTokens"] + told["answerTokens"] > 0
    assert told["chunks"][0].keys() == {"score", "chunkID", "documentID", "content", "source", "metadata"}


async def test_an_answer_that_is_not_in_the_documents_is_none(client: httpx.AsyncClient) -> None:
    await send(client, "help.md", made.MARKDOWN)
    told = await ask(client, "How long to Norway?", synthesis=True)
    assert told["output"] is None and told["chunks"] and "do not hold the answer" in told["note"]
    nothing = await ask(client, "quantum chromodynamics", synthesis=True)
    assert (nothing["output"], nothing["chunks"], nothing["note"]) == (None, [], "Nothing was found.")


async def test_without_a_model_the_answer_says_so() -> None:
    async with open_knowledge_house() as opened, opened.client() as client:
        client.headers.update(KEY)
        await send(client, "help.md", made.MARKDOWN)
        told = await ask(client, "return", synthesis=True)
    assert told["output"] is None and told["chunks"] and told["model"] == "none"
    assert "No language model is set up" in told["note"]


async def test_a_model_that_fails_leaves_the_passages(client: httpx.AsyncClient) -> None:
    async with open_knowledge_house(model=script_of("- {fails: it sleeps}")) as opened, opened.client() as client:
        client.headers.update(KEY)
        await send(client, "help.md", made.MARKDOWN)
        told = await ask(client, "return", synthesis=True)
    assert told["output"] is None and told["chunks"] and "it sleeps" in told["note"]


async def test_instruction_and_system_reach_the_model() -> None:
    model = script_of("- {system: Be rude., answer: rude}\n- {system: In French, answer: oui}\n- {answer: plain}")
    async with open_knowledge_house(model=model) as opened, opened.client() as client:
        client.headers.update(KEY)
        await send(client, "help.md", made.MARKDOWN)
        for body, output in (
            ({"settings": {"system": "Be rude.", "maxTokens": 5, "temperature": 0.1, "model": "gpt-4o"}}, "rude"),
            ({"instruction": "In French"}, "oui"),
            ({}, "plain"),
        ):
            assert (await ask(client, "return", synthesis=True, **body))["output"] == output


async def test_a_table_is_searched_by_some_fields_and_filtered_by_others(client: httpx.AsyncClient) -> None:
    items = [{"name": f"Chair {n}", "about": "A chair to sit on", "price": n, "made": {"in": "no"}} for n in range(5)]
    schema = {"searchableFields": ["name", "about"], "metadataFields": ["price", "made"]}
    answer = await client.post(
        f"{DOCUMENTS}/table", params=HOUSE, json={"name": "chairs", "items": items, "schema": schema}
    )
    assert answer.status_code == 201, answer.text
    assert answer.json()["document"]["data"] == {"type": "table", "name": "chairs", "rowsCount": 5}
    told = await ask(client, "chair", filters={"price": {"$gte": 3}, "made.in": "no"})
    assert sorted(contents(told)) == [f"name: Chair {n}\nabout: A chair to sit on" for n in (3, 4)]
    assert sorted(chunk["metadata"]["price"] for chunk in told["chunks"]) == [3, 4]


async def test_metadata_filters_find_documents(client: httpx.AsyncClient) -> None:
    tags = json.dumps([{"key": "country", "values": ["no", "se"]}])
    document = await send(client, "a.txt", b"Parcels are quick.", metadata=tags)
    await send(client, "b.txt", b"Parcels are slow.", metadata=json.dumps({"country": "it", "zone": {"n": 2}}))
    assert contents(await ask(client, "parcels", filters={"country": "se"})) == ["Parcels are quick."]
    assert contents(await ask(client, "parcels", filters={"zone.n": {"$gt": 1}})) == ["Parcels are slow."]
    patched = await client.patch(
        f"{DOCUMENTS}/{document['id']}", params=HOUSE, json={"metadata": [{"key": "country", "values": ["dk"]}]}
    )
    assert patched.status_code == 200 and patched.json()["message"]
    assert contents(await ask(client, "parcels", filters={"country": "se"})) == []
    assert contents(await ask(client, "parcels", filters={"country": {"$in": ["dk"]}})) == ["Parcels are quick."]


async def test_a_document_is_shown_with_its_passages_and_deleted(client: httpx.AsyncClient) -> None:
    document = await send(client, "help.md", made.MARKDOWN, url="https://shop.example", metadata='{"v": 2}')
    path = f"{DOCUMENTS}/{document['id']}"
    whole = (await client.get(path, params=HOUSE)).json()["document"]
    assert "".join(chunk["content"] for chunk in whole["chunks"]).count(made.RETURNS) == 1
    assert whole["metadata"] == [{"key": "v", "values": ["2"]}]
    assert names((await client.get(DOCUMENTS, params=HOUSE)).json()["documents"]) == ["help.md"]
    assert (await client.delete(path, params=HOUSE)).json()["message"]
    for method in ("GET", "DELETE"):
        assert (await client.request(method, path, params=HOUSE)).status_code == 404
    assert (await ask(client, "return"))["chunks"] == []


async def test_the_same_bytes_are_one_document(client: httpx.AsyncClient) -> None:
    one = await send(client, "help.md", made.MARKDOWN)
    two = await send(client, "again.md", made.MARKDOWN)
    assert one["id"] == two["id"]
    assert names((await client.get(DOCUMENTS)).json()["documents"]) == ["again.md"]


async def test_overwriting_takes_the_place_of_the_document_of_that_name(client: httpx.AsyncClient) -> None:
    one = await send(client, "help.txt", b"Returns take 14 days.")
    two = await send(client, "help.txt", b"Returns take 30 days.", "?overwrite=true")
    assert one["id"] == two["id"]
    assert contents(await ask(client, "returns")) == ["Returns take 30 days."]
    three = await send(client, "help.txt", b"Returns take 60 days.")
    assert three["id"] != two["id"]


async def test_what_cannot_be_read_says_why_and_hurts_nobody(client: httpx.AsyncClient) -> None:
    await send(client, "good.md", made.MARKDOWN)
    for name, data, said in (
        ("bomb.docx", made.bomb_docx(200), "unpacks to more than"),
        ("secret.pdf", made.encrypted_pdf(), "encrypted"),
        ("broken.pdf", b"%PDF-1.7 broken", "broken"),
    ):
        document = await send(client, name, data)
        assert document["status"]["type"] == "ERROR" and said in document["status"]["data"]["message"]
    assert contents(await ask(client, "return"))


async def test_a_replacement_that_cannot_be_read_leaves_what_was_there(client: httpx.AsyncClient) -> None:
    await send(client, "help.pdf", made.pdf(made.RETURNS))
    document = await send(client, "help.pdf", b"%PDF broken", "?overwrite=true")
    assert document["status"]["type"] == "ERROR"
    assert contents(await ask(client, "return")) == [made.RETURNS]


async def test_pages_are_fetched_and_fetched_again(client: httpx.AsyncClient, site: Site) -> None:
    answer = await client.post(f"{DOCUMENTS}/url", params=HOUSE, json={"url": SITE, "refreshRate": "daily"})
    assert answer.status_code == 201, answer.text
    document = answer.json()["document"]
    assert document["data"] == {
        "type": "url",
        "name": SITE,
        "url": SITE,
        "refreshRate": "daily",
        "lastSuccessUpdate": "2025-02-03T14:00:00.000Z",
    }
    assert made.RETURNS in contents(await ask(client, "return goods"))[0]
    site.body = b"<p>Goods may be returned within 90 days.</p>"
    again = await client.post(f"{DOCUMENTS}/{document['id']}/refresh", params=HOUSE)
    assert again.status_code == 200
    assert contents(await ask(client, "returned goods")) == ["Goods may be returned within 90 days."]
    site.status = 500
    failed = (await client.post(f"{DOCUMENTS}/{document['id']}/refresh", params=HOUSE)).json()["document"]
    assert failed["status"]["type"] == "ERROR" and "answered 500" in failed["status"]["data"]["message"]
    assert contents(await ask(client, "returned goods")) == ["Goods may be returned within 90 days."]
    assert site.asked == 3


@pytest.mark.parametrize(
    ("mime", "body"),
    [
        ("text/plain", b"Returns take 30 days."),
        ("text/markdown", b"Returns take 30 days."),
        ("application/pdf", made.pdf("Returns take 30 days.")),
        ("application/octet-stream", made.pdf("Returns take 30 days.")),
        ("", b"<html><p>Returns take 30 days.</p></html>"),
    ],
)
async def test_pages_of_other_kinds_are_read(client: httpx.AsyncClient, site: Site, mime: str, body: bytes) -> None:
    site.mime, site.body = mime, body
    await client.post(f"{DOCUMENTS}/url", params=HOUSE, json={"url": SITE})
    assert contents(await ask(client, "returns")) == ["Returns take 30 days."]


async def test_a_page_that_cannot_be_fetched_says_why(client: httpx.AsyncClient, site: Site) -> None:
    site.status = 0
    document = (await client.post(f"{DOCUMENTS}/url", params=HOUSE, json={"url": SITE})).json()["document"]
    assert "not public" in document["status"]["data"]["message"]
    site.status, site.mime = 200, "image/png"
    again = (await client.post(f"{DOCUMENTS}/{document['id']}/refresh", params=HOUSE)).json()["document"]
    assert "image/png" in again["status"]["data"]["message"]


BAD: list[tuple[str, str, Any, int, str]] = [
    ("POST", "/knowledge-base/query", {}, 400, "question"),
    ("POST", "/knowledge-base/query", {"question": " "}, 400, "question"),
    ("POST", "/knowledge-base/query", {"question": "x" * 9000}, 400, "question"),
    ("POST", "/knowledge-base/query", {"question": "a", "chunkLimit": 0}, 400, "chunkLimit"),
    ("POST", "/knowledge-base/query", {"question": "a", "chunkLimit": 31}, 400, "chunkLimit"),
    ("POST", "/knowledge-base/query", {"question": "a", "chunkLimit": 2.5}, 400, "chunkLimit"),
    ("POST", "/knowledge-base/query", {"question": "a", "settings": {"maxTokens": 0}}, 400, "maxTokens"),
    ("POST", "/knowledge-base/query", {"question": "a", "filters": {"a": {"$near": 1}}}, 400, "filters.a.$near"),
    ("POST", "/knowledge-base/query", {"question": "a", "filters": {"$where": "1"}}, 400, "filters.$where"),
    ("POST", "/knowledge-base/query", {"question": "a", "filters": {"$or": []}}, 400, "filters.$or"),
    ("POST", "/knowledge-base/query", {"question": "a", "filters": {"a": {"$in": 3}}}, 400, "filters.a.$in"),
    ("POST", "/knowledge-base/query", {"question": "a", "filters": 3}, 400, "filters"),
    ("POST", "/knowledge-base/query", {"question": "a", "tags": {"include": 1}}, 400, "tags.include"),
    ("POST", "/knowledge-base/query", {"question": "a", "projectID": "nope"}, 404, "nope"),
    ("POST", "/v1/stable/knowledge-base/query", {"question": "a"}, 400, "version"),
    ("POST", "/v1/stable/knowledge-base/query", {"question": "a", "version": "old"}, 400, "version"),
    (
        "POST",
        "/v1/stable/knowledge-base/query?environmentAlias=nope",
        {"question": "a", "version": "draft"},
        400,
        "invalid environment tag",
    ),
    ("POST", f"{DOCUMENTS}/url", {"url": "ftp://x"}, 400, "url"),
    ("POST", f"{DOCUMENTS}/url", {"url": "https://user:pass@x.example"}, 400, "url"),
    ("POST", f"{DOCUMENTS}/url", {"url": "http://[bad"}, 400, "url"),
    ("POST", f"{DOCUMENTS}/url", {"url": SITE, "refreshRate": "hourly"}, 400, "refreshRate"),
    ("POST", f"{DOCUMENTS}/url?maxChunkSize=9", {"url": SITE}, 400, "maxChunkSize"),
    ("POST", f"{DOCUMENTS}/url?overwrite=maybe", {"url": SITE}, 400, "overwrite"),
    ("POST", f"{DOCUMENTS}/url?environmentAlias=nope", {"url": SITE}, 400, "invalid environment tag"),
    ("POST", f"{DOCUMENTS}/url?projectID=nope", {"url": SITE}, 404, "nope"),
    ("POST", f"{DOCUMENTS}/table", {"name": "t", "items": [], "schema": {"searchableFields": ["a"]}}, 400, "items"),
    ("POST", f"{DOCUMENTS}/table", {"name": "t", "items": [{}], "schema": {"searchableFields": []}}, 400, "schema"),
    ("POST", f"{DOCUMENTS}/table", {"name": "t", "items": [3], "schema": {"searchableFields": ["a"]}}, 400, "items"),
    ("POST", f"{DOCUMENTS}/text", {"file": 1}, 400, "multipart"),
    ("PATCH", f"{DOCUMENTS}/0123", {"metadata": []}, 404, "no such document"),
    ("PATCH", f"{DOCUMENTS}/0123", {"name": "x"}, 400, "name"),
    ("POST", f"{DOCUMENTS}/0123/refresh", {}, 404, "no such document"),
    ("GET", f"{DOCUMENTS}/%00", None, 404, "no such document"),
    ("PUT", DOCUMENTS, {}, 405, "PUT"),
]


async def test_numbers_may_have_a_point_and_an_unused_model_keeps_its_name(client: httpx.AsyncClient) -> None:
    asked = {"version": "draft", "question": "a", "chunkLimit": 2.0, "settings": {"maxTokens": 9.0, "model": "gpt-5"}}
    answer = await client.post("/v1/stable/knowledge-base/query", json=asked)
    assert answer.status_code == 200, answer.text
    found = answer.json()["answer"]
    assert (found["model"], found["output"], found["tokens"]) == ("gpt-5", None, 0)


@pytest.mark.parametrize(("method", "path", "body", "status", "said"), BAD)
async def test_bad_requests_are_told_what_is_wrong(
    client: httpx.AsyncClient, method: str, path: str, body: Any, status: int, said: str
) -> None:
    answer = await client.request(method, path, json=body)
    assert (answer.status_code, said in answer.json()["message"]) == (status, True), answer.text


async def test_files_of_other_kinds_are_refused(client: httpx.AsyncClient) -> None:
    for name in ("a.exe", "noname", ""):
        answer = await client.post(f"{DOCUMENTS}/text", files={"file": (name or "..", b"data")})
        assert answer.status_code == 400 and ".pdf" in answer.json()["message"]


async def test_a_document_that_is_too_large_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post(f"{DOCUMENTS}/text", files={"file": ("a.csv", b"x" * (21 * 2**20))})
    assert answer.status_code == 413 and answer.json()["code"] == "body_too_large"


@pytest.mark.parametrize("key", [None, "VF.DM.nonsense", "Bearer nonsense"])
async def test_strangers_learn_and_change_nothing(client: httpx.AsyncClient, key: str | None) -> None:
    document = await send(client, "help.md", made.MARKDOWN)
    headers = {"authorization": key or ""}
    for method, path in (
        ("GET", DOCUMENTS),
        ("GET", f"{DOCUMENTS}/{document['id']}"),
        ("DELETE", f"{DOCUMENTS}/{document['id']}"),
        ("PATCH", f"{DOCUMENTS}/{document['id']}"),
        ("POST", f"{DOCUMENTS}/url"),
        ("POST", f"{DOCUMENTS}/text"),
        ("POST", f"{DOCUMENTS}/table"),
        ("POST", "/v1/stable/knowledge-base/query"),
        ("POST", "/knowledge-base/query"),
    ):
        answer = await client.request(method, path, headers=headers, json={"question": "a"})
        assert answer.status_code == 401, path
    assert len((await client.get(DOCUMENTS)).json()["documents"]) == 1


async def test_keys_with_a_scheme_open_too(client: httpx.AsyncClient) -> None:
    for scheme in ("Bearer ", "ApiKey "):
        assert (await client.get(DOCUMENTS, headers={"authorization": scheme + API_KEY})).status_code == 200


async def test_projects_keep_their_documents_to_themselves() -> None:
    async with open_knowledge_house(project(), project("bank")) as opened, opened.client() as client:
        client.headers.update(KEY)
        answer = await client.post(
            f"{DOCUMENTS}/text", params={"projectID": "bank"}, files={"file": ("a.txt", b"A secret of the bank")}
        )
        id = answer.json()["document"]["id"]
        assert (await client.get(f"{DOCUMENTS}/{id}", params={"projectID": "shop"})).status_code == 404
        assert (await ask(client, "secret", projectID="shop"))["chunks"] == []
        assert (await ask(client, "secret", projectID="bank"))["chunks"]
        nameless = await client.post("/knowledge-base/query", json={"question": "secret"})
        assert nameless.status_code == 400 and "several projects" in nameless.json()["message"]


async def test_documents_are_there_after_a_restart(tmp_path: Path) -> None:
    for n in range(2):
        async with open_knowledge_house(data=tmp_path / "data.db") as opened, opened.client() as client:
            client.headers.update(KEY)
            if n == 0:
                await send(client, "help.md", made.MARKDOWN)
            assert made.RETURNS in contents(await ask(client, "return"))[0]


async def test_a_house_without_documents_says_so() -> None:
    from house_fixture import open_house

    opened = await open_house(project(settings=Settings()))
    async with opened.client() as client:
        for method, path in (("GET", DOCUMENTS), ("POST", "/knowledge-base/query")):
            answer = await client.request(method, path, headers=KEY, json={"question": "a"})
            assert answer.status_code == 404 and "keeps no documents" in answer.json()["message"]


@pytest.mark.skipif(not OPENAPI.exists(), reason="no OpenAPI document beside the checkout")
async def test_answers_have_the_documented_shapes(client: httpx.AsyncClient) -> None:
    document = await send(client, "help.pdf", made.pdf(made.RETURNS))
    id = document["id"]
    query = {"version": "published", "question": "return", "chunkLimit": 2, "synthesis": True}
    for answer, shape in (
        (await client.get(DOCUMENTS, params=HOUSE), "StableDocumentListResponse"),
        (await client.get(f"{DOCUMENTS}/{id}", params=HOUSE), "StableDocumentDetailsResponse"),
        (await client.post(f"{DOCUMENTS}/url", params=HOUSE, json={"url": SITE}), "StableDocumentResponse"),
        (
            await client.post("/v1/stable/knowledge-base/query", params=HOUSE, json=query),
            "StableKnowledgeBaseQueryResponse",
        ),
        (await client.delete(f"{DOCUMENTS}/{id}", params=HOUSE), "StableDeleteResponse"),
    ):
        assert answer.status_code in (200, 201), answer.text
        jsonschema.validate(answer.json(), _schema(shape))


def _schema(name: str) -> dict[str, Any]:
    """A schema of the OpenAPI document as JSON Schema. Which models there are is each server's own."""
    schemas = yaml.safe_load(OPENAPI.read_text())["components"]["schemas"]
    schemas["StableKnowledgeBaseQueryResponse"]["properties"]["answer"]["properties"]["model"].pop("enum")

    def plain(value: Any) -> Any:
        if isinstance(value, list):
            return [plain(each) for each in value]
        if not isinstance(value, dict):
            return value
        found = {key: plain(each) for key, each in value.items() if key != "nullable"}
        return {"anyOf": [found, {"type": "null"}]} if value.get("nullable") is True else found

    return {"$ref": f"#/components/schemas/{name}", "components": {"schemas": plain(schemas)}}
