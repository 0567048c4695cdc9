"""The edge of durable-rules: conditions over integer properties in, matching rules out.

Nothing outside this file touches the library (durable-rules 2.0.28), and nothing in it knows what
a rule means. The library is driven at its lowest level, without its ``Host``, so there are no timer
threads, no actions in Python whose exceptions get lost, and no state that survives a message.

What its C source does, and what follows here:

* Strings are compared as raw JSON text and numbers of several types mix: properties are integers.
* Properties are told apart by a 32-bit hash of their names: names are short and made by us.
* ``{"$lt": {"a": {"$m": "b"}}}`` reads uninitialised memory where ``b`` is absent: such a test only
  ever stands behind one that ``b`` exists.
* A ``$or`` is passed once for each alternative that holds, and a second ``$or`` after it once for
  each of those passes.
* A rule with several patterns that one message meets corrupts memory when the message is
  retracted: every rule has one pattern.
* A pattern takes 15 ``$and`` and ``$or`` in all, a message 254 properties.
* While a message is matched at most 64 tests may wait, or it fails halfway. More than 510 tests
  after the same test hang, more than 127 ``$or`` after it write where they must not.
* Each property of a message is held against nearly all tests that come first, and again against
  those behind each test that holds: several small rulesets are faster than a large one.
* After an error the ruleset may be locked or half filled: it is thrown away and made anew.
* A ruleset is not freed with its state, and a state may only be freed once it has run an action
  (before that the library frees what it has never set).

So a condition that is too large for a pattern is cut into several that are put together again
here, and patterns are spread over rulesets by the greatest load that they can be to one.
"""

from __future__ import annotations

import os
import sys
import weakref
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from typing import Literal

if hasattr(sys, "setdlopenflags"):
    # CPython 3.13 dropped a function that the library names but that we never call through it.
    _flags = sys.getdlopenflags()
    sys.setdlopenflags(os.RTLD_LAZY)
    try:
        import durable_rules_engine as library
    finally:
        sys.setdlopenflags(_flags)
else:
    import durable_rules_engine as library

Operator = Literal["$lt", "$lte", "$gt", "$gte", "$neq"]

LARGEST = 2**63 - 1
MAX_WAITING = 60
MAX_TESTS = 240
"""Each test brings one property at most, so that they too stay within what a message takes."""
MAX_GATES = 14
MAX_PASSES = 6


# ---- conditions -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Test:
    """One test of a message: ``text`` is its JSON, ``properties`` are those it reads. It asks for
    two if the second must be there before the first is compared with it."""

    text: str
    properties: tuple[str, ...]

    @property
    def load(self) -> Load:
        """What this asks of a ruleset."""
        return _ONE if len(self.properties) == 1 else _TWO


@dataclass(frozen=True)
class Both:
    """All parts hold; with no part it always holds."""

    parts: tuple[Node, ...] = ()

    @cached_property
    def load(self) -> Load:
        """What this asks of a ruleset."""
        loads = [part.load for part in self.parts]
        return Load(
            waiting=1 + sum(one.waiting - 1 for one in loads),
            tests=sum(one.tests for one in loads),
            gates=1 + sum(one.gates for one in loads),
            passes=prod(one.passes for one in loads),
        )


@dataclass(frozen=True)
class Either:
    """At least one part holds; with no part it never holds. It is ``exclusive`` if no message can
    meet two of its parts."""

    parts: tuple[Node, ...] = ()
    exclusive: bool = False

    @cached_property
    def load(self) -> Load:
        """What this asks of a ruleset."""
        loads = [part.load for part in self.parts]
        together = max if self.exclusive else sum
        return Load(
            waiting=together([one.waiting for one in loads]),
            tests=sum(one.tests for one in loads),
            gates=1 + sum(one.gates for one in loads),
            passes=together([one.passes for one in loads]),
        )


Node = Test | Both | Either
ALWAYS = Both()
NEVER = Either()


