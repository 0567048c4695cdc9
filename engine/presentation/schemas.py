"""The JSON Schemas of one pack: the general ones with the pack's own names and values filled in,
so that an editor completes and checks a file while it is typed.

They serve editors alone. The engine itself checks a file against the general schema and looks the
names up, which gives better messages.
"""

from __future__ import annotations

import copy
import datetime
import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from engine.model import NUMERIC, Decision, Fact, Rulebase, Value
from engine.problems import InputError, Place, Problem
from engine.reading.schema import read_schema

Schema = dict[str, Any]

_DEFINITIONS = "#/$defs/"

_NUMBER_BOUNDS = {
    "at_least": "This much or more",
    "at_most": "This much or less",
    "more_than": "More than this",
    "less_than": "Less than this",
}
_DATE_BOUNDS = {
    "on_or_after": "On this day or later",
    "on_or_before": "On this day or earlier",
    "after": "Later than this day",
    "before": "Earlier than this day",
}
_NUMBER_TEXT = {  # how a number may be written that YAML itself takes for a text
    "integer": r"^[-+]?[0-9][0-9_,]*$",
    "decimal": r"^[-+]?[0-9][0-9_,]*(\.[0-9]+)?$",
    "money": r"^\$? ?[-+]?[0-9][0-9_,]*(\.[0-9]{1,2})?( ?USD)?$",
}


def pack_schemas(rulebase: Rulebase) -> dict[str, str]:
    """The schemas of a pack's rule files, vocabulary, cases, overviews and fact files: file name to
    text."""
    schemas = {
        "cases": _cases(rulebase),
        "facts": _facts(rulebase),
        "overview": _overview(rulebase),
        "rules": _rules(rulebase),
        "vocabulary": _vocabulary(rulebase),
    }
    return {
        f"{kind}.schema.json": json.dumps(_pruned(schema), indent=2, ensure_ascii=False) + "\n"
        for kind, schema in schemas.items()
    }


def write_schemas(rulebase: Rulebase, folder: str | Path) -> list[Path]:
    """Write the pack's schemas into ``folder``, which is made where it is missing.

    Raises:
        InputError: the folder or a file can't be written.
    """
    written = []
    for name, text in pack_schemas(rulebase).items():
        path = Path(folder) / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            message = f"can't write this file: {error.strerror or 'unknown reason'}"
            raise InputError([Problem("cannot-write", message, Place(str(path)))]) from None
        written.append(path)
    return written


# ---- the kinds of file --------------------------------------------------------------------------


def _rules(rulebase: Rulebase) -> Schema:
    schema = _general(rulebase, "rules")
    definitions = schema["$defs"]
    _fill_condition(rulebase, definitions, only_known=True)
    definitions["rule_reference"] = _rule_reference(rulebase)
    rule = definitions["rule"]
    properties = rule["properties"]
    labels = {name: decision.label for name, decision in rulebase.decisions.items()}
    properties["decides"] = _described(properties["decides"]["description"], _one_of(labels))
    properties["exception_to"] = _described(
        properties["exception_to"]["description"], _one_or_more({"$ref": "#/$defs/rule_reference"})
    )
    rule["allOf"] = [_then_fits(rulebase, decision) for decision in rulebase.decisions.values()]
    measured_by = definitions["effective"]["properties"]["measured_by"]
    days = _names_of_type(rulebase, "date")
    definitions["effective"]["properties"]["measured_by"] = _described(
        measured_by["description"], _one_of(days)
    )
    fact = rulebase.facts.get(rulebase.jurisdiction_fact)
    if fact is not None and fact.type == "enum":
        about = schema["properties"]["jurisdiction"]["description"]
        schema["properties"]["jurisdiction"] = _described(about, _one_of(fact.values))
    return schema


def _vocabulary(rulebase: Rulebase) -> Schema:
    schema = _general(rulebase, "vocabulary")
    definitions = schema["$defs"]
    # A fact or term that the file has just gained is not known yet, and must not be marked.
    _fill_condition(rulebase, definitions, only_known=False)
    presume = definitions["presumption"]["properties"]["presume"]
    presume["properties"] = {name: _value_of(name) for name in rulebase.facts}
    presume.pop("examples", None)
    return schema


def _cases(rulebase: Rulebase) -> Schema:
    schema = _general(rulebase, "cases")
    definitions = schema["$defs"]
    _fill_facts(rulebase, definitions["given"])
    definitions["rule_reference"] = _rule_reference(rulebase)
    expect = definitions["expect"]
    expect.pop("examples")
    by = _one_or_more({"$ref": "#/$defs/rule_reference"})
    expect["properties"] = {
        **{name: _expected(decision) for name, decision in rulebase.decisions.items()},
        "by": _described(expect["properties"]["by"]["description"], by),
    }
    expect["additionalProperties"] = False
    return schema


