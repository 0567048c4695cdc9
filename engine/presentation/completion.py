"""What a shell may complete: names with a word about each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.reading.overviews import read_overviews
from engine.reading.pack import load_pack
from engine.reading.packs import shipped_packs

Candidates = list[tuple[str, str]]


def pack_names(pack: str, start: str) -> Candidates:
    """The shipped packs."""
    return [(name, "") for name in shipped_packs() if name.startswith(start)]


def overview_names(pack: str, start: str) -> Candidates:
    """The overviews of a pack."""
    overviews = read_overviews(load_pack(pack))
    return [(each.name, each.title) for each in overviews if each.name.startswith(start)]


def decision_names(pack: str, start: str) -> Candidates:
    """The decisions of a pack."""
    decisions = load_pack(pack).decisions.values()
    return [(d.name, d.label) for d in decisions if d.name.startswith(start)]


def rule_ids(pack: str, start: str) -> Candidates:
    """The rules of a pack."""
    return [(rule.id, rule.title) for rule in load_pack(pack).rules if rule.id.startswith(start)]


def settings(pack: str, start: str) -> Candidates:
    """``fact=`` for each fact of a pack, and ``fact=value`` where the values can be listed."""
    facts = load_pack(pack).facts
    name, equals, text = start.partition("=")
    if not equals:
        return [
            (f"{fact.name}=", fact.label) for fact in facts.values() if fact.name.startswith(name)
        ]
    if name not in facts:
        return []
    fact = facts[name]
    values = {"true": "", "false": ""} if fact.type == "boolean" else fact.values
    return [(f"{name}={value}", label) for value, label in values.items() if value.startswith(text)]


CANDIDATES: Mapping[str, Callable[[str, str], Candidates]] = {
    "packs": pack_names,
    "overviews": overview_names,
    "decisions": decision_names,
    "rules": rule_ids,
    "settings": settings,
}
"""By kind: a function from a pack and the start of a word to what the word may become."""
