"""Data beside the JSON Schemas that are published for it."""

from __future__ import annotations

import json
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from engine.resources import schema_dir


def faults(kind: str, data: Any) -> list[str]:
    """What in some data does not fit the schema of a form; a schema may refer to the record's."""
    schemas = {
        path.name.removesuffix(".schema.json"): json.loads(path.read_text(encoding="utf-8"))
        for path in schema_dir().glob("*.schema.json")
    }
    resources = [(each["$id"], Resource.from_contents(each)) for each in schemas.values()]
    registry: Registry[Any] = Registry().with_resources(resources)
    Draft202012Validator.check_schema(schemas[kind])
    validator = Draft202012Validator(schemas[kind], registry=registry)
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(data)]
