"""The travel desk's services, made up for the example: an MCP server of flights and an API of bookings, on one port.

    python desk.py PORT

Both want the key in DESK_KEY as a bearer token. Everything is in memory and gone with the process, which ends with the
one that started it. It knows nothing of agents.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from pathlib import Path

import uvicorn
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
CHANGE_FEE = 35
FLIGHTS = {
    "HT204": {"city": "Lisbon", "departs": "07:40", "arrives": "10:35", "fare": 129},
    "HT208": {"city": "Lisbon", "departs": "16:15", "arrives": "19:10", "fare": 94},
    "HT311": {"city": "Rome", "departs": "09:05", "arrives": "12:30", "fare": 118},
    "HT317": {"city": "Rome", "departs": "18:20", "arrives": "21:45", "fare": 141},
    "HT502": {"city": "Oslo", "departs": "08:30", "arrives": "11:40", "fare": 87},
    "HT506": {"city": "Oslo", "departs": "19:55", "arrives": "23:05", "fare": 72},
}
BOOKINGS = {
    "HERON7": {"flight": "HT311", "city": "Rome", "day": "Friday", "traveller": "Grace Hopper", "status": "confirmed"},
    "HERON9": {"flight": "HT502", "city": "Oslo", "day": "Sunday", "traveller": "Alan Turing", "status": "flown"},
}
PARTNER = "PX"
"""Bookings that begin so are with a partner whose system is always down."""

server = MCPServer("Heron Travel flights", log_level="WARNING")
READS = ToolAnnotations(read_only_hint=True)


@server.tool(annotations=READS)
def search(city: str, day: str) -> dict[str, object]:
    """Flights from London to a city, with their fares in euros before taxes. They go every day of the week."""
    found = [{"flight": number, **each} for number, each in FLIGHTS.items() if each["city"].lower() == city.lower()]
    return {"flights": found, "day": _day(day), "cities": sorted(_cities())}


@server.tool(annotations=READS)
def details(flight: str) -> dict[str, object]:
    """One flight: where it goes, when, and its fare in euros before taxes."""
    return {"flight": flight.upper(), **_flight(flight)}


@server.tool()
def book(flight: str, day: str, traveller: str) -> dict[str, object]:
    """Books a seat. Answers with the reference of the booking."""
    found, reference = _flight(flight), f"HERON{len(BOOKINGS) + 10}"
    seat = {"flight": flight.upper(), "city": found["city"], "day": _day(day), "traveller": traveller}
    BOOKINGS[reference] = {**seat, "status": "confirmed"}
    return {"reference": reference, **BOOKINGS[reference]}


@server.custom_route("/bookings/{reference}", methods=["GET"])
async def booking(request: Request) -> JSONResponse:
    """One booking."""
    return _answer(request.path_params["reference"])


@server.custom_route("/bookings/{reference}/move", methods=["POST"])
async def move(request: Request) -> JSONResponse:
    """Moves a booking to another day: `{"day": "Monday"}`."""
    reference, asked = request.path_params["reference"].upper(), await request.json()
    day = str(asked.get("day", "")).strip().capitalize()
    if day not in DAYS:
        return JSONResponse({"problem": f"A day is one of {', '.join(DAYS)}."}, 422)
    if reference in BOOKINGS and BOOKINGS[reference]["status"] == "confirmed":
        BOOKINGS[reference]["day"] = day
    return _answer(reference, fee=CHANGE_FEE)


def _answer(reference: str, **more: object) -> JSONResponse:
    reference = reference.upper()
    if reference.startswith(PARTNER):
        return JSONResponse({"problem": "The partner's system does not answer."}, 503)
    if reference not in BOOKINGS:
        return JSONResponse({"problem": "There is no such booking."}, 404)
    return JSONResponse({"reference": reference, **BOOKINGS[reference], **more})


def _flight(number: str) -> dict[str, object]:
    if number.upper() not in FLIGHTS:
        raise ToolError(f"There is no flight {number}. There are {', '.join(FLIGHTS)}.")
    return FLIGHTS[number.upper()]


def _day(day: str) -> str:
    if day.capitalize() not in DAYS:
        raise ToolError(f"{day} is no day of the week.")
    return day.capitalize()


def _cities() -> set[object]:
    return {each["city"] for each in FLIGHTS.values()}


class Locked:
    """Lets in who knows the key."""

    def __init__(self, inner: ASGIApp, key: str) -> None:
        self._inner, self._wanted = inner, f"Bearer {key}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = dict(scope.get("headers", ())).get(b"authorization")
        if scope["type"] == "http" and given != self._wanted:
            await JSONResponse({"problem": "The key is wrong."}, 401)(scope, receive, send)
            return
        await self._inner(scope, receive, send)


async def main(port: int, key: str) -> None:
    """Serve as long as the process that started this one lives."""
    app = Locked(server.streamable_http_app(json_response=True), key)
    serving = uvicorn.Server(uvicorn.Config(app, log_level="error"))
    watching = asyncio.create_task(_end_with(os.getppid(), serving))
    listening = _listen(port)
    sys.stdout.write(f"The services of the travel desk listen on port {port}.\n")
    sys.stdout.flush()
    await serving.serve([listening])
    watching.cancel()


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError:
        where = Path(__file__).parent / "agent.yaml"
        sys.exit(f"Port {port} is taken. Choose another in {where}, under `desk` and `private_hosts`.")


async def _end_with(parent: int, serving: uvicorn.Server) -> None:
    while os.getppid() == parent:  # noqa: ASYNC110 (nobody tells a process that its parent is gone)
        await asyncio.sleep(0.2)
    serving.should_exit = True


if __name__ == "__main__":
    os.setpgid(0, 0)  # Ctrl-C in a terminal is for Parley, which finishes its turns first
    asyncio.run(main(int(sys.argv[1]), os.environ["DESK_KEY"]))
