"""The summary of a run over a loan tape, as a page and as data."""

from __future__ import annotations

from typing import Any

from engine.model import ORDERED, Rulebase
from engine.portfolio.counts import Count, Counts
from engine.presentation.layout import Style

MOST = 10
"""So many reasons, codes or facts are shown; the data hold all."""


def as_text(counts: Counts, rulebase: Rulebase, style: Style, begun: int = 0) -> str:
    """The page. ``begun`` rows were decided by an earlier run."""
    lines = [style.heading(f"{counts.rows:,} rows") + f" by {rulebase.title} {rulebase.version}"]
    lines.append(f"  {counts.decided:>12,} decided")
    lines.append(f"  {counts.undetermined:>12,} undetermined")
    lines.append(f"  {counts.rejected.total():>12,} rejected")
    if begun:
        lines.append(f"  {begun:>12,} rows before these, by the run that was stopped")
    for count in counts.decisions.values():
        lines += ["", style.heading(count.decision.label), *_outcomes(count, counts.money_fact)]
    costs = sum(
        (count.missing for count in counts.decisions.values()), start=type(counts.rejected)()
    )
    if costs:
        lines += ["", style.heading("Facts whose absence leaves answers undetermined")]
        lines += _most([(f"{rows:>14,}", name) for name, rows in costs.most_common()])
    if counts.rejected:
        lines += ["", style.heading("Rejected rows, by reason")]
        lines += _most([(f"{rows:>14,}", why) for why, rows in counts.rejected.most_common()])
    if counts.unmapped:
        lines += [
            "",
            style.heading("Codes that the mapping does not know (the fact is unknown there)"),
        ]
        told = counts.unmapped.most_common()
        lines += _most([(f"{rows:>14,}", f"{column}: {text}") for (column, text), rows in told])
    return "\n".join(lines) + "\n"


def _most(rows: list[tuple[str, str]]) -> list[str]:
    lines = [f"{number}  {text}" for number, text in rows[:MOST]]
    if len(rows) > MOST:
        lines.append(f"{'':>14}  and {len(rows) - MOST:,} more")
    return lines


def _outcomes(count: Count, money_fact: str) -> list[str]:
    rows = sorted(count.outcomes.items(), key=lambda item: -item[1].rows)
    lines = []
    with_dollars = count.decision.type == "money" or (
        bool(money_fact) and count.decision.type not in ORDERED
    )
    for (status, value), outcome in rows:
        words = value if value else status
        dollars = ""
        if with_dollars and (count.decision.type != "money" or status == "decided"):
            dollars = f"  {_dollars(outcome.dollars):>22}"
        lines.append(f"  {outcome.rows:>12,}  {words:<24}{dollars}".rstrip())
    return lines


def _dollars(cents: int) -> str:
    sign = "-" if cents < 0 else ""
    return f"{sign}${abs(cents) // 100:,}.{abs(cents) % 100:02}"


def as_data(counts: Counts, rulebase: Rulebase, begun: int = 0) -> dict[str, Any]:
    """The summary as data. Dollars are texts with two decimals."""
    return {
        "pack": {"name": rulebase.name, "version": rulebase.version, "digest": rulebase.digest},
        "rows": counts.rows,
        "begun": begun,
        "decided": counts.decided,
        "undetermined": counts.undetermined,
        "rejected": dict(counts.rejected.most_common()),
        "decisions": {
            name: _data(count, counts.money_fact) for name, count in counts.decisions.items()
        },
        "unmapped": [
            {"column": column, "code": text, "rows": rows}
            for (column, text), rows in counts.unmapped.most_common()
        ],
    }


def _data(count: Count, money_fact: str) -> dict[str, Any]:
    outcomes = []
    for (status, value), outcome in count.outcomes.items():
        data: dict[str, Any] = {"status": status, "rows": outcome.rows}
        if value:
            data["value"] = value
        if (count.decision.type == "money" and status == "decided") or (
            money_fact and count.decision.type not in ORDERED
        ):
            data["dollars"] = _plain_dollars(outcome.dollars)
        outcomes.append(data)
    return {"outcomes": outcomes, "missing": dict(count.missing.most_common())}


def _plain_dollars(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02}"
