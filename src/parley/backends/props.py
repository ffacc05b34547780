"""What conversations are tried with (`trials.running.Props`): nothing of it is real but scripts and the judge."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
import yaml

from parley.backends.llm.scripted import script_of
from parley.backends.scripts.inline import InlineScripts
from parley.backends.store.memory_effects import MemoryEffects
from parley.backends.tools.scripted import Answer, ScriptedTools
from parley.errors import BadProject
from parley.ports.effects import Effects
from parley.ports.embeddings import Embedder
from parley.ports.llm import LanguageModel
from parley.ports.scripts import Scripts
from parley.ports.tools import Tools


@dataclass(frozen=True, slots=True)
class Furnished:
    """`configured` is the language model of the settings, `embedder` what makes vectors of texts."""

    configured: LanguageModel | None = None
    embedder: Embedder | None = None

    def scripts(self) -> Scripts:
        """See `Props.scripts`."""
        return InlineScripts()

    def tools(self, answers: Mapping[str, Answer]) -> Tools:
        """See `Props.tools`."""
        return ScriptedTools(answers)

    def effects(self) -> Effects:
        """See `Props.effects`."""
        return MemoryEffects()

    def scripted(self, rules: str) -> LanguageModel:
        """See `Props.scripted`."""
        try:
            return script_of(rules)
        except (yaml.YAMLError, msgspec.ValidationError, re.error) as failed:
            raise BadProject(f"these are no rules for a language model: {str(failed).splitlines()[0]}.") from failed
