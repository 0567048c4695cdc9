"""A document against one of our JSON Schemas, and every fault in plain words at its place.

Besides the standard keywords a schema may say ``x-expected`` (what a value must be, in words),
``x-message`` (what a failed ``not`` or ``maxProperties`` means), ``x-key`` (what the keys of a
mapping are called) and ``x-meant`` (which keys may be meant by another word).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from itertools import islice
from typing import Any, Literal

from engine.memory import Memory
from engine.problems import Place, Problem, likely, listing
from engine.reading import kept
from engine.reading.nodes import (
    Document,
    Entry,
    ListNode,
    MapNode,
    Node,
    ScalarNode,
    key_of,
    locate,
    plain,
)
from engine.resources import schema_dir
from engine.values import describe

Kind = Literal["pack", "vocabulary", "rules", "cases", "overview", "facts", "record"]
Path = Sequence[str | int]

_TYPES = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
}
MAX_FAULTS = 200
"""So many faults of one file are reported; who made more fixes these first."""
MANY_VALUES = 20_000
"""Of so many values at least it is remembered that they are as a schema wants them."""
_YES_NO = frozenset({"yes", "no", "on", "off", "y", "n"})


def validate(document: Document, kind: Kind | str) -> list[Problem]:
    """What in ``document`` does not fit the schema of its kind, ordered by place; names of facts,
    decisions and rules are not looked up. An empty document is a fault, but for facts and cases.
    """
    root = document.root
    if root is None:
        return _empty(document, kind)
    digest = _digest(kind, document.source.text)
    if kept.is_noted(digest):
        return []
    try:
        errors = list(islice(_validator(kind).iter_errors(plain(root)), MAX_FAULTS))
    except RecursionError:
        return [document.source.problem("yaml-depth", "this nests too deep", root.place)]
    definitions = read_schema(kind)["$defs"]
    faults = [_Fault(document, root, error, definitions) for error in errors]
    misspelt = {pair for fault in faults for pair in _misspelt(fault)}
    outside = _outside(faults, misspelt)
    strange = {fault.path for fault in faults if fault.error.validator == "additionalProperties"}
    problems = {
        problem
        for fault in faults
        if fault.error.validator != "maxProperties" or fault.path not in strange
        for problem in _problems(fault, misspelt, outside)
    }
    found = sorted(problems, key=lambda problem: problem.sort_key)
    if not found:
        kept.note(digest)
    if len(found) < MAX_FAULTS:
        return found
    rest = "there may be more; these are the first faults of the file"
    return [*found[:MAX_FAULTS], Problem("too-many-faults", rest, Place(root.place.file))]


def _digest(kind: str, text: str) -> str:
    """What a text of some kind without fault is remembered by: it and its schema."""
    return hashlib.sha256(f"{_schema_digest(kind)}\0{text}".encode()).hexdigest()


@cache
def _schema_digest(kind: str) -> str:
    schema = json.dumps(read_schema(kind), sort_keys=True)
    return hashlib.sha256(f"{version('jsonschema')}\0{schema}".encode()).hexdigest()


@cache
def read_schema(kind: str) -> Mapping[str, Any]:
    """The schema of a kind of file, as data; not to be changed."""
    text = (schema_dir() / f"{kind}.schema.json").read_text(encoding="utf-8")
    schema: Mapping[str, Any] = json.loads(text)
    return schema


@cache
def _validator(kind: str) -> Any:
    import jsonschema  # costs 50 ms, which not every command has to pay

    schema = read_schema(kind)
    looking = looking_once(jsonschema.Draft202012Validator)
    return looking(_in_place(schema, schema["$defs"], frozenset()))


_CHILDREN = ("properties", "additionalProperties", "propertyNames")
"""The keywords that lead from a mapping to what is in it."""


def looking_once(standard: Any) -> Any:
    """A validator class that looks but once at a scalar that a schema allows: files say the same
    few things thousands of times. It is for schemas that live as long as itself."""
    import jsonschema

    sound = Memory[bool](MANY_VALUES)
    keywords = {name: _once(standard.VALIDATORS[name], name, sound) for name in _CHILDREN}
    validators: Any = jsonschema.validators
    return validators.extend(standard, keywords)


def _once(keyword: Callable[..., Any], name: str, sound: Memory[bool]) -> Callable[..., Any]:
    def look(validator: Any, wanted: Any, instance: Any, schema: Any) -> Iterable[Any]:
        if not isinstance(instance, dict) or not isinstance(wanted, dict):
            return keyword(validator, wanted, instance, schema) or ()
        new = {}
        unseen = []
        for key, each, child in _children(name, wanted, instance, schema):
            known = None if isinstance(each, dict | list) else (id(child), type(each), each)
            if known is None or not sound.find(known):
                new[key] = instance[key]
                unseen.append(known)
        errors = list(keyword(validator, wanted, new, schema) or ()) if new else []
        if not errors:
            for known in unseen:
                if known is not None:
                    sound.keep(known, True)
        return errors

    return look


def _children(
    keyword: str, wanted: Any, instance: Mapping[str, Any], schema: Mapping[str, Any]
) -> Iterator[tuple[str, object, object]]:
    """What a keyword looks at in a mapping: keys, with what it is that it looks at there, and the
    schema for that."""
    for key, each in instance.items():
        if keyword == "propertyNames":
            yield key, key, wanted
        elif keyword == "properties":
            if key in wanted:
                yield key, each, wanted[key]
        elif key not in schema.get("properties", {}):
            yield key, each, wanted


_REMARKS = frozenset({"title", "description", "examples"})


def _in_place(schema: Any, definitions: Mapping[str, Any], inside: frozenset[str]) -> Any:
    """A schema with its definitions where it refers to them, but for those that are ``inside``
    themselves: to look a reference up takes longer than most of what it leads to."""
    if isinstance(schema, list):
        return [_in_place(each, definitions, inside) for each in schema]
    if not isinstance(schema, dict):
        return schema
    name = str(schema.get("$ref", "")).removeprefix("#/$defs/")
    remarks = {key: each for key, each in schema.items() if key != "$ref"}
    if name in definitions and name not in inside and remarks.keys() <= _REMARKS:
        return _in_place(definitions[name], definitions, inside | {name}) | remarks
    return {
        key: each if key == "$defs" else _in_place(each, definitions, inside)
        for key, each in schema.items()
    }


def _empty(document: Document, kind: str) -> list[Problem]:
    if kind in ("facts", "cases"):
        return []
    expected = read_schema(kind).get("x-expected", "a mapping")
    message = f"the file is empty; it must be {expected}"
    return [Problem("empty-file", message, Place(document.source.name))]


@dataclass(frozen=True, slots=True)
class _Fault:
    """One error of the validator, and the document it is about."""

    document: Document
    root: Node
    error: Any
    definitions: Mapping[str, Any]

    @property
    def path(self) -> tuple[str | int, ...]:
        return tuple(self.error.absolute_path)

    @property
    def node(self) -> Node:
        return locate(self.root, self.path)

    @property
    def schema(self) -> Mapping[str, Any]:
        schema: Mapping[str, Any] = self.error.schema
        return schema

    @property
    def wanted(self) -> Any:
        """What the failed keyword of the schema says."""
        return self.error.validator_value

    @property
    def of_a_key(self) -> bool:
        return "propertyNames" in self.error.absolute_schema_path

    @property
    def label(self) -> str:
        """How a message calls the value: by its key, its id, or its number in its list."""
        if self.of_a_key:
            return f"`{self.error.instance}`"
        return _label(self.root, self.path)

    def problem(
        self, code: str, message: str, where: Place | None = None, hint: str = ""
    ) -> Problem:
        """A problem at ``where``, or else at the value (at the key, for an error of a key)."""
        if where is None and self.of_a_key:
            where = key_of(self.root, (*self.path, self.error.instance))
        return self.document.source.problem(code, message, where or self.node.place, hint)


def _label(root: Node, path: Path) -> str:
    if not path:
        return "the file"
    last, node = path[-1], locate(root, path)
    if isinstance(last, str):
        return f"`{last}`"
    if isinstance(node, MapNode):
        for key in ("id", "case"):
            name = node.get(key)
            if isinstance(name, ScalarNode):
                return f"`{name.text}`"
    outer = next((step for step in reversed(path) if isinstance(step, str)), None)
    return f"item {last + 1} of " + (f"`{outer}`" if outer else "the list")


def _problems(
    fault: _Fault,
    misspelt: AbstractSet[tuple[Path, str]],
    outside: Mapping[Path, tuple[str, Sequence[str]]],
) -> Iterator[Problem]:
    keyword = fault.error.validator
    home, strays = outside.get(fault.path, ("", ()))
    if keyword == "additionalProperties":
        yield from _unknown_keys(fault, strays)
    elif keyword == "required":
        for key in _absent(fault):
            if (fault.path, key) not in misspelt:
                hint = f"put {listing(strays)} under it" if key == home else ""
                yield _missing(fault, key, hint=hint)
    elif keyword == "dependentRequired":
        for key, needed in fault.wanted.items():
            absent = [other for other in needed if other not in fault.error.instance]
            if key in fault.error.instance:
                yield from (_missing(fault, other, key) for other in absent)
    elif keyword == "type":
        yield _wrong_type(fault, _expected(fault))
    elif keyword in ("enum", "const"):
        yield _unknown_value(fault)
    else:
        yield _bad_form(fault)


def _extra_keys(fault: _Fault) -> Iterator[Entry]:
    known = fault.schema.get("properties", {})
    node = fault.node
    if isinstance(node, MapNode):
        extra = (entry for entry in node.entries if entry.key.text not in known)
        yield from islice(extra, MAX_FAULTS)


def _misspelt(fault: _Fault) -> Iterator[tuple[Path, str]]:
    """The keys that a mapping seems to lack, since they are misspelt in it."""
    if fault.error.validator == "additionalProperties":
        for entry in _extra_keys(fault):
            for key in fault.schema.get("properties", {}):
                if likely(entry.key.text, [key]):
                    yield fault.path, key


def _absent(fault: _Fault) -> list[str]:
    """The keys that a mapping needs and does not have."""
    if fault.error.validator != "required":
        return []
    return [key for key in fault.wanted if key not in fault.error.instance]


def _outside(
    faults: Iterable[_Fault], misspelt: AbstractSet[tuple[Path, str]]
) -> dict[Path, tuple[str, list[str]]]:
    """Where a mapping lacks a key that takes a mapping itself, as a term its ``when``: that key,
    and the unknown keys that can only have been meant to stand under it."""
    homes: dict[Path, dict[str, Mapping[str, Any]]] = {}
    for fault in faults:
        for key in _absent(fault):
            inner = _definition(fault, fault.schema.get("properties", {}).get(key, {}))
            if inner.get("type") == "object" and (fault.path, key) not in misspelt:
                homes.setdefault(fault.path, {})[key] = inner
    found: dict[Path, tuple[str, list[str]]] = {}
    for fault in faults:
        if fault.error.validator == "additionalProperties" and len(homes.get(fault.path, ())) == 1:
            ((key, inner),) = homes[fault.path].items()
            strays = [e.key.text for e in _extra_keys(fault) if _belongs(e.key.text, inner, fault)]
            if strays:
                found[fault.path] = (key, strays)
    return found


def _belongs(name: str, inner: Mapping[str, Any], fault: _Fault) -> bool:
    """Whether an unknown key is one that an inner mapping has, or that it may have."""
    if name in inner.get("properties", {}):
        return True
    free = inner.get("additionalProperties") is not False
    return free and not likely(name, fault.schema.get("properties", {}))


def _definition(fault: _Fault, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The definition that a schema refers to, or the schema itself where it refers to none."""
    found: Mapping[str, Any]
    found = fault.definitions.get(schema.get("$ref", "").removeprefix("#/$defs/"), schema)
    return found


