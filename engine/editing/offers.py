"""What can be typed at a cursor: keys and values, by the JSON Schema of the pack's own files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.editing.cursor import Cursor, Path
from engine.model import NUMERIC, Decision, Fact, Rule, Rulebase
from engine.reading.schema import read_schema

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Offer:
    """A word that fits, with what there is to say about it. A key is followed by a colon."""

    text: str
    about: str
    is_key: bool = False


def offers(kind: str, cursor: Cursor, schema: Schema, rulebase: Rulebase) -> list[Offer]:
    """What can come at a cursor in a file of some kind, whose schema holds the pack's names."""
    if cursor.path[-1:] == ("amount",):
        return [Offer(name, label) for name, label in _amounts(rulebase)]
    if kind == "rules" and cursor.path[2:3] == ("exception_to",):
        return [Offer(rule.id, rule.title) for rule in _to_override(cursor, rulebase)]
    found: dict[tuple[str, bool], Offer] = {}
    if kind == "pack":
        for name, label in _of_the_pack(cursor.path, rulebase).items():
            found[name, False] = Offer(name, label)
    for each in _schemas_at(schema, cursor):
        if not cursor.in_value:
            for key, of_key in each.get("properties", {}).items():
                if key not in cursor.keys or key == cursor.word:
                    found.setdefault((key, True), Offer(key, _about(of_key, schema), is_key=True))
        for value, about in _values(each):
            found.setdefault((value, False), Offer(value, about))
    return list(found.values())


def schema_of(kind: str, schemas: Mapping[str, Schema]) -> Schema:
    """The pack's own schema of a kind of file, or else the general one."""
    return schemas.get(kind) or read_schema(kind)


def _amounts(rulebase: Rulebase) -> Iterator[tuple[str, str]]:
    things: list[Fact | Decision] = [*rulebase.facts.values(), *rulebase.decisions.values()]
    for thing in things:
        if thing.type in NUMERIC:
            yield thing.name, thing.label
    yield from (("min", "The least of some amounts"), ("max", "The greatest of some amounts"))


def _to_override(cursor: Cursor, rulebase: Rulebase) -> list[Rule]:
    """The rules that the rule around the cursor can be an exception to."""
    rule = cursor.beside.get(cursor.path[:2], {})
    others = [other for other in rulebase.rules if other.id != rule.get("id")]
    return [other for other in others if other.decides == rule.get("decides")] or others


def _of_the_pack(path: Path, rulebase: Rulebase) -> Mapping[str, str]:
    """The names that pack.yaml takes from elsewhere; the general schema does not know them."""
    match path:
        case ("jurisdiction",):
            return {f.name: f.label for f in rulebase.facts.values() if f.type == "enum"}
        case ("sections",):
            kinds = (f for f in rulebase.facts.values() if f.type in ("enum", "boolean"))
            return {f.name: f.label for f in kinds if f.name != rulebase.jurisdiction_fact}
        case ("decisions", str(name), "otherwise", *_) | (
            "decisions",
            str(name),
            "hit_policy",
            "priority",
            *_,
        ):
            decision = rulebase.decisions.get(name)
            return {} if decision is None else decision.values
    return {}


# ---- the schema -------------------------------------------------------------------------------


def _schemas_at(schema: Schema, cursor: Cursor) -> list[Schema]:
    """The schemas that what stands at the cursor has to meet, or may meet."""
    found: Iterable[Schema] = [schema]
    for depth, step in enumerate(cursor.path):
        keys = cursor.beside.get(cursor.path[:depth], {})
        found = [
            inner
            for each in found
            for one in _unfolded(each, schema, keys)
            for inner in _inside(one, step)
        ]
    return [one for each in found for one in _unfolded(each, schema, cursor.keys)]


def _inside(schema: Schema, step: str | int) -> Iterator[Schema]:
    if isinstance(step, int):
        inner = schema.get("items")
    else:
        inner = schema.get("properties", {}).get(step) or schema.get("additionalProperties")
    if isinstance(inner, dict):
        yield inner


def _unfolded(schema: Schema, root: Schema, keys: Mapping[str, str]) -> Iterator[Schema]:
    """A schema and all that it refers to or is put together from, where its conditions hold."""
    yield schema
    parts: list[Schema] = [*schema.get("anyOf", ()), *schema.get("allOf", ())]
    if "$ref" in schema:
        parts.append(_referred(schema, root))
    condition = schema.get("if")
    if condition is not None:
        wanted = {
            key: of_key["const"]
            for key, of_key in condition.get("properties", {}).items()
            if "const" in of_key
        }
        holds = all(keys.get(key) == value for key, value in wanted.items())
        parts += [schema["then"]] if holds and "then" in schema else []
    for part in parts:
        yield from _unfolded(part, root, keys)


def _values(schema: Schema) -> Iterator[tuple[str, str]]:
    values: Sequence[object] = schema.get("enum", ())
    abouts: Sequence[str] = schema.get("enumDescriptions") or [""] * len(values)
    for value, about in zip(values, abouts, strict=True):
        yield _written(value), about
    if "const" in schema:
        yield _written(schema["const"]), schema.get("description", "")
    if schema.get("type") == "boolean":
        yield from (("true", ""), ("false", ""))


def _written(value: object) -> str:
    """A value as YAML writes it; a text that YAML would take for something else, in quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    plain = not isinstance(value, str) or re.fullmatch(r"[A-Za-z_][\w.-]*", text)
    return text if plain and text not in ("true", "false", "null") else f'"{text}"'


def _about(schema: Schema, root: Schema) -> str:
    """What a schema says of itself, or what it refers to."""
    if "description" in schema or "$ref" not in schema:
        return str(schema.get("description", ""))
    return _about(_referred(schema, root), root)


def _referred(schema: Schema, root: Schema) -> Schema:
    """What the reference of a schema leads to, within the same file."""
    found = root
    for step in schema["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return found
