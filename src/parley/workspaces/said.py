"""What somebody says in a conversation: words, what they send with them, and what models are told for this turn alone.

Source: platform API, section 3.2 (`TurnRequest`, `ContentPartPayload`). A part is an object as the client wrote it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from parley.domain.actions import Action, Files, Text
from parley.domain.transcript import TurnRecord

Part = dict[str, Any]
_KINDS = ("image", "audio", "video")
_UNKNOWN = "application/octet-stream"


class Said(Struct, frozen=True):
    """One thing that the user says. `context` is for models, in this turn alone."""

    text: str
    parts: tuple[Part, ...] = ()
    context: str | None = None

    @property
    def words(self) -> str:
        """The message, and the words of parts that it does not hold already."""
        texts = (part["text"] for part in self.parts if _is_words(part) and part.get("text"))
        return "\n".join([*([self.text] if self.text else []), *(text for text in texts if text not in self.text)])

    def action(self) -> Action:
        """Words, or words with files: every part that is more than words is a file to the agent."""
        words = self.words
        files = [_file(part) for part in self.parts if not _is_words(part)]
        if not files:
            return Text({"type": "text", "payload": words}, words)
        return Files({"type": "file", "payload": {"text": words, "files": files}}, words, files)


def media_part(url: str, media_type: str | None) -> Part:
    """The part that stands for a `media_url`."""
    kind = (media_type or "").partition("/")[0]
    part = {"type": kind if kind in _KINDS else "file", "url": url}
    return part if media_type is None else {**part, "media_type": media_type}


def parts_of(turn: TurnRecord) -> Sequence[Part]:
    """The parts that came with a turn, by whatever door: as they were sent, or its files as parts."""
    if turn.config.content:
        return turn.config.content
    action = turn.action or {}
    payload = action.get("payload")
    files = payload.get("files") if isinstance(payload, dict) and action.get("type") == "file" else None
    return [_part(file) for file in files if isinstance(file, dict)] if isinstance(files, list) else []


def _is_words(part: Part) -> bool:
    return part.get("type", "text") == "text" and not part.get("url") and not part.get("provider_id")


def _file(part: Part) -> dict[str, Any]:
    """A part in the shape of a file of the Conversations API (section 3)."""
    url, kind = part.get("url"), part.get("type", "")
    media_type = part.get("media_type") or (f"{kind}/*" if kind in _KINDS else _UNKNOWN)
    name = "" if url is None else _name_in(url)
    more = {key: part[key] for key in ("text", "provider_id", "metadata") if part.get(key)}
    return {
        "mimeType": media_type,
        **({} if url is None else {"url": url}),
        **({"filename": name} if name else {}),
        "type": kind,
        **more,
    }


def _part(file: dict[str, Any]) -> Part:
    media_type, url = file.get("mimeType"), file.get("url")
    part = media_part(url if isinstance(url, str) else "", media_type if isinstance(media_type, str) else None)
    name = file.get("filename")
    return {**part, "metadata": {"filename": name}} if isinstance(name, str) else part


def _name_in(url: str) -> str:
    try:
        return unquote(urlsplit(url).path.rpartition("/")[2])
    except ValueError:
        return ""