def _unknown_keys(fault: _Fault, strays: Collection[str]) -> Iterator[Problem]:
    known = fault.schema.get("properties", {})
    for entry in _extra_keys(fault):
        key = entry.key.text
        if key in strays:
            continue
        word = fault.schema.get("x-key", "key")
        meant = " or ".join(f"`{name}`" for name in fault.schema.get("x-meant", {}).get(key, ()))
        hint = f"did you mean {meant}?" if meant else likely(key, known)
        hint = hint or f"known {word}s: {listing(known, limit=12)}"
        if not _has_colon(fault, entry.key):
            hint = "put quotes around a text with a comma in it"
        message = f"{fault.label} has no {word} `{key}`" if fault.path else f"unknown key `{key}`"
        yield fault.problem(f"unknown-{word}", message, entry.key.place, hint)


def _has_colon(fault: _Fault, key: ScalarNode) -> bool:
    """Whether a key was meant as one: in `{a: b, c}` a comma has made one of ``c``."""
    line = fault.document.source.line(key.place.line)
    after = line[key.place.column - 1 + len(key.text) :]
    return key.quoted or after.lstrip().startswith(":")


def _missing(fault: _Fault, key: str, since: str = "", hint: str = "") -> Problem:
    where = key_of(fault.root, (*fault.path, since) if since else fault.path)
    message = f"{fault.label} lacks the key `{key}`"
    if since:
        message += f", which `{since}` needs"
    wanted = fault.schema.get("properties", {}).get(key, {})
    described = wanted.get("description") or _definition(fault, wanted).get("description", "")
    hint = hint or described.split(". ")[0].rstrip(".")
    return fault.problem("missing-key", message, where, hint)


