"""What an earlier check found out and need not find out again.

What holds of the loans of one jurisdiction depends on the rules that can apply there, on the
vocabulary and the decisions, and on this engine: on all that outcomes rest on, not on their words.
It is kept under the digest of all of that, so that it is never stale; whoever changes the rules of
one state waits for that state alone, and whoever changes words waits for none.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from engine.model import Rule, Rulebase
from engine.reading import kept
from engine.reading.cache import digest_of, engine_digest


class Remembered:
    """What is remembered of a pack, in the folder for what is kept; nothing where there is none."""

    def __init__(self, rulebase: Rulebase) -> None:
        self._folder = kept.folder()
        if self._folder is None:
            return
        common = (
            tuple(rulebase.facts.values()),
            tuple(rulebase.terms.values()),
            rulebase.constraints,
            rulebase.presumptions,
            tuple(rulebase.decisions.values()),
            (rulebase.jurisdiction_fact, rulebase.section_fact),
        )
        self._common = engine_digest() + digest_of(common)
        self._rules = {rule.id: digest_of(rule) for rule in rulebase.rules}

    def load(self, about: str, rules: Iterable[Rule]) -> Any:
        """What was kept ``about`` something that depends on these rules, as JSON has it; None where
        there is nothing."""
        with suppress(OSError, ValueError):
            if place := self._place(about, rules):
                return json.loads(place.read_bytes())
        return None

    def keep(self, about: str, rules: Iterable[Rule], data: object) -> None:
        """Keep something for later checks."""
        if place := self._place(about, rules):
            kept.keep_json(place, data)

    def _place(self, about: str, rules: Iterable[Rule]) -> Path | None:
        if self._folder is None:
            return None
        whole = f"{self._common} {about} {self.digest(rules)}"
        return self._folder / "checked" / f"{hashlib.sha256(whole.encode()).hexdigest()}.json"

    def digest(self, rules: Iterable[Rule]) -> str:
        """A digest of some rules; empty where nothing is kept."""
        if self._folder is None:
            return ""
        return hashlib.sha256("".join(self._rules[rule.id] for rule in rules).encode()).hexdigest()
