"""The OpenAPI description of the service, made from a pack's own facts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from engine.model import Fact, Rulebase
from engine.presentation.schemas import pack_schemas
from engine.reading.schema import read_schema
from engine.service.refusals import CONTENT_TYPE, KINDS, TYPE
from engine.service.requests import MAX_LOANS

Data = dict[str, Any]
_COMPONENTS = "#/components/schemas/"
_AMOUNT = "150000.00"


def description(rulebase: Rulebase, engine: str) -> Data:
    """The OpenAPI 3.1 document of the service for one pack."""
    pack = {
        "name": "pack",
        "in": "query",
        "description": f"The pack to ask. This document describes `{rulebase.name}`.",
        "schema": {"type": "string", "enum": [rulebase.name]},
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"recourse: {rulebase.title}",
            "version": engine,
            "description": "Decides loans by rules, with the reasons. Not legal advice.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": {
            "/v1/decide": {"post": _decide(pack, rulebase)},
            "/v1/possible": {"post": _possible(pack, rulebase)},
            "/v1/explain": {"post": _explain(pack, rulebase)},
            "/v1/packs": {"get": _get("The packs that are served", "packs")},
            "/v1/packs/{name}": {
                "get": _get("What a pack knows: its facts and its decisions", "pack")
                | {"parameters": [_pack_name(rulebase)]}
            },
            "/healthz": {"get": _get("Whether the service is there", "health", tagged=False)},
        },
        "components": {"schemas": _schemas(rulebase)},
    }


# ---- the addresses ----------------------------------------------------------------------------


def _decide(pack: Data, rulebase: Rulebase) -> Data:
    loans = {
        "type": "array",
        "minItems": 1,
        "maxItems": MAX_LOANS,
        "items": {"anyOf": [_ref("facts"), {"type": "object"}]},
        "description": "The facts of several loans; one that is refused does not stop the others.",
    }
    options = _options(rulebase)
    body = {
        "oneOf": [
            _object({"facts": _ref("facts"), **options}, ["facts"]),
            _object({"loans": loans, **options}, ["loans"]),
        ]
    }
    answer = {"anyOf": [_ref("record"), _ref("results")]}
    facts = _example(rulebase)
    examples = {
        "one": {"summary": "One loan", "value": {"facts": facts}},
        "many": {
            "summary": "Several loans, one decision of each",
            "value": {"loans": [facts], "only": _main(rulebase)[:1]},
        },
    }
    return _post("decide", "Decide one loan or several", pack, body, answer, examples)


def _possible(pack: Data, rulebase: Rulebase) -> Data:
    unknown = {
        "type": "array",
        "items": {"enum": list(rulebase.facts)},
        "maxItems": len(rulebase.facts),
        "description": "The facts that the person does not know; they are not asked again.",
    }
    options = {"unknown": unknown, **_options(rulebase)}
    body = _object({"facts": _ref("facts"), **options}, ["facts"])
    facts = dict(list(_example(rulebase).items())[:1])
    examples = {"begun": {"summary": "The first fact is known", "value": {"facts": facts}}}
    title = "What is still possible, and which questions matter"
    return _post("possible", title, pack, body, _ref("possible"), examples)


def _explain(pack: Data, rulebase: Rulebase) -> Data:
    body = _object({"facts": _ref("facts"), **_options(rulebase)}, ["facts"])
    value = {"facts": _example(rulebase), "only": _main(rulebase)[:1]}
    examples = {"one": {"summary": "One decision of a loan", "value": value}}
    title = "Decide a loan, with the nearest changes of each answer and the popular view"
    return _post("explain", title, pack, body, _ref("record"), examples)


def _post(name: str, title: str, pack: Data, body: Data, answer: Data, examples: Data) -> Data:
    content = {"application/json": {"schema": body, "examples": examples}}
    refusals = {400, 404, 408, 413, 415, 422, 500, 503}
    return {
        "operationId": name,
        "summary": title,
        "parameters": [pack],
        "requestBody": {"required": True, "content": content},
        "responses": {
            "200": {"description": title, "content": {"application/json": {"schema": answer}}},
            **_refused(refusals),
        },
    }


def _get(title: str, schema: str, tagged: bool = True) -> Data:
    content = {"application/json": {"schema": _ref(schema)}}
    etag = {"ETag": {"description": "The state of the rules.", "schema": {"type": "string"}}}
    answers: Data = {"200": {"description": title, "content": content}}
    if tagged:
        answers["200"]["headers"] = etag
        answers["304"] = {"description": "As it was: the entity tag is that of If-None-Match."}
    return {
        "operationId": schema,
        "summary": title,
        "responses": {**answers, **_refused({404} if schema == "pack" else set())},
    }


def _refused(statuses: Iterable[int]) -> Data:
    titles: dict[int, list[str]] = {}
    for status, title in KINDS.values():
        titles.setdefault(status, []).append(title)
    return {
        str(status): {
            "description": "; ".join(titles[status]),
            "content": {CONTENT_TYPE: {"schema": _ref("refusal")}},
        }
        for status in sorted(statuses)
    }


# ---- the schemas ------------------------------------------------------------------------------


def _schemas(rulebase: Rulebase) -> Data:
    facts = json.loads(pack_schemas(rulebase)["facts.schema.json"])
    facts["examples"] = [_example(rulebase)]
    question = _object(
        {
            "fact": {"enum": list(rulebase.facts)},
            "question": {"type": "string"},
            "settles": {"type": "array", "items": {"type": "string"}},
            "values": {
                "type": "array",
                "items": {"type": "string"},
                "description": "Of an enum those that can go together with what is known.",
            },
            "because": {
                "type": "string",
                "description": "Why it is asked for though the person could not tell it.",
            },
        },
        ["fact", "question", "settles"],
    )
    text: Data = {"type": "string"}
    schemas: Data = {
        **_moved("facts", facts),
        **_moved("record", dict(read_schema("record"))),
        "results": _object(
            {"results": {"type": "array", "items": {"anyOf": [_ref("record"), _ref("refusal")]}}}
        ),
        "possible": _object(
            {
                "pack": _ref("record.pack"),
                "only": {"type": "array", "items": text},
                "next": {"anyOf": [question, {"type": "null"}]},
                "questions": {"type": "array", "items": question},
                "record": {"anyOf": [_ref("record"), {"type": "null"}]},
            }
        ),
        "packs": _object(
            {
                "engine": text,
                "packs": {"type": "array", "items": {"type": "object", "required": ["name"]}},
            }
        ),
        "pack": {"type": "object", "required": ["name", "digest", "facts", "decisions", "main"]},
        "health": _object({"status": {"const": "ok"}, "engine": text}),
        "refusal": _refusal(),
    }
    return schemas


def _refusal() -> Data:
    number = {"type": "integer", "minimum": 0}
    names = ("code", "message", "hint", "pointer")
    problem: Data = {name: {"type": "string"} for name in names}
    problem |= {"line": number, "column": number}
    members: Data = {
        "type": {"enum": [TYPE + kind for kind in KINDS]},
        "title": {"type": "string"},
        "status": {"enum": sorted({status for status, _ in KINDS.values()})},
        "detail": {"type": "string"},
    }
    problems = {"type": "array", "items": _object(problem)}
    return _object({**members, "problems": problems}, list(members))


def _moved(name: str, schema: Data) -> Data:
    """A schema and its definitions as components, its references changed accordingly."""
    definitions = schema.pop("$defs", {})
    for key in ("$schema", "$id", "x-expected"):
        schema.pop(key, None)
    parts = {name: schema, **{f"{name}.{key}": each for key, each in definitions.items()}}
    return {key: _rewritten(each, f"{_COMPONENTS}{name}.") for key, each in parts.items()}


def _rewritten(value: Any, prefix: str) -> Any:
    if isinstance(value, list):
        return [_rewritten(item, prefix) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: each.replace("#/$defs/", prefix)
        if key == "$ref" and isinstance(each, str)
        else _rewritten(each, prefix)
        for key, each in value.items()
    }


def _options(rulebase: Rulebase) -> Data:
    return {
        "only": {
            "type": "array",
            "minItems": 1,
            "maxItems": len(rulebase.decisions),
            "items": {"enum": list(rulebase.decisions)},
            "description": "The decisions that are wanted.",
        },
        "strict": {"type": "boolean", "default": False, "description": "Presume nothing."},
    }


def _pack_name(rulebase: Rulebase) -> Data:
    schema = {"type": "string", "enum": [rulebase.name]}
    return {"name": "name", "in": "path", "required": True, "schema": schema}


def _main(rulebase: Rulebase) -> list[str]:
    return list(rulebase.main or rulebase.decisions)


def _example(rulebase: Rulebase) -> Data:
    """A loan with the first few facts of the pack that the law does not presume."""
    presumed = {presumption.fact for presumption in rulebase.presumptions}
    found: Data = {}
    for fact in rulebase.facts.values():
        if fact.type in ("enum", "money") and fact.name not in presumed and len(found) < 4:
            found[fact.name] = _some_value(fact)
    return found


def _some_value(fact: Fact) -> str:
    return next(iter(fact.values)) if fact.type == "enum" else _AMOUNT


def _ref(name: str) -> Data:
    return {"$ref": f"{_COMPONENTS}{name}"}


def _object(properties: Mapping[str, Any], required: list[str] | None = None) -> Data:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties) if required is None else required,
        "additionalProperties": False,
    }
