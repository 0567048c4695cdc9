"""The pages of the site, one after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from markupsafe import Markup

from engine.model import Decision, Fact, Rule, Rulebase, RuleFile
from engine.presentation.layout import listed
from engine.presentation.record import NOTICE
from engine.presentation.site.addresses import (
    CASES,
    DECISIONS,
    FACTS,
    HOME,
    RULES,
    SEARCH,
    TERMS,
)
from engine.presentation.site.chips import outcome_chips, palette, value_chip
from engine.presentation.site.drawings import all_drawn, requirements
from engine.presentation.site.entries import (
    Piece,
    RuleEntry,
    case_entries,
    case_pages,
    case_places,
    changes,
    formula_pieces,
    rule_entries,
)
from engine.presentation.site.glance import map_entry, page_of, row_entry
from engine.presentation.site.kinds import TYPES, policy_words
from engine.presentation.site.layered import Drawing
from engine.presentation.site.plan import (
    Contents,
    Progress,
    Shown,
    contents,
    deciding,
)
from engine.presentation.site.rendering import STATIC, environment, prose, static
from engine.presentation.site.searching import search_index
from engine.presentation.words import clauses, value_words
from engine.reading.overviews import read_overviews


def site(
    rulebase: Rulebase, engine: str, progress: Progress = lambda step: None
) -> Iterator[tuple[str, str]]:
    """Every file of the site as its path and its text. ``engine`` is the engine's version;
    ``progress`` is told what is being worked on.

    Raises ``InputError`` with the problems of the overviews and of the cases, and ``Disagreement``
    where the evaluators differ.
    """
    overviews = read_overviews(rulebase)
    with deciding(rulebase, overviews) as shown:
        pages = Pages(contents(rulebase, overviews, progress), shown, engine)
        for name in STATIC:
            yield name, static(name)
        index = search_index(pages.contents, pages.rules)
        yield "search-index.js", f"var searchIndex = {index};\n"
        for path, template, given in pages.all():
            progress(path)
            yield path, pages.text(path, template, given)


Page = tuple[str, str, dict[str, Any]]
"""A page's path, its template, and what that shows."""


