"""Rule files: each provision with its condition, its outcome, its exceptions and its authority."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from engine.model import (
    ALWAYS,
    NUMERIC,
    All,
    Authority,
    Compare,
    Condition,
    Constant,
    Decision,
    Effective,
    Formula,
    OneOf,
    Rule,
    Value,
)
from engine.problems import Place, likely, listing
from engine.reading.conditions import read_condition
from engine.reading.formulas import FormulaFault, read_date_formula, read_formula
from engine.reading.names import Names
from engine.reading.report import Report
from engine.reading.vocabulary import circles, day, text
from engine.reading.yaml import ListNode, MapNode, Node, ScalarNode, plain
from engine.values import ValueFault, a_type, read_outcome, read_value

_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Written:
    """A rule as it stands in its file; ``rule`` is None where not all of it can be read."""

    id: ScalarNode
    decides: str
    exceptions: tuple[ScalarNode, ...]
    rule: Rule | None
    report: Report


def read_rule_file(
    root: MapNode, names: Names, jurisdiction_fact: str, report: Report
) -> list[Written]:
    """The rules of one file, in its order; one without an id is left out."""
    shared, jurisdiction = _jurisdiction(root, names, jurisdiction_fact, report)
    listed = root.get("rules")
    written = []
    for node in listed.items if isinstance(listed, ListNode) else ():
        rule_id = node.get("id") if isinstance(node, MapNode) else None
        if isinstance(node, MapNode) and isinstance(rule_id, ScalarNode):
            rule = _rule(node, rule_id, shared, jurisdiction, names, report)
            exceptions = tuple(_scalars(node.get("exception_to")))
            written.append(Written(rule_id, text(node, "decides"), exceptions, rule, report))
    return written


def _jurisdiction(
    root: MapNode, names: Names, fact_name: str, report: Report
) -> tuple[Condition, str]:
    node = root.get("jurisdiction")
    if not isinstance(node, ScalarNode) or fact_name in names.unclear:
        return ALWAYS, ""
    fact = names.facts.get(fact_name)
    if fact is None and fact_name:
        return ALWAYS, ""  # said of pack.yaml
    if fact is None:
        report.error(
            "missing-key",
            "`jurisdiction` needs a fact to test",
            node.place,
            "name it as `jurisdiction:` in pack.yaml",
        )
        return ALWAYS, ""
    try:
        value = read_value(fact.name, fact.type, fact.values, node.value)
    except ValueFault as fault:
        report.error(fault.code, fault.message, node.place, fault.hint)
        return ALWAYS, ""
    return OneOf(fact.name, (value,), place=node.place), str(value)


def _rule(
    node: MapNode,
    rule_id: ScalarNode,
    shared: Condition,
    jurisdiction: str,
    names: Names,
    report: Report,
) -> Rule | None:
    when = node.get("when")
    own = ALWAYS if when is None else read_condition(when, names, report)
    effective = _effective(node.get("effective"), names, report)
    authority = read_authority(node.get("authority"), report)
    decides, then = node.get("decides"), node.get("then")
    if not isinstance(decides, ScalarNode) or decides.text in names.unclear:
        return None
    decision = names.decisions.get(decides.text)
    if decision is None:
        report.error(
            "unknown-decision",
            f"no decision is called `{decides.text}`",
            decides.place,
            likely(decides.text, names.decisions) or f"decisions: {listing(names.decisions)}",
        )
        return None
    outcome = None if then is None else read_then(then, decision, names, report)
    if outcome is None:
        return None
    return Rule(
        id=rule_id.text,
        title=text(node, "title"),
        decides=decision.name,
        when=_together(shared, own, in_force(effective)),
        then=outcome,
        because=text(node, "because"),
        authority=authority,
        exception_to=tuple(item.text for item in _scalars(node.get("exception_to"))),
        effective=effective,
        jurisdiction=jurisdiction,
        note=text(node, "note"),
        place=rule_id.place,
    )


def _together(*parts: Condition) -> Condition:
    flat: list[Condition] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, All) else (part,))
    return flat[0] if len(flat) == 1 else All(tuple(flat))


def _scalars(node: Node | None) -> Sequence[ScalarNode]:
    items = node.items if isinstance(node, ListNode) else (node,)
    return [item for item in items if isinstance(item, ScalarNode)]


def _effective(node: Node | None, names: Names, report: Report) -> Effective | None:
    if not isinstance(node, MapNode):
        return None
    measured = node.get("measured_by")
    if not isinstance(measured, ScalarNode):
        return None
    name = measured.text
    if name in names.unclear:
        return None
    if names.types.get(name) != "date":
        days = names.of_type("date")
        report.error(
            "wrong-type" if name in names.types else "unknown-fact",
            f"`{name}` is not a date" if name in names.types else f"no date is called `{name}`",
            measured.place,
            likely(name, days) or f"dates: {listing(days)}",
        )
        return None
    start, end = day(node, "from", report), day(node, "to", report)
    last = node.get("to")
    if start is not None and end is not None and last is not None and start > end:
        report.error("empty-range", f"in force from {start} to {end}: that is never", last.place)
    if node.get("from") is None and last is None:
        hint = "leave `effective` out where a rule was always in force"
        report.error("empty-range", "`effective` has neither `from` nor `to`", measured.place, hint)
    return Effective(name, start, end)


def in_force(effective: Effective | None) -> Condition:
    """The condition that a provision is in force; always, where it has no dates."""
    if effective is None:
        return ALWAYS
    parts: list[Condition] = []
    if effective.start is not None:
        parts.append(Compare(effective.measured_by, "at_least", limit=effective.start))
    if effective.end is not None:
        parts.append(Compare(effective.measured_by, "at_most", limit=effective.end))
    return All(tuple(parts))


def read_then(node: Node, decision: Decision, names: Names, report: Report) -> Formula | None:
    """What a rule concludes: a literal of the decision's type, or a formula."""
    if report.is_faulty(node):
        return None
    if isinstance(node, MapNode):
        return _formula(node, decision, names, report)
    hint = ""
    if isinstance(node, ScalarNode) and not set(_NAME.findall(node.text)).isdisjoint(names.types):
        if decision.type in NUMERIC:
            hint = f"a formula is written `{{amount: {node.text}}}`"
        elif decision.type == "date":
            hint = f"a date that is reckoned is written `{{date: {node.text}}}`"
    value = read_literal(node, decision, report, hint)
    return None if value is None else Constant(value)


