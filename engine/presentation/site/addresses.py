"""Where everything stands on the site: paths from its root, the same for the same rules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote

from engine.model import Rule, Rulebase, RuleFile

HOME, CASES, TERMS, SEARCH = "index.html", "cases.html", "terms.html", "search.html"
DECISIONS, FACTS, RULES = "decisions/index.html", "facts/index.html", "rules/index.html"
"""The pages of which there is one each."""

_PLAIN = re.compile(r"[A-Za-z0-9_-]+")


class Addresses:
    """The page of each fact, decision, jurisdiction and rule file, and the place of each rule.

    A rule stands on the page of its jurisdiction, or else of its file; what a parameter is worth,
    on the parameter's own page."""

    def __init__(self, rulebase: Rulebase, jurisdictions: Iterable[str]) -> None:
        self._rulebase = rulebase
        self.jurisdiction_fact = rulebase.jurisdiction_fact
        self._jurisdictions = _pages("places", jurisdictions)
        files = {file.place.file: file for file in rulebase.files if not file.jurisdiction}
        stems = {name: _stem(rulebase, file) for name, file in files.items()}
        pages = _pages("rules", stems.values())
        self._files = {name: pages[stem] for name, stem in stems.items()}

    def fact(self, name: str) -> str:
        """The page of a fact."""
        return f"facts/{name}.html"

    def decision(self, name: str) -> str:
        """The page of a decision."""
        return f"decisions/{name}.html"

    def jurisdiction(self, value: str) -> str:
        """The page of a jurisdiction; empty for a jurisdiction that has no rules of its own."""
        return self._jurisdictions.get(value, "")

    def file(self, file: RuleFile) -> str:
        """The page of a rule file whose rules name no jurisdiction."""
        return self._files[file.place.file]

    def named(self, name: str) -> str:
        """The place of a fact, a decision or a term."""
        if name in self._rulebase.facts:
            return self.fact(name)
        return self.decision(name) if name in self._rulebase.decisions else f"{TERMS}#{name}"

    def page_of(self, rule: Rule) -> str:
        """The page on which a rule stands."""
        if rule.jurisdiction:
            return self.jurisdiction(rule.jurisdiction)
        return self._files.get(rule.place.file) or self.decision(rule.decides)

    def rule(self, rule: Rule) -> str:
        """The place of a rule."""
        return f"{self.page_of(rule)}#{rule.id}"


def _stem(rulebase: Rulebase, file: RuleFile) -> str:
    """A rule file's path inside its pack as one word."""
    path = Path(file.place.file).resolve().relative_to(Path(rulebase.root).resolve())
    return "-".join(path.with_suffix("").parts)


def _pages(folder: str, names: Iterable[str]) -> Mapping[str, str]:
    """A page for each name, different also where file names ignore case."""
    taken: set[str] = {"index"}
    pages: dict[str, str] = {}
    for name in dict.fromkeys(names):
        stem = base = name if _PLAIN.fullmatch(name) else quote(name, safe="").replace("%", "_")
        number = 1
        while stem.casefold() in taken:
            number += 1
            stem = f"{base}-{number}"
        taken.add(stem.casefold())
        pages[name] = f"{folder}/{stem}.html"
    return pages
