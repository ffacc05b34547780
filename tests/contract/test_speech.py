"""What speech promises, and what the scripted kind understands (ports/speech.py)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from parley.backends.speech.scripted import SPAN, ScriptedEar, ScriptedRecognizer, ScriptedSynthesizer, encode

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), min_size=1, max_size=20)


def heard(ear: ScriptedEar, pcm: bytes) -> list[str]:
    return [each.text for each in ear.hear(pcm) if each.is_final]


@given(st.lists(TEXTS, max_size=4), st.lists(st.integers(1, 4_000), max_size=30))
def test_what_is_said_is_heard_however_the_sound_is_cut(texts: list[str], cuts: list[int]) -> None:
    sound = b"".join(encode(text) for text in texts)
    ear, found, start = ScriptedEar(), [], 0
    for cut in cuts:
        found += heard(ear, sound[start : start + cut])
        start += cut
    found += heard(ear, sound[start:])
    assert found == texts


@given(st.binary(max_size=2_000))
def test_noise_is_no_failure(noise: bytes) -> None:
    ear = ScriptedEar()
    ear.hear(noise)
    ear.finish()


def test_that_somebody_begins_to_speak_is_told_before_what_they_say() -> None:
    ear = ScriptedEar()
    (begun,) = ear.hear(encode("hello")[: 3 * 2 * SPAN])
    assert not begun.is_final
    assert [each.text for each in ear.finish()] == ["hel"]


async def test_a_voice_speaks_in_pieces_of_a_tenth_of_a_second() -> None:
    ear = ScriptedRecognizer().open(16_000)
    pieces = [piece async for piece in ScriptedSynthesizer().say("Good morning, how may I help you today?", 16_000)]
    assert {len(piece) for piece in pieces[:-1]} == {3_200}
    assert heard(ear, b"".join(pieces)) == ["Good morning, how may I help you today?"]
