"""Secrets are found in whatever form they come back."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.domain.redaction import Redaction

FORMS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "in an address": quote,
    "whole in an address": lambda secret: quote(secret, safe=""),
    "in a form": quote_plus,
    "as clients write addresses": lambda secret: quote(secret, safe="+/=:@"),
    "every byte in an address": lambda secret: "".join(f"%{byte:02X}" for byte in secret.encode()),
    "in JSON": lambda secret: json.dumps(secret)[1:-1],
    "in JSON that is not ASCII": lambda secret: json.dumps(secret, ensure_ascii=False)[1:-1],
    "in JSON in JSON": lambda secret: json.dumps(json.dumps({"a": secret})),
    "in a page": html.escape,
    "in a page, by number": lambda secret: "".join(f"&#{ord(letter)};" for letter in secret),
    "packed": lambda secret: base64.b64encode(secret.encode()).decode(),
    "in small letters": str.lower,
}
letters = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=4, max_size=12)


@pytest.mark.parametrize("form", FORMS)
@given(secret=st.one_of(st.just('Ab3+key/of="the shop\\'), st.text("aB3+/=\"'\\& é\n", min_size=4, max_size=8)))
def test_a_secret_is_found(form: str, secret: str) -> None:
    redaction = Redaction()
    redaction.hide("key", secret)
    assert "__secret_key__" in redaction.text(f"<{FORMS[form](secret)}>")


@given(letters)
def test_any_secret_is_found_as_it_is(secret: str) -> None:
    redaction = Redaction()
    redaction.hide("key", secret)
    assert redaction.text(f"<{secret}>") == "<__secret_key__>"


def test_a_secret_that_begins_another_leaves_nothing_of_it() -> None:
    redaction = Redaction()
    redaction.hide("short", "abcd")
    redaction.hide("long", "abcdefgh")
    assert redaction.text("abcdefgh abcd") == "__secret_long__ __secret_short__"


def test_what_is_no_secret_stays() -> None:
    redaction = Redaction()
    redaction.hide("key", "s3cret")
    assert redaction.text('{"a": "s3cre t", "b": "100 % & \\u00e9"}') == '{"a": "s3cre t", "b": "100 % & \\u00e9"}'
