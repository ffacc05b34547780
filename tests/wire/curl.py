"""Runs a documented curl sample as it is written, with only the host and the placeholders replaced."""

from __future__ import annotations

import asyncio
import json
import shutil
from typing import Any

import pytest

needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
HOST = "https://general-runtime.voiceflow.com"


async def run_curl(sample: str, address: tuple[str, int], replaced: dict[str, str]) -> tuple[str, bytes]:
    """The head and the body of what the sample is answered with."""
    command = sample.strip().replace(HOST, f"http://{address[0]}:{address[1]}")
    for old, new in replaced.items():
        assert old in command, old
        command = command.replace(old, new)
    process = await asyncio.create_subprocess_shell(
        f"{command} -sS -i --max-time 10 --http1.1",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    head, _, body = out.partition(b"\r\n\r\n")
    return head.decode("latin-1"), body


def data_of(body: bytes) -> list[tuple[str, Any]]:
    """(event, data) of each event in a stream."""
    blocks = body.decode()[1:].split("\n\n")[:-1]
    return [(block.split("\n")[0][7:], json.loads(block.split("\n")[2][6:])) for block in blocks]
