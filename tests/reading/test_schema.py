"""Documents against the general schemas: every message as the user reads it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from engine.reading.belonging import belonging
from engine.reading.schema import MAX_FAULTS, looking_once, read_schema, validate
from engine.reading.yaml import Source, parse, parse_json, plain
from engine.resources import rules_dir, schema_dir

KINDS = ("pack", "vocabulary", "rules", "cases", "overview", "facts", "record")

RULES = """\
rules:
  - id: wa.sale
    title: No deficiency
    decides: recourse
    then: none
    authority: {kind: statute, cite: RCW 61.24.100, confidence: high}
    because: The sale ends it.
"""
PACK = """\
language: 1
name: primer
version: 1.0.0
title: Primer
decisions:
  recourse:
    type: enum
    label: Recourse?
    values: {none: "No", full: "Yes"}
"""
VOCABULARY = """\
facts:
  waste: {type: boolean, label: Waste, question: Waste?}
terms:
  wasted: {when: {waste: true}}
constraints:
  no_waste: {must: {waste: false}, because: So it is.}
presumptions:
  - presume: {waste: false}
    because: So it is.
"""
CASES = """\
- case: first
  given: {waste: true}
  expect: {recourse: none, by: wa.sale}
"""
GOOD = {"rules": RULES, "pack": PACK, "vocabulary": VOCABULARY, "cases": CASES, "facts": "a: 1"}


def faults(kind: str, text: str) -> list[str]:
    """The problems of a text, without the file name."""
    return [str(p).removeprefix("a:") for p in validate(parse(Source("a", text)), kind)]


@pytest.mark.parametrize("kind", KINDS)
def test_the_schemas_are_schemas(kind: str) -> None:
    schema = dict(read_schema(kind))
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:recourse-engine:schema:{kind}"
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"] and schema["description"]


def properties(schema: Any, name: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "properties":
                yield from ((f"{name}/{k}", v) for k, v in value.items())
            if key not in ("examples", "if"):
                yield from properties(value, f"{name}/{key}")
    if isinstance(schema, list):
        for item in schema:
            yield from properties(item, name)


@pytest.mark.parametrize("kind", KINDS)
def test_every_property_is_described_with_an_example(kind: str) -> None:
    schema = read_schema(kind)
    for name, found in properties(schema):
        target = schema["$defs"].get(found.get("$ref", "").removeprefix("#/$defs/"), {})
        both = target | found
        assert both.get("description"), name
        parts = ("examples", "items", "properties", "additionalProperties")
        assert any(both.get(keyword) for keyword in parts), name


def test_a_definition_means_the_same_in_every_schema() -> None:
    seen: dict[str, Any] = {}
    for kind in ("pack", "vocabulary", "rules", "cases", "facts"):
        for name, definition in read_schema(kind)["$defs"].items():
            assert seen.setdefault(name, definition) == definition, name


def test_the_resources_are_found() -> None:
    assert (schema_dir() / "rules.schema.json").is_file()
    assert rules_dir().is_dir()


@pytest.mark.parametrize("kind", GOOD)
def test_a_good_file_has_no_fault(kind: str) -> None:
    assert faults(kind, GOOD[kind]) == []


def test_an_empty_file() -> None:
    assert faults("rules", "") == [
        " empty-file: the file is empty; it must be a mapping with `rules`"
    ]
    assert faults("facts", "") == faults("cases", "# none yet") == []


LITERAL = "a value, a list for a set, `{amount: ...}` or `{date: ..., plus: ...}`"
KIND_WORDS = (
    "`constitution`, `statute`, `regulation`, `court_rule`, `case`, `agency_guidance`, "
    "`contract`, `market_practice`, `article`, `secondary`"
)
RULE_ID = "lower-case words and digits, joined by dots or dashes, such as `wa.trustee-sale`"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "    because: The sale ends it.\n",
            "",
            (
                "2:5: missing-key: `wa.sale` lacks the key `because` "
                "(The reason that a borrower is given, in one sentence)"
            ),
        ),
        (
            "because:",
            "becuase:",
            "7:5: unknown-key: `wa.sale` has no key `becuase` (did you mean `because`?)",
        ),
        ("rules:", "rulez:", "1:1: unknown-key: unknown key `rulez` (did you mean `rules`?)"),
        (
            "rules:",
            "wanted: 1\nrules:",
            (
                "1:1: unknown-key: unknown key `wanted` "
                "(known keys: `jurisdiction`, `title`, `description`, `rules`)"
            ),
        ),
        ("then: none", "then:", f"5:10: wrong-type: `then` must be {LITERAL}, found nothing"),
        (
            "then: none",
            "then: {a: 1}",
            (
                "5:12: unknown-key: `then` has no key `a` "
                "(known keys: `amount`, `date`, `plus`, `minus`)"
            ),
        ),
        ("then: none", "then: {}", "5:11: too-few: `then` is empty"),
        (
            "then: none",
            "then: {plus: 3 days}",
            "5:12: missing-key: `then` lacks the key `date`, which `plus` needs",
        ),
        (
            "then: none",
            "then: {date: day, plus: 3 dayz}",
            "5:29: bad-form: `plus` must be a period such as `3 months`, found `3 dayz`",
        ),
        (
            "then: none",
            "then: {date: day, plus: 3 days, minus: 3 days}",
            "5:11: bad-form: a date takes `plus` or `minus`, not both",
        ),
        (
            "then: none",
            "then: {amount: 1, plus: 3 days}",
            "5:11: bad-form: `amount` stands alone, without `date`, `plus` or `minus`",
        ),
        (
            "then: none",
            "then: [a, a]",
            "5:15: repeated-item: `then` names `a` twice (keep one of the two)",
        ),
        ("id: wa.sale", "id: WA sale", f"2:9: bad-form: `id` must be {RULE_ID}, found `WA sale`"),
        (
            "id: wa.sale",
            "id: 12",
            f"2:9: wrong-type: `id` must be {RULE_ID}, found `12` (put quotes around it)",
        ),
        (
            "kind: statute",
            "kind: statue",
            (
                f"6:23: unknown-value: `kind` must be one of {KIND_WORDS}, found `statue` "
                "(did you mean `statute`?)"
            ),
        ),
        (
            "kind: statute",
            "kind: [statute]",
            f"6:23: wrong-type: `kind` must be one of {KIND_WORDS}, found a list",
        ),
        (
            "cite: RCW 61.24.100",
            "cite: 61.24",
            "6:38: wrong-type: `cite` must be a text, found `61.24` (put quotes around it)",
        ),
        ("cite: RCW 61.24.100", "cite: ''", "6:38: too-few: `cite` is an empty text"),
        (
            "confidence: high",
            "confidence: High",
            (
                "6:65: unknown-value: `confidence` must be one of `high`, `medium`, `low`, "
                "found `High` (did you mean `high`?)"
            ),
        ),
        (
            "confidence: high",
            "confidence: high, checked: 2026",
            (
                "6:80: wrong-type: `checked` must be a date such as `2009-10-31`: year, month, "
                "day, "
                "found `2026`"
            ),
        ),
        (
            "confidence: high",
            "confidence: high, url: example",
            (
                "6:76: bad-form: `url` must be a web address that begins with `https://`, "
                "found `example`"
            ),
        ),
        (
            "then: none",
            "then: none\n    when: 5",
            (
                "6:11: wrong-type: `when` must be a mapping of facts to tests, such as "
                "`disposition: short_sale`, found `5`"
            ),
        ),
        (
            "then: none",
            "then: none\n    when: {units: {at_lest: 5}}",
            "6:20: unknown-test: `units` has no test `at_lest` (did you mean `at_least`?)",
        ),
        (
            "then: none",
            "then: none\n    when: {units: {from: 5}}",
            (
                "6:20: unknown-test: `units` has no test `from` "
                "(did you mean `on_or_after` or `at_least`?)"
            ),
        ),
        (
            "then: none",
            "then: none\n    when: {units: }",
            (
                "6:19: wrong-type: `units` must be a value, a list of values, or bounds such as "
                "`{at_least: 1}`, found nothing"
            ),
        ),
        (
            "then: none",
            "then: none\n    when: {any: {waste: true}}",
            (
                "6:17: wrong-type: `any` must be a list of conditions, each on lines that begin "
                "with "
                "`- `, found a mapping (begin each item with `- `)"
            ),
        ),
        (
            "then: none",
            "then: none\n    when: {any: []}",
            "6:17: too-few: `any` needs at least 1 item",
        ),
        (
            "then: none",
            "then: none\n    exception_to: WA",
            f"6:19: bad-form: `exception_to` must be {RULE_ID}, found `WA`",
        ),
        (
            "decides: recourse",
            "decides: null",
            (
                "4:14: wrong-type: `decides` must be a name of lower-case letters, digits and "
                "underscores that begins with a letter, found nothing"
            ),
        ),
    ],
)
def test_faults_of_rules(old: str, new: str, expected: str) -> None:
    assert faults("rules", RULES.replace(old, new)) == [expected]


def test_one_problem_for_each_key_and_item() -> None:
    assert [fault.split(": ")[:2] for fault in faults("rules", RULES + "a: 1\nb: 2\n")] == [
        ["8:1", "unknown-key"],
        ["9:1", "unknown-key"],
    ]
    expected = "a mapping with `id`, `title`, `decides`, `then`, `authority` and `because`"
    assert faults("rules", "rules: [1, [2]]") == [
        f"1:9: wrong-type: item 1 of `rules` must be {expected}, found `1`",
        f"1:12: wrong-type: item 2 of `rules` must be {expected}, found a list",
    ]


def test_a_file_full_of_faults_is_not_reported_for_ever() -> None:
    for kind, text in (
        ("rules", "".join(f"k{n}: 1\n" for n in range(20_000))),
        ("facts", "".join(f"k{n}: []\n" for n in range(20_000))),
    ):
        found = faults(kind, text)
        assert len(found) == MAX_FAULTS + 1
        assert found[-1] == (
            " too-many-faults: there may be more; these are the first faults of the file"
        )


NAME = "a name of lower-case letters, digits and underscores that begins with a letter"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            '    values: {none: "No", full: "Yes"}\n',
            "",
            "6:3: missing-key: `recourse` lacks the key `values`",
        ),
        ("enum", "boolean", "9:5: unknown-key: `values` belong to a decision of type enum or set"),
        (
            "enum",
            "emum",
            (
                "7:11: unknown-value: `type` must be one of `enum`, `boolean`, `integer`, "
                "`decimal`, "
                "`money`, `date`, `set`, found `emum` (did you mean `enum`?)"
            ),
        ),
        (
            "1.0.0",
            "1.0",
            "3:10: wrong-type: `version` must be three numbers, such as `1.0.0`, found `1.0`",
        ),
        (
            "language: 1",
            "language: '1'",
            "1:11: wrong-type: `language` must be a whole number, found `1` (remove the quotes)",
        ),
        ("language: 1", "language: 0", "1:11: out-of-range: `language` must be at least 1"),
        (
            "label: Recourse?",
            "label: Recourse?\n    otherwise: full",
            (
                "9:5: missing-key: `recourse` lacks the key `otherwise_because`, which `otherwise` "
                "needs (Why that is the answer when no rule applies)"
            ),
        ),
        (
            "label: Recourse?",
            "label: Recourse?\n    hit_policy: first",
            (
                "9:17: unknown-value: `hit_policy` must be `unique`, `collect`, `min`, `max`, "
                "`sum` "
                "or `{priority: [...]}`, found `first`"
            ),
        ),
        (
            "label: Recourse?",
            "label: Recourse?\n    hit_policy: {prio: [none]}",
            "9:18: unknown-key: `hit_policy` has no key `prio` (did you mean `priority`?)",
        ),
        ("  recourse:", "  Recourse-1:", f"6:3: bad-form: `Recourse-1` must be {NAME}"),
        (
            "  recourse:",
            "  null:",
            "6:3: bad-form: `null`, `true` and `false` are values, not names",
        ),
    ],
)
def test_faults_of_packs(old: str, new: str, expected: str) -> None:
    assert faults("pack", PACK.replace(old, new)) == [expected]


@pytest.mark.parametrize(
    ("kind", "old", "new", "expected"),
    [
        (
            "vocabulary",
            "type: boolean",
            "type: boolean, values: {a: A}",
            "2:26: unknown-key: `values` belong to a fact of type enum",
        ),
        (
            "vocabulary",
            "{when: {waste: true}}",
            "{}",
            (
                "4:3: missing-key: `wasted` lacks the key `when` "
                "(A condition: facts, terms or decisions, each with a test)"
            ),
        ),
        (
            "vocabulary",
            "presume: {waste: false}",
            "presume: {}",
            "8:14: too-few: `presume` is empty",
        ),
        (
            "cases",
            "recourse: none",
            "recourse: {opne: true}",
            "3:23: unknown-key: `recourse` has no key `opne` (did you mean `open`?)",
        ),
        (
            "cases",
            "recourse: none",
            "recourse: {open: false}",
            "3:29: unknown-value: `open` must be `true`, found false",
        ),
        (
            "cases",
            "recourse: none",
            "recourse: {undetermined: [none]}",
            "3:37: too-few: `undetermined` needs at least 2 items",
        ),
        (
            "cases",
            "recourse: none",
            "recourse: {open: true, undetermined: true}",
            "3:22: bad-form: `open` and `undetermined` exclude each other",
        ),
        (
            "cases",
            "case: first",
            "case: first\n  strict: yes",
            (
                "2:11: wrong-type: `strict` must be true or false, found `yes` "
                "(write `true` or `false`)"
            ),
        ),
        (
            "cases",
            "waste: true",
            "null: true",
            "2:11: bad-form: `null`, `true` and `false` are values, not names",
        ),
        (
            "facts",
            "a: 1",
            "a: [1]",
            (
                "1:4: wrong-type: `a` must be a value: a word, a number, a date, true or false, "
                "found a list"
            ),
        ),
    ],
)
def test_faults_of_other_files(kind: str, old: str, new: str, expected: str) -> None:
    assert faults(kind, GOOD[kind].replace(old, new)) == [expected]


def test_the_deepest_file_is_checked() -> None:
    deep = "{any: [" * 28 + "{a: 1}" + "]}" * 28
    assert faults("rules", RULES + f"    when: {deep}\n") == []


def test_a_problem_carries_its_line() -> None:
    (problem,) = validate(parse(Source("a", RULES.replace("kind:", "knid:"))), "rules")
    assert problem.line_text.startswith("    authority: {knid: statute")


RECORD: dict[str, Any] = {
    "record": 1,
    "engine": "0.1.0",
    "pack": {"name": "primer", "version": "1.0.0", "digest": "0" * 64},
    "strict": False,
    "facts": {"property_state": "WA"},
    "presumed": {"fraud": {"value": False, "because": "It is."}},
    "decisions": {
        "recourse": {
            "status": "undetermined",
            "value": None,
            "possible": [
                {"value": "none", "rules": ["wa.sale"]},
                {"formula": "a - b", "missing": ["b"], "rules": []},
                {"status": "open", "rules": []},
            ],
            "ask": [{"fact": "disposition", "question": "How?"}],
            "rules": [],
            "overridden": [{"id": "a", "title": "A", "by": ["b"]}],
            "facts_used": {"property_state": "WA"},
            "presumed_used": ["fraud"],
            "requires": {"deficiency": "10000.00"},
            "change": [{"facts": {"disposition": "short_sale"}, "value": "full"}],
        }
    },
    "notice": "No advice.",
}


def test_a_decision_record_fits_its_schema() -> None:
    def check(record: object) -> list[str]:
        return [p.code for p in validate(parse_json(Source("a", json.dumps(record))), "record")]

    assert check(RECORD) == []
    bad = copy.deepcopy(RECORD)
    bad["decisions"]["recourse"]["status"] = "perhaps"
    del bad["notice"]
    assert check(bad) == ["missing-key", "unknown-value"]


# ---- properties -------------------------------------------------------------------------------

words = st.sampled_from(
    [
        "rules",
        "id",
        "then",
        "when",
        "any",
        "all",
        "not",
        "from",
        "to",
        "by",
        "kind",
        "values",
        "type",
        "enum",
        "amount",
        "date",
        "plus",
        "open",
        "undetermined",
        "facts",
        "case",
        "given",
        "expect",
        "presume",
        "priority",
        "a",
        "null",
    ]
)
nodes = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | words | st.sampled_from(["", "2009-10-01"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=4),
    max_leaves=10,
)


@given(nodes, st.sampled_from(KINDS), st.data())
def test_every_fault_has_our_words_and_a_place(value: Any, kind: str, data: st.DataObject) -> None:
    start = {"rules": RULES, "pack": PACK, "vocabulary": VOCABULARY, "cases": CASES}.get(kind)
    if start is not None and data.draw(st.booleans()):  # put it somewhere into a good file
        good = parse(Source("a", start))
        whole = plain(good.root)
        place, target = None, whole
        while isinstance(target, dict | list) and target and data.draw(st.booleans()):
            step: Any = data.draw(
                st.sampled_from(sorted(target) if isinstance(target, dict) else [0])
            )
            place, target = (target, step), target[step]
        if place is not None:
            place[0][place[1]] = value
        value = whole
    document = parse_json(Source("a", json.dumps(value)))
    problems = validate(document, kind)
    valid = Draft202012Validator(dict(read_schema(kind))).is_valid(value)
    assert valid == (not problems)
    for problem in problems:
        assert problem.where.line == 1 and problem.where.column >= 1
        assert "is not of type" not in problem.message
        assert "'" not in problem.message.replace("can't", "")
    assert len(set(problems)) == len(problems)


MIXED = {
    "properties": {"text": {"type": "string"}, "flag": {"type": "boolean"}},
    "additionalProperties": {"type": "integer"},
    "propertyNames": {"maxLength": 5},
}
scalars = st.sampled_from(["text", "flag", 0, 1, 1.5, True, False, None])
mappings = st.dictionaries(st.sampled_from(["text", "flag", "more", "others"]), scalars)


@given(st.lists(mappings, max_size=8))
def test_a_value_is_looked_at_once_for_each_schema(several: list[dict[str, Any]]) -> None:
    once, always = looking_once(Draft202012Validator)(MIXED), Draft202012Validator(MIXED)
    for instance in several:
        found, wanted = (
            sorted((error.validator, error.message, list(error.path)) for error in one)
            for one in (once.iter_errors(instance), always.iter_errors(instance))
        )
        assert found == wanted


def test_the_shipped_packs_fit_the_schemas() -> None:
    for path in sorted(Path(rules_dir()).rglob("*.yaml")):
        place = belonging(path)
        assert place is not None
        kind = place.kind
        text = path.read_text(encoding="utf-8")
        assert validate(parse(Source(path.name, text)), kind) == []
