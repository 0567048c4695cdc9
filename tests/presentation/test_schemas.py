"""The schemas of one pack: what an editor completes, accepts and marks."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from engine.model import (
    ALWAYS,
    Authority,
    Constant,
    Decision,
    Fact,
    HitPolicy,
    Rule,
    Rulebase,
    Term,
)
from engine.presentation.schemas import pack_schemas, write_schemas
from engine.problems import InputError
from engine.reading.yaml import Source, parse, plain

FACTS = (
    Fact("property_state", "enum", "State", "Which state?", {"WA": "Washington", "NO": "Nowhere"}),
    Fact("waste", "boolean", "Waste", "Was there waste?"),
    Fact("units", "integer", "Units", "How many units?", at_least=1, at_most=100),
    Fact("rate", "decimal", "Rate", "What rate?", at_most=Decimal("0.5")),
    Fact("price", "money", "Price", "What price?"),
    Fact("market_value", "money", "Market value", "What value?"),
    Fact("sale_date", "date", "Day of sale", "When was it sold?"),
)
DECISIONS = (
    Decision("recourse", "enum", "Recourse?", {"none": "No", "full": "Yes"}),
    Decision("effects", "set", "Effects", {"report": "Report", "tax": "Tax"}, HitPolicy("collect")),
    Decision("deficiency", "money", "Deficiency"),
    Decision("deadline", "date", "Deadline"),
    Decision("barred", "boolean", "Barred?"),
)
BASE = Rulebase(
    name="tiny",
    version="1.0.0",
    title="Tiny",
    digest="",
    root="",
    facts={fact.name: fact for fact in FACTS},
    terms={"home": Term("home", "A home", ALWAYS)},
    constraints=(),
    presumptions=(),
    decisions={decision.name: decision for decision in DECISIONS},
    rules=(Rule("wa.sale", "No", "recourse", ALWAYS, Constant("none"), "", Authority("", "")),),
    jurisdiction_fact="property_state",
)
SCHEMAS = {name.split(".")[0]: json.loads(text) for name, text in pack_schemas(BASE).items()}


def accepts(kind: str, text: str) -> bool:
    data = plain(parse(Source("a", text)).root)
    return Draft202012Validator(SCHEMAS[kind]).is_valid(data)


def rule(**changes: str) -> str:
    parts = {
        "id": "wa.new",
        "title": "New",
        "decides": "recourse",
        "then": "none",
        "authority": "{kind: statute, cite: RCW 1, confidence: high}",
        "because": "So it is.",
    } | changes
    body = "".join(f"    {key}: {value}\n" for key, value in parts.items())
    return "jurisdiction: NO\nrules:\n  -\n" + body


def test_they_are_schemas_and_always_the_same() -> None:
    assert list(pack_schemas(BASE)) == [
        "cases.schema.json",
        "facts.schema.json",
        "overview.schema.json",
        "rules.schema.json",
        "vocabulary.schema.json",
    ]
    for kind, schema in SCHEMAS.items():
        Draft202012Validator.check_schema(schema)
        assert schema["$id"] == f"urn:recourse-engine:schema:tiny:{kind}"
    assert pack_schemas(BASE) == pack_schemas(BASE)
    assert all(text.endswith("}\n") for text in pack_schemas(BASE).values())


def test_every_reference_leads_somewhere() -> None:
    def references(schema: Any) -> set[str]:
        if isinstance(schema, dict):
            here = {schema["$ref"]} if isinstance(schema.get("$ref"), str) else set()
            return here.union(*(references(value) for value in schema.values()))
        return (
            set().union(*(references(item) for item in schema))
            if isinstance(schema, list)
            else set()
        )

    for schema in SCHEMAS.values():
        for reference in references(schema):
            target = schema
            for step in reference.removeprefix("#/").split("/"):
                target = target[step]
        used = {reference.split("/")[2] for reference in references(schema)}
        assert set(schema["$defs"]) <= used


@pytest.mark.parametrize(
    ("when", "fits"),
    [
        ("{property_state: WA}", True),
        ("{property_state: [WA, NO]}", True),
        ("{property_state: {not: [WA]}}", True),
        ("{property_state: OR}", False),
        ("{property_state: {at_least: WA}}", False),
        ("{waste: true, home: false}", True),
        ("{waste: maybe}", False),
        ("{home: 1}", False),
        ("{units: 4}", True),
        ("{units: 0}", False),
        ("{units: {more_than: 0, at_most: 4}}", True),
        ("{units: {after: 4}}", False),
        ("{rate: 0.25}", True),
        ("{rate: 0.75}", False),
        ("{price: {less_than: market_value}}", True),
        ("{price: {less_than: deficiency}}", True),
        ("{price: {less_than: sale_date}}", False),
        ("{price: 1_000.50}", True),
        ("{price: {at_least: $1_000}}", True),
        ("{price: -1}", False),
        ("{sale_date: {after: 2009-10-01, before: deadline}}", True),
        ("{sale_date: {after: yesterday}}", False),
        ("{effects: [report, tax]}", True),
        ("{effects: other}", False),
        ("{recourse: none, any: [{waste: true}, {not: {units: 1}}]}", True),
        ("{any: [{wast: true}]}", False),
        ("{}", True),
    ],
)
def test_conditions(when: str, fits: bool) -> None:
    assert accepts("rules", rule(when=when)) is fits


@pytest.mark.parametrize(
    ("decides", "then", "fits"),
    [
        ("recourse", "none", True),
        ("recourse", "capped", False),
        ("recourse", "[none]", False),
        ("effects", "[report]", True),
        ("effects", "report", True),
        ("effects", "[other]", False),
        ("deficiency", "1000.00", True),
        ("deficiency", "{amount: market_value - price}", True),
        ("deficiency", "{date: sale_date}", False),
        ("deadline", "{date: sale_date, plus: 3 months}", True),
        ("deadline", "{date: price, plus: 3 months}", False),
        ("deadline", "2026-11-21", True),
        ("deadline", "{amount: 1}", False),
        ("barred", "true", True),
        ("barred", "none", False),
        ("nothing", "none", False),
    ],
)
def test_outcomes(decides: str, then: str, fits: bool) -> None:
    assert accepts("rules", rule(decides=decides, then=then)) is fits


@pytest.mark.parametrize(
    ("key", "value", "fits"),
    [
        ("exception_to", "wa.sale", True),
        ("exception_to", "[wa.sale, wa.not-there-yet]", True),
        ("exception_to", "Not An Id", False),
        ("effective", "{from: 2009-10-01, measured_by: sale_date}", True),
        ("effective", "{from: 2009-10-01, measured_by: price}", False),
        ("unknown", "1", False),
    ],
)
def test_other_keys_of_a_rule(key: str, value: str, fits: bool) -> None:
    assert accepts("rules", rule(**{key: value})) is fits


def test_jurisdictions() -> None:
    assert not accepts("rules", rule().replace("jurisdiction: NO", "jurisdiction: OR"))


def test_an_editor_has_something_to_complete_and_to_say() -> None:
    jurisdiction = SCHEMAS["rules"]["properties"]["jurisdiction"]
    assert jurisdiction["enum"] == ["WA", "NO"]
    assert jurisdiction["enumDescriptions"] == ["Washington", "Nowhere"]
    units = SCHEMAS["rules"]["$defs"]["condition"]["properties"]["units"]
    assert units["description"] == "Units. How many units? At least 1. At most 100."


@pytest.mark.parametrize(
    ("kind", "text", "fits"),
    [
        ("facts", "{property_state: WA, units: 4, price: 150000.00, sale_date: 2026-11-21}", True),
        ("facts", "{price: 1_000, waste: }", True),
        ("facts", "{propertystate: WA}", False),
        ("facts", "{units: 101}", False),
        ("facts", "{price: lots}", False),
        ("cases", "[{case: a, given: {units: 4}, expect: {recourse: none, by: wa.sale}}]", True),
        ("cases", "[{case: a, given: {unit: 4}, expect: {recourse: none}}]", False),
        ("cases", "[{case: a, given: {}, expect: {recourse: {undetermined: [none, full]}}}]", True),
        ("cases", "[{case: a, given: {}, expect: {recourse: {undetermined: [none, no]}}}]", False),
        ("cases", "[{case: a, given: {}, expect: {deficiency: {undetermined: true}}}]", True),
        ("cases", "[{case: a, given: {}, expect: {effects: [], deadline: {open: true}}}]", True),
        ("cases", "[{case: a, given: {}, expect: {resource: none}}]", False),
        ("vocabulary", "{facts: {}}", False),
    ],
)
def test_facts_and_cases(kind: str, text: str, fits: bool) -> None:
    assert accepts(kind, text) is fits


def test_a_vocabulary_may_gain_a_fact_but_not_misuse_one() -> None:
    text = (
        "facts:\n  new: {type: boolean, label: New, question: New?}\n"
        "terms:\n  fresh: {when: {new: true, units: UNITS}}\n"
        "presumptions:\n  - {presume: {waste: false, new: true}, because: So it is.}\n"
    )
    assert accepts("vocabulary", text.replace("UNITS", "4"))
    assert not accepts("vocabulary", text.replace("UNITS", "many"))
    assert not accepts("vocabulary", text.replace("UNITS", "4").replace("waste: false", "waste: 1"))


def test_a_pack_of_few_types_has_valid_schemas() -> None:
    few = Rulebase(
        "few", "1.0.0", "Few", "", "", {"waste": FACTS[1]}, {}, (), (), {"barred": DECISIONS[4]}, ()
    )
    for text in pack_schemas(few).values():
        Draft202012Validator.check_schema(json.loads(text))


@pytest.mark.parametrize("name", ["a-b", "a/b", "a~1b", "100 %", "größe", '"', "$ref"])
def test_names_of_any_characters(name: str) -> None:
    """The YAML of a pack has plain names alone; a rulebase made in Python may have others."""
    fact = Fact(name, "integer", "Units", "How many?", at_least=1)
    odd = Rulebase(
        "odd", "1.0.0", "Odd", "", "", {name: fact}, {}, (), (), {"barred": DECISIONS[4]}, ()
    )
    schema = json.loads(pack_schemas(odd)["rules.schema.json"])
    Draft202012Validator.check_schema(schema)
    definitions = schema["$defs"]
    condition = Draft202012Validator({"$defs": definitions, "$ref": "#/$defs/condition"})
    assert condition.is_valid({name: 1})
    assert not condition.is_valid({name: "many"})


def test_writing(tmp_path: Path) -> None:
    folder = tmp_path / "packs" / "tiny"
    paths = write_schemas(BASE, folder)
    assert [path.name for path in paths] == list(pack_schemas(BASE))
    assert {path.name: path.read_text(encoding="utf-8") for path in paths} == pack_schemas(BASE)


def test_writing_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError) as caught:
        write_schemas(BASE, tmp_path / "file" / "deeper")
    (problem,) = caught.value.problems
    assert problem.code == "cannot-write"
    assert problem.where.file == str(tmp_path / "file" / "deeper" / "cases.schema.json")
    assert problem.message == "can't write this file: Not a directory"
