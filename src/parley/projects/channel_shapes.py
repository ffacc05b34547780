"""The shapes of steps that concern the channel: speech, audio players, other telephones, people."""

from __future__ import annotations

from parley.projects.kind_shape import kind_of
from parley.projects.shape import Key, Shape, any_of, ref
from parley.projects.shapes import BOOLEAN, NOTHING, SAY, TEXT

PATH = ref("path")
STREAM = Shape(
    "player",
    "What an audio player plays and shows.",
    {
        "url": Key(TEXT, "Where the audio is."),
        "loop": Key(BOOLEAN, "Play it again and again. Default: false."),
        "title": Key(TEXT, "What the player shows."),
        "text": Key(TEXT, "What it shows below the title."),
        "icon": Key(TEXT, "URL of a small picture."),
        "background": Key(TEXT, "URL of a large picture."),
    },
    ("url",),
    "For example `{url: https://example.org/song.mp3, loop: true}`.",
)
FORWARD = Shape(
    "forwarding",
    "Where a call goes: `phone` or `sip`.",
    {
        "phone": Key(TEXT, "A telephone number."),
        "sip": Key(TEXT, "A SIP address."),
        "extension": Key(TEXT, "To be dialled after the number."),
        "show_caller": Key(BOOLEAN, "Show the caller's own number there."),
    },
    advice='For example `{phone: "+4930123456", extension: "12"}`.',
)
HANDOFF = Shape(
    "handing_over",
    "Who takes the conversation, and how.",
    {
        "to": Key(TEXT, "The system in which that person works."),
        "say": Key(TEXT, "What the user is told."),
        "note": Key(TEXT, "What the person is told."),
        "returns": Key(BOOLEAN, "The conversation goes on when the person has ended the chat. Default: true."),
        "files": Key(BOOLEAN, "Users may send files. Default: true."),
    },
    advice="For example `{to: operators, note: '{name} asked for a person'}`.",
)
CHANNEL_SHAPES = (STREAM, FORWARD, HANDOFF)
CHANNEL_KINDS = (
    kind_of("speak", "Speaks one of the variants, whatever the modality.", SAY, example="speak: Hello!"),
    kind_of("audio", "Plays a recording.", TEXT, example="audio: https://example.org/ding.mp3"),
    kind_of(
        "stream",
        "Plays audio that the user can pause and skip.",
        any_of(TEXT, ref("player")),
        {
            "paused": Key(PATH, "Where pausing leads. Default: the player only pauses."),
            "previous": Key(PATH, "Where going back leads. Default: it begins again."),
        },
    ),
    kind_of("forward", "Passes the call on.", any_of(TEXT, ref("forwarding")), example='forward: "+4930123456"'),
    kind_of("handoff", "Gives the conversation to a person.", any_of(TEXT, ref("handing_over"), NOTHING)),
)
