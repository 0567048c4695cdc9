"""Where the files that come with the engine are: the shipped packs and the JSON Schemas."""

from __future__ import annotations

from pathlib import Path

_ENGINE = Path(__file__).resolve().parent


def rules_dir() -> Path:
    """The folder of the shipped packs."""
    return _shipped("rules")


def schema_dir() -> Path:
    """The folder of the JSON Schemas."""
    return _shipped("schema")


def mappings_dir() -> Path:
    """The folder of the shipped mappings."""
    return _shipped("mappings")


def _shipped(name: str) -> Path:
    """Inside an installed engine the files are its data; in a checkout they lie beside it."""
    packaged = _ENGINE / "data" / name
    return packaged if packaged.is_dir() else _ENGINE.parent / name
