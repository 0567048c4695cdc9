"""The overviews as the pages show them: a table with chips, a map of tiles, one row of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine.analysis.matrix import Cell, Row
from engine.model import Rulebase, Value
from engine.presentation.site.addresses import Addresses
from engine.presentation.site.chips import NOTHING, Chip, Palette, cell_chips, value_chip
from engine.presentation.site.entries import Piece
from engine.presentation.site.plan import Shown
from engine.presentation.words import value_words

TILE, GAP, ROUND = 60, 6, 7
"""The side of a tile, the space between two, and the radius of a corner, in units."""


@dataclass(frozen=True, slots=True)
class CellEntry:
    """A cell, in one way or in all where they are alike: its chips, the rules that decide, and
    whether it is of low confidence. ``way`` is empty where there is one for all."""

    way: str
    chips: Sequence[Chip]
    rules: Sequence[Piece]
    doubtful: bool


@dataclass(frozen=True, slots=True)
class RowEntry:
    """A row of a table. ``address`` is empty for what has no rules of its own."""

    label: str
    address: str
    confidence: str
    cells: Sequence[Sequence[CellEntry]]


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile of a map, at its place. ``outcomes`` holds for each choice the numbers of the chips
    that apply, those of the first choice first."""

    name: str
    label: str
    address: str
    x: int
    y: int
    outcomes: Sequence[Sequence[int]]

    @property
    def corner(self) -> str:
        """The lower right half, for a second outcome, as a path."""
        straight = TILE - 2 * ROUND
        right, top = self.x + TILE, self.y + ROUND
        return f"M{right} {top}v{straight}a{ROUND} {ROUND} 0 0 1 -{ROUND} {ROUND}h-{straight}z"

    @property
    def coded(self) -> str:
        """The outcomes for the script: choices by spaces, outcomes of one by plus signs."""
        return " ".join("+".join(map(str, each)) for each in self.outcomes)


@dataclass(frozen=True, slots=True)
class Assumed:
    """What is presumed, and matters, in most tiles of some choices, which have these numbers."""

    words: Sequence[str]
    choices: Sequence[int]


@dataclass(frozen=True, slots=True)
class MapEntry:
    """A map with what may be chosen: a situation and a way, the first of each to begin with."""

    name: str
    situations: Sequence[str]
    ways: Sequence[str]
    ways_label: str
    chips: Sequence[Chip]
    tiles: Sequence[Tile]
    width: int
    height: int
    counts: Sequence[int]
    assumed: Sequence[Assumed]
    side: int = TILE
    rounding: int = ROUND


def row_entry(
    row: Row, shown: Shown, rulebase: Rulebase, colours: Palette, addresses: Addresses
) -> RowEntry:
    """A row of an overview."""
    cells = []
    for column in shown.overview.columns:
        own = [_cell(cell, rulebase, colours, addresses) for cell in row.cells_of(column)]
        alike = all((e.chips, e.doubtful) == (own[0].chips, own[0].doubtful) for e in own)
        if alike:
            rules = tuple(dict.fromkeys(piece for each in own for piece in each.rules))
            own = [CellEntry("", own[0].chips, rules, own[0].doubtful)]
        cells.append(own)
    return RowEntry(row.label, page_of(row, shown, addresses), row.confidence, cells)


def _cell(cell: Cell, rulebase: Rulebase, colours: Palette, addresses: Addresses) -> CellEntry:
    return CellEntry(
        "" if cell.way is None else cell.way.label,
        cell_chips(cell, rulebase, colours),
        tuple(Piece(rule.title, addresses.rule(rule)) for rule in cell.rules),
        cell.confidence == "low",
    )


def page_of(row: Row, shown: Shown, addresses: Addresses) -> str:
    """The page of the jurisdiction that a row stands for; empty where it stands for none."""
    value = row.value
    own = shown.overview.rows.name == addresses.jurisdiction_fact
    return addresses.jurisdiction(value) if own and isinstance(value, str) else ""


# ---- maps -------------------------------------------------------------------------------------


