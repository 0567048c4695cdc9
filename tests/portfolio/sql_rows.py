"""Loans as a table, and what ``Decider.decide`` says of them: what a statement is compared with."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from engine.evaluation.decide import Decider
from engine.evaluation.record import Record
from engine.model import Fact, Rulebase, Value
from engine.problems import InputError

Loans = Sequence[Mapping[str, Value]]
Row = tuple[int, Any, str, str | None, str | None]
"""Of a statement: the key, the value, how it stands, the rules, what rejects the loan."""

ARROW: Mapping[str, pa.DataType] = {
    "enum": pa.string(),
    "boolean": pa.bool_(),
    "integer": pa.int64(),
    "decimal": pa.decimal128(20, 6),
    "money": pa.decimal128(16, 2),
    "date": pa.date32(),
}
POSTGRES: Mapping[str, str] = {
    "enum": "text",
    "boolean": "boolean",
    "integer": "bigint",
    "decimal": "numeric",
    "money": "numeric",
    "date": "date",
}


def table(rulebase: Rulebase, loans: Loans) -> pa.Table:
    """The loans as an Arrow table; ``loan_id`` is their number."""
    columns = {"loan_id": pa.array(range(len(loans)), pa.int64())}
    for name, fact in rulebase.facts.items():
        columns[name] = pa.array([loan.get(name) for loan in loans], ARROW[fact.type])
    return pa.table(columns)


def script(facts: Mapping[str, Fact], loans: Loans) -> str:
    """The loans as a script that fills a table ``loans`` of PostgreSQL."""
    columns = ", ".join(f'"{name}" {POSTGRES[fact.type]}' for name, fact in facts.items())
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for number, loan in enumerate(loans):
        writer.writerow([number, *(loan.get(name) for name in facts)])
    return (
        f"DROP TABLE IF EXISTS loans;\nCREATE TABLE loans (loan_id bigint, {columns});\n"
        f"COPY loans FROM STDIN WITH (FORMAT csv);\n{text.getvalue()}\\.\n"
    )


def records(decider: Decider, loans: Loans, strict: bool) -> list[Record | None]:
    """The engine's own decisions; None for a loan that it rejects."""
    found: list[Record | None] = []
    for loan in loans:
        try:
            found.append(decider.decide(loan, strict=strict, verify=False))
        except InputError:
            found.append(None)
    return found


def expected(record: Record | None, decision: str) -> tuple[Any, str, str | None]:
    """The value, how it stands and the deciding rules, as a statement gives them."""
    if record is None:
        return None, "rejected", None
    answer = record.answers[decision]
    value: Any = answer.value
    if isinstance(value, frozenset):
        value = ";".join(sorted(value))
    return value, answer.status, ";".join(rule.id for rule in answer.rules) or None


def differences(decision: str, rows: Iterable[Row], known: Sequence[Record | None]) -> list[str]:
    """Where complete loans are answered otherwise than the engine answers them."""
    found = []
    for key, value, status, rules, _ in rows:
        right = expected(known[key], decision)
        if (value, status, rules) != right:
            found.append(f"{decision} of {key}: {(value, status, rules)}, not {right}")
    return found


def wrong(decision: str, rows: Iterable[Row], known: Sequence[Record | None]) -> list[str]:
    """Where incomplete loans are answered wrongly. ``undetermined`` is never wrong, and facts that
    only together rule out every loan are not noticed."""
    found = []
    for key, value, status, _, _ in rows:
        right = expected(known[key], decision)
        if known[key] is not None and status != "undetermined" and (value, status) != right[:2]:
            found.append(f"{decision} of {key}: {(value, status)}, not {right[:2]}")
    return found
