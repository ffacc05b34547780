"""What somebody says in a conversation: words, what they send with them, and what models are told for this turn alone.

Source: platform API, section 3.2 (`TurnRequest`, `ContentPartPayload`). A part is an object as the client wrote it.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from parley.domain.actions import Action, Files, Text

Part = dict[str, Any]
CONTENT = "content"
"""Where an action's metadata keeps the parts."""
_KINDS = ("image", "audio", "video")
_UNKNOWN = "application/octet-stream"


class Said(Struct, frozen=True):
    """One thing that the user says. `context` is for models, in this turn alone."""

    text: str
    parts: tuple[Part, ...] = ()
    context: str | None = None

    def action(self) -> Action:
        """Words, or words with files: every part that is more than words is a file to the agent."""
        metadata = {"metadata": {CONTENT: list(self.parts)}} if self.parts else {}
        words = "\n".join([*([self.text] if self.text else []), *self._more_words()])
        files = [_file(part) for part in self.parts if not _is_words(part)]
        if not files:
            return Text({"type": "text", "payload": words, **metadata}, words)
        return Files({"type": "file", "payload": {"text": words, "files": files}, **metadata}, words, files)

    def _more_words(self) -> list[str]:
        """The words of parts that the message does not hold already."""
        texts = (part["text"] for part in self.parts if _is_words(part) and part.get("text"))
        return [text for text in texts if text not in self.text]


def media_part(url: str, media_type: str | None) -> Part:
    """The part that stands for a `media_url`."""
    kind = (media_type or "").partition("/")[0]
    part = {"type": kind if kind in _KINDS else "file", "url": url}
    return part if media_type is None else {**part, "media_type": media_type}


def parts_of(action: dict[str, Any]) -> list[Part]:
    """The parts that came with an action of any origin: its own, or its files as parts."""
    metadata, payload = action.get("metadata"), action.get("payload")
    kept = metadata.get(CONTENT) if isinstance(metadata, dict) else None
    if isinstance(kept, list):
        return [part for part in kept if isinstance(part, dict)]
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
