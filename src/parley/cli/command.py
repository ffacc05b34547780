"""The `parley` command: what can be typed, and how failures look."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from parley import __version__
from parley.cli.knowledge import app as knowledge
from parley.errors import ParleyError

app = typer.Typer(
    name="parley",
    help="The open, self-hosted conversation runtime.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
keys = typer.Typer(help="API keys of a data file.", no_args_is_help=True)
app.add_typer(keys, name="key")
webhooks = typer.Typer(help="Webhooks of a data file.", no_args_is_help=True)
app.add_typer(webhooks, name="webhook")
audits = typer.Typer(help="The audit trails of a data file.", no_args_is_help=True)
app.add_typer(audits, name="audit")
app.add_typer(knowledge, name="knowledge")

DATA = "parley.db"
Data = Annotated[str, typer.Option(help="Where sessions are kept: a file, or :memory: for nowhere.")]


def main() -> None:
    """Run the command. A failure is one clear line and an exit code, never a traceback."""
    try:
        app()
    except ParleyError as error:
        print(error.message, file=sys.stderr)  # noqa: T201
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"parley {__version__}")  # noqa: T201
        raise typer.Exit


@app.callback()
def parley(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which.")] = False,
) -> None:
    """The open, self-hosted conversation runtime."""


@app.command()
def serve(
    paths: Annotated[list[Path], typer.Argument(help="Agent files, directories or .vf exports.")],
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 8181,
    data: Data = DATA,
    reload: Annotated[bool, typer.Option(help="Pick up changed agent files for new sessions.")] = False,
) -> None:
    """Serve agents over HTTP."""
    from parley.cli.serve import serve as run

    run(tuple(paths), host=host, port=port, data=data, reload=reload)


@app.command()
def check(
    path: Annotated[Path, typer.Argument(help="An agent file, a directory or a .vf export.")],
    walk: Annotated[bool, typer.Option(help="Also go everywhere that it lets anybody go.")] = False,
) -> None:
    """Show every problem of an agent at once."""
    from parley.cli.check import check as run

    code = run(path)
    if walk and code == 0:
        from parley.cli.walk import walk as go

        code = go(path)
    raise typer.Exit(code)


@app.command()
def chat(
    where: Annotated[str, typer.Argument(help="An agent's path, or the URL of a server.")],
    key: Annotated[str | None, typer.Option(help="API key, for a URL; API_KEY in the environment does too.")] = None,
    project: Annotated[str | None, typer.Option(help="Project id, for a URL.")] = None,
    user: Annotated[str, typer.Option(help="Who is talking.")] = "terminal",
) -> None:
    """Talk to an agent in the terminal."""
    from parley.cli.chat import chat as run

    raise typer.Exit(run(where, key=key, project=project, user=user))


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A .vf export.")],
    into: Annotated[Path, typer.Argument(help="The directory to make.")],
) -> None:
    """Turn a .vf export into a native project."""
    from parley.cli.importing import import_project

    raise typer.Exit(import_project(file, into))


@app.command("test")
def test(
    path: Annotated[Path, typer.Argument(help="A suite, a directory of suites, or an agent's directory.")],
    agent: Annotated[Path | None, typer.Option(help="Another agent to try. Default: the suite's own.")] = None,
    only: Annotated[str, typer.Option("-k", help="Only conversations whose file or name holds this.")] = "",
    junit: Annotated[Path | None, typer.Option(help="Also write the outcome to this file, as JUnit XML.")] = None,
) -> None:
    """Try conversations that are written down."""
    from parley.cli.trials import try_suites

    raise typer.Exit(try_suites(path, agent=agent, only=only, junit=junit))


@app.command()
def replay(
    session: Annotated[str, typer.Argument(help="The id of a stored session.")],
    data: Data = DATA,
    agent: Annotated[Path | None, typer.Option(help="Another agent to run it with. Default: its own version.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Run a stored session again, without network and models, and show what differs."""
    from parley.cli.replay import replay as run

    raise typer.Exit(run(session, data=data, agent=agent, as_json=json))


@app.command()
def backup(
    into: Annotated[Path, typer.Argument(help="The file to write; must not exist.")],
    data: Data = DATA,
) -> None:
    """Copy a data file, and users' files, safely, also while they are being served from."""
    from parley.cli.data import back_up
    from parley.config import FromEnvironment

    back_up(data, into, FromEnvironment().files)


@keys.command("create")
def key_create(
    project: Annotated[str | None, typer.Option(help="The one project it opens; all of them without.")] = None,
    label: Annotated[str, typer.Option(help="What it is for.")] = "",
    workspace: Annotated[str | None, typer.Option(help="Make this workspace's key: id, slug or default.")] = None,
    role: Annotated[str, typer.Option(help="Of a workspace's key: owner, admin, member or viewer.")] = "member",
    days: Annotated[int | None, typer.Option(help="Of a workspace's key: for how long it is good.", min=1)] = None,
    data: Data = DATA,
) -> None:
    """Make a key. It is shown once."""
    if workspace is not None:
        from parley.cli.workspaces import create_workspace_key

        create_workspace_key(data, workspace, role, label, days)
        return
    from parley.cli.data import create_api_key

    create_api_key(data, project, label)


@keys.command("list")
def key_list(data: Data = DATA) -> None:
    """Show the keys, without their secrets."""
    from parley.cli.data import list_api_keys

    list_api_keys(data)


@keys.command("revoke")
def key_revoke(
    id: Annotated[str, typer.Argument(help="The id that `parley key list` shows.")],
    data: Data = DATA,
) -> None:
    """Make a key useless at once."""
    from parley.cli.data import revoke_api_key

    raise typer.Exit(revoke_api_key(data, id))


@webhooks.command("replay")
def webhook_replay(
    webhook: Annotated[str, typer.Argument(help="The webhook's id.")],
    delivery: Annotated[str, typer.Argument(help="The id of the delivery that is to be sent once more.")],
    data: Data = DATA,
) -> None:
    """Send a webhook's delivery once more."""
    from parley.cli.workspaces import replay_delivery

    replay_delivery(data, webhook, delivery)


@audits.command("verify")
def audit_verify(
    workspace: Annotated[str | None, typer.Option(help="Id, slug or default; all of them without.")] = None,
    holds: Annotated[str | None, typer.Option(help="A digest that was printed before: it must still be there.")] = None,
    data: Data = DATA,
) -> None:
    """Say whether trails are whole, and their last digests; else which entry was changed or is missing."""
    from parley.cli.workspaces import verify_audit

    raise typer.Exit(verify_audit(data, workspace, holds))
