"""What an agent lets be kept of the world's answers: the key `recording` of its settings."""

from __future__ import annotations

import re

from parley.domain.recording import LARGEST, Recording
from parley.domain.redaction import KINDS, patterns
from parley.projects.nodes import Listed, Node, Scalar
from parley.projects.problems import Problems, did_you_mean
from parley.projects.reading import items_of, number, shaped, text_of
from parley.projects.shapes import RECORDING

_WORD = re.compile(r"[a-z]{2,20}")


def recording_of(node: Node | None, problems: Problems) -> Recording:
    """The rules: `on`, `off`, or a mapping."""
    if node is None:
        return Recording()
    if isinstance(node, Scalar):
        word = node.text.strip().lower()
        if word not in ("on", "off", "true", "false"):
            problems.error(node.mark, f"`recording` cannot be `{node.text[:40]}`", RECORDING.advice)
        return Recording(on=word not in ("off", "false"))
    mapping = shaped(node, RECORDING, problems, "`recording`")
    redact, largest = (mapping.get("redact"), mapping.get("largest")) if mapping else (None, None)
    return Recording(
        redact=() if redact is None else _rules(redact, problems),
        largest=LARGEST if largest is None else int(number(largest, problems, "`largest`", whole=True)),
    )


def _rules(node: Node, problems: Problems) -> tuple[str, ...]:
    items = items_of(node, problems, "`redact`") if isinstance(node, Listed) else (node,)
    return tuple(rule for item in items if (rule := _rule(item, problems)))


def _rule(node: Node, problems: Problems) -> str:
    rule = text_of(node, problems, "what is redacted")
    if rule and rule not in KINDS and _WORD.fullmatch(rule):
        advice = (
            f"{did_you_mean(rule, KINDS)} A pattern that is one word is written in brackets: `[{rule[0]}]{rule[1:]}`."
        )
        problems.error(node.mark, f"there is no kind `{rule}` that can be redacted", advice)
        return ""
    try:
        found = patterns((rule,))[0].search("")
    except (re.error, OverflowError) as error:
        problems.error(node.mark, f"`{rule[:60]}` is not a regular expression: {error}")
        return ""
    if rule and found is not None:
        problems.error(node.mark, f"`{rule[:60]}` also matches nothing at all", "Use `+` where there is a `*`.")
        return ""
    return rule
