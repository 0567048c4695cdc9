"""The overviews as the pages show them: a table with chips, a map of tiles, one row of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.analysis.matrix import Cell, Row
from engine.model import Rulebase, Value
from engine.presentation.site.addresses import Addresses
from engine.presentation.site.chips import NOTHING, Chip, Palette, cell_chips, value_chip
from engine.presentation.site.entries import Piece
from engine.presentation.site.plan import Shown

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
    return RowEntry(row.label, _address(row, shown, addresses), row.confidence, cells)


def _cell(cell: Cell, rulebase: Rulebase, colours: Palette, addresses: Addresses) -> CellEntry:
    return CellEntry(
        "" if cell.way is None else cell.way.label,
        cell_chips(cell, rulebase, colours),
        tuple(Piece(rule.title, addresses.rule(rule)) for rule in cell.rules),
        cell.confidence == "low",
    )


def _address(row: Row, shown: Shown, addresses: Addresses) -> str:
    """The page of the jurisdiction that a row stands for; empty where it stands for none."""
    value = row.value
    own = shown.overview.rows.name == addresses.jurisdiction_fact
    return addresses.jurisdiction(value) if own and isinstance(value, str) else ""


# ---- maps -------------------------------------------------------------------------------------


def map_entry(
    shown: Shown, rulebase: Rulebase, colours: Palette, addresses: Addresses
) -> MapEntry | None:
    """The map of an overview, where it has one."""
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
            _address(row, shown, addresses),
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
    )


def _outcomes(
    shown: Shown, chips: Sequence[Chip], rulebase: Rulebase, colours: Palette
) -> Mapping[Value, list[tuple[int, ...]]]:
    """For each row and each choice, situation by situation and in it way by way, the chips that
    apply by their numbers."""
    assert shown.overview.map is not None
    decision = shown.overview.map.decision
    number = {chip: place for place, chip in enumerate(chips)}
    nothing = len(chips) - 1
    found: dict[Value, list[tuple[int, ...]]] = {}
    for place, row in enumerate(shown.matrix.rows):
        other = None if shown.further is None else shown.further.rows[place]
        found[row.value] = [
            tuple(number.get(chip, nothing) for chip in cell_chips(cell, rulebase, colours))
            for column in shown.overview.columns
            if column.decision == decision
            for each in (row, other)
            if each is not None
            for cell in each.cells_of(column)
        ]
    return found


def _ways_label(shown: Shown, rulebase: Rulebase) -> str:
    """What the ways differ in: the fact that alone is given in each of them."""
    given = {name for way in shown.overview.ways for name in way.given}
    return rulebase.facts[given.pop()].label if len(given) == 1 else "In which way"
