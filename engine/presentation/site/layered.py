"""Laying out a small graph without circles, from left to right: boxes in columns, joined by curves.

A box has a heading and perhaps branches beneath it; a curve leaves a branch, or the heading where
there are none, at its right side and comes in at another box's heading. The order within a column
is that of the neighbours' middles (Sugiyama, Tagawa and Toda, "Methods for visual understanding of
hierarchical system structures", IEEE Transactions on Systems, Man, and Cybernetics, 1981).
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

LETTER, LINE, PADDING = 8, 18, 9
"""The width of a letter, the height of a line and the space around a text, in units."""
BETWEEN, APART = 44, 16
"""The space between two columns, and between two boxes of a column."""
WIDEST = 24
"""So many letters a line has at most."""
_SWEEPS = 6


@dataclass(frozen=True, slots=True)
class Branch:
    """One way on from a box, and the box that it leads to."""

    text: str
    target: str


@dataclass(frozen=True, slots=True)
class Box:
    """A box to be drawn. ``kind`` is for the style sheet; ``address`` is where a click leads.
    ``targets`` are boxes to which the heading itself leads."""

    text: str
    kind: str = ""
    address: str = ""
    branches: Sequence[Branch] = ()
    targets: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text at its place."""

    text: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Placed:
    """A box at its place. ``rules`` are the heights of the lines between its branches."""

    box: Box
    x: float
    y: float
    width: float
    height: float
    heading: Sequence[Line]
    lines: Sequence[Line]
    rules: Sequence[float]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A graph laid out. ``curves`` are paths in SVG's own language."""

    width: float
    height: float
    boxes: Sequence[Placed]
    curves: Sequence[str]


@dataclass(slots=True)
class _Cell:
    """A box within its column, or the place where a long curve passes a column."""

    name: str
    column: int
    box: Box | None
    heading: list[str]
    branches: list[list[str]]
    width: float = 0
    height: float = 0
    y: float = 0
    before: list[tuple[_Cell, int]] = field(default_factory=list)
    after: list[tuple[int, _Cell]] = field(default_factory=list)

    def port(self, branch: int) -> float:
        """The height at which a branch leaves; of -1, the middle of the heading."""
        if self.box is None:
            return self.y
        top = self.y + PADDING + len(self.heading) * LINE / 2
        if branch < 0:
            return top
        lines = len(self.heading) + sum(len(each) for each in self.branches[:branch])
        spaces = 2 * PADDING + 2 * PADDING * branch
        return self.y + spaces + lines * LINE + len(self.branches[branch]) * LINE / 2 + PADDING


def drawing(boxes: Mapping[str, Box], *, ends_last: bool = False) -> Drawing:
    """Lay out boxes by their names; every target is one of them. With ``ends_last`` those that lead
    nowhere stand in the last column."""
    columns = _columns(_cells(boxes), boxes, ends_last)
    for sweep in range(_SWEEPS):
        _sort(columns, forwards=sweep % 2 == 0)
    _stack(columns)
    for sweep in range(_SWEEPS):
        _settle(columns, forwards=sweep % 2 == 0)
    return _drawn(columns)


# ---- boxes into columns -----------------------------------------------------------------------


def _cells(boxes: Mapping[str, Box]) -> dict[str, _Cell]:
    return {
        name: _Cell(
            name,
            0,
            box,
            textwrap.wrap(box.text, WIDEST) or [""],
            [textwrap.wrap(branch.text, WIDEST) or [""] for branch in box.branches],
        )
        for name, box in boxes.items()
    }


def _edges(box: Box) -> list[tuple[int, str]]:
    """Where the curves of a box lead, each with its branch."""
    return [(-1, target) for target in box.targets] + [
        (number, branch.target) for number, branch in enumerate(box.branches)
    ]


def _columns(
    cells: Mapping[str, _Cell], boxes: Mapping[str, Box], ends_last: bool
) -> list[list[_Cell]]:
    """Each box one column after the last of those that lead to it; long curves get cells of their
    own in the columns between."""
    waiting = dict.fromkeys(cells, 0)
    for box in boxes.values():
        for _, target in _edges(box):
            waiting[target] += 1
    ready = [name for name, number in waiting.items() if not number]
    order: list[str] = []
    while ready:
        name = ready.pop(0)
        order.append(name)
        for _, target in _edges(boxes[name]):
            cells[target].column = max(cells[target].column, cells[name].column + 1)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    last = max((cell.column for cell in cells.values()), default=-1)
    columns: list[list[_Cell]] = [[] for _ in range(last + 1)]
    for name in order:
        cell = cells[name]
        if ends_last and not _edges(boxes[name]):
            cell.column = last
        letters = max(map(len, [*cell.heading, *(line for each in cell.branches for line in each)]))
        cell.width = letters * LETTER + 2 * PADDING
        cell.height = len(cell.heading) * LINE + 2 * PADDING
        cell.height += sum(len(each) * LINE + 2 * PADDING for each in cell.branches)
        columns[cell.column].append(cell)
    for name in order:
        for branch, target in _edges(boxes[name]):
            _join(cells[name], branch, cells[target], columns)
    return columns