@dataclass(frozen=True, slots=True)
class Load:
    """What a condition asks of a ruleset, at most: tests that wait at once, tests in all, ``$and``
    and ``$or``, how often a message can pass."""

    waiting: int
    tests: int
    gates: int
    passes: int

    @property
    def fits(self) -> bool:
        """Whether one pattern can hold it."""
        return (
            self.waiting <= MAX_WAITING
            and self.tests <= MAX_TESTS
            and self.gates <= MAX_GATES
            and self.passes <= MAX_PASSES
        )


_ONE = Load(waiting=1, tests=1, gates=0, passes=1)
_TWO = Load(waiting=1, tests=2, gates=1, passes=1)


def equal(name: str, value: int) -> Test:
    """The property has this value."""
    return Test(f'{{"{name}":{value}}}', (name,))


def exists(name: str) -> Test:
    """The property has a value."""
    return Test(f'{{"$ex":{{"{name}":1}}}}', (name,))


def compare(name: str, operator: Operator, value: int) -> Test:
    """The property has a value, which stands in this relation to ``value``."""
    return Test(f'{{"{operator}":{{"{name}":{value}}}}}', (name,))


def relate(name: str, operator: Operator, other: str) -> Test:
    """Both properties have a value, and the values stand in this relation."""
    joined = f'{{"{operator}":{{"{name}":{{"$m":"{other}"}}}}}}'
    return Test(f'{{"$and":[{exists(other).text},{joined}]}}', (name, other))


def both(parts: Iterable[Node]) -> Node:
    """The conjunction, without needless nesting."""
    flat: list[Node] = []
    for part in parts:
        if isinstance(part, Both):
            flat.extend(part.parts)
        elif isinstance(part, Either) and not part.parts:
            return NEVER
        else:
            flat.append(part)
    return flat[0] if len(flat) == 1 else Both(tuple(flat))


def either(parts: Iterable[Node], exclusive: bool = False) -> Node:
    """The disjunction, without needless nesting; ``exclusive`` as in :class:`Either`."""
    flat: list[Node] = []
    for part in parts:
        if isinstance(part, Both) and not part.parts:
            return ALWAYS
        if isinstance(part, Either) and (part.exclusive == exclusive or not part.parts):
            flat.extend(part.parts)
        else:
            flat.append(part)
    if not flat:
        return NEVER
    return flat[0] if len(flat) == 1 else Either(tuple(flat), exclusive)


# ---- rules ------------------------------------------------------------------------------------

