"""Server-sent events out of bytes that arrive cut anywhere. Knows no model.

Source: WHATWG HTML, section 9.2.6 (interpreting an event stream).
"""

from __future__ import annotations

Event = tuple[bytes, bytes]
"""(event, data): the name is empty where none was given; several lines of data are joined by a newline."""
_BOM = b"\xef\xbb\xbf"


class EventReader:
    """One stream. Comments, ids and retry times are passed over; events without data are none."""

    __slots__ = ("_data", "_has_begun", "_held", "_name", "_rest")

    def __init__(self) -> None:
        self._rest = b""
        self._held = b""
        self._has_begun = False
        self._name = b""
        self._data: list[bytes] = []

    @property
    def pending(self) -> int:
        """How many bytes wait for the rest of their event."""
        return len(self._rest) + sum(map(len, self._data))

    def feed(self, data: bytes) -> list[Event]:
        """The events that these bytes complete."""
        if not self._has_begun:
            data = self._begin(data)
        if self._held or b"\r" in data:
            data = self._lines_of(data)
        if b"\n" not in data:
            self._rest += data
            return []
        *lines, self._rest = (self._rest + data).split(b"\n")
        events: list[Event] = []
        for line in lines:
            if line:
                self._take(line)
            elif self._data:
                events.append(self._event())
            else:
                self._name = b""
        return events

    def end(self) -> list[Event]:
        """The event that the stream ended in, where only its empty line is missing."""
        if self._rest:
            self._take(self._rest)
            self._rest = b""
        return [self._event()] if self._data else []

    def _event(self) -> Event:
        data = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
        name, self._name, self._data = self._name, b"", []
        return name, data

    def _take(self, line: bytes) -> None:
        if line.startswith(b"data:"):
            self._data.append(line[6:] if line.startswith(b"data: ") else line[5:])
        elif line.startswith(b"event:"):
            self._name = line[6:].removeprefix(b" ")
        elif line == b"data":
            self._data.append(b"")

    def _begin(self, data: bytes) -> bytes:
        """Leave out the byte order mark, which may arrive cut too."""
        data, self._rest = self._rest + data, b""
        if len(data) < len(_BOM) and _BOM.startswith(data):
            self._rest = data
            return b""
        self._has_begun = True
        return data.removeprefix(_BOM)

    def _lines_of(self, data: bytes) -> bytes:
        """The same with one kind of line end. A carriage return at the end waits for what follows it."""
        data, self._held = self._held + data, b""
        if data.endswith(b"\r"):
            data, self._held = data[:-1], b"\r"
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
