"""What an agent's files say about documents: which there are, and how they are used. Reads none of them.

Files are those that `knowledge` lists, and in an agent's directory all that are in `knowledge/`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import cast, get_args

from msgspec.structs import replace

from parley.domain.document import EXTENSIONS, LARGEST, Refresh
from parley.domain.knowledge_settings import DocumentSource, KnowledgeSettings
from parley.domain.prompt import Prompt
from parley.projects.nodes import Listed, Mapped, Node, Scalar, json_of
from parley.projects.problems import Mark, Problems
from parley.projects.reading import boolean, items_of, number, one_of, shaped, text_of
from parley.projects.shape import Key, Shape, any_of, list_of, map_of, ref
from parley.projects.shapes import BOOLEAN, COUNT, TEXT

DIRECTORY = "knowledge"
MOST_PASSAGES = 30
MOST_SOURCES = 5
_URL = re.compile(r"https?://[^\s/]+(/\S*)?", re.IGNORECASE)
_NAMED = ", ".join(f"`{extension}`" for extension in EXTENSIONS)

DOCUMENT = Shape(
    "document",
    "A document: exactly one of `file` and `url`.",
    {
        "file": Key(TEXT, "A file beside this one."),
        "url": Key({"type": "string", "pattern": "^https?://"}, "A web page."),
        "name": Key(TEXT, "What it is called. Default: the file or the address."),
        "tags": Key(list_of(TEXT), "Words by which searches may choose it."),
        "metadata": Key(map_of({}), "Values that filters of searches look at."),
        "refresh": Key({"enum": list(get_args(Refresh))}, "How often a page is fetched again. Default: never."),
    },
    advice="For example `{url: https://example.org/help, refresh: daily}`.",
)
KNOWLEDGE = Shape(
    "knowledge_base",
    "The documents that the agent answers from, and how it uses them.",
    {
        "documents": Key(list_of(any_of(TEXT, ref("document"))), "Files and web pages."),
        "limit": Key(COUNT, "How many passages go along with a prompt. Default: 3."),
        "rewrite": Key(BOOLEAN, "Have a model put the conversation into each question. Default: false."),
        "fallback": Key(BOOLEAN, "Answer from the documents what fits nothing else. Default: false."),
        "sources": Key(COUNT, "So many addresses of passages go along with an answer. Default: none."),
    },
    advice="For example `{documents: [handbook.pdf], limit: 5}`.",
)


def knowledge_settings(root: Mapped, problems: Problems) -> KnowledgeSettings:
    """How the documents are used."""
    mapping = _mapping(root, problems)
    if mapping is None:
        return KnowledgeSettings()
    rewrite = mapping.get("rewrite")
    return KnowledgeSettings(
        limit=_count(mapping.get("limit"), "`limit`", MOST_PASSAGES, problems) or KnowledgeSettings().limit,
        rewrite=rewrite is not None and boolean(rewrite, problems, "`rewrite`"),
        sources=_count(mapping.get("sources"), "`sources`", MOST_SOURCES, problems),
    )


def fallback_prompt(root: Mapped, problems: Problems) -> Prompt | None:
    """What answers what fits nothing, where that is to be the documents."""
    mapping = root.get("knowledge")
    node = mapping.get("fallback") if isinstance(mapping, Mapped) else None
    if node is None or not boolean(node, problems, "`fallback`"):
        return None
    return Prompt("{last_utterance}", knowledge=True)


def documents_of(root: Mapped, path: Path, problems: Problems) -> tuple[DocumentSource, ...]:
    """The documents of the agent in this file or directory."""
    base = path if path.is_dir() else path.parent
    found: dict[str, DocumentSource] = {}
    for node, source in _listed(root, base, problems):
        key = source.path or source.url or ""
        if key in found:
            problems.error(node.mark, f"`{source.name[:80]}` is listed twice", "Keep one of them.")
        found[key] = source
    if path.is_dir():
        for source in _in_directory(base, problems):
            found.setdefault(source.path or "", source)
    return tuple(found.values())


def _listed(root: Mapped, base: Path, problems: Problems) -> Iterator[tuple[Node, DocumentSource]]:
    mapping = root.get("knowledge")
    node = mapping.get("documents") if isinstance(mapping, Mapped) else None
    for item in () if node is None else items_of(node, problems, "`documents`"):
        source = _source(item, base, problems)
        if source is not None:
            yield item, source


def _source(node: Node, base: Path, problems: Problems) -> DocumentSource | None:
    if isinstance(node, Scalar):
        place = text_of(node, problems, "a document")
        return _page(place, node, problems) if _URL.match(place) else _file(place, node, base, problems)
    mapping = shaped(node, DOCUMENT, problems, "a document")
    if mapping is None:
        return None
    file, url = mapping.get("file"), mapping.get("url")
    if (file is None) == (url is None):
        problems.error(node.mark, "a document needs one of `file` and `url`", DOCUMENT.advice)
        return None
    if url is not None:
        source = _page(text_of(url, problems, "`url`"), url, problems)
    else:
        assert file is not None
        source = _file(text_of(file, problems, "`file`"), file, base, problems)
    return None if source is None else _described(source, mapping, problems)


def _described(source: DocumentSource, mapping: Mapped, problems: Problems) -> DocumentSource:
    name, tags, metadata, refresh = map(mapping.get, ("name", "tags", "metadata", "refresh"))
    if refresh is not None and source.url is None:
        problems.error(refresh.mark, "only a `url` is fetched again", "Delete `refresh`.")
    if metadata is not None and not isinstance(metadata, Mapped):
        problems.error(metadata.mark, "`metadata` must be a mapping", "For example `{country: no}`.")
    every = "never" if refresh is None else one_of(refresh, problems, "`refresh`", get_args(Refresh))
    return replace(
        source,
        name=source.name if name is None else text_of(name, problems, "`name`"),
        tags=()
        if tags is None
        else tuple(text_of(tag, problems, "a tag") for tag in items_of(tags, problems, "`tags`")),
        metadata=json_of(metadata) if isinstance(metadata, Mapped) else {},
        refresh=cast(Refresh, every),
    )


def _page(url: str, node: Node, problems: Problems) -> DocumentSource | None:
    if not _URL.fullmatch(url):
        problems.error(node.mark, f"`{url[:80]}` is not a web address", "For example `https://example.org/help`.")
        return None
    return DocumentSource(url, url=url)


def _file(name: str, node: Node, base: Path, problems: Problems) -> DocumentSource | None:
    if not name:
        return None
    file = base / name
    if not file.resolve().is_relative_to(base.resolve()):
        problems.error(node.mark, f"`{name[:80]}` is outside the agent's directory", "Keep the agent in one place.")
        return None
    if not file.is_file():
        problems.error(node.mark, f"there is no file `{name[:80]}`", "Files are named relative to the agent's.")
        return None
    return DocumentSource(name, path=str(file.resolve())) if _fits(file, node.mark, problems) else None


def _in_directory(base: Path, problems: Problems) -> Iterator[DocumentSource]:
    directory = base / DIRECTORY
    for file in sorted(directory.rglob("*")) if directory.is_dir() else ():
        name = file.relative_to(base).as_posix()
        if not file.is_file() or any(part.startswith(".") for part in file.relative_to(directory).parts):
            continue
        mark = Mark(str(file), 0, 0)
        if not file.resolve().is_relative_to(base.resolve()):
            problems.error(mark, "the file leads outside the agent's directory", "Keep the agent in one place.")
        elif file.suffix.lower() not in EXTENSIONS:
            problems.warn(mark, f"`{file.name[:80]}` is of no kind that is read", f"Documents end in {_NAMED}.")
        elif _fits(file, mark, problems):
            yield DocumentSource(name, path=str(file.resolve()))


def _fits(file: Path, mark: Mark, problems: Problems) -> bool:
    """It is of a kind, and of a size, that is read."""
    if file.suffix.lower() not in EXTENSIONS:
        problems.error(mark, f"`{file.name[:80]}` is of no kind that is read", f"Documents end in {_NAMED}.")
        return False
    size = file.stat().st_size
    if not size or size > LARGEST:
        said = "is empty" if not size else f"has more than {LARGEST // 2**20} MB"
        problems.error(mark, f"`{file.name[:80]}` {said}", "Fill it, or delete it." if not size else "Split it.")
        return False
    return True


def _mapping(root: Mapped, problems: Problems) -> Mapped | None:
    node = root.get("knowledge")
    if isinstance(node, Listed):
        problems.error(node.mark, "`knowledge` must be a mapping", KNOWLEDGE.advice)
        return None
    return None if node is None else shaped(node, KNOWLEDGE, problems, "`knowledge`")


def _count(node: Node | None, what: str, most: int, problems: Problems) -> int:
    if node is None:
        return 0
    value = int(number(node, problems, what, whole=True))
    if value > most:
        problems.error(node.mark, f"{what} must be at most {most}, and is {value}")
    return min(value, most)
