"""A web page as pieces: what it says, without its navigation, scripts and forms."""

from __future__ import annotations

from collections.abc import Iterator

from parley.backends.knowledge.pieces import Piece, Unfit

_SKIPPED = (
    *("script", "style", "noscript", "template", "svg", "iframe", "object", "nav", "footer", "aside", "form"),
    *("button", "select", "textarea", "dialog", "canvas", "audio", "video", "head"),
)
_BLOCKS = frozenset(
    [
        *("address", "article", "blockquote", "body", "caption", "dd", "div", "dl", "dt", "fieldset", "figcaption"),
        *("figure", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "ol", "p", "pre", "section"),
        *("table", "tbody", "tfoot", "thead", "tr", "ul"),
    ]
)
_CELLS = frozenset(("td", "th"))
_DEEPEST = 2_000
_MAIN_SHARE = 0.3
"""A page's main part stands for the page if it has so much of its text."""


def read_html(data: bytes) -> Iterator[Piece]:
    """The pieces of a page. Raises `Unfit`."""
    from selectolax.lexbor import LexborHTMLParser

    page = LexborHTMLParser(data)
    title = page.css_first("title")
    named = " ".join(title.text().split()) if title is not None else ""
    page.strip_tags(list(_SKIPPED))
    root = page.body
    if root is None:
        return
    main = page.css_first("main, article, [role=main]")
    if main is not None and len(main.text()) > _MAIN_SHARE * len(root.text()):
        root = main
    if named and page.css_first("h1") is None:
        yield Piece(named, level=1)
    yield from _pieces(root)


def _pieces(root: object) -> Iterator[Piece]:
    texts: list[str] = []
    current: tuple[int, str] = (0, "")
    for node in root.traverse(include_text=True):  # type: ignore[attr-defined]
        tag = node.tag
        if tag == "br":
            texts.append("\n")
        elif tag in _CELLS and texts:
            texts.append(" | ")
        if tag != "-text":
            continue
        said = node.text(deep=False)
        block = _block_of(node)
        if block != current:
            yield from _told(current[1], texts)
            current = block
        texts.append(said if block[1] == "pre" else _spaced(said))
    yield from _told(current[1], texts)


def _block_of(node: object) -> tuple[int, str]:
    """The nearest element around a text that makes a paragraph, by its identity and tag."""
    parent = node.parent  # type: ignore[attr-defined]
    for _ in range(_DEEPEST):
        if parent is None:
            return (0, "")
        if parent.tag in _BLOCKS:
            return (parent.mem_id, parent.tag)
        parent = parent.parent
    raise Unfit(f"The page cannot be read: its elements are more than {_DEEPEST} inside one another.")


def _spaced(text: str) -> str:
    """Runs of white space are one space, those at the ends too."""
    words = " ".join(text.split())
    if not words:
        return " " if text else ""
    return f"{' ' if text[0].isspace() else ''}{words}{' ' if text[-1].isspace() else ''}"


def _told(tag: str, texts: list[str]) -> Iterator[Piece]:
    lines = (line if tag == "pre" else line.strip(" |") for line in "".join(texts).split("\n"))
    said = "\n".join(line for line in lines if line.strip())
    texts.clear()
    if said:
        level = int(tag[1]) if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit() else 0
        yield Piece(f"- {said}" if tag == "li" else said, level=level)
