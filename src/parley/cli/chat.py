"""`parley chat`: talking to an agent in the terminal, from a file or at a server."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import httpx
import structlog
from rich.console import Console

from parley.app import open_house
from parley.cli.conversation import Conversation, LocalConversation
from parley.cli.lines import Lines
from parley.cli.remote import Address, RemoteConversation
from parley.cli.screen import Screen, address_in
from parley.config import MEMORY, FromEnvironment, Settings
from parley.domain.actions import LAUNCH, Wire
from parley.errors import ParleyError, SessionEnded

PROMPT = "[bold cyan]›[/] "
HELP = """\
  Type what you want to say, or the number of a choice.
  /restart  begin again in a new session
  /state    show the state of the session: stack, storage, variables
  /traces   show the raw traces as they come, or stop
  /quit     leave; so do Ctrl-C and Ctrl-D"""


def chat(where: str, *, key: str | None, project: str | None, user: str) -> int:
    """Talk until the user leaves. Raises `ParleyError` with one clear line."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    is_url = where.startswith(("http://", "https://"))
    talking = _at_server(where, key, project, user) if is_url else _in_process(Path(where), user)
    try:
        asyncio.run(talking)
    except KeyboardInterrupt:
        print()  # noqa: T201
    return 0


async def _in_process(path: Path, user: str) -> None:
    given = FromEnvironment()
    settings = Settings((path,), data=MEMORY, model=given.model, secrets=given.secrets, search=given.search)
    async with open_house(settings) as opened:
        await Chat(LocalConversation(opened, user)).run()


async def _at_server(where: str, key: str | None, project: str | None, user: str) -> None:
    address = Address.read(where, key or FromEnvironment().api_key, project)
    timeout = httpx.Timeout(10, read=60)
    async with httpx.AsyncClient(timeout=timeout, trust_env=False) as client:
        await Chat(RemoteConversation(client, address, user)).run()


class Chat:
    """One conversation at a time, from the prompt's point of view."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._lines = Lines()
        self._is_interactive = self._lines.is_terminal and sys.stdout.isatty()
        color = FromEnvironment().color and self._is_interactive
        console = Console(highlight=False, soft_wrap=True, no_color=not color, emoji=False)
        self._screen = Screen(console, painted=self._is_interactive)
        self._silence: float | None = None
        self._is_over = False

    async def run(self) -> None:
        """Until the user leaves, or (where a script talks) the conversation or the script is over."""
        await self._conversation.begin()
        self._welcome()
        await self._send(LAUNCH)
        self._lines.open()
        try:
            while (self._is_interactive or not self._is_over) and await self._step():
                pass
        finally:
            self._lines.close()

    def _welcome(self) -> None:
        if self._is_interactive:
            console = self._screen.console
            console.print(self._conversation.name, style="bold green", markup=False)
            console.print("/help shows what else can be typed, Ctrl-D leaves\n", style="dim")

    async def _step(self) -> bool:
        """Take one line, or silence. False when the user leaves."""
        if self._is_interactive:
            self._screen.console.print(PROMPT, end="")
        try:
            line = await self._lines.next(self._silence if self._is_interactive and not self._is_over else None)
        except TimeoutError:
            self._screen.console.print()
            self._screen.note("(silence)")
            await self._send({"type": "no-reply"})
            return True
        if line is None:
            if self._is_interactive:
                self._screen.console.print()
            return False
        if not self._is_interactive and line.strip():
            print(f"> {line}")  # noqa: T201
        return await self._take(line.strip())

    async def _take(self, line: str) -> bool:
        if line.startswith("/"):
            return await self._command(line)
        if self._is_over:
            await self._restart()
        elif line:
            await self._reply(line)
        return True

    async def _command(self, line: str) -> bool:
        match line.split()[0]:
            case "/quit" | "/exit":
                return False
            case "/restart":
                await self._restart()
            case "/state":
                self._screen.json(await self._conversation.state())
            case "/traces":
                self._screen.shows_traces = not self._screen.shows_traces
                self._screen.note("raw traces are shown" if self._screen.shows_traces else "raw traces are not shown")
            case "/help":
                self._screen.console.print(HELP, style="dim" if self._is_interactive else "")
            case other:
                self._screen.note(f"There is no {other}. /help shows what there is.", style="yellow")
        return True

    async def _reply(self, line: str) -> None:
        option = self._screen.chosen(line)
        if option is None:
            await self._send({"type": "text", "payload": line})
            return
        name, request = option
        url = address_in(request)
        if url:
            self._screen.note(f"open {url}")
        elif name.casefold() != line.casefold():
            self._screen.note(name)
        await self._send(request)

    async def _restart(self) -> None:
        await self._conversation.begin()
        await self._send(LAUNCH)

    async def _send(self, action: Wire) -> None:
        if action.get("type") != "no-reply":
            self._screen.options = []
        self._silence, self._is_over = None, False
        try:
            async for trace in self._conversation.answer(action):
                self._screen.show(trace)
                if trace["type"] == "no-reply":
                    self._silence = float(trace["payload"]["timeout"])
                self._is_over |= trace["type"] == "end"
        except SessionEnded as ended:
            self._screen.note(ended.message)
            self._is_over = True
        except ParleyError as error:
            if not self._is_interactive:
                raise
            self._screen.note(error.message, style="red")
        if self._is_over and self._is_interactive:
            self._screen.note("The conversation is over. Enter begins again, /quit leaves.")
