"""What holds for a whole agent: settings, fallback, silence."""

from __future__ import annotations

import re
from typing import cast, get_args
from zoneinfo import ZoneInfo, available_timezones

from msgspec.structs import replace

from parley.domain.program import Concurrency, Limits, Modality, Repeat, Settings
from parley.domain.prompt import Prompt
from parley.domain.steps import NoReply, Said
from parley.projects.draft import Draft, Names
from parley.projects.knowledge import fallback_prompt, knowledge_settings
from parley.projects.model_steps import prompt_of
from parley.projects.nodes import Mapped, Node, Scalar
from parley.projects.playbooks import cost_of, memory_of
from parley.projects.problems import Problems, did_you_mean
from parley.projects.reading import boolean, items_of, number, one_of, seconds, shaped, text_of
from parley.projects.recording import recording_of
from parley.projects.saying import said_anywhere
from parley.projects.shapes import FALLBACK, HOST, LIMITS, NO_REPLY, ORIGIN, SETTINGS
from parley.projects.step_shapes import VARIANT

LAST_UTTERANCE = "{last_utterance}"
"""What the knowledge base is asked about what fits nothing, unless the author says something else."""
_LOCALE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_DEFAULT = Settings()


def settings_of(root: Mapped, names: Names, problems: Problems) -> Settings:
    """What `settings`, `fallback` and `no_reply` say."""
    node = root.get("settings")
    mapping = None if node is None else shaped(node, SETTINGS, problems, "`settings`")

    def of(key: str) -> Node | None:
        return mapping.get(key) if mapping else None

    delay, zone, locale, idle, concurrency = map(of, ("message_delay", "timezone", "locale", "idle", "concurrency"))
    pause = None if delay is None else seconds(delay, problems, "`message_delay`", off=True) or 0.0
    modality = of("modality")
    spoken = None if modality is None else one_of(modality, problems, "`modality`", get_args(Modality))
    repeat, anew = of("repeat"), of("restart")
    again = None if repeat is None else one_of(repeat, problems, "`repeat`", get_args(Repeat))
    chosen = None if concurrency is None else one_of(concurrency, problems, "`concurrency`", get_args(Concurrency))
    return Settings(
        no_match=_fallback(root.get("fallback"), names, problems),
        no_match_prompt=_improvised(root.get("fallback"), names, problems) or fallback_prompt(root, problems),
        no_match_knowledge=_looked_up(root.get("fallback"), names, problems),
        no_reply=_silence(root.get("no_reply"), names, problems),
        message_delay=_DEFAULT.message_delay if pause is None else round(pause * 1000),
        timezone=_DEFAULT.timezone if zone is None else _timezone(zone, problems),
        locale=_DEFAULT.locale if locale is None else _locale(locale, problems),
        idle_seconds=_DEFAULT.idle_seconds if idle is None else _idle(idle, problems),
        concurrency=_DEFAULT.concurrency if chosen is None else cast(Concurrency, chosen),
        quiet_seconds=_quiet(of("quiet"), problems),
        modality=_DEFAULT.modality if spoken is None else cast(Modality, spoken),
        repeat=_DEFAULT.repeat if again is None else cast(Repeat, again),
        restart=_DEFAULT.restart if anew is None else boolean(anew, problems, "`restart`"),
        limits=_limits(of("limits"), problems),
        private_hosts=_hosts(of("private_hosts"), problems),
        likeness=_likeness(of("likeness"), problems),
        memory=memory_of(of("memory"), problems),
        cost=cost_of(of("cost"), names, problems),
        knowledge=knowledge_settings(root, problems),
        recording=recording_of(of("recording"), problems),
    )


def _quiet(node: Node | None, problems: Problems) -> float:
    return _DEFAULT.quiet_seconds if node is None else seconds(node, problems, "`quiet`", off=True) or 0.0


def origins_of(root: Mapped, problems: Problems) -> tuple[str, ...]:
    """The web origins that may use the agent; empty: any."""
    settings = root.get("settings")
    node = settings.get("origins") if isinstance(settings, Mapped) else None
    if node is None:
        return ()
    origins = []
    for item in items_of(node, problems, "`origins`"):
        origin = text_of(item, problems, "an origin").removesuffix("/")
        if origin and re.fullmatch(ORIGIN, origin) is None:
            problems.error(item.mark, f"`{origin[:80]}` is not an origin", "For example `https://www.example.org`.")
        origins.append(origin)
    return () if "*" in origins else tuple(origins)