class Pages:
    """The pages of one pack. ``overviews`` gives the overviews decided."""

    def __init__(
        self, contents: Contents, overviews: Callable[[], Sequence[Shown]], engine: str
    ) -> None:
        rulebase = contents.rulebase
        self.contents = contents
        self._overviews = overviews
        self._cases = case_pages(contents)
        self._colours = palette(contents.overviews)
        self._diagrams = all_drawn(contents, self._colours)
        self.rules = rule_entries(contents, self._colours, case_places(self._cases))
        self._by_page: dict[str, list[RuleEntry]] = {}
        self._by_decision: dict[str, list[RuleEntry]] = {}
        for entry in self.rules.values():
            page = contents.addresses.page_of(entry.rule)
            self._by_page.setdefault(page, []).append(entry)
            self._by_decision.setdefault(entry.rule.decides, []).append(entry)
        sizes = Counter(entry.rule.place.file for entry in self.rules.values())
        for entries in self._by_page.values():  # what most rules of a place are about comes first
            entries.sort(key=lambda entry: -sizes[entry.rule.place.file])
        self._templates = environment(
            pack=rulebase,
            engine=engine,
            notice=NOTICE,
            address=contents.addresses,
            types=TYPES,
            jurisdictions=contents.jurisdictions,
            home=HOME,
            menu=[
                Piece("Overview", HOME),
                Piece("Decisions", DECISIONS),
                Piece("Facts", FACTS),
                Piece("Rules", RULES),
            ],
            search=SEARCH,
        )

    def text(self, path: str, template: str, shown: dict[str, Any]) -> str:
        """A page's text."""
        root = "../" * path.count("/")

        def linked(text: str) -> Markup:
            return prose(text, lambda name: self._address_of(name, root))

        page = self._templates.get_template(template)
        return page.render(shown, root=root, here=path, prose=linked)

    def _address_of(self, name: str, root: str) -> str:
        """The address of a rule, a fact, a decision or a term that a text names."""
        if name in self.rules:
            return root + self.rules[name].address
        return root + self.contents.addresses.named(name) if self._is_named(name) else ""

    def _is_named(self, name: str) -> bool:
        rulebase = self.contents.rulebase
        return name in rulebase.facts or name in rulebase.decisions or name in rulebase.terms

    def all(self) -> Iterator[Page]:
        """Every page, those with overviews last."""
        yield from self._files()
        yield self._rules()
        yield from self._decisions()
        yield from self._facts()
        yield self._terms()
        if CASES in self._cases:
            own = self._cases[CASES]
            yield CASES, "cases.html", {"cases": case_entries(own, self.contents.rulebase)}
        yield SEARCH, "search.html", {}
        yield from self._jurisdictions()
        yield self._home()

    # ---- overviews ----------------------------------------------------------------------------

    def _home(self) -> Page:
        rulebase, addresses = self.contents.rulebase, self.contents.addresses
        tables = [
            {
                "overview": shown.overview,
                "map": map_entry(
                    shown,
                    rulebase,
                    self._colours,
                    partial(page_of, shown=shown, addresses=addresses),
                ),
                "rows": [
                    row_entry(row, shown, rulebase, self._colours, addresses)
                    for row in shown.matrix.rows
                ],
            }
            for shown in self._overviews()
        ]
        return (
            HOME,
            "home.html",
            {
                "tables": tables,
                "main": [rulebase.decisions[name] for name in rulebase.main],
                "groups": self._grouped(self._asked()),
                "files": self._general_files(),
            },
        )

    def _glances(self, jurisdiction: str) -> list[dict[str, Any]]:
        """The row of a jurisdiction in each overview that has one for it."""
        rulebase, addresses = self.contents.rulebase, self.contents.addresses
        return [
            {
                "overview": shown.overview,
                "row": row_entry(row, shown, rulebase, self._colours, addresses),
            }
            for shown in self._overviews()
            if shown.overview.rows.name == rulebase.jurisdiction_fact
            for row in shown.matrix.rows
            if row.value == jurisdiction
        ]

    # ---- rules --------------------------------------------------------------------------------

    def _general_files(self) -> list[tuple[RuleFile, str, int]]:
        """The rule files of no jurisdiction, each with its page and how many rules it has."""
        found = []
        for file in self.contents.rulebase.files:
            if not file.jurisdiction:
                page = self.contents.addresses.file(file)
                found.append((file, page, len(self._by_page.get(page, ()))))
        return found

    def _jurisdictions(self) -> Iterator[Page]:
        rulebase, addresses = self.contents.rulebase, self.contents.addresses
        names = list(self.contents.jurisdictions)
        for place, name in enumerate(names):
            page = addresses.jurisdiction(name)
            yield (
                page,
                "jurisdiction.html",
                {
                    "name": name,
                    "label": self.contents.jurisdictions[name],
                    "files": [file for file in rulebase.files if file.jurisdiction == name],
                    "glances": self._glances(name),
                    "chapters": self._sections(page),
                    "drawings": self._diagrams.local.get(name, {}),
                    "changes": changes(self._by_page.get(page, [])),
                    "cases": case_entries(self._cases.get(page, ()), rulebase),
                    "before": names[place - 1] if place else "",
                    "after": names[place + 1] if place + 1 < len(names) else "",
                    "general": self._general_files(),
                },
            )

    def _files(self) -> Iterator[Page]:
        for file, page, _ in self._general_files():
            entries = self._by_page.get(page, [])
            shown = {"file": file, "chapters": self._sections(page), "changes": changes(entries)}
            yield page, "file.html", shown

    def _sections(self, page: str) -> list[tuple[Decision, list[RuleEntry]]]:
        """The rules of a page by the decision they decide, what people ask first in front."""
        own: dict[str, list[RuleEntry]] = {}
        for entry in self._by_page.get(page, ()):
            own.setdefault(entry.rule.decides, []).append(entry)
        rulebase = self.contents.rulebase
        first = [name for name in rulebase.main if name in own]
        order = first + [name for name in rulebase.decisions if name in own and name not in first]
        return [(rulebase.decisions[name], own[name]) for name in order]

    def _rules(self) -> Page:
        rulebase, addresses = self.contents.rulebase, self.contents.addresses
        pages = [(file.title, page) for file, page, _ in self._general_files()]
        pages += [(v, addresses.jurisdiction(k)) for k, v in self.contents.jurisdictions.items()]
        listed_pages = [(label, page, self._by_page.get(page, [])) for label, page in pages]
        return RULES, "rules.html", {"pages": listed_pages, "number": len(rulebase.rules)}

    # ---- decisions ----------------------------------------------------------------------------

    def _asked(self) -> list[Decision]:
        """The decisions that people ask for: not the parameters."""
        return [each for each in self.contents.rulebase.decisions.values() if not each.parameter]

    def _grouped(self, decisions: Sequence[Decision]) -> list[tuple[str, list[Decision]]]:
        """Decisions by their group, the groups of what people ask first in front."""
        every = self.contents.rulebase.decisions
        groups: dict[str, list[Decision]] = {
            every[n].group: [] for n in self.contents.rulebase.main
        }
        for decision in decisions:
            groups.setdefault(decision.group, []).append(decision)
        return list(groups.items())

    def _decisions(self) -> Iterator[Page]:
        rulebase, addresses = self.contents.rulebase, self.contents.addresses
        every = list(rulebase.decisions.values())
        yield (
            DECISIONS,
            "decisions.html",
            {
                "groups": self._grouped(self._asked()),
                "parameters": [each for each in every if each.parameter],
                "drawing": requirements(rulebase, addresses),
                "numbers": {name: len(own) for name, own in self._by_decision.items()},
            },
        )
        for decision in every:
            page = addresses.decision(decision.name)
            own = self._by_decision.get(decision.name, [])
            where, drawn = self._example(decision)
            yield (
                page,
                "decision.html",
                {
                    "decision": decision,
                    "values": [value_chip(decision, v, self._colours) for v in decision.values],
                    "policy": policy_words(decision),
                    "otherwise": self._otherwise(decision),
                    "requirements": requirements(rulebase, addresses, decision.name),
                    "required": [rulebase.decisions[name] for name in decision.requires],
                    "users": [each for each in every if decision.name in each.requires],
                    "own": self._by_page.get(page, []),
                    "rules": self._placed(entry.rule for entry in own),
                    "where": where,
                    "drawing": drawn,
                },
            )

    def _otherwise(self, decision: Decision) -> list[Piece]:
        """What the decision is where no rule applies."""
        if decision.otherwise is None:
            return []
        chips = outcome_chips(decision, decision.otherwise, self._colours)
        if chips:
            return [Piece(listed((chip.words for chip in chips), "and"))]
        rulebase, addresses = self.contents.rulebase, self.contents.addresses
        return list(formula_pieces(decision.otherwise, rulebase, addresses))

    def _example(self, decision: Decision) -> tuple[str, Drawing | None]:
        """The jurisdiction for which a decision's diagram says most and can still be drawn."""
        if decision.parameter:
            return "", None
        diagrams = self._diagrams
        best = ("", diagrams.general.get(decision.name))
        for name, drawings in diagrams.local.items():
            drawn = drawings.get(decision.name)
            if drawn is not None and (best[1] is None or len(drawn.boxes) > len(best[1].boxes)):
                best = (name, drawn)
        return best

    # ---- facts --------------------------------------------------------------------------------

    def _placed(self, rules: Iterable[Rule]) -> list[tuple[str, list[RuleEntry]]]:
        """Rules by where they stand: what is general first, then the jurisdictions in order."""
        places: dict[str, list[RuleEntry]] = {}
        for rule in rules:
            places.setdefault(rule.jurisdiction, []).append(self.rules[rule.id])
        order = ["", *self.contents.jurisdictions]
        named = {"": "Everywhere", **self.contents.jurisdictions}
        return [(named[name], places[name]) for name in order if name in places]

    def _facts(self) -> Iterator[Page]:
        rulebase, addresses = self.contents.rulebase, self.contents.addresses
        groups: dict[str, list[Fact]] = {}
        for fact in rulebase.facts.values():
            groups.setdefault(fact.group, []).append(fact)
        yield FACTS, "facts.html", {"groups": list(groups.items()), "uses": self.contents.uses}
        for fact in rulebase.facts.values():
            presumptions = [
                (value_words(fact, each.value), clauses(each.when, rulebase), each.because)
                for each in rulebase.presumptions
                if each.fact == fact.name
            ]
            limits = [
                (words, value_words(fact, limit))
                for words, limit in (("at least", fact.at_least), ("at most", fact.at_most))
                if limit is not None
            ]
            yield (
                addresses.fact(fact.name),
                "fact.html",
                {
                    "fact": fact,
                    "limits": limits,
                    "presumptions": presumptions,
                    "rules": self._placed(self.contents.uses.get(fact.name, ())),
                },
            )

    def _terms(self) -> Page:
        rulebase = self.contents.rulebase
        terms = [
            (term, clauses(term.when, rulebase), len(self.contents.uses.get(term.name, ())))
            for term in rulebase.terms.values()
        ]
        constraints = [(c, clauses(c.when, rulebase)) for c in rulebase.constraints]
        return TERMS, "terms.html", {"terms": terms, "constraints": constraints}
