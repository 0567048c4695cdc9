"""A small pack from a few lines, for tests that need just one thing."""

from __future__ import annotations

import textwrap
from pathlib import Path

from engine import Decider, load

FACTS = """\
facts:
  state: {type: enum, label: State, question: Which state?, values: {CA: California, WA: Washington, TX: Texas}}
  kind: {type: enum, label: Kind, question: Which kind?, values: {home: Home, car: Car}}
  fraud: {type: boolean, label: Fraud, question: Was there fraud?}
  debt: {type: money, label: Debt, question: How much is owed?}
  price: {type: money, label: Price, question: What did it bring?}
  value: {type: money, label: Value, question: What was it worth?}
  units: {type: integer, label: Units, question: How many units?, at_least: 1}
  rate: {type: decimal, label: Rate, question: Which rate?}
  made: {type: date, label: Made, question: When was the loan made?}
  sold: {type: date, label: Sold, question: When was it sold?}
"""

AUTHORITY = "{kind: statute, cite: Code 1, confidence: high, checked: 2026-11-21}"


def write(folder: Path, decisions: str, rules: str, vocabulary: str = "", cases: str = "") -> Path:
    """Write a pack over the facts above. ``rules`` are lines ``id | decides | when | then | more``
    with each part in YAML's flow style; ``vocabulary`` holds further sections."""
    folder.mkdir(parents=True, exist_ok=True)
    head = "language: 1\nname: small\nversion: 1.0.0\ntitle: Small\njurisdiction: state\n"
    (folder / "pack.yaml").write_text(
        head + "decisions:\n" + textwrap.indent(textwrap.dedent(decisions).strip("\n"), "  ") + "\n"
    )
    (folder / "vocabulary.yaml").write_text(FACTS + textwrap.dedent(vocabulary))
    lines = ["rules:"]
    for line in textwrap.dedent(rules).strip().splitlines():
        rule, decides, when, then, *more = (part.strip() for part in line.split("|"))
        lines.append(f"  - id: {rule}")
        lines.append(f"    title: The rule {rule}")
        lines.append(f"    decides: {decides}")
        lines.extend([f"    when: {when}"] if when else [])
        lines.append(f"    then: {then}")
        lines.extend(f"    {extra}" for extra in more if extra)
        lines.append(f"    authority: {AUTHORITY}")
        lines.append(f"    because: So says {rule}.")
    (folder / "rules.yaml").write_text("\n".join(lines) + "\n")
    if cases:
        (folder / "cases").mkdir(exist_ok=True)
        (folder / "cases" / "cases.yaml").write_text(textwrap.dedent(cases))
    return folder


def pack(
    folder: Path, decisions: str, rules: str, vocabulary: str = "", cases: str = ""
) -> Decider:
    """The pack that ``write`` writes, loaded."""
    return load(write(folder, decisions, rules, vocabulary, cases))