def _expected(fault: _Fault) -> str:
    """What a value must be: as the schema says it, or else its types or its values in words."""
    if "x-expected" in fault.schema:
        return str(fault.schema["x-expected"])
    if "enum" in fault.schema:
        return f"one of {listing(fault.schema['enum'], limit=12)}"
    types = fault.schema.get("type", [])
    words = [_TYPES[word] for word in ([types] if isinstance(types, str) else types)]
    return " or ".join(words)


def _wrong_type(fault: _Fault, expected: str) -> Problem:
    value = fault.error.instance
    key = _key(fault)
    if value is None and key is not None and not _has_colon(fault, key):
        hint = "put quotes around a text with a comma in it; write 1,000 as 1000 or 1_000"
        if ":" in key.text:
            hint = "write a space after the `:`"
        return fault.problem("wrong-type", f"`{key.text}` has no value", key.place, hint)
    message = f"{fault.label} must be {expected}, found {describe(value)}"
    return fault.problem("wrong-type", message, hint=_type_hint(fault, value))


def _key(fault: _Fault) -> ScalarNode | None:
    """The key of the value that is at fault, where it has one."""
    parent = locate(fault.root, fault.path[:-1])
    entries = parent.entries if fault.path and isinstance(parent, MapNode) else ()
    return next((entry.key for entry in entries if entry.key.text == fault.path[-1]), None)


