"""What authors usually meant where YAML gives up, and what YAML silently drops."""

from __future__ import annotations

import re

from parley.projects.problems import Mark, Problems

_OPENERS = re.compile(r"(?:^|:|-)\s+([{\[\"'&*!%@`|>])")
_CUT = re.compile(r"^(?P<before>[^#\"'|>\[{]*[:-] +[^\s#\"'|>\[{&*!][^#\"']*?)\s+(?P<rest>#[\w{]\S*)")


def advice_for(text: str, line: int, message: str) -> str:
    """A sentence that helps with a syntax error in this line (counted from 0); empty where none is known."""
    lines = text.splitlines()
    near = [lines[n] for n in (line, line - 1, line + 1) if 0 <= n < len(lines)]
    if any("\t" in each[: len(each) - len(each.lstrip())] for each in near):
        return "Indent with spaces: YAML takes no tabs there."
    if "mapping values are not allowed" in message:
        return "A text that has `: ` in it needs quotes around all of it."
    if "escape" in message:
        return "In double quotes a backslash is written twice; single quotes keep it as it is."
    if "',' or" in message:
        return "Inside `{…}` and `[…]`, a text with braces, commas or `: ` in it needs quotes around all of it."
    for each in near[:2]:
        opener = _OPENERS.search(each)
        if opener is not None:
            return f"A text that begins with `{opener[1]}` needs quotes around all of it."
    return ""


def warn_of_cut_texts(text: str, file: str, problems: Problems) -> None:
    """A ` #5` in a text without quotes begins a comment: the author sees half a sentence."""
    if " #" not in text:
        return
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > 2000 or " #" not in line:
            continue
        cut = _CUT.match(line)
        if cut is not None:
            column = cut.start("rest") + 1
            message = f"`{cut['rest'][:20]}` and what follows is a comment, not part of the text"
            problems.warn(Mark(file, number, column), message, "Put quotes around the text, or a space after `#`.")