def _facts(rulebase: Rulebase) -> Schema:
    schema = _general(rulebase, "facts")
    _fill_facts(rulebase, schema)
    return schema


def _overview(rulebase: Rulebase) -> Schema:
    schema = _general(rulebase, "overview")
    rows = {n: f.label for n, f in rulebase.facts.items() if f.type in ("enum", "boolean")}
    about = schema["properties"]["rows"]["description"]
    schema["properties"]["rows"] = _described(about, _one_of(rows))
    decision = schema["properties"]["columns"]["items"]["properties"]
    labels = {name: each.label for name, each in rulebase.decisions.items()}
    for holder in (decision, schema["properties"]["map"]["properties"]):
        about = holder["decision"]["description"]
        holder["decision"] = _described(about, _one_of(labels))
    _fill_facts(rulebase, schema["$defs"]["given"])
    return schema


def _general(rulebase: Rulebase, kind: str) -> Schema:
    schema: Schema = copy.deepcopy(dict(read_schema(kind)))
    schema["$id"] = f"urn:recourse-engine:schema:{rulebase.name}:{kind}"
    schema["title"] = f"{schema['title']} of {rulebase.title}"
    return schema


def _fill_facts(rulebase: Rulebase, schema: Schema) -> None:
    schema["properties"] = {
        name: _described(_about_fact(fact), _or_nothing(_fact(fact)))
        for name, fact in rulebase.facts.items()
    }
    schema["additionalProperties"] = False
    for keyword in ("propertyNames", "examples"):
        schema.pop(keyword, None)


# ---- conditions -------------------------------------------------------------------------------


def _fill_condition(rulebase: Rulebase, definitions: Schema, only_known: bool) -> None:
    """Give the condition among the definitions a property for each fact, term and decision."""
    condition = definitions["condition"]
    condition.pop("examples", None)
    for kind in ("integer", "decimal", "money", "date"):
        definitions[f"limit_{kind}"] = _limit(kind, _names_of_type(rulebase, kind))
    for fact in rulebase.facts.values():
        definitions[f"value_of_{fact.name}"] = _fact(fact)
        condition["properties"][fact.name] = _test(fact.name, fact.type, _about_fact(fact))
    for name, term in rulebase.terms.items():
        about = term.label or f"The term {name}"
        condition["properties"][name] = {"description": about, "type": "boolean"}
    for name, decision in rulebase.decisions.items():
        definitions[f"value_of_{name}"] = _literal(decision.type, decision.values)
        condition["properties"][name] = _test(name, decision.type, _about_decision(decision))
    if only_known:
        condition["additionalProperties"] = False


def _test(name: str, kind: str, about: str) -> Schema:
    """The tests of a fact or decision: a value, a list, ``not``, and bounds. A bound may lie
    outside the values that a loan can have (``more_than: 0`` of what is at least 1)."""
    some = _one_or_more(_value_of(name))
    properties = {"not": _described("Known, and none of these.", some)}
    bounds = _DATE_BOUNDS if kind == "date" else _NUMBER_BOUNDS if kind in NUMERIC else {}
    for word, meaning in bounds.items():
        properties[word] = {"description": f"{meaning}.", "$ref": f"#/$defs/limit_{kind}"}
    mapping = {
        "type": "object",
        "minProperties": 1,
        "properties": properties,
        "additionalProperties": False,
    }
    return _described(about, {"anyOf": [*some["anyOf"], mapping]})


def _value_of(name: str) -> Schema:
    """A reference to the values of a fact or decision."""
    pointer = name.replace("~", "~0").replace("/", "~1")
    return {"$ref": f"{_DEFINITIONS}value_of_{quote(pointer, safe='')}"}


def _limit(kind: str, names: Mapping[str, str]) -> Schema:
    literal = _literal(kind, {})
    return {"anyOf": [literal, _one_of(names)]} if names else literal


# ---- values -----------------------------------------------------------------------------------


def _fact(fact: Fact) -> Schema:
    literal = _literal(fact.type, fact.values)
    low = Decimal(0) if fact.type == "money" and fact.at_least is None else fact.at_least
    for keyword, limit in (("minimum", low), ("maximum", fact.at_most)):
        if isinstance(limit, int | Decimal):
            literal[keyword] = _number(limit)
    return _described(_about_fact(fact), literal)


