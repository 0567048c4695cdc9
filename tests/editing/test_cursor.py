"""Where a cursor stands in a text that is being typed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.editing.cursor import Cursor, Path, cursor_at

RULE = "rules:\n  - id: a\n"


def at(text: str) -> Cursor | None:
    """The cursor where a text says ``@``."""
    before = text.partition("@")[0]
    column = len(before) - before.rfind("\n") - 1
    return cursor_at(text.replace("@", ""), before.count("\n"), column)


@pytest.mark.parametrize(
    ("text", "path", "word"),
    [
        ("@", (), ""),
        ("ti@", (), "ti"),
        ("title: @", ("title",), ""),
        (RULE + "    @", ("rules", 0), ""),
        (RULE + "  - @", ("rules", 1), ""),
        (RULE + "    @\n    then: none\n", ("rules", 0), ""),
        (RULE + "    when:\n      @", ("rules", 0, "when"), ""),
        (RULE + "    when:\n      any:\n        - k: 1\n        - @", ("rules", 0, "when", "any", 1), ""),
        (RULE + "    when: {ki@", ("rules", 0, "when"), "ki"),
        (RULE + "    when: {a: 'x, y', kind: [home, c@]}", ("rules", 0, "when", "kind", 1), "c"),
        (RULE + "    when: {kind: {not: @}}", ("rules", 0, "when", "kind", "not"), ""),
        (RULE + "    when:\n      {a: 1,\n       b@", ("rules", 0, "when"), "b"),
        (RULE + "    exception_to:\n      - wa.tr@", ("rules", 0, "exception_to", 0), "wa.tr"),
        ("rules:\n- id: a\n  exception_to:\n  - b\n  - wa-@", ("rules", 0, "exception_to", 1), "wa-"),
        (RULE + "    because: |\n      when: x\n    @", ("rules", 0), ""),
        ("a: {b: 1} # c\n@", (), ""),
        ('"a b": @', ("a b",), ""),
    ],
)  # fmt: skip
def test_paths(text: str, path: Path, word: str) -> None:
    found = at(text)
    assert found is not None
    assert (found.path, found.word) == (path, word)


@pytest.mark.parametrize(
    "text",
    ["# @", "title: x # @", "title:@", RULE + "    because: |\n      when: @", "a: {b: 1, # @"],
)
def test_nothing_is_typed_in_comments_and_text_blocks(text: str) -> None:
    assert at(text) is None


def test_the_keys_beside_it() -> None:
    found = at(RULE + "    then: @\n    # a comment\n    decides: q\n  - id: b\n    when: {}\n")
    assert found is not None
    assert found.in_value
    assert found.beside["rules", 0] == {"id": "a", "then": "", "decides": "q"}
    found = at("- {case: A, given: {}, @")
    assert found is not None
    assert set(found.keys) == {"case", "given"}


@settings(max_examples=300, deadline=None)
@given(st.text("ab:-{}[],#'\"|>&*! \n\t", max_size=60), st.integers(0, 5), st.integers(0, 20))
def test_it_can_stand_in_any_text(text: str, line: int, column: int) -> None:
    cursor_at(text, line, column)
