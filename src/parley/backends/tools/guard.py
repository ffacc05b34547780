"""Connections to public addresses only: the check is made on the address that is connected to, after DNS."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable
from typing import Any

import httpcore

from parley.backends.tools.addresses import is_public
from parley.ports.tools import RequestFailed


class GuardedNetwork(httpcore.AsyncNetworkBackend):
    """Resolves a name once and connects to what it found. `private_hosts` are not checked."""

    def __init__(self, private_hosts: frozenset[str]) -> None:
        self._private_hosts = private_hosts
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Raises `RequestFailed` for an address that is not public, httpcore's errors for the rest."""
        addresses = await _resolved(host, port)
        if not self._is_allowed(host.lower(), port) and not all(map(is_public, addresses)):
            # Which address is not said: it may tell about the operator's network.
            raise RequestFailed(f"'{host}' is in a private network; `private_hosts` of the settings may allow it")
        failure: Exception = httpcore.ConnectError(f"'{host}' has no address")
        for address in addresses:
            try:
                return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    def _is_allowed(self, host: str, port: int) -> bool:
        return host in self._private_hosts or f"{host}:{port}" in self._private_hosts

    async def sleep(self, seconds: float) -> None:
        """As httpcore asks for it."""
        await self._network.sleep(seconds)


async def _resolved(host: str, port: int) -> list[str]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise RequestFailed(f"'{host}' cannot be found") from error
    return list(dict.fromkeys(str(address[0]) for *_, address in found))