def _hosts(node: Node | None, problems: Problems) -> tuple[str, ...]:
    found = []
    for item in () if node is None else items_of(node, problems, "`private_hosts`"):
        host = text_of(item, problems, "a host")
        if host and re.fullmatch(HOST, host) is None:
            advice = "For example `orders.internal` or `10.0.0.5:8080`."
            problems.error(item.mark, f"`{host[:80]}` is not a host", advice)
        found.append(host.lower())
    return tuple(found)


def _fallback(node: Node | None, names: Names, problems: Problems) -> tuple[Said, ...]:
    if node is None:
        return ()
    if isinstance(node, Mapped) and not set(node.values) & set(VARIANT.keys):
        mapping = shaped(node, FALLBACK, problems, "`fallback`")
        say = mapping.get("say") if mapping else None
        return () if say is None else said_anywhere(say, names, problems, "`fallback`")
    return said_anywhere(node, names, problems, "`fallback`")


def _improvised(node: Node | None, names: Names, problems: Problems) -> Prompt | None:
    given = node.get("prompt") if isinstance(node, Mapped) else None
    return None if given is None else prompt_of(given, Draft("", names, problems, lambda *_: None))


def _looked_up(node: Node | None, names: Names, problems: Problems) -> Prompt | None:
    """How the knowledge base is asked about what fits nothing; None: it is not."""
    given = node.get("knowledge") if isinstance(node, Mapped) else None
    if given is None:
        return None
    found = Prompt()
    if isinstance(given, Mapped):
        found = prompt_of(given, Draft("", names, problems, lambda *_: None))
    elif not boolean(given, problems, "`knowledge`"):
        return None
    return replace(found, text=found.text or LAST_UTTERANCE, knowledge=True)


def _silence(node: Node | None, names: Names, problems: Problems) -> NoReply | None:
    if node is None or (isinstance(node, Scalar) and node.value is False):
        return None
    mapping = shaped(node, NO_REPLY, problems, "`no_reply`")
    if mapping is None:
        return None
    after, say, shuffle = mapping.get("after"), mapping.get("say"), mapping.get("shuffle")
    return NoReply(
        None if after is None else seconds(after, problems, "`after`"),
        () if say is None else said_anywhere(say, names, problems, "`no_reply`"),
        shuffle is not None and boolean(shuffle, problems, "`shuffle`"),
    )


def _timezone(node: Node, problems: Problems) -> str:
    name = text_of(node, problems, "`timezone`")
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        if name:
            advice = did_you_mean(name, available_timezones())
            problems.error(node.mark, f"there is no time zone `{name[:60]}`", advice)
        return _DEFAULT.timezone
    return name


def _locale(node: Node, problems: Problems) -> str:
    locale = text_of(node, problems, "`locale`")
    if locale and _LOCALE.fullmatch(locale) is None:
        advice = "For example `en-US` or `de`."
        problems.error(node.mark, f"`{locale[:40]}` is not a locale", advice)
    return locale


def _likeness(node: Node | None, problems: Problems) -> float | None:
    if node is None:
        return None
    value = number(node, problems, "`likeness`")
    if value > 1:
        problems.error(node.mark, f"`likeness` must be at most 1, and is {value:g}", "Try 0.6.")
    return float(value)


def _idle(node: Node, problems: Problems) -> float | None:
    length = seconds(node, problems, "`idle`", off=True)
    if length == 0:
        problems.error(node.mark, "`idle` must be longer than nothing", "Write `off` for sessions that never end.")
    return length


def _limits(node: Node | None, problems: Problems) -> Limits:
    mapping = None if node is None else shaped(node, LIMITS, problems, "`limits`")
    given: dict[str, float] = {}
    for key in LIMITS.keys:
        value = mapping.get(key) if mapping else None
        if value is not None:
            given[key] = number(value, problems, f"`{key}`", whole=key != "seconds")
    whole = {key: int(value) for key, value in given.items() if key != "seconds"}
    return Limits(**whole, seconds=given.get("seconds", Limits().seconds))
