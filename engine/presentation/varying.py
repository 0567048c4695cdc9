"""What if: the table of how the outcomes move, what would flip them, and both as data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from engine.analysis.varying import Point, Stretch, Variation
from engine.evaluation.record import Answer
from engine.evaluation.variables import decode, domain
from engine.model import Value
from engine.presentation.layout import PLAIN, WIDTH, Style, ends, listed, printable, wrapped
from engine.presentation.record import NOTICE, as_data, pack_data, possibilities
from engine.presentation.text import change_words
from engine.values import show, to_json

Data = dict[str, Any]

FORM = 1
"""The version of this form."""
_NOW = " (now)"
_LONGEST = 34
"""No column is wider."""
MAX_APART = 4
"""Of more decisions than this there is one table, with as many of them as fit."""
MAX_FLIPS = 6
_MARKS = {"undetermined": "?", "open": "none", "conflict": "conflict"}


# ---- words ------------------------------------------------------------------------------------


def stretch_words(stretch: Stretch) -> str:
    """Some values of a fact in the language's own words."""
    fact = stretch.fact
    if stretch.values:
        return ", ".join(show(value, fact.type) for value in stretch.values)
    low, high = (decode(number, fact.type) for number in domain(fact))
    first, last = show(stretch.low, fact.type), show(stretch.high, fact.type)
    if stretch.low == stretch.high:
        return first
    if (stretch.low, stretch.high) == (low, high):
        return "any"
    if stretch.low == low:
        return f"up to {last}"
    if stretch.high == high:
        return f"from {first}"
    return f"{first} to {last}"


def holds(stretch: Stretch, value: Value | None) -> bool:
    """Whether a value is one of a stretch."""
    if value is None:
        return False
    if stretch.values:
        return value in stretch.values
    return stretch.low <= value <= stretch.high  # type: ignore[operator]


def brief(answer: Answer) -> str:
    """An answer in as few words as can be; ``?`` stands before what is only possible."""
    kind = answer.decision.type
    if answer.value is not None:
        return show(answer.value, kind)
    values = [p.outcome.value for p in possibilities(answer) if p.outcome.value is not None]
    mark = _MARKS[answer.status]
    few = answer.status == "undetermined" and len(values) == len(answer.possible) <= 3
    return f"{mark} {listed((show(value, kind) for value in values), 'or')}" if few else mark


def _cell(point: Point, decision: str) -> str:
    if point.low is None or point.high is None:
        return "no such loan"
    first, last = brief(point.low.answers[decision]), brief(point.high.answers[decision])
    return first if first == last else f"{first} to {last}"


# ---- the page ---------------------------------------------------------------------------------


def page(variation: Variation, name: str, style: Style = PLAIN) -> str:
    """The page of one loan: a table of the decisions that move (a grid for each, where two facts
    vary and there is room), those that don't, and the nearest changes that would flip one."""
    rulebase = variation.base.rulebase
    pack = f"{rulebase.name} {rulebase.version} ({rulebase.digest[:8]})"
    moving = variation.moving
    varied = listed((fact.name for fact in variation.facts), "and")
    sections = [[style.quiet(line) for line in ends(printable(name), pack).splitlines()]]
    if moving:
        verb = "varies" if len(variation.facts) == 1 else "vary"
        sections.append([style.heading(f"As {varied} {verb}"), *_tables(variation, moving, style)])
    still = [n for n in variation.base.answers if n not in moving]
    words = [f"{n} = {brief(_any_answer(variation, n))}" for n in still]
    if words:
        verb = "is" if len(variation.facts) == 1 else "are"
        lead = "The same throughout: " if moving else f"Whatever {varied} {verb}: "
        sections.append(wrapped(f"{', '.join(words)}.", len(lead), lead))
    sections += [list(_refusals(variation)), list(_flips(variation, style))]
    sections.append([style.quiet(NOTICE)])
    return "\n\n".join("\n".join(lines) for lines in sections if lines)


def _any_answer(variation: Variation, decision: str) -> Answer:
    found = (point.low for point in variation.points if point.low is not None)
    return next(found, variation.base).answers[decision]


def _label(stretch: Stretch, variation: Variation) -> str:
    known = variation.base.known.get(stretch.fact.name)
    return stretch_words(stretch) + (_NOW if holds(stretch, known) else "")


def _tables(variation: Variation, moving: Sequence[str], style: Style) -> Iterator[str]:
    """A grid for each decision, one table of all, or a table for each, whichever fits first; of
    many decisions as many columns of one table as fit."""
    whole = _flat(variation, moving)
    apart = [_flat(variation, [decision]) for decision in moving]
    least = len(variation.facts) + 1
    if len(variation.facts) == 2:
        grids = [_grid(variation, decision) for decision in moving]
        if all(_width(grid) <= WIDTH for grid in grids):
            yield from _apart(grids, moving, style)
            return
    if _width(whole) <= WIDTH or len(moving) > MAX_APART:
        yield from _aligned(whole, least, style)
    else:
        yield from _apart(apart, moving, style)


