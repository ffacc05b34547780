"""How traces look in a terminal, and in a pipe: the same words without the paint."""

from __future__ import annotations

import json
import re
from typing import Any

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from parley.domain.actions import Wire

CARD_WIDTH = 56
SILENT = frozenset(
    {"log", "path", "flow", "block", "goto", "stream", "no-reply", "reasoning", "audio", "end", "entity-filling"}
    | {"channel-action", "knowledgeBase", "realtime-agent", "dtmf", "tool-call", "simulation-test-result"}
)
"""For the builder, not for the user: seen with /traces alone."""
# An agent's words must not move the cursor, change the title or paint the terminal.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Screen:
    """Prints what an agent says, and keeps what can be chosen from now on."""

    def __init__(self, console: Console, *, painted: bool) -> None:
        self.console = console
        self.shows_traces = False
        self.options: list[tuple[str, Wire]] = []
        self._painted = painted
        self._is_streaming = False

    def show(self, trace: dict[str, Any]) -> None:
        """One trace."""
        if self.shows_traces:
            self._raw(trace)
        kind, payload = trace["type"], trace.get("payload")
        fields: dict[str, Any] = payload if isinstance(payload, dict) else {}
        match kind:
            case "text" | "speak":
                self.say(fields.get("message") or "")
                if fields.get("src"):
                    self.note(f"recording: {fields['src']}")
            case "completion":
                self._stream(fields)
            case "choice":
                self._offer(fields.get("buttons") or [])
            case "cardV2":
                self._card(fields)
            case "carousel":
                for card in fields.get("cards") or []:
                    self._card(card)
            case "visual":
                self.note(f"picture: {fields.get('image')}")
            case "debug":
                if fields.get("level") in ("error", "fatal"):
                    self.note(f"agent: {fields.get('message')}", style="red")
            case _ if kind not in SILENT:
                self._custom(kind, payload, trace.get("paths") or [])

    def say(self, words: str) -> None:
        """What the agent says."""
        for line in words.split("\n"):
            self._print(f"  {line}" if self._painted else line)

    def note(self, words: str, style: str = "dim") -> None:
        """Something beside the conversation."""
        self._print(f"  {words}" if self._painted else f"[{words}]", style)

    def json(self, value: Any) -> None:
        """A JSON value, over several lines."""
        self._print(json.dumps(value, indent=2, ensure_ascii=False), "cyan")

    def chosen(self, typed: str) -> tuple[str, Wire] | None:
        """The option that was meant by a number or a label."""
        wanted = typed.strip()
        if wanted.isascii() and wanted.isdecimal() and 1 <= int(wanted) <= len(self.options):
            return self.options[int(wanted) - 1]
        return next((option for option in self.options if option[0].casefold() == wanted.casefold()), None)

    def _print(self, words: str, style: str = "") -> None:
        self.console.print(Text(_plain(words), style=style if self._painted else ""))

    def _raw(self, trace: dict[str, Any]) -> None:
        self._print(json.dumps(trace, ensure_ascii=False), "bright_black")

    def _stream(self, fields: dict[str, Any]) -> None:
        state = fields.get("state")
        if state == "start" and self._painted:
            self.console.print("  ", end="")
        elif state == "content":
            self.console.print(Text(_plain(str(fields.get("content", "")))), end="")
        elif state == "end":
            self.console.print()

    def _offer(self, buttons: list[dict[str, Any]], indent: str = "") -> None:
        for button in buttons:
            name = str(button.get("name", ""))
            request = button.get("request") or {"type": "text", "payload": name}
            self.options.append((name, request))
            url = address_in(request)
            line = Text(f"{indent or '  '}{len(self.options)}", style="bold green" if self._painted else "")
            line.append(f"  {_plain(name)}", style="not bold default" if self._painted else "")
            if url:
                line.append(f"  {_plain(url)}", style="not bold dim" if self._painted else "")
            self.console.print(line)

    def _card(self, card: dict[str, Any]) -> None:
        title, text = str(card.get("title") or ""), str((card.get("description") or {}).get("text") or "")
        image = str(card.get("imageUrl") or "")
        if self._painted:
            body = Text(_plain(text))
            if image:
                body.append(("\n" if text else "") + _plain(image), style="dim")
            width = min(CARD_WIDTH, self.console.width - 2)
            panel = Panel(body, title=Text(_plain(title), style="bold"), title_align="left", width=width)
            self.console.print(panel, soft_wrap=False)
        else:
            for line in (title, text, f"[picture: {image}]" if image else ""):
                if line:
                    self._print(line)
        self._offer(card.get("buttons") or [], "    ")

    def _custom(self, kind: str, payload: Any, paths: list[dict[str, Any]]) -> None:
        data = "" if payload is None else payload if isinstance(payload, str) else json.dumps(payload, indent=2)
        if self._painted:
            title = Text.assemble("custom action ", (_plain(kind), "bold"))
            width = min(CARD_WIDTH, self.console.width - 2)
            panel = Panel(_plain(data), title=title, title_align="left", border_style="magenta", width=width)
            self.console.print(panel, markup=False, soft_wrap=False)
        else:
            self._print(f"[custom action: {kind}]" + (f" {json.dumps(payload)}" if payload is not None else ""))
        self._offer(
            [
                {"name": path.get("label") or path["event"]["type"], "request": path["event"]}
                for path in paths
                if (path.get("event") or {}).get("type")
            ],
            "    ",
        )


def address_in(request: Wire) -> str | None:
    """The address that a button opens."""
    payload = request.get("payload")
    for action in (payload.get("actions") or []) if isinstance(payload, dict) else []:
        if action.get("type") == "open_url":
            return str((action.get("payload") or {}).get("url") or "") or None
    return None


def _plain(words: str) -> str:
    return _CONTROL.sub("�", words)
