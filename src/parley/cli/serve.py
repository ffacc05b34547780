"""`parley serve`: a server process from its first line to its last."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import structlog
import uvicorn

from parley.app import open_house
from parley.cli.banner import show_banner
from parley.cli.logs import configure_logs
from parley.cli.reload import reload_on_change
from parley.config import FromEnvironment, Settings, keep_one_thread_for_vectors
from parley.errors import BadProject
from parley.transports.front import Front

log = structlog.get_logger()

VANISHED_MS = 60_000
"""How long what was sent may go unacknowledged before a connection counts as lost."""


def serve(paths: tuple[Path, ...], *, host: str, port: int, data: str, reload: bool) -> None:
    """Serve until told to stop."""
    configure_logs()
    keep_one_thread_for_vectors()
    environment = FromEnvironment()
    listening = _listen(host, port)
    settings = Settings(
        paths=paths,
        host=host,
        port=listening.getsockname()[1],
        data=data,
        reload=reload,
        api_key=environment.api_key,
        rate_per_minute=environment.rate_per_minute,
        files=environment.files,
        bucket_keys=environment.bucket_keys,
        embeddings=environment.embeddings,
        model=environment.model,
        workspace=environment.workspace,
        workspace_key=environment.workspace_key,
        secrets=environment.secrets,
        search=environment.search,
        private_hosts=environment.private_hosts,
        speech=environment.speech,
    )
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(settings, listening))


async def _serve(settings: Settings, listening: socket.socket) -> None:
    async with open_house(settings) as opened:
        front = Front(opened.house, rate_per_minute=settings.rate_per_minute, estate=opened.estate)
        server = Server(front, settings.drain_seconds, on_start=lambda: show_banner(opened, settings))
        watching = asyncio.create_task(reload_on_change(settings.paths, opened)) if settings.reload else None
        _settle_memory()
        await server.serve(sockets=[listening])
        if watching is not None:
            watching.cancel()


class Server(uvicorn.Server):
    """Uvicorn that finishes running turns before it goes (decisions, "Drain")."""

    def __init__(self, front: Front, drain_seconds: float, on_start: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                front,
                log_config=None,
                access_log=False,
                lifespan="off",
                server_header=False,
                ws="parley.transports.engineio.direct_websocket:DirectWebSocketProtocol",
                ws_ping_interval=None,
                ws_per_message_deflate=False,
                backlog=4096,
                timeout_graceful_shutdown=2,
            )
        )
        self._front = front
        self._drain_seconds = drain_seconds
        self._on_start = on_start
        self._draining: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Say where it is once it answers, and once a signal drains it."""
        await super().startup(sockets=sockets)
        self._on_start()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal drains, a second one stops at once."""
        if self._draining is None and sig in (signal.SIGTERM, signal.SIGINT):
            self._draining = asyncio.get_running_loop().create_task(self._drain())
        else:
            super().handle_exit(sig, frame)

    async def _drain(self) -> None:
        log.info("draining")
        try:
            await self._front.drain(self._drain_seconds)
        finally:
            self.should_exit = True


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        # Handed on to every connection: one whose peer has vanished is noticed, and does not listen for a quarter hour.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, VANISHED_MS)
    try:
        listening.bind((host, port))
        listening.listen(4096)
    except OSError as error:
        listening.close()
        raise BadProject(_why_not(host, port, error)) from error
    listening.setblocking(False)
    return listening


def _why_not(host: str, port: int, error: OSError) -> str:
    reason = (error.strerror or str(error)).lower()
    if "in use" in reason:
        return f"Port {port} is taken on {host}. Choose another: --port {port + 1}, or --port 0 for any free one."
    return f"Cannot listen on {host}:{port}: {reason}."


def _loop_factory() -> type[asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    loop: type[asyncio.AbstractEventLoop] = uvloop.Loop
    return loop


def _settle_memory() -> None:
    """What start-up made stays for good: keep the collector from walking it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 1_000)
