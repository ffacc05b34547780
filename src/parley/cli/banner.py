"""What a newcomer sees when the server is up: where it is, a key, and a command that works."""

from __future__ import annotations

import shlex
from urllib.parse import quote

from rich.console import Console

from parley.app import Opened
from parley.config import MEMORY, Settings


def show_banner(opened: Opened, settings: Settings) -> None:
    """Print it on standard output, each thing on a line of its own, without wrapping, so that it can be copied."""
    console = Console(highlight=False, soft_wrap=True)
    host = "localhost" if settings.host in ("0.0.0.0", "::", "127.0.0.1") else settings.host
    url = f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"
    project = opened.projects[0]
    console.print(f"\n[bold green]Parley[/] serves [bold]{', '.join(p.name for p in opened.projects)}[/]\n")
    console.print(f"  URL       {url}")
    console.print(f"  Project   {', '.join(p.id for p in opened.projects)}")
    console.print(f"  API key   {opened.api_key}")
    console.print(f"  Workspace {opened.workspace.id}")
    console.print(f"  Owner key {opened.workspace_key}")
    console.print(f"  Data      {settings.data}" + ("  (gone when this stops)" if settings.data == MEMORY else ""))
    model = settings.model.names or settings.model.file
    if model is not None:
        is_script = " (a script, not a language model)" if "scripted:" in str(model) else ""
        console.print(f"  Model     {model}{is_script}", markup=False)
    if settings.speech == "scripted":
        console.print("  Speech    scripted (tones for tests, not a voice)")
    console.print(f"  Chat      {url}/#key={quote(opened.api_key, safe='')}&project={project.id}")
    console.print("\n  Say hello:\n")
    for line in hello(url, project.id, opened.api_key):
        console.print(f"  {line}", markup=False)
    console.print()


def hello(url: str, project: str, key: str) -> list[str]:
    """A shell command that starts a session and launches the conversation."""
    start = f"{url}/v4/project/{project}/session"
    return [
        f"SESSION=$(curl -s {start} -H {shlex.quote('authorization: ' + key)} \\",
        """  -H 'content-type: application/json' -d '{"userID":"ada"}' | sed 's/.*:"//; s/".*//')""",
        f"""curl -N {url}/v4/interact/stream -H "authorization: $SESSION" \\""",
        """  -H 'content-type: application/json' -d '{"action":{"type":"launch"}}'""",
    ]
