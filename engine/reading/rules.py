"""Rule files: each provision with its condition, its outcome, its exceptions and its authority."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence

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
)
from engine.problems import Place, likely, listing
from engine.reading.conditions import Names, read_condition
from engine.reading.formulas import FormulaFault, read_date_formula, read_formula
from engine.reading.report import Report
from engine.reading.vocabulary import circles, text
from engine.reading.yaml import ListNode, MapNode, Node, ScalarNode, plain
from engine.values import ValueFault, describe, read_outcome, read_value


def read_rule_file(
    root: MapNode, names: Names, jurisdiction_fact: str, report: Report
) -> list[Rule]:
    """The rules of one file, in its order; what can't be read is left out and reported."""
    shared, jurisdiction = _jurisdiction(root, names, jurisdiction_fact, report)
    listed = root.get("rules")
    rules = []
    for node in listed.items if isinstance(listed, ListNode) else ():
        if isinstance(node, MapNode):
            rule = _rule(node, shared, jurisdiction, names, report)
            if rule is not None:
                rules.append(rule)
    return rules


def _jurisdiction(
    root: MapNode, names: Names, fact_name: str, report: Report
) -> tuple[Condition, str]:
    node = root.get("jurisdiction")
    if not isinstance(node, ScalarNode):
        return ALWAYS, ""
    fact = names.facts.get(fact_name)
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
    node: MapNode, shared: Condition, jurisdiction: str, names: Names, report: Report
) -> Rule | None:
    rule_id, decides = node.get("id"), node.get("decides")
    if not isinstance(rule_id, ScalarNode) or not isinstance(decides, ScalarNode):
        return None  # the schema has said so
    when = node.get("when")
    own = ALWAYS if when is None else read_condition(when, names, report)
    effective = _effective(node.get("effective"), names, report)
    decision = names.decisions.get(decides.text)
    if decision is None:
        report.error(
            "unknown-decision",
            f"no decision is called `{decides.text}`",
            decides.place,
            likely(decides.text, names.decisions),
        )
        return None
    then = node.get("then")
    outcome = None if then is None else read_then(then, decision, names, report)
    if outcome is None:
        return None
    return Rule(
        id=rule_id.text,
        title=text(node, "title"),
        decides=decision.name,
        when=_together(shared, own, _in_force(effective, names)),
        then=outcome,
        because=text(node, "because"),
        authority=_authority(node.get("authority"), rule_id.text, report),
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
    if names.types.get(name) != "date":
        days = [n for n, kind in names.types.items() if kind == "date"]
        report.error(
            "wrong-type" if name in names.types else "unknown-fact",
            f"`{name}` is not a date" if name in names.types else f"no date is called `{name}`",
            measured.place,
            likely(name, days) or f"dates: {listing(days)}",
        )
        return None
    limits: dict[str, datetime.date] = {}
    for key in ("from", "to"):
        day = node.get(key)
        if day is None or plain(day) is None:
            continue
        try:
            value = read_value(key, "date", {}, plain(day))
        except ValueFault as fault:
            report.error(fault.code, fault.message, day.place, fault.hint)
            continue
        assert isinstance(value, datetime.date)
        limits[key] = value
    start, end = limits.get("from"), limits.get("to")
    if start is not None and end is not None and start > end:
        report.error("empty-range", f"in force from {start} to {end}: that is never", node.place)
    if not limits:
        report.error("empty-range", "`effective` names neither `from` nor `to`", node.place)
    return Effective(name, start, end)


def _in_force(effective: Effective | None, names: Names) -> Condition:
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
    if isinstance(node, MapNode):
        return _formula(node, decision, names, report)
    try:
        return Constant(read_outcome(decision, plain(node)))
    except ValueFault as fault:
        hint = fault.hint
        if decision.type in NUMERIC and isinstance(node, ScalarNode) and fault.code == "wrong-type":
            hint = f"a formula is written `{{amount: {node.text}}}`"
        report.error(fault.code, fault.message, node.place, hint)
        return None


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
    wanted = {"date": "`{date: ..., plus: ...}`"}.get(
        decision.type, "`{amount: ...}`" if decision.type in NUMERIC else "a value"
    )
    report.error(
        "wrong-type",
        f"`{decision.name}` is {decision.type}: `then` must be {wanted}, "
        f"not {describe(plain(node))} with {listing(node.keys()) or 'nothing in it'}",
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
        report.error(
            "formula-type",
            f"`{decision.name}` is {decision.type}, but the formula yields "
            f"{'money' if kind == 'money' else 'a bare number'}",
            node.place,
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


def _authority(node: Node | None, rule_id: str, report: Report) -> Authority:
    if not isinstance(node, MapNode):
        return Authority("", "")  # the schema has said so
    checked = None
    day = node.get("checked")
    if day is not None:
        try:
            value = read_value("checked", "date", {}, plain(day))
            checked = value if isinstance(value, datetime.date) else None
        except ValueFault as fault:
            report.error(fault.code, fault.message, day.place, fault.hint)
    return Authority(
        kind=text(node, "kind"),
        cite=text(node, "cite"),
        url=text(node, "url"),
        confidence=text(node, "confidence") or "high",  # type: ignore[arg-type]
        checked=checked,
        note=text(node, "note"),
    )


def check_exceptions(rules: Sequence[Rule], sources: Mapping[str, Report]) -> None:
    """Report ids used twice, exceptions to rules that don't exist or decide something else, and
    circles of exceptions. ``sources`` gives the report of each file."""
    by_id: dict[str, Rule] = {}
    for rule in rules:
        report = sources[rule.place.file]
        first = by_id.setdefault(rule.id, rule)
        if first is not rule:
            report.error(
                "duplicate-id",
                f"the rule `{rule.id}` stands at {first.place} already",
                rule.place,
            )
    for rule in rules:
        report = sources[rule.place.file]
        for target in rule.exception_to:
            other = by_id.get(target)
            if other is None:
                report.error(
                    "unknown-rule",
                    f"`{rule.id}` is an exception to `{target}`, which does not exist",
                    rule.place,
                    likely(target, by_id),
                )
            elif other.decides != rule.decides:
                report.error(
                    "wrong-exception",
                    f"`{rule.id}` decides `{rule.decides}`, but `{target}` decides "
                    f"`{other.decides}`: an exception decides the same thing",
                    rule.place,
                )
    for circle in circles({rule.id: list(rule.exception_to) for rule in rules}):
        first = by_id[circle[0]]
        sources[first.place.file].error(
            "circle-of-exceptions",
            f"`{circle[0]}` is an exception to itself: {' -> '.join([*circle, circle[0]])}",
            first.place,
        )
