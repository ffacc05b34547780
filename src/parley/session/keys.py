"""Session keys: signed tokens that name one session (decisions, "Identity")."""

from __future__ import annotations

from collections import OrderedDict

import jwt
from msgspec import Struct

from parley.domain.ids import SessionID
from parley.domain.state import SessionState
from parley.errors import NotAllowed

ALGORITHM = "HS256"
REMEMBERED = 20_000
LONGEST = 2_000


class SessionClaims(Struct, frozen=True):
    """What a valid session key says."""

    session: SessionID
    project: str
    user: str


class SessionKeys:
    """Issues and reads session keys with one secret."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._read: OrderedDict[str, SessionClaims] = OrderedDict()

    def issue(self, state: SessionState) -> str:
        """The key of a session: JWT with `sub`, `sid`, `prj`, `env`, `ver`, `iat` (seconds)."""
        claims = {
            "sub": state.user,
            "sid": state.id,
            "prj": state.project,
            "env": state.environment,
            "ver": state.version,
            "iat": state.created_at // 1000,
        }
        return jwt.encode(claims, self._secret, ALGORITHM)

    def read(self, key: str) -> SessionClaims:
        """What the key says. Raises `NotAllowed` when it was not issued here."""
        known = self._read.get(key)
        if known is None:
            known = self._verify(key)
            self._read[key] = known
            if len(self._read) > REMEMBERED:
                self._read.popitem(last=False)
        return known

    def _verify(self, key: str) -> SessionClaims:
        if len(key) > LONGEST:
            raise NotAllowed("This is not a valid session key. Start a session to get one.")
        options = {"require": ["sub", "sid", "prj"], "verify_iat": False}
        try:
            claims = jwt.decode(key, self._secret, [ALGORITHM], options=options)  # type: ignore[arg-type]
        except (jwt.InvalidTokenError, ValueError, TypeError) as error:
            raise NotAllowed("This is not a valid session key. Start a session to get one.") from error
        return SessionClaims(SessionID(str(claims["sid"])), str(claims["prj"]), str(claims["sub"]))