def _type_hint(fault: _Fault, value: object) -> str:
    types, node = fault.schema.get("type", "string"), fault.node
    allowed = {types} if isinstance(types, str) else set(types)
    if "string" in allowed and isinstance(node, ScalarNode) and value is not None:
        if not re.search(fault.schema.get("pattern", ""), node.text):
            return ""
        return "put quotes around it"
    if isinstance(value, str) and allowed & {"number", "integer"} and value.isdigit():
        return "remove the quotes"
    if isinstance(value, str) and "boolean" in allowed and value.lower() in _YES_NO:
        return "write `true` or `false`"
    if allowed == {"array"} and isinstance(node, MapNode):
        return "begin each item with `- `"
    return ""


def _unknown_value(fault: _Fault) -> Problem:
    value, allowed = fault.error.instance, fault.wanted
    if "x-expected" in fault.schema:
        expected = fault.schema["x-expected"]
    elif fault.error.validator == "const":
        expected = f"`{json.dumps(allowed)}`"
    else:
        expected = f"one of {listing(allowed, limit=12)}"
    message = f"{fault.label} must be {expected}, found {describe(value)}"
    if value is None or isinstance(value, list | dict):
        return fault.problem("wrong-type", message)
    words = allowed if isinstance(allowed, list) else []
    return fault.problem("unknown-value", message, hint=likely(str(value), words))


def _bad_form(fault: _Fault) -> Problem:
    """The keywords about the form of a value."""
    keyword, label, wanted = fault.error.validator, fault.label, fault.wanted
    if keyword in ("not", "maxProperties") and "x-message" in fault.schema:
        message = fault.schema["x-message"]
        if keyword == "not" and "required" in wanted and len(wanted["required"]) == 1:
            where = key_of(fault.root, (*fault.path, *wanted["required"]))
            return fault.problem("unknown-key", message, where)
        return fault.problem("bad-form", message)
    if keyword == "minItems":
        return fault.problem("too-few", f"{label} needs at least {_count(wanted, 'item')}")
    if keyword == "minProperties":
        return fault.problem("too-few", f"{label} is empty")
    if keyword == "minLength":
        return fault.problem("too-few", f"{label} is an empty text")
    if keyword == "uniqueItems":
        return _repeated(fault)
    if keyword == "minimum":
        return fault.problem("out-of-range", f"{label} must be at least {wanted}")
    found = describe(fault.error.instance)
    message = f"{label} must be {_expected(fault)}"
    return fault.problem("bad-form", message if found == label else f"{message}, found {found}")


def _repeated(fault: _Fault) -> Problem:
    items = fault.node.items if isinstance(fault.node, ListNode) else ()
    seen: list[object] = []
    for item in items:
        if plain(item) in seen:
            message = f"{fault.label} names {describe(plain(item))} twice"
            return fault.problem("repeated-item", message, item.place, "keep one of the two")
        seen.append(plain(item))
    return fault.problem("repeated-item", f"{fault.label} names something twice")


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
