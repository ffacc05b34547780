"""The shapes of steps that ask a language model or a knowledge base."""

from __future__ import annotations

from parley.projects.kind_shape import kind_of
from parley.projects.shape import Key, Shape, any_of, list_of, map_of, ref
from parley.projects.shapes import BOOLEAN, COUNT, NOTHING, TEXT, VARIABLE

PATH = ref("path")
MODEL_KEYS = {
    "model": Key(TEXT, "Which model. Default: the server's."),
    "temperature": Key({"type": "number", "minimum": 0}, "How freely it answers."),
    "max_tokens": Key(COUNT, "How long the answer may be."),
    "reasoning": Key(
        {"enum": ["none", "low", "medium", "high"]}, "How much it thinks before. Default: as the model has it."
    ),
}
BRIEFING_KEYS = {"system": Key(TEXT, "What the model is told about itself."), **MODEL_KEYS}
BRIEFING = Shape(
    "briefing",
    "How a language model is asked.",
    {"asks": Key(BOOLEAN, "false: it decides and checks, and asks for nothing. Default: true."), **BRIEFING_KEYS},
    advice="For example `{system: Be brief., temperature: 0}`.",
)
MESSAGE = Shape(
    "model_message",
    "One message before the prompt, by whom it is.",
    {"user": Key(TEXT, "What the user said."), "assistant": Key(TEXT, "What the model said.")},
    advice="For example `{user: How much is {count}?}`.",
)
PROMPT_KEYS = {
    "system": Key(TEXT, "What the model is told about itself."),
    "messages": Key(list_of(ref("model_message")), "What was said before the prompt."),
    "memory": Key({"enum": ["none", "before", "only"]}, "The conversation so far goes along. Default: none."),
    "from_knowledge": Key(BOOLEAN, "Answer from the knowledge base alone. Default: false."),
    **MODEL_KEYS,
}
PROMPT = Shape(
    "prompt",
    "What is asked of a language model.",
    {"prompt": Key(any_of(TEXT, NOTHING), "The prompt; `{name}` stands for a variable."), **PROMPT_KEYS},
    advice="For example `{prompt: Answer {last_utterance}., memory: before}`.",
)
MODEL_SHAPES = (BRIEFING, MESSAGE, PROMPT)
_NOT_FOUND = {"not_found": Key(PATH, "The way when there is no answer. Default: on.")}
MODEL_KINDS = (
    kind_of(
        "prompt",
        "Says what a language model answers.",
        any_of(TEXT, NOTHING),
        PROMPT_KEYS,
        {"into": Key({"type": "string", "pattern": VARIABLE}, "The answer goes in there, and is not said.")},
        _NOT_FOUND,
        example="{prompt: How tall is {building}?, system: Be brief.}",
    ),
    kind_of(
        "prompts",
        "Sets variables to what a language model answers, all at once.",
        map_of(any_of(TEXT, ref("prompt")), VARIABLE),
        PROMPT_KEYS,
    ),
    kind_of(
        "knowledge",
        "Looks something up in the knowledge base.",
        TEXT,
        {
            "into": Key({"type": "string", "pattern": VARIABLE}, "The variable that gets what is found, a list."),
            "limit": Key(COUNT, "How many passages. Default: 3."),
        },
        _NOT_FOUND,
        example="{knowledge: '{last_utterance}', into: found}",
    ),
)
