"""A rulebase with other names for some of its facts, terms and decisions; nothing else changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from engine.evaluation.formulas import substitute
from engine.model import (
    All,
    AnyOf,
    Compare,
    Condition,
    Formula,
    Not,
    OneOf,
    Ref,
    Rule,
    Rulebase,
    TermHolds,
)

Names = Mapping[str, str]
"""Old names with their new ones. Facts, terms and decisions share one space of names."""


def rename(rulebase: Rulebase, names: Names) -> Rulebase:
    """The rulebase under other names."""
    if not names:
        return rulebase
    new = _Renaming(names)
    return replace(
        rulebase,
        facts={
            new.name(f.name): replace(f, name=new.name(f.name)) for f in rulebase.facts.values()
        },
        terms={
            new.name(t.name): replace(t, name=new.name(t.name), when=new.condition(t.when))
            for t in rulebase.terms.values()
        },
        constraints=tuple(replace(c, when=new.condition(c.when)) for c in rulebase.constraints),
        presumptions=tuple(
            replace(p, fact=new.name(p.fact), when=new.condition(p.when))
            for p in rulebase.presumptions
        ),
        decisions={
            new.name(d.name): replace(
                d,
                name=new.name(d.name),
                otherwise=None if d.otherwise is None else new.formula(d.otherwise),
                requires=tuple(map(new.name, d.requires)),
            )
            for d in rulebase.decisions.values()
        },
        rules=tuple(map(new.rule, rulebase.rules)),
        jurisdiction_fact=new.name(rulebase.jurisdiction_fact),
        section_fact=new.name(rulebase.section_fact),
    )


def rename_condition(condition: Condition, names: Names) -> Condition:
    """A condition under other names."""
    return _Renaming(names).condition(condition)


class _Renaming:
    def __init__(self, names: Names) -> None:
        self._names = names
        self._formulas: dict[str, Formula] = {old: Ref(new) for old, new in names.items()}

    def name(self, name: str) -> str:
        return self._names.get(name, name)

    def formula(self, formula: Formula) -> Formula:
        return substitute(formula, self._formulas)

    def rule(self, rule: Rule) -> Rule:
        effective = rule.effective
        if effective is not None:
            effective = replace(effective, measured_by=self.name(effective.measured_by))
        return replace(
            rule,
            decides=self.name(rule.decides),
            when=self.condition(rule.when),
            then=self.formula(rule.then),
            effective=effective,
        )

    def condition(self, condition: Condition) -> Condition:
        match condition:
            case All(parts):
                return All(tuple(map(self.condition, parts)))
            case AnyOf(parts):
                return AnyOf(tuple(map(self.condition, parts)))
            case Not(part):
                return Not(self.condition(part))
            case TermHolds(term):
                return replace(condition, term=self.name(term))
            case OneOf(name):
                return replace(condition, name=self.name(name))
            case Compare(name, _, _, limit_name):
                limit_name = None if limit_name is None else self.name(limit_name)
                return replace(condition, name=self.name(name), limit_name=limit_name)
