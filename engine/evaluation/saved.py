"""Diagrams as bytes and back: what was built once need not be built by the next process.

Only the nodes that a decision or a rule comes to are saved, so that what is read back is also
smaller than what was built; those of the constraints are made again first, as they were at first.
A line of JSON says how many nodes each level has, the lowest first, and where the diagrams begin;
after it stand the children of all nodes, 32 bits each, the least byte first. They are good for the
rulebase and the engine that they were made of; whoever keeps them (``Store``) sees to that.
"""

from __future__ import annotations

import json
import sys
from array import array
from collections.abc import Iterable
from itertools import groupby
from typing import Any, Protocol

from engine.codec import decode, encode
from engine.evaluation.compiler import Blocked, Clash, Leaf
from engine.evaluation.compiling import Compiled, finished, prepared
from engine.evaluation.diagram import LEAF, Forest
from engine.evaluation.space import Space
from engine.evaluation.variables import SignVariable
from engine.model import Rulebase, Value

CHILD = "I"
"""How the number of a child is kept."""


class Store(Protocol):
    """Keeps bytes for later processes, by name."""

    def load(self, name: str) -> bytes | None:
        """What is kept under that name, or None."""

    def keep(self, name: str, saved: bytes) -> None:
        """Keep some bytes, if that can be done."""


def as_bytes(compiled: Compiled) -> bytes:
    """The diagrams of a rulebase as bytes."""
    forest, bare = compiled.forest, compiled.bare
    parts = [
        {"roots": part.roots, "applies": part.applies, "decides": part.decides}
        for part in compiled.compiler.parts
    ]
    nodes = _below(forest, (n for part in parts for ids in part.values() for n in ids.values()))
    nodes = [node for node in nodes if node >= bare]
    leaves = [node for node in nodes if forest.level[node] == LEAF]
    inner = sorted(set(nodes).difference(leaves), key=lambda node: (-forest.level[node], node))
    number = {node: node for node in range(bare)}
    number |= {node: i for i, node in enumerate((*leaves, *inner), bare)}
    signs = [v for v in compiled.variables if isinstance(v, SignVariable)]
    levels = groupby(map(forest.level.__getitem__, inner))
    children = array(CHILD, (number[child] for node in inner for child in forest.children[node]))
    data = {
        "bare": _bare(forest, bare),
        "signs": [[encode(sign.left), encode(sign.right)] for sign in signs],
        "leaves": [_leaf_data(forest.values[node]) for node in leaves],
        "nodes": [(level, len(list(alike))) for level, alike in levels],
        "parts": [
            {what: {name: number[node] for name, node in ids.items()} for what, ids in part.items()}
            for part in parts
        ],
    }
    return (
        json.dumps(data, separators=(",", ":")).encode() + b"\n" + _least_first(children).tobytes()
    )


def from_bytes(rulebase: Rulebase, kind: Value | None, saved: bytes) -> Compiled:
    """The diagrams of a rulebase, for loans of one ``kind`` where they were built for it.

    Raises ``LookupError``, ``TypeError`` or ``ValueError`` for bytes that ``as_bytes`` did not make
    of this rulebase.
    """
    head, _, rest = saved.partition(b"\n")
    data: dict[str, Any] = json.loads(head)
    children = array(CHILD)
    children.frombytes(rest)
    space = Space([rulebase])
    compiled = prepared(space, rulebase, kind)
    forest, bare = space.forest, compiled.bare
    if data["bare"] != _bare(forest, bare):
        raise ValueError("the constraints have other diagrams")
    for left, right in data["signs"]:
        space.level_of_signs(decode(left), decode(right))
    leaves = [forest.leaf(_leaf(each)) for each in data["leaves"]]
    if leaves != list(range(bare, bare + len(leaves))):
        raise ValueError("leaves are out of order")
    sizes = [variable.size for variable in space.variables]
    if sum(count * sizes[level] for level, count in data["nodes"]) != len(children):
        raise ValueError("there are more or fewer children")
    below, first = memoryview(_least_first(children)).cast("B"), 0
    for level, count in data["nodes"]:
        end = first + count * sizes[level] * children.itemsize
        forest.extend(level, sizes[level], below[first:end])
        first = end
    for part, ids in zip(compiled.compiler.parts, data["parts"], strict=True):
        for own, what in (
            (part.roots, "roots"),
            (part.applies, "applies"),
            (part.decides, "decides"),
        ):
            own |= ids[what]
    for name in data["parts"][0]["roots"]:
        compiled.compiler.join(rulebase.decisions[name])
    return finished(compiled)


def _least_first(children: array[int]) -> array[int]:
    """The least byte of each first, or, of such, as the machine has them."""
    if sys.byteorder == "big":
        children.byteswap()
    return children


def _bare(forest: Forest, number: int) -> str:
    """What was there before any decision had its diagram: so many nodes and leaves."""
    leaves = [n for n in range(number) if forest.level[n] == LEAF]
    nodes = [(forest.level[node], forest.children[node]) for node in range(number)]
    return json.dumps([nodes, [encode(forest.values[leaf]) for leaf in leaves]])


def _below(forest: Forest, roots: Iterable[int]) -> list[int]:
    """Every node and leaf of some diagrams, each after its children; false and true come first."""
    found = {forest.false: None, forest.true: None}
    waiting = [(root, False) for root in roots]
    while waiting:
        node, ready = waiting.pop()
        if ready:
            found[node] = None
        elif node not in found:
            waiting.append((node, True))
            waiting.extend((child, False) for child in set(forest.children[node]))
    return list(found)


def _leaf_data(value: object) -> object:
    match value:
        case bool():
            return value
        case frozenset():
            return sorted(value)
        case Blocked(by):
            return by
        case Clash(rules):
            return {"clash": sorted(rules)}
    raise TypeError(value)


def _leaf(data: object) -> Leaf | bool:
    match data:
        case bool():
            return data
        case list():
            return frozenset(data)
        case str():
            return Blocked(data)
        case {"clash": list(rules)}:
            return Clash(frozenset(rules))
    raise TypeError(data)
