"""JSON text to nodes: exact values, places, and what is refused."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.problems import InputError, Place
from engine.reading.yaml import Document, Source, key_of, locate, parse, parse_json, plain


def faults(text: str) -> list[str]:
    """The problems of a text, without the file name."""
    with pytest.raises(InputError) as caught:
        parse_json(Source("a", text))
    return [str(problem).removeprefix("a:") for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '{"a": 1, "a": 2}',
            (
                "1:10: duplicate-key: the key `a` is given twice in this mapping; first on line 1, "
                "column 2 (keep one of the two)"
            ),
        ),
        ("[1,]", "1:4: json-syntax: expected a value, found `]` (remove the comma before it)"),
        (
            "[NaN]",
            "1:2: json-syntax: expected a value or `]`, found `NaN` (JSON has no such number)",
        ),
        (
            "{'a': 1}",
            (
                "1:2: json-syntax: expected a key in double quotes or `}`, found `'` "
                "(JSON takes double quotes only)"
            ),
        ),
        ('{"a" 1}', "1:6: json-syntax: expected `:`, found `1`"),
        ("[1", "1:3: json-syntax: expected `,` or `]`, found the end of the text"),
        (
            '["abc',
            (
                "1:2: json-syntax: the closing quote is missing on this line "
                "(close the quote; write `\\n` for a line break and `\\t` for a tab)"
            ),
        ),
        ('["\\q"]', "1:2: json-syntax: unknown escape after `\\` (write `\\\\` for a backslash)"),
        ('["\\ud800"]', "1:2: json-syntax: this text holds half a surrogate pair (U+D800)"),
        ('["\\u0000"]', "1:2: json-syntax: this text holds a control character (U+0000)"),
        ("{} {}", "1:4: json-syntax: expected the end of the text, found `{`"),
        ('{"a": True}', "1:7: json-syntax: expected a value, found `True` (write `true`)"),
        ("[" * 100_000, "1:61: json-depth: lists and mappings nest deeper than 60 levels"),
        (
            "[1e99]",
            (
                "1:2: json-number: this number is too long: at most 30 digits are read "
                "(put quotes around it if it is a text)"
            ),
        ),
    ],
)
def test_json_that_is_refused(text: str, expected: str) -> None:
    assert faults(text) == [expected]


def test_json_keeps_places_and_exact_numbers() -> None:
    root = parse_json(Source("a", '{\r\n\t"a": [0.10, "\\ud83d\\ude00 \u2028", null]\n}')).root
    assert root is not None
    assert plain(root) == {"a": [Decimal("0.10"), "😀 \u2028", None]}
    assert locate(root, ["a"]).place == Place("a", 2, 7)
    assert key_of(root, ["a"]) == Place("a", 2, 2)
    assert locate(root, ["a", 1]).place == Place("a", 2, 14)


def test_blank_json_has_no_root() -> None:
    assert parse_json(Source("a", " \n")) == Document(Source("a", " \n"), None)


texts = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"))
scalars = st.none() | st.booleans() | st.integers(-(10**29), 10**29) | texts
values = st.recursive(
    scalars | st.decimals(-(10**9), 10**9, places=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


class _Decimals(json.JSONEncoder):
    """Writes decimals as the strings that they are, for want of exact numbers in ``json``."""

    def default(self, o: object) -> object:
        return str(o)


@given(values, st.sampled_from([None, 1, "\t"]), st.booleans())
def test_json_comes_back_as_it_was(value: Any, indent: int | str | None, ascii_only: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only, cls=_Decimals)
    expected = json.loads(text)
    assert plain(parse_json(Source("a", text)).root) == expected


@given(st.decimals(-(10**12), 10**12, places=6))
def test_numbers_are_exact(number: Decimal) -> None:
    for text in (f"{number:f}", f"{number:f}".rstrip("0") + "0"):
        read = plain(parse(Source("a", text)).root)
        assert read == plain(parse_json(Source("a", text)).root) == number


@given(st.text(st.sampled_from('[]{},:" \n-10.eatruflsn\\')))
def test_json_is_refused_where_python_refuses_it(text: str) -> None:
    try:
        json.loads(text)
    except ValueError:
        if text.strip():
            with pytest.raises(InputError):
                parse_json(Source("a", text))
