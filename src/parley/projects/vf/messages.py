"""The messages of an export's content library, by id: their variants, conditioned or not.

The library itself is read; the compiled copy in `version.programResources` only stands in for what it lacks, because
it is as old as the last time that the agent was run in the editor.
"""

from __future__ import annotations

from parley.domain.steps import Said
from parley.projects.vf.conditions import Conditions
from parley.projects.vf.report import Report
from parley.projects.vf.rich_text import RichText
from parley.projects.vf.shapes import Obj, at, by_id, items, obj, objects, text

_CHANNEL, _LANGUAGE = "default", "en-us"


class Messages:
    """Finds messages. `variants` is empty for an id that the export does not explain."""

    def __init__(self, export: Obj, rich: RichText, conditions: Conditions, report: Report) -> None:
        self._rich, self._conditions, self._report = rich, conditions, report
        self._discriminators: dict[str, Obj] = {}
        for each in objects(export.get("responseDiscriminators")):
            response = text(each.get("responseID"))
            usual = each.get("channel") == _CHANNEL and each.get("language") == _LANGUAGE
            if usual or response not in self._discriminators:
                self._discriminators[response] = each
        self._texts = by_id(export.get("responseVariants")) | by_id(export.get("responseMessages"))
        self._of: dict[str, list[str]] = {}
        for id, each in self._texts.items():
            self._of.setdefault(text(each.get("discriminatorID")), []).append(id)
        self._compiled = obj(at(export.get("version"), "programResources", "messages"))

    def variants(self, message: object) -> tuple[Said, ...]:
        """All ways of saying the message, in the author's order."""
        id = text(message)
        discriminator = self._discriminators.get(id)
        found = () if discriminator is None else self._written(discriminator)
        return found or self._precompiled(id)

    def prompt(self, message: object) -> str | None:
        """The id of the prompt that answers in place of the message's texts, if one does."""
        discriminator = obj(self._discriminators.get(text(message)))
        own = self._of.get(text(discriminator.get("id")), [])
        return next((found for id in own if (found := text(self._texts[id].get("promptID")))), None)

    def __contains__(self, message: object) -> bool:
        return text(message) in self._discriminators or text(message) in self._compiled

    def _written(self, discriminator: Obj) -> tuple[Said, ...]:
        own = self._of.get(text(discriminator.get("id")), [])
        order = [id for id in items(discriminator.get("variantOrder")) if isinstance(id, str) and id in self._texts]
        order += [id for id in own if id not in order]
        return tuple(said for id in order if (said := self._variant(self._texts[id], self._texts[id])))

    def _precompiled(self, id: str) -> tuple[Said, ...]:
        variants = obj(at(self._compiled.get(id), "variants"))
        chosen = variants.get(f"{_CHANNEL}:{_LANGUAGE}") or next(iter(variants.values()), None)
        return tuple(said for each in objects(chosen) if (said := self._variant(each, obj(each.get("data")))))

    def _variant(self, owner: Obj, data: Obj) -> Said | None:
        when = None
        if isinstance(owner.get("condition"), dict):
            when = self._conditions.assertions(owner["condition"])
            if when is None:
                self._report.warn("a variant's condition cannot be expressed: the variant is left out", "messages")
                return None
        return self._rich.said(data.get("text"), data.get("delay"), when)
