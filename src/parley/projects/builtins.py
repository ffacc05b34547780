"""The intents and entity kinds that every agent may use without explaining them. English."""

from __future__ import annotations

BUILTIN_UTTERANCES: dict[str, tuple[str, ...]] = {
    "VF.YES": ("yes", "yeah", "yep", "yup", "sure", "ok", "okay", "of course", "yes please", "sounds good"),
    "VF.NO": ("no", "nope", "nah", "no thanks", "no thank you", "not really", "not now", "I don't think so"),
    "VF.HELP": ("help", "help me", "I need help", "can you help me", "what can you do"),
    "VF.STOP": ("stop", "quit", "exit", "end", "goodbye", "bye", "stop it", "that's all", "I'm done"),
    "VF.CANCEL": ("cancel", "cancel that", "never mind", "nevermind", "forget it"),
    "VF.REPEAT": ("repeat", "repeat that", "say that again", "again please", "what did you say"),
    "VF.START_OVER": ("start over", "restart", "begin again", "start again"),
    "VF.FALLBACK": (),
    "VF.NEXT": ("next", "skip", "next one", "go on"),
    "VF.PREVIOUS": ("previous", "back", "go back", "the one before"),
    "VF.PAUSE": ("pause", "hold on", "wait"),
    "VF.RESUME": ("resume", "continue", "carry on", "keep going"),
    "VF.MORE": ("more", "tell me more", "show me more"),
    "VF.LOOP_ON": ("loop", "loop on", "play it again and again"),
    "VF.LOOP_OFF": ("loop off", "stop looping"),
    "VF.SHUFFLE_ON": ("shuffle", "shuffle on"),
    "VF.SHUFFLE_OFF": ("shuffle off", "stop shuffling"),
}

BUILTIN_ENTITIES: dict[str, str] = {
    "VF.NUMBER": "number",
    "VF.ORDINAL": "ordinal",
    "VF.AGE": "age",
    "VF.PERCENTAGE": "percentage",
    "VF.CURRENCY": "currency",
    "VF.TEMPERATURE": "number",
    "VF.DIMENSION": "number",
    "VF.EMAIL": "email",
    "VF.PHONENUMBER": "phone",
    "VF.PHONE_NUMBER": "phone",
    "VF.DATETIME": "datetime",
    "VF.DATE": "date",
    "VF.TIME": "time",
    "VF.DURATION": "duration",
    "VF.URL": "url",
    "VF.NAME": "name",
    "VF.GEOGRAPHY": "location",
    "VF.KEYPHRASE": "text",
}


def utterances_of(intent: str) -> tuple[str, ...]:
    """What users say for a builtin intent, whichever platform's prefix it carries. Empty for others."""
    prefix, _, name = intent.upper().partition(".")
    if prefix not in ("VF", "AMAZON", "ACTIONS"):
        return ()
    return BUILTIN_UTTERANCES.get(f"VF.{name.removesuffix('INTENT')}", ())