_MARK = '{"k":1}'
"""A test that every message meets: each holds this property."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """How a condition follows from the patterns, by number, that a message meets: from all parts
    or, if not ``every``, from any."""

    every: bool
    parts: tuple[_Plan | int, ...]

    def holds(self, met: Set[int]) -> bool:
        parts = (p in met if isinstance(p, int) else p.holds(met) for p in self.parts)
        return all(parts) if self.every else any(parts)


class Network:
    """Rules, by name, and their conditions. Not safe from several threads at once."""

    def __init__(self, rules: Iterable[tuple[str, Node]]) -> None:
        self._patterns: list[Node] = []
        self._names: list[str] = []
        """By the number of a pattern: the rule of which it is the whole condition, or nothing."""
        self._plans: list[tuple[str, _Plan]] = []
        for name, condition in rules:
            if condition == NEVER:
                continue
            planned = self._planned(condition, name)
            if isinstance(planned, _Plan):
                self._plans.append((name, planned))
        self._rulesets = [_Ruleset(group) for group in _grouped(enumerate(self._patterns))]

    def _planned(self, node: Node, name: str = "") -> _Plan | int:
        """Take up a condition, in patterns as large as may be."""
        if isinstance(node, Test) or node.load.fits:
            self._patterns.append(node)
            self._names.append(name)
            return len(self._patterns) - 1
        groups: list[list[Node]] = []
        for part in node.parts:
            if groups and replace(node, parts=(*groups[-1], part)).load.fits:
                groups[-1].append(part)
            else:
                groups.append([part])
        plans = [
            self._planned(group[0] if len(group) == 1 else replace(node, parts=tuple(group)))
            for group in groups
        ]
        return _Plan(isinstance(node, Both), tuple(plans))

    def matching(self, properties: Mapping[str, str]) -> set[str]:
        """The names of the rules whose conditions hold.

        ``properties`` maps each property to its JSON, with the comma before it: ``,"a":5``.
        """
        met: set[int] = set()
        for ruleset in self._rulesets:
            met.update(ruleset.matching(properties))
        found = {self._names[number] for number in met}
        found.discard("")
        found.update(name for name, plan in self._plans if plan.holds(met))
        return found


def _properties(node: Node) -> Iterator[str]:
    if isinstance(node, Test):
        yield from node.properties
    else:
        for part in node.parts:
            yield from _properties(part)


def _text(node: Node) -> str:
    if isinstance(node, Test):
        return node.text
    if not node.parts:
        return _MARK
    if len(node.parts) == 1:
        return _text(node.parts[0])
    gate = "$and" if isinstance(node, Both) else "$or"
    return f'{{"{gate}":[{",".join(map(_text, node.parts))}]}}'


# ---- rulesets ---------------------------------------------------------------------------------

_MESSAGE = '{"id":"1","k":1'
_RETRACTED = '{"id":"1"}'


def _grouped(patterns: Iterable[tuple[int, Node]]) -> Iterator[dict[int, Node]]:
    """As many patterns together as one ruleset can hold."""
    group: dict[int, Node] = {}
    waiting = tests = 0
    for number, pattern in patterns:
        load = pattern.load
        waiting += load.waiting
        tests += load.tests
        if group and (waiting > MAX_WAITING or tests > MAX_TESTS):
            yield group
            group, waiting, tests = {}, load.waiting, load.tests
        group[number] = pattern
    if group:
        yield group


@dataclass(slots=True)
class _Handle:
    number: int
    has_run: bool = False

    def free(self) -> None:
        if self.has_run:
            library.delete_state(self.number, None)
        library.delete_ruleset(self.number)


class _Ruleset:
    """One ruleset of the library, built when it is first used."""

    def __init__(self, patterns: Mapping[int, Node]) -> None:
        self._names = sorted({name for one in patterns.values() for name in _properties(one)})
        rules = (f'"{number}":{{"all":[{{"m":{_text(one)}}}]}}' for number, one in patterns.items())
        self._definition = f"{{{','.join(rules)}}}"
        self._handle: _Handle | None = None
        self._free: weakref.finalize[..., object] | None = None

    def _build(self) -> _Handle:
        self._handle = _Handle(library.create_ruleset("rules", self._definition))
        self._free = weakref.finalize(self, self._handle.free)
        self._free.atexit = False
        return self._handle

    def matching(self, properties: Mapping[str, str]) -> list[int]:
        """The numbers of the patterns that a message with these properties meets."""
        handle = self._handle or self._build()
        given = "".join([properties[name] for name in self._names if name in properties])
        found: list[int] = []
        try:
            outcome, state = library.assert_fact(handle.number, f"{_MESSAGE}{given}}}")
            if outcome > 1:  # 1 means that no rule matches
                raise RuntimeError(f"durable-rules did not take a message (code {outcome})")
            started = library.start_action_for_state(handle.number, state)
            text = started and started[1]
            while text:  # {"<number>":{... the message ...}}
                handle.has_run = True
                found.append(int(text[2 : text.index('"', 2)]))
                text = library.complete_and_start_action(handle.number, state)
            library.retract_fact(handle.number, _RETRACTED)
        except BaseException:
            self._handle = None
            if self._free is not None:
                self._free()
            raise
        return found