def _apart(
    tables: Sequence[Sequence[Sequence[str]]], moving: Sequence[str], style: Style
) -> Iterator[str]:
    """A table for each decision, under its name."""
    for number, (decision, table) in enumerate(zip(moving, tables, strict=True)):
        if number:
            yield ""
        if decision not in table[0]:
            yield f"  {decision}"
        yield from _aligned(table, len(table[0]), style)


def _flat(variation: Variation, decisions: Sequence[str]) -> list[list[str]]:
    """A line for each point: the facts, and what is decided."""
    table = [[*(fact.name for fact in variation.facts), *decisions]]
    for point in variation.points:
        row = [_label(stretch, variation) for stretch in point.stretches]
        table.append([*row, *(_cell(point, decision) for decision in decisions)])
    return table


def _grid(variation: Variation, decision: str) -> list[list[str]]:
    """One decision by two facts: the first down, the second across."""
    first, second = variation.facts
    rows: dict[tuple[Value, Value], list[Point]] = {}
    for point in variation.points:
        rows.setdefault(point.stretches[0].ends, []).append(point)
    across = [_label(point.stretches[1], variation) for point in next(iter(rows.values()))]
    lines = [
        [_label(row[0].stretches[0], variation), *(_cell(point, decision) for point in row)]
        for row in rows.values()
    ]
    return [[f"{first.name} \\ {second.name}", *across], *lines]


def _width(table: Sequence[Sequence[str]]) -> int:
    return sum(min(width, _LONGEST) + 2 for width in _widths(table))


def _widths(table: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(len, column)) for column in zip(*table, strict=True)]


def _aligned(table: Sequence[Sequence[str]], least: int, style: Style) -> Iterator[str]:
    """A table in columns, as many as fit; the first ``least`` are shown in any case."""
    widths = [min(width, _LONGEST) for width in _widths(table)]
    room, shown = WIDTH, 0
    for width in widths:
        room -= width + 2
        if room < 0 and shown >= max(least, 1):
            break
        shown += 1
    for number, row in enumerate(table):
        lines = list(_row(row[:shown], widths[:shown]))
        yield from (map(style.heading, lines) if number == 0 else lines)
    if shown < len(table[0]):
        lead = "Not shown: "
        text = f"{listed(table[0][shown:], 'and')}. Choose with --about."
        yield from map(style.quiet, wrapped(text, 2 + len(lead), "  " + lead))


def _row(cells: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    """A row; a first cell that is too long stands above the others."""
    *above, last = wrapped(cells[0], 2) if len(cells[0]) > widths[0] else [f"  {cells[0]}"]
    yield from above
    if len(last) > widths[0] + 2:
        yield last
        last = ""
    short = [
        cell if len(cell) <= w else f"{cell[: w - 1]}…"
        for cell, w in zip(cells, widths, strict=True)
    ]
    rest = "  ".join(cell.ljust(w) for cell, w in zip(short[1:], widths[1:], strict=True))
    yield f"{last.ljust(widths[0] + 2)}  {rest}".rstrip()


def _refusals(variation: Variation) -> Iterator[str]:
    reasons: dict[str, None] = dict.fromkeys(p.refused for p in variation.points if p.refused)
    for reason in reasons:
        lead = "No such loan: "
        yield from wrapped(reason, len(lead), lead)


def _flips(variation: Variation, style: Style) -> Iterator[str]:
    """The nearest changes of the loan as it is."""
    base = variation.base
    found = [
        f"{name} would be {words}"
        for name, answer in base.answers.items()
        for words in change_words(base, answer, variation.changes.get(name, ()))
    ]
    if found:
        yield style.heading("The nearest change")
        for words in found[:MAX_FLIPS]:
            yield from wrapped(words, 4, "  -")


# ---- the data ---------------------------------------------------------------------------------


def data(variation: Variation, engine: str, name: str) -> Data:
    """The variation as plain data: the loan as it is with the nearest changes, and for each point
    the values and what is decided at its two ends."""
    base = variation.base
    return {
        "whatif": FORM,
        "engine": engine,
        "loan": name,
        "pack": pack_data(base.rulebase),
        "vary": [fact.name for fact in variation.facts],
        "moving": variation.moving,
        "points": [_point(point, engine) for point in variation.points],
        "base": as_data(base, engine, variation.changes),
        "notice": NOTICE,
    }


def _point(point: Point, engine: str) -> Data:
    found: Data = {"facts": {s.fact.name: _stretch(s) for s in point.stretches}}
    if point.low is None or point.high is None:
        return found | {"refused": point.refused}
    found["decisions"] = as_data(point.low, engine)["decisions"]
    if point.high is not point.low:
        found["decisions_at_end"] = as_data(point.high, engine)["decisions"]
    return found


def _stretch(stretch: Stretch) -> Data:
    kind = stretch.fact.type
    if stretch.values:
        return {"values": [to_json(value, kind) for value in stretch.values]}
    return {"from": to_json(stretch.low, kind), "to": to_json(stretch.high, kind)}
