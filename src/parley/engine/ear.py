"""What stands between a turn and the world's answers: it lets them through and writes them down (`Listening`), or it
gives answers that were written down before (`parley.replay`). Knows how an answer becomes JSON, not which port gave it.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from msgspec.structs import replace

from parley.domain.recording import NEVER, Exchange, Heard, PortName, Recording
from parley.domain.redaction import Redaction
from parley.errors import ParleyError
from parley.ports.llm import Piece

T = TypeVar("T")
_ABOUT = 160
_TURN = 16
"""A turn keeps so many times what one answer may have."""
_MARK = " [cut]"


class Question(NamedTuple):
    """`asked` tells one question from another, `about` says it to people."""

    port: PortName
    asked: str
    about: str


class Form(NamedTuple, Generic[T]):
    """How an answer of a port becomes JSON and comes back, and how a failure does. `failures` are kept, others not."""

    pack: Callable[[T], Any]
    unpack: Callable[[Any], T]
    fail: Callable[[str, str], ParleyError]
    failures: type[ParleyError] | tuple[type[ParleyError], ...]


class Ear(Protocol):
    """Hears all that a turn gets from the world."""

    async def call(self, question: Question, form: Form[T], do: Callable[[], Awaitable[T]]) -> T:
        """One answer to one question. Raises what `do` raises."""
        ...

    async def work(
        self, question: Question, form: Form[T], do: Callable[[], Awaitable[T]], ok: Callable[[T], bool]
    ) -> T:
        """What comes out the same whenever it is done; only where it is not `ok`, or never comes, it is heard. Where
        others are asked meanwhile, it is heard when it was done: what is told then keeps its order.
        """
        ...

    def stream(
        self, question: Question, form: Form[list[Piece]], do: Callable[[], AsyncIterator[Piece]]
    ) -> AsyncIterator[Piece]:
        """An answer that comes piece by piece."""
        ...

    def secret(self, name: str, value: str | None) -> str | None:
        """The value of a secret, as the turn gets it."""
        ...

    def clock(self, now_ms: Callable[[], int]) -> int:
        """A reading of the clock."""
        ...

    def fact(self, name: str, value: str | None) -> str | None:
        """Something that is set up, or is not: None. An empty text: it is there, and that is all."""
        ...

    def glance(self, question: Question, form: Form[T], do: Callable[[], T]) -> T:
        """Like `call`, for what takes no time."""
        ...


def key_of(question: Question, redaction: Redaction) -> str:
    """The name under which the answer is found. Nothing that is blackened is in it."""
    return hashlib.blake2b(redaction.text(question.asked).encode("utf-8", "replace"), digest_size=9).hexdigest()


def end_of(question: Question) -> Question:
    """When this was done, which nobody asks for."""
    return Question(question.port, f"done {question.asked}", "")


class Listening:
    """Writes down what comes."""

    def __init__(self, rules: Recording, accepted_at: int) -> None:
        self._redaction = Redaction(rules.redact)
        self._largest = rules.largest
        self._room = rules.largest * _TURN
        self._accepted_at = accepted_at
        self._began = asyncio.get_running_loop().time()
        self._open: dict[int, Question] = {}
        self._count = 0
        self._heard: list[Exchange] = []
        self._readings: list[int] = []
        self._facts: dict[str, str | None] = {}

    async def call(self, question: Question, form: Form[T], do: Callable[[], Awaitable[T]]) -> T:
        """See `Ear.call`."""
        n = self._ask(question)
        try:
            answer = await do()
        except form.failures as failed:
            self._note(n, failed=failed)
            raise
        self._note(n, form.pack(answer))
        return answer

    async def work(
        self, question: Question, form: Form[T], do: Callable[[], Awaitable[T]], ok: Callable[[T], bool]
    ) -> T:
        """See `Ear.work`."""
        is_first = not self._open
        n = self._ask(question)
        answer = await do()
        if not ok(answer):
            self._note(n, form.pack(answer))
        elif is_first and self._count == n:
            del self._open[n]
        else:
            self._open[n] = end_of(question)
            self._note(n)
        return answer

    async def stream(
        self, question: Question, form: Form[list[Piece]], do: Callable[[], AsyncIterator[Piece]]
    ) -> AsyncIterator[Piece]:
        """See `Ear.stream`. Texts that follow one another are kept as one, with the time of the last."""
        n = self._ask(question)
        said: list[tuple[int, Any]] = []
        texts: list[str] = []
        failure: ParleyError | None = None
        at, is_whole = 0, False
        pieces = do()
        try:
            async for piece in pieces:
                if isinstance(piece, str):
                    texts.append(piece)
                    at = self._now()
                else:
                    _join(said, texts, at)
                    said.append((self._now(), form.pack([piece])[0]))
                yield piece
        except form.failures as failed:
            failure = failed
            raise
        else:
            is_whole = True
        finally:
            _join(said, texts, at)
            self._note(n, said, failure, is_whole=is_whole or failure is not None)
            close = getattr(pieces, "aclose", None)
            if close is not None:
                await close()

    def secret(self, name: str, value: str | None) -> str | None:
        """See `Ear.secret`: it is never written down, nor what holds it."""
        if value is None:
            self._facts[f"secret:{name}"] = None
        else:
            self._redaction.hide(name, value)
        return value

    def clock(self, now_ms: Callable[[], int]) -> int:
        """See `Ear.clock`."""
        now = now_ms()
        self._readings.append(now - self._accepted_at)
        return now

    def fact(self, name: str, value: str | None) -> str | None:
        """See `Ear.fact`."""
        if value != "":
            self._facts[name] = value if value is None else self._redaction.text(value)
        return value

    def glance(self, question: Question, form: Form[T], do: Callable[[], T]) -> T:
        """See `Ear.glance`."""
        n = self._ask(question)
        try:
            answer = do()
        except form.failures as failed:
            self._note(n, failed=failed)
            raise
        self._note(n, form.pack(answer))
        return answer

    def heard(self, *, is_stopped: bool = False) -> Heard:
        """All of it. What never came is at the end."""
        stopped = self._now() if is_stopped else None
        never = (self._exchange(question) for question in self._open.values())
        return Heard((*self._heard, *never), tuple(self._readings), self._facts, stopped)

    def _now(self) -> int:
        return round((asyncio.get_running_loop().time() - self._began) * 1e6)

    def _ask(self, question: Question) -> int:
        self._count += 1
        self._open[self._count] = question
        return self._count

    def _exchange(self, question: Question) -> Exchange:
        about = self._redaction.text(question.about)[:_ABOUT]
        return Exchange(question.port, key_of(question, self._redaction), about)

    def _note(self, n: int, answer: Any = None, failed: ParleyError | None = None, *, is_whole: bool = True) -> None:
        shortened = _Shortened(self._redaction.json(answer), min(self._largest, self._room))
        self._room -= shortened.length
        self._heard.append(
            replace(
                self._exchange(self._open.pop(n)),
                at=self._now() if is_whole else NEVER,
                answer=shortened.value,
                failed=None if failed is None else (failed.code, self._redaction.text(failed.message)),
                cut=shortened.cut,
            )
        )


class _Shortened:
    """A JSON value whose texts are no longer than `largest` together; `cut` characters of them are missing."""

    def __init__(self, value: Any, largest: int) -> None:
        self.length = 0
        self.cut = 0
        self._largest = largest
        self.value = self._of(value)

    def _of(self, value: Any) -> Any:
        if isinstance(value, str):
            left = max(0, self._largest - self.length)
            self.length += min(len(value), left)
            if len(value) <= left:
                return value
            self.cut += len(value) - left
            return value[:left] + _MARK
        if isinstance(value, dict):
            return {key: self._of(each) for key, each in value.items()}
        return [self._of(each) for each in value] if isinstance(value, list | tuple) else value


def _join(said: list[tuple[int, Any]], texts: list[str], at: int) -> None:
    if texts:
        said.append((at, "".join(texts)))
        texts.clear()