def map_entry(
    shown: Shown, rulebase: Rulebase, colours: Palette, address: Callable[[Row], str]
) -> MapEntry | None:
    """The map of an overview, where it has one. ``address`` tells where the tile of a row leads, or
    nothing."""
    overview = shown.overview
    tiles = overview.map
    if tiles is None:
        return None
    columns = [column for column in overview.columns if column.decision == tiles.decision]
    values: tuple[Value, ...] = tuple(tiles.decision.values) or (False, True)
    chips = [value_chip(tiles.decision, value, colours) for value in values]
    chips.append(Chip("nothing to decide", NOTHING, "\N{EN DASH}", "No rule, or no such loan"))
    outcomes = _outcomes(shown, chips, rulebase, colours)
    drawn = [
        Tile(
            str(row.value),
            row.label,
            address(row),
            tiles.tiles[row.value][1] * (TILE + GAP) + 1,
            tiles.tiles[row.value][0] * (TILE + GAP) + 1,
            outcomes[row.value],
        )
        for row in shown.matrix.rows
    ]
    ways = [way.label for way in (*overview.ways, *tiles.ways)]
    return MapEntry(
        overview.name,
        [column.label for column in columns],
        ways,
        _ways_label(shown, rulebase),
        chips,
        drawn,
        max(tile.x for tile in drawn) + TILE + 1,
        max(tile.y for tile in drawn) + TILE + 1,
        [sum(number in tile.outcomes[0] for tile in drawn) for number in range(len(chips))],
        _assumed(shown, rulebase),
    )


def _outcomes(
    shown: Shown, chips: Sequence[Chip], rulebase: Rulebase, colours: Palette
) -> Mapping[Value, list[tuple[int, ...]]]:
    """For each row and each choice the chips that apply, by their numbers."""
    number = {chip: place for place, chip in enumerate(chips)}
    nothing = len(chips) - 1
    return {
        row.value: [
            tuple(number.get(chip, nothing) for chip in cell_chips(cell, rulebase, colours))
            for cell in cells
        ]
        for row, cells in zip(shown.matrix.rows, _drawn(shown), strict=True)
    }


def _drawn(shown: Shown) -> Iterator[list[Cell]]:
    """For each row its cell of each choice, situation by situation and in it way by way."""
    assert shown.overview.map is not None
    for place, row in enumerate(shown.matrix.rows):
        rows = [row] if shown.further is None else [row, shown.further.rows[place]]
        yield [
            cell
            for column in shown.overview.columns
            if column.decision == shown.overview.map.decision
            for each in rows
            for cell in each.cells_of(column)
        ]


def _assumed(shown: Shown, rulebase: Rulebase) -> list[Assumed]:
    """What is presumed of most rows, choice by choice; choices of which the same is presumed are
    told of together."""
    found: dict[tuple[str, ...], list[int]] = {}
    for choice, cells in enumerate(zip(*_drawn(shown), strict=True)):
        presumed = Counter(pair for cell in cells for pair in _presumed(cell, shown))
        real = sum(cell.answer is not None for cell in cells)
        most = {name: value for (name, value), number in presumed.items() if 2 * number > real}
        words = tuple(
            f"{fact.label}: {value_words(fact, most[fact.name])}"
            for fact in rulebase.facts.values()
            if fact.name in most
        )
        if words:
            found.setdefault(words, []).append(choice)
    return [Assumed(words, choices) for words, choices in found.items()]


def _presumed(cell: Cell, shown: Shown) -> Iterator[tuple[str, Value]]:
    """The facts that matter in a cell without being given."""
    if cell.answer is None:
        return
    way = {} if cell.way is None else cell.way.given
    given = {**shown.overview.given, **way, **cell.column.given, shown.overview.rows.name: True}
    for name, value in cell.answer.facts_used.items():
        if given.get(name) is None:
            yield name, value


def _ways_label(shown: Shown, rulebase: Rulebase) -> str:
    """What the ways differ in: the fact that alone is given in each of them."""
    given = {name for way in shown.overview.ways for name in way.given}
    return rulebase.facts[given.pop()].label if len(given) == 1 else "In which way"