def read_literal(node: Node, decision: Decision, report: Report, hint: str = "") -> Value | None:
    """A value of a decision, as a rule or a case writes it; ``hint`` stands in for the usual one
    where the value is of the wrong type."""
    items = node.items if decision.type == "set" and isinstance(node, ListNode) else (node,)
    values: list[Value] = []
    for item in items:
        try:
            values.append(read_outcome(decision, plain(item)))
        except ValueFault as fault:
            instead = hint if fault.code == "wrong-type" else ""
            report.error(fault.code, fault.message, item.place, instead or fault.hint)
    if len(values) < len(items):
        return None
    if decision.type == "set":
        return frozenset().union(*(value for value in values if isinstance(value, frozenset)))
    return values[0]


def _formula(node: MapNode, decision: Decision, names: Names, report: Report) -> Formula | None:
    amount, base = node.get("amount"), node.get("date")
    if isinstance(amount, ScalarNode) and decision.type in NUMERIC:
        return _amount(amount, decision, names, report)
    if isinstance(base, ScalarNode) and decision.type == "date":
        plus, minus = node.get("plus"), node.get("minus")
        try:
            return read_date_formula(
                base.text,
                plus.text if isinstance(plus, ScalarNode) else None,
                minus.text if isinstance(minus, ScalarNode) else None,
                names.types,
            )
        except FormulaFault as fault:
            periods = [node for node in (plus, minus) if node is not None]
            where = periods[0] if fault.code == "period" and periods else base
            report.error(fault.code, fault.message, where.place, fault.hint)
            return None
    wanted = "a value"
    if decision.type in NUMERIC:
        wanted = "a value or `{amount: ...}`"
    elif decision.type == "date":
        wanted = "a date or `{date: ..., plus: ...}`"
    report.error(
        "wrong-type",
        f"`{decision.name}` is {a_type(decision.type)}: its outcome is {wanted}, "
        f"not a mapping with {listing(node.keys())}",
        node.place,
    )
    return None


def _amount(node: ScalarNode, decision: Decision, names: Names, report: Report) -> Formula | None:
    try:
        formula, kind = read_formula(node.text, names.types)
    except FormulaFault as fault:
        report.error(fault.code, fault.message, _inside(node, fault.offset, report), fault.hint)
        return None
    wanted = "money" if decision.type == "money" else "number"
    if kind not in (wanted, "literal"):
        found = "money" if kind == "money" else "a plain number"
        report.error(
            "formula-type",
            f"`{decision.name}` is {a_type(decision.type)}, but this formula yields {found}",
            _inside(node, 0, report),
        )
        return None
    return formula


def _inside(node: ScalarNode, offset: int, report: Report) -> Place:
    """The place of a character of a scalar, where it stands on one line as it is written."""
    place = node.place
    start = place.column - 1 + (1 if node.quoted else 0)
    if report.source.line(place.line)[start : start + len(node.text)] == node.text:
        return Place(place.file, place.line, start + offset + 1)
    return place


def read_authority(node: Node | None, report: Report) -> Authority:
    """The source of a rule; an empty one where it is missing, which the schema has said."""
    if not isinstance(node, MapNode):
        return Authority("", "")
    return Authority(
        kind=text(node, "kind"),
        cite=text(node, "cite"),
        url=text(node, "url"),
        confidence=text(node, "confidence") or "high",  # type: ignore[arg-type]
        checked=day(node, "checked", report),
        note=text(node, "note"),
    )


def check_exceptions(written: Sequence[Written], complete: bool) -> None:
    """Report ids used twice, exceptions to rules that don't exist or decide something else, and
    circles of exceptions. Unless the rules are ``complete``, one that seems not to exist may."""
    by_id: dict[str, Written] = {}
    for rule in written:
        first = by_id.setdefault(rule.id.text, rule)
        if first is not rule:
            rule.report.error(
                "duplicate-id",
                f"another rule has the id `{rule.id.text}` already, at {first.id.place}",
                rule.id.place,
            )
    for rule in written:
        for target in rule.exceptions:
            other = by_id.get(target.text)
            if other is not None:
                _check_exception(rule, target, other)
            elif complete:
                rule.report.error(
                    "unknown-rule",
                    f"no rule is called `{target.text}`",
                    target.place,
                    likely(target.text, by_id),
                )
    if len(by_id) < len(written):
        return  # an exception to an id that is used twice may only look like a circle
    for circle in circles({r.id.text: [e.text for e in r.exceptions] for r in written}):
        first = by_id[circle[0]]
        first.report.error(
            "circle-of-exceptions",
            f"`{circle[0]}` is an exception to itself: {' -> '.join([*circle, circle[0]])}",
            first.id.place,
        )


def _check_exception(rule: Written, target: ScalarNode, other: Written) -> None:
    if rule.rule is not None and other.rule is not None and rule.decides != other.decides:
        rule.report.error(
            "wrong-exception",
            f"`{rule.id.text}` decides `{rule.decides}`, but `{target.text}` decides "
            f"`{other.decides}`: an exception decides the same thing",
            target.place,
        )
