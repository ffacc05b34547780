"""Overlays of projects as the store keeps them, and the projects that come of them."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import structlog
from msgspec.structs import replace

from parley.domain.ids import ProjectID, VersionID
from parley.domain.overlay import EnvironmentOverlay, Overlay, lay_over
from parley.domain.program import Program, decode_program
from parley.domain.project import Project
from parley.errors import Conflict
from parley.ports.clock import Clock
from parley.ports.records import Record, Records
from parley.ports.versions import Versions

KIND = "environments"
ATTEMPTS = 8
log = structlog.get_logger()
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Overlay).decode


class Overlays:
    """Overlays by project."""

    def __init__(self, records: Records, versions: Versions, clock: Clock) -> None:
        self._records = records
        self._versions = versions
        self._clock = clock
        self._programs: dict[VersionID, Program] = {}

    async def laid_over(self, file: Project) -> Project:
        """The project as it is served. From its first time on it is known since when its environments are there."""
        overlay = await self.of(file.id)
        if any(overlay.find(each.alias) is None for each in file.environments):
            overlay = await self.change(file.id, lambda known: self._met(known, file))
        for version in overlay.versions() - self._programs.keys():
            stored = await self._versions.load(version)
            if stored is None:
                log.error("a version that was published is not in the store", project=file.id, version=version)
            else:
                self._programs[version] = decode_program(stored)
        served = lay_over(file, overlay, self._programs)
        for each in served.environments:
            if each.draft is not None:
                log.info("a draft waits to be published", project=file.id, environment=each.alias)
        return served

    async def of(self, project: ProjectID) -> Overlay:
        """What is kept of a project."""
        record = await self._records.get(KIND, project)
        return Overlay() if record is None else _decode(record.data)

    async def change(self, project: ProjectID, change: Callable[[Overlay], Overlay]) -> Overlay:
        """Keep what `change` makes of what is kept; it may be called again. Raises `Conflict`, and what it raises."""
        for _ in range(ATTEMPTS):
            record = await self._records.get(KIND, project)
            overlay = change(Overlay() if record is None else _decode(record.data))
            try:
                if record is None:
                    await self._records.add(Record(KIND, project, _encode(overlay)))
                else:
                    await self._records.save(replace(record, data=_encode(overlay), revision=record.revision + 1))
            except Conflict:
                continue
            return overlay
        raise Conflict("The environments of this project are being changed by others all the time. Try again.")

    def _met(self, overlay: Overlay, file: Project) -> Overlay:
        now = self._clock.now_ms()
        for each in file.environments:
            if overlay.find(each.alias) is None:
                overlay = overlay.put(EnvironmentOverlay(each.alias, now))
        return overlay