def _literal(kind: str, values: Mapping[str, str]) -> Schema:
    """A value of a type; of a set, one of its members."""
    if kind in ("enum", "set"):
        return _one_of(values)
    if kind == "boolean":
        return {"type": "boolean"}
    if kind == "date":
        return {"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
    numeric = "integer" if kind == "integer" else "number"
    return {"type": [numeric, "string"], "pattern": _NUMBER_TEXT[kind]}


def _then_fits(rulebase: Rulebase, decision: Decision) -> Schema:
    """What ``then`` may be in a rule for this decision."""
    choices = [_outcome(decision)]
    if decision.type in NUMERIC:
        choices.append(_mapping({"amount": {"$ref": "#/$defs/outcome/properties/amount"}}))
    if decision.type == "date":
        days = _names_of_type(rulebase, "date", but=decision.name)
        shift = {word: {"$ref": "#/$defs/period"} for word in ("plus", "minus")}
        choices.append(_mapping({"date": _one_of(days)}, shift))
    then = choices[0] if len(choices) == 1 else {"anyOf": choices}
    return {
        "if": {"required": ["decides"], "properties": {"decides": {"const": decision.name}}},
        "then": {"properties": {"then": _described(_about_decision(decision), then)}},
    }


def _outcome(decision: Decision) -> Schema:
    literal = _literal(decision.type, decision.values)
    return _one_or_more(literal, least=0) if decision.type == "set" else literal


def _expected(decision: Decision) -> Schema:
    """What a case may expect of a decision."""
    literal = _outcome(decision)
    is_open = _mapping({"open": {"const": True, "description": "No rule decides."}})
    outcomes = {"type": "array", "minItems": 2, "items": {"anyOf": [literal, is_open]}}
    undetermined = _described(
        "More than one outcome is possible: exactly these, or, with `true`, whichever.",
        {"anyOf": [{"const": True}, outcomes]},
    )
    choices = [literal, is_open, _mapping({"undetermined": undetermined})]
    return _described(_about_decision(decision), {"anyOf": choices})


def _rule_reference(rulebase: Rulebase) -> Schema:
    """The id of a rule: one of the pack's, or one that it has just gained."""
    known = _one_of({rule.id: rule.title for rule in rulebase.rules})
    general = read_schema("rules")["$defs"]["rule_id"]
    return {"anyOf": [known, {"type": "string", "pattern": general["pattern"]}]}


# ---- small parts ------------------------------------------------------------------------------


def _one_of(labels: Mapping[str, str]) -> Schema:
    """One of some words, each with its label; of no words, nothing fits."""
    if not labels:
        return {"not": {}}
    return {"enum": list(labels), "enumDescriptions": list(labels.values())}


def _one_or_more(item: Schema, least: int = 1) -> Schema:
    listed = {"type": "array", "minItems": least, "uniqueItems": True, "items": item}
    return {"anyOf": [item, listed]}


def _or_nothing(value: Schema) -> Schema:
    """A value, or nothing where the fact is not known."""
    value.pop("description")
    return {"anyOf": [value, {"type": "null"}]}


def _mapping(required: Schema, optional: Schema | None = None) -> Schema:
    return {
        "type": "object",
        "required": list(required),
        "properties": required | (optional or {}),
        "additionalProperties": False,
    }


def _described(description: str, schema: Schema) -> Schema:
    return {"description": description} | schema


def _names_of_type(rulebase: Rulebase, kind: str, but: str = "") -> dict[str, str]:
    things: list[Fact | Decision] = [*rulebase.facts.values(), *rulebase.decisions.values()]
    return {thing.name: thing.label for thing in things if thing.type == kind and thing.name != but}


def _about_fact(fact: Fact) -> str:
    limits = []
    if fact.at_least is not None:
        limits.append(f"At least {_shown(fact.at_least)}.")
    if fact.at_most is not None:
        limits.append(f"At most {_shown(fact.at_most)}.")
    return _sentences((fact.label, fact.question, fact.description, *limits))


def _about_decision(decision: Decision) -> str:
    return _sentences((decision.label, decision.description))


def _sentences(parts: Iterable[str]) -> str:
    """The parts as sentences one after the other."""
    found = [part if part.endswith((".", "?", "!")) else f"{part}." for part in parts if part]
    return " ".join(found)


def _shown(value: Value) -> str:
    return value.isoformat() if isinstance(value, datetime.date) else str(value)


def _number(value: int | Decimal) -> int | float:
    """A limit for JSON, which has no exact decimals; an editor's check can do with that."""
    return int(value) if value == int(value) else float(value)


def _pruned(schema: Schema) -> Schema:
    """The schema without the definitions that nothing refers to."""
    definitions = schema.pop("$defs")
    used: set[str] = set()
    waiting = _references(schema)
    while waiting:
        used |= waiting
        waiting = set().union(*(_references(definitions[name]) for name in waiting)) - used
    return schema | {"$defs": {name: definitions[name] for name in definitions if name in used}}


def _references(schema: object) -> set[str]:
    """The names of the definitions that a schema refers to."""
    if not isinstance(schema, dict):
        return set().union(*map(_references, schema)) if isinstance(schema, list) else set()
    found = set().union(*map(_references, schema.values()))
    target = schema.get("$ref")
    if isinstance(target, str) and target.startswith(_DEFINITIONS):
        pointer = unquote(target.removeprefix(_DEFINITIONS).partition("/")[0])
        found.add(pointer.replace("~1", "/").replace("~0", "~"))
    return found
