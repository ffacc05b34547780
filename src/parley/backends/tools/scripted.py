"""Answers that were written down beforehand: for tests, and for trying an agent without its world.

Says what it is: every response carries `x-scripted: true`. What it was asked is in `sent`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from parley.ports.tools import Request, RequestFailed, Response

Answer = Callable[[Request], Response]


class ScriptedTools:
    """`answers` by `METHOD url` without the query, or by the url alone; the query is the answer's own business."""

    def __init__(self, answers: Mapping[str, Answer | Response] | None = None) -> None:
        self.sent: list[Request] = []
        self._answers = dict(answers or {})

    async def send(self, request: Request) -> Response:
        """See `Tools.send`."""
        self.sent.append(request)
        bare = request.url.partition("?")[0]
        answer = self._answers.get(f"{request.method} {bare}") or self._answers.get(bare)
        if answer is None:
            raise RequestFailed(f"nothing is written down for {request.method} {bare}")
        given = answer if isinstance(answer, Response) else answer(request)
        headers = (*given.headers, ("x-scripted", "true"))
        return Response(given.status, given.reason, given.url or request.url, headers, given.body, given.is_redirected)

    def post(self, request: Request) -> None:
        """See `Tools.post`."""
        self.sent.append(request)