def _join(start: _Cell, branch: int, end: _Cell, columns: list[list[_Cell]]) -> None:
    here, port = start, branch
    for number in range(start.column + 1, end.column):
        passing = _Cell("", number, None, [], [])
        columns[number].append(passing)
        here.after.append((port, passing))
        passing.before.append((here, port))
        here, port = passing, -1
    here.after.append((port, end))
    end.before.append((here, port))


# ---- heights ----------------------------------------------------------------------------------


def _sort(columns: Sequence[list[_Cell]], *, forwards: bool) -> None:
    """Order each column by the places of its neighbours in the one before, or after, it."""
    ranks = {id(cell): float(rank) for column in columns for rank, cell in enumerate(column)}

    def middle(cell: _Cell) -> float:
        if forwards:
            near = [ranks[id(other)] + (port + 1) / 100 for other, port in cell.before]
        else:
            near = [ranks[id(other)] for _, other in cell.after]
        return sum(near) / len(near) if near else ranks[id(cell)]

    for column in columns if forwards else reversed(columns):
        column.sort(key=middle)
        ranks.update((id(cell), float(rank)) for rank, cell in enumerate(column))


def _stack(columns: Sequence[Sequence[_Cell]]) -> None:
    for column in columns:
        y = 0.0
        for cell in column:
            cell.y = y
            y += cell.height + APART


def _settle(columns: Sequence[Sequence[_Cell]], *, forwards: bool) -> None:
    """Bring each cell towards its neighbours, as near as those above and below it let it."""
    for column in columns if forwards else reversed(columns):
        offset = 0.0
        runs: list[tuple[float, int]] = []  # neighbours that touch: where they begin, how many
        for cell in column:
            run = (_wanted(cell, forwards=forwards) - offset, 1)
            while runs and runs[-1][0] > run[0]:
                start, number = runs.pop()
                both = number + run[1]
                run = ((start * number + run[0] * run[1]) / both, both)
            runs.append(run)
            offset += cell.height + APART
        offset = 0.0
        starts = [start for start, number in runs for _ in range(number)]
        for cell, start in zip(column, starts, strict=True):
            cell.y = start + offset
            offset += cell.height + APART


def _wanted(cell: _Cell, *, forwards: bool) -> float:
    own = cell.port(-1) - cell.y
    near = (
        [other.port(port) - own for other, port in cell.before]
        if forwards
        else [other.port(-1) - (cell.port(port) - cell.y) for port, other in cell.after]
    )
    return sum(near) / len(near) if near else cell.y


# ---- the drawing ------------------------------------------------------------------------------


def _drawn(columns: Sequence[Sequence[_Cell]]) -> Drawing:
    top = min((cell.y for column in columns for cell in column), default=0.0) - 1
    x, left = 1.0, []
    for column in columns:
        left.append(x)
        x += max((cell.width for cell in column), default=0.0) + BETWEEN
    for column in columns:
        for cell in column:
            cell.y -= top
    width = x - BETWEEN + 1
    height = max((cell.y + cell.height for column in columns for cell in column), default=0.0) + 1
    real = [cell for column in columns for cell in column if cell.box is not None]
    boxes = [_placed(cell, left[cell.column]) for cell in real]
    curves = [_curve(cell, port, other, left) for cell in real for port, other in cell.after]
    return Drawing(round(width), round(height), boxes, curves)


def _placed(cell: _Cell, x: float) -> Placed:
    assert cell.box is not None
    y = cell.y + PADDING - 5
    heading, lines, rules = [], [], []
    for text in cell.heading:
        y += LINE
        heading.append(Line(text, x + PADDING, round(y, 1)))
    for branch in cell.branches:
        y += PADDING
        rules.append(round(y + 5, 1))
        y += PADDING
        for text in branch:
            y += LINE
            lines.append(Line(text, x + PADDING, round(y, 1)))
    size = (round(cell.width, 1), round(cell.height, 1))
    return Placed(cell.box, x, round(cell.y, 1), *size, heading, lines, rules)


def _curve(cell: _Cell, port: int, other: _Cell, left: Sequence[float]) -> str:
    x, y = left[cell.column] + cell.width, cell.port(port)
    path = [f"M{x:.1f} {y:.1f}"]
    while True:
        to_x, to_y = left[other.column], other.port(-1)
        bend = left[other.column] - BETWEEN / 2
        path.append(f"H{left[other.column] - BETWEEN:.1f}")
        path.append(f"C{bend:.1f} {y:.1f} {bend:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}")
        if other.box is not None:
            return "".join(path)
        y = to_y
        ((_, other),) = other.after
