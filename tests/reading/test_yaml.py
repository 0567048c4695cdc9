"""YAML and JSON text to nodes: what values mean, where they are, and what is refused."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import engine.reading.yaml as reading
from engine.problems import InputError, Place
from engine.reading.yaml import (
    MapNode,
    ScalarNode,
    Source,
    key_of,
    locate,
    parse,
    parse_json,
    plain,
)


def data(text: str) -> Any:
    return plain(parse(Source("a.yaml", text)).root)


def faults(text: str) -> list[str]:
    """The problems of a text, without the file name."""
    with pytest.raises(InputError) as caught:
        parse(Source("a", text))
    return [str(problem).removeprefix("a:") for problem in caught.value.problems]


# ---- scalars ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NO", "NO"),
        ("yes", "yes"),
        ("on", "on"),
        ("true", True),
        ("FALSE", False),
        ("tRue", "tRue"),
        ("~", None),
        ("Null", None),
        ("012", 12),
        ("-3", -3),
        ("+5", 5),
        ("0o17", 15),
        ("0x1F", 31),
        ("0x1e5", 0x1E5),
        ("0b1", "0b1"),
        ("1.50", Decimal("1.50")),
        (".5", Decimal("0.5")),
        ("5.", Decimal(5)),
        ("1e3", Decimal(1000)),
        ("1_000", "1_000"),
        ("1,000", "1,000"),
        ("2024-01-31", "2024-01-31"),
        ("12:30:45", "12:30:45"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("'1'", "1"),
        ('"true"', "true"),
        ("''", ""),
        ("1.0.0", "1.0.0"),
        ("-", [None]),
        ("١٢", "١٢"),  # digits, but not of YAML
    ],
)
def test_a_plain_scalar_means_what_yaml_1_2_says(text: str, value: object) -> None:
    found = data(text)
    assert found == value
    assert type(found) is type(value)


def test_a_scalar_keeps_how_it_is_written() -> None:
    root = parse(Source("a", "a: 012\nb: '012'\nc: |\n  two\n  lines\n")).root
    assert isinstance(root, MapNode)
    assert root.get("a") == ScalarNode(Place("a", 1, 4), 12, "012", False)
    assert root.get("b") == ScalarNode(Place("a", 2, 4), "012", "012", True)
    assert root.get("c") == ScalarNode(Place("a", 3, 4), "two\nlines\n", "two\nlines\n", True)
    assert root.keys() == ("a", "b", "c")
    assert root.get("d") is None


@pytest.mark.parametrize("text", ["", "\n\n", "# a remark\n", "---\n", "\ufeff"])
def test_an_empty_text_has_no_root(text: str) -> None:
    assert parse(Source("a", text)).root is None
    assert data(text) is None


def test_keys_are_taken_as_they_are_written() -> None:
    assert data("NO: 1\n1: 2\nnull: 3\n'q': 4") == {"NO": 1, "1": 2, "null": 3, "q": 4}


# ---- places -------------------------------------------------------------------------------------

NESTED = "rules:\n  - id: a\n    when:\n      é: [x, 😀]\n"


def test_nodes_and_keys_know_their_place() -> None:
    root = parse(Source("a", NESTED)).root
    assert root is not None
    assert locate(root, ["rules", 0, "id"]).place == Place("a", 2, 9)
    assert locate(root, ["rules", 0, "when", "é", 1]).place == Place("a", 4, 14)
    assert locate(root, ["rules", 0, "when", "no", "such"]).place == Place("a", 4, 7)
    assert locate(root, ["rules", 7]).place == Place("a", 2, 3)
    assert key_of(root, ["rules", 0, "when"]) == Place("a", 3, 5)
    assert key_of(root, ["rules", 0]) == Place("a", 2, 5)
    assert key_of(root, ["rules", 0, "absent"]) == Place("a", 2, 5)
    assert key_of(root, []) == Place("a", 1, 1)


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_lines_are_counted_as_editors_count_them(line_break: str) -> None:
    source = Source("a", NESTED.replace("\n", line_break))
    root = parse(source).root
    assert root is not None
    assert locate(root, ["rules", 0, "when", "é"]).place == Place("a", 4, 10)
    assert source.line(2) == "  - id: a"
    assert source.line(0) == source.line(99) == ""


# ---- aliases ------------------------------------------------------------------------------------


def test_an_alias_repeats_what_its_anchor_names() -> None:
    assert data("a: &x [1, 2]\nb: *x\n&k c: *k\n") == {"a": [1, 2], "b": [1, 2], "c": "c"}


def test_an_alias_may_be_a_key() -> None:
    document = parse(Source("a", "- &k one\n- *k : 1\n"))
    assert plain(document.root) == ["one", {"one": 1}]
    assert document.root is not None
    assert key_of(document.root, [1, "one"]) == Place("a", 2, 3)


def test_many_aliases_are_counted_in_full() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    started = time.perf_counter()
    assert faults("\n".join(lines))[0].split(": ")[1] == "yaml-too-big"
    assert time.perf_counter() - started < 0.5


def test_aliases_do_not_multiply_text_without_bound() -> None:
    text = f"- &a {'x' * 100_000}\n" + "- *a\n" * 1000
    assert "yaml-too-big" in faults(text)[0]


# ---- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "a: 1\na: 2\n'a': 3\nb: 1\nb: 2",
            [
                (
                    "2:1: duplicate-key: the key `a` is given twice in this mapping; first on "
                    "line 1, "
                    "column 1 (keep one of the two)"
                ),
                (
                    "3:1: duplicate-key: the key `a` is given twice in this mapping; first on "
                    "line 1, "
                    "column 1 (keep one of the two)"
                ),
                (
                    "5:1: duplicate-key: the key `b` is given twice in this mapping; first on "
                    "line 4, "
                    "column 1 (keep one of the two)"
                ),
            ],
        ),
        (
            "- id: a\n  id: b",
            [
                (
                    "2:3: duplicate-key: the key `id` is given twice in this mapping; first on "
                    "line 1, column 3 (begin the second one with `- id: `)"
                )
            ],
        ),
        (
            "- a: 1\n* b: 2",
            ["2:1: yaml-syntax: `*` begins no list item (write a hyphen and a space, `- `)"],
        ),
        (
            "a:\u00a01\nb: 2",
            [
                (
                    "1:3: yaml-syntax: a no-break space (U+00A0) stands here "
                    "(type a space in its place)"
                )
            ],
        ),
        (
            "a: !!python/object/apply:os.system [ls]\nb: !x 1",
            [
                (
                    "1:4: yaml-tag: the tag `!!python/object/apply:os.system` is not allowed "
                    "(remove it; put quotes around a text that begins with `!`)"
                ),
                (
                    "2:4: yaml-tag: the tag `!x` is not allowed "
                    "(remove it; put quotes around a text that begins with `!`)"
                ),
            ],
        ),
        (
            "a:\n  <<: {b: 1}",
            [
                (
                    "2:3: yaml-merge-key: merge keys (`<<`) are not read "
                    "(write the keys out, or give the condition a name as a term)"
                )
            ],
        ),
        (
            "a: 1\n---\nb: 2",
            [
                (
                    "2:1: yaml-documents: a second document starts here; a file holds one "
                    "(remove the `---`)"
                )
            ],
        ),
        ("a: &x [*x]", ["1:8: yaml-alias: the alias `*x` stands inside what it repeats"]),
        (
            "a: *x",
            [
                (
                    "1:4: yaml-alias: the alias `*x` has no anchor `&x` before it "
                    "(put quotes around a text that begins with `*`)"
                )
            ],
        ),
        (
            "? [a]\n: 1",
            [
                (
                    "1:3: yaml-key: a list can't be a key; a key is a word (put quotes around a "
                    "text "
                    "that begins with `{` or `[`, and a space after a `:`)"
                )
            ],
        ),
        (": x", ["1:1: yaml-key: there is no key before this `:`"]),
        (
            "a: " + "9" * 31,
            [
                (
                    "1:4: yaml-number: this number is too long: at most 30 digits are read "
                    "(put quotes around it if it is a text)"
                )
            ],
        ),
        (
            "a: 1e999999999",
            [
                (
                    "1:4: yaml-number: this number is too long: at most 30 digits are read "
                    "(put quotes around it if it is a text)"
                )
            ],
        ),
        ("a:\n\tb: 1", ["2:1: yaml-tab: a tab can't indent here (indent with spaces)"]),
        ("a:\n  b: 1\n\tc: 2", ["3:1: yaml-tab: a tab can't indent here (indent with spaces)"]),
        ("a: 'x\nb: 2", ["1:4: yaml-syntax: the closing quote is missing (close the quote)"]),
        (
            "a: [1, 2\nb: 3",
            ["1:4: yaml-syntax: the closing `]` of this `[` is missing"],
        ),
        (
            "a:\n  b: {c: 1,\n    d: 2\n    e: 3}\n",
            [
                (
                    "4:6: yaml-syntax: expected a comma or the closing `}`, "
                    "in the mapping that begins on line 2"
                )
            ],
        ),
        ("a: {b: 1}}", ["1:10: yaml-syntax: this `}` closes nothing (remove it)"]),
        (
            "a: one\ntwo\nb: 3",
            [
                (
                    "2:1: yaml-syntax: expected `key: value`, but the `:` is missing (write a colon "
                    "and a space after the key; indent a text that goes on more than its key)"
                )
            ],
        ),
        ("a: {b: 1", ["1:9: yaml-syntax: expected a comma or the closing `}`"]),
        (
            "a: b: c",
            [
                (
                    "1:5: yaml-syntax: a `key: value` can't stand here (put quotes around a "
                    "text that "
                    "has a `: ` in it, and indent with two spaces)"
                )
            ],
        ),
        (
            'cite: "Smith" v. Jones',
            [
                (
                    "1:15: yaml-syntax: the text goes on after its closing quote "
                    "(put all of it in quotes; inside single quotes write a quote twice)"
                )
            ],
        ),
        (
            "a:\n   b: 1\n  c: 2",
            [
                (
                    "3:3: yaml-syntax: expected a further `key: value`, in the mapping that "
                    "begins on "
                    "line 1 (give all keys of a mapping the same indentation)"
                )
            ],
        ),
        (
            "a: @x",
            [
                (
                    "1:4: yaml-syntax: `@` can't start a value "
                    "(put quotes around a text that begins with `@`)"
                )
            ],
        ),
        (
            "a: \u2028",
            [
                (
                    "1:4: yaml-character: invisible line separator (U+2028) "
                    "(delete it, or break the line there)"
                )
            ],
        ),
        ("a: \x07", ["1:4: not-text: the text holds a control character (U+0007) (delete it)"]),
        ("\ud800", ["1:1: not-text: the text holds half a surrogate pair (U+D800) (delete it)"]),
        ('a: "\\e[1m"', ["1:4: yaml-syntax: this text holds a control character (U+001B)"]),
    ],
)
def test_what_is_refused_is_said_in_words(text: str, expected: list[str]) -> None:
    assert faults(text) == expected


@pytest.mark.parametrize("unit", ["[", "- ", "{a: ", "? ", "&a [", "[["])
def test_depth_is_bounded(unit: str) -> None:
    assert faults(unit * 50_000)[0].split(": ")[1] in ("yaml-depth", "yaml-key", "yaml-syntax")


def test_sixty_levels_are_read() -> None:
    assert data("[" * 60 + "]" * 60)
    assert faults("[" * 61 + "]" * 61) == [
        "1:61: yaml-depth: lists and mappings nest deeper than 60 levels"
    ]


def test_depth_counts_what_aliases_repeat() -> None:
    text = "- &a " + "[" * 30 + "]" * 30 + "\n- " + "[" * 30 + "*a" + "]" * 30
    assert "yaml-depth" in faults(text)[0]


def test_the_number_of_values_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_NODES", 1000)
    assert faults("- x\n" * 2000) == [
        (
            "1000:3: yaml-too-big: the file holds more than 1,000 values, aliases counted in full "
            "(split it into several files)"
        )
    ]


def test_a_problem_carries_its_line() -> None:
    with pytest.raises(InputError) as caught:
        parse(Source("a", "ok: 1\n  bad: 2\n"))
    assert caught.value.problems[0].line_text == "  bad: 2"


# ---- properties ---------------------------------------------------------------------------------


@given(st.text() | st.text(st.sampled_from("[]{},:\"'\\ \n-10.eat")))
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (parse, parse_json):
        try:
            plain(read(Source("a", text)).root)
        except InputError as error:
            assert error.problems
            assert str(error).encode()


PACK = """\
jurisdiction: WA
rules:
  - id: wa.trustee-sale   # a remark
    when: {occupancy: {not: primary}, sale_price: {less_than: 150_000}}
    any: &a
      - "quo\\ted"
      - 'single'
    then: *a
    because: >-
      folded
      text
"""


@given(
    edits=st.lists(
        st.tuples(
            st.integers(0, len(PACK)),
            st.integers(0, 4),
            st.text(st.sampled_from("\t\n :-[]{}\"'&*!|>%@#,?x1.~\\"), max_size=4),
        ),
        min_size=1,
        max_size=4,
    )
)
@pytest.mark.parametrize("loader", ["CSafeLoader", "SafeLoader"])
def test_a_mangled_file_is_read_or_refused(loader: str, edits: list[tuple[int, int, str]]) -> None:
    text = PACK
    for start, length, replacement in edits:
        text = text[:start] + replacement + text[start + length :]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "_LOADER", getattr(yaml, loader, yaml.SafeLoader))
        try:
            plain(parse(Source("a", text)).root)
        except InputError as error:
            lines = text.count("\n") + 1
            assert all(0 < problem.where.line <= lines for problem in error.problems)
            assert all("\n" not in problem.message for problem in error.problems)
