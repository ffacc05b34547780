"""The line by which an operator is heard in a call with their own voice; without one, words are spoken for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct

from parley.domain.ids import SessionID
from parley.domain.operator import Operator
from parley.errors import ParleyError


class LineToken(Struct, frozen=True):
    """What a browser needs to be heard: a secret, and the name that it is good for."""

    token: str
    identity: str
    connect_params: Mapping[str, str] = {}


class Telephone(Protocol):
    """Lets operators into calls."""

    async def token(self, operator: Operator, session: SessionID) -> LineToken:
        """A token that lets this operator's browser into this call. Raises `NoTelephone`."""
        ...


class NoTelephone(ParleyError):
    """Nobody can be heard here with their own voice."""

    code = "no_telephone"


NO_BROWSER_AUDIO = (
    "Browser audio is not configured: this server has no telephone line. Join the call, and speak with `say`."
)
