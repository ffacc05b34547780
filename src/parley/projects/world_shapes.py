"""The shapes of steps that run code or call the world, and of functions."""

from __future__ import annotations

from parley.projects.kind_shape import kind_of
from parley.projects.shape import Key, Shape, any_of, list_of, map_of, ref
from parley.projects.shapes import BOOLEAN, DURATION, NOTHING, TEXT, VARIABLE

PATH = ref("path")
_LINE = any_of(TEXT, NOTHING)
PAIRS = any_of(map_of(_LINE), list_of(map_of(_LINE)))
PATHS = map_of(any_of(PATH, NOTHING))
_VARIABLE = {"type": "string", "pattern": VARIABLE}
_CAPTURES = any_of(map_of(_LINE, VARIABLE), list_of(map_of(_LINE, VARIABLE)))
FUNCTION = Shape(
    "function_mapping",
    "A function: JavaScript that steps call.",
    {
        "source": Key(TEXT, "An ES module: `export default async function main(args) { … }`."),
        "inputs": Key(list_of(TEXT), "The names of `args.inputVars`."),
        "outputs": Key(list_of(TEXT), "The names of `outputVars`."),
        "paths": Key(list_of(TEXT), "The paths that it may return."),
        "name": Key(TEXT, "What people call it. Default: its id."),
    },
    ("source",),
    "For example `{source: 'export default async () => ({})'}`.",
)
WORLD_SHAPES = (FUNCTION,)
_FAILURE = {"on_failure": Key(PATH, "The way when it fails.")}
WORLD_KINDS = (
    kind_of(
        "code",
        "Runs JavaScript; the variables are its globals.",
        TEXT,
        {"paths": Key(PATHS, "Ways on, by what the code returns. Default: on.")},
        _FAILURE,
        example="code: total = price * count",
    ),
    kind_of(
        "function",
        "Calls a function of the agent.",
        TEXT,
        {
            "with": Key(map_of({}), "Its inputs, and their values."),
            "into": Key(map_of(TEXT, VARIABLE), "Variables: the outputs that go into them."),
            "paths": Key(PATHS, "Ways on, by the path that it returns."),
        },
        _FAILURE,
        example="{function: price_of, with: {item: '{item}'}, into: {price: amount}}",
    ),
    kind_of(
        "api",
        "Sends a request: `GET https://…`.",
        TEXT,
        {
            "headers": Key(PAIRS, "Headers."),
            "params": Key(PAIRS, "What is added to the address after `?`."),
            "json": Key({}, "A body of JSON; texts in it are templates."),
            "form": Key(PAIRS, "A body of fields in one line."),
            "multipart": Key(PAIRS, "A body of fields in parts."),
            "body": Key(TEXT, "A body of any text."),
            "into": Key(any_of(_VARIABLE, _CAPTURES), "Variables: where in the response their value is."),
            "timeout": Key(DURATION, "How long to wait. Default: 20s."),
            "background": Key(BOOLEAN, "Go on without waiting for the response. Default: false."),
            "idempotent": Key(BOOLEAN, "Twice does no harm. Default: true for GET, else false."),
        },
        _FAILURE,
        example="{api: 'GET https://example.org/orders/{order}', into: {eta: delivery.eta}}",
    ),
)
