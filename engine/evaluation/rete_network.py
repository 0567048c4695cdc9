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
  each of those passes: a disjunction gets a pattern of its own, which passes a message once.
* A pattern takes 15 ``$and`` and ``$or`` in all, a rule 16 patterns, a message 254 properties.
* While a message is matched at most 64 tests may wait, or it fails halfway. More than 510 tests
  after the same test hang, more than 127 ``$or`` after it write where they must not. So rules are
  spread over several rulesets by the greatest load that they can be to one.
* After an error the ruleset may be locked or half filled: it is thrown away and made anew.
* A ruleset is not freed with its state, and a state may only be freed once it has run an action
  (before that the library frees what it has never set).
"""

from __future__ import annotations

import os
import sys
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
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
MAX_ALTERNATIVES = 400
MAX_PROPERTIES = 240
MAX_GATES = 13
MAX_PATTERNS = 8


# ---- conditions -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Test:
    """One test of a message: ``text`` is its JSON, ``properties`` are those it reads."""

    text: str
    properties: tuple[str, ...]


@dataclass(frozen=True)
class Both:
    """All parts hold; with no part it always holds."""

    parts: tuple[Node, ...] = ()

    @cached_property
    def weight(self) -> Weight:
        """What this costs the network."""
        weights = [weigh(part) for part in self.parts]
        return Weight(
            waiting=1 + sum(weight.waiting - 1 for weight in weights),
            alternatives=sum(weight.alternatives for weight in weights),
            gates=1 + sum(weight.gates for weight in weights),
        )


@dataclass(frozen=True)
class Either:
    """At least one part holds; with no part it never holds. It is ``exclusive`` if no message can
    meet two of its parts."""

    parts: tuple[Node, ...] = ()
    exclusive: bool = False

    @cached_property
    def weight(self) -> Weight:
        """What this costs the network."""
        weights = [weigh(part) for part in self.parts]
        waiting = [weight.waiting for weight in weights]
        return Weight(
            waiting=max(waiting, default=0) if self.exclusive else sum(waiting),
            alternatives=sum(weight.alternatives for weight in weights),
            gates=1 + sum(weight.gates for weight in weights),
        )


Node = Test | Both | Either
ALWAYS = Both()
NEVER = Either()


@dataclass(frozen=True, slots=True)
class Weight:
    """What a condition costs: tests that may wait at once, tests in all, ``$and`` and ``$or``."""

    waiting: int
    alternatives: int
    gates: int


_LIGHT = Weight(waiting=1, alternatives=1, gates=0)


def weigh(node: Node) -> Weight:
    """The weight of any condition."""
    return _LIGHT if isinstance(node, Test) else node.weight


def equal(name: str, value: int) -> Test:
    """The property has this value."""
    return Test(f'{{"{name}":{value}}}', (name,))


def exists(name: str) -> Test:
    """The property has a value."""
    return Test(f'{{"$ex":{{"{name}":1}}}}', (name,))


def compare(name: str, operator: Operator, value: int) -> Test:
    """The property has a value, which stands in this relation to ``value``."""
    return Test(f'{{"{operator}":{{"{name}":{value}}}}}', (name,))


def relate(name: str, operator: Operator, other: str) -> Node:
    """Both properties have a value, and the values stand in this relation."""
    joined = Test(f'{{"{operator}":{{"{name}":{{"$m":"{other}"}}}}}}', (name, other))
    return Both((exists(other), joined))


def both(parts: Iterable[Node]) -> Node:
    """The conjunction, without needless nesting."""
    flat: list[Node] = []
    for part in parts:
        if part == NEVER:
            return NEVER
        flat.extend(part.parts if isinstance(part, Both) else (part,))
    return flat[0] if len(flat) == 1 else Both(tuple(flat))


def either(parts: Iterable[Node], exclusive: bool = False) -> Node:
    """The disjunction, without needless nesting; ``exclusive`` as in :class:`Either`."""
    flat: list[Node] = []
    for part in parts:
        if part == ALWAYS:
            return ALWAYS
        same = isinstance(part, Either) and (part == NEVER or part.exclusive == exclusive)
        flat.extend(part.parts if same and isinstance(part, Either) else (part,))
    return flat[0] if len(flat) == 1 else Either(tuple(flat), exclusive)


# ---- patterns ---------------------------------------------------------------------------------

MARK = '{"k":1}'
"""A test that every message meets: a property that is always there."""


@dataclass(frozen=True, slots=True)
class Production:
    """One rule of a ruleset: patterns that the message must meet, each one."""

    rule: str
    patterns: tuple[str, ...]
    waiting: int
    alternatives: int
    properties: frozenset[str]

    @property
    def text(self) -> str:
        """Its JSON definition."""
        if len(self.patterns) == 1:
            return f'{{"all":[{{"m":{self.patterns[0]}}}]}}'
        named = ",".join(f'{{"m{n}":{pattern}}}' for n, pattern in enumerate(self.patterns))
        return f'{{"all":[{named}],"dist":0}}'


def productions(rule: str, condition: Node) -> Iterator[Production]:
    """One production, or several that together stand for a condition too large for one."""
    if condition == NEVER:
        return
    parts = list(condition.parts) if isinstance(condition, Both) else [condition]
    patterns = list(_patterns(parts))
    weights = [weigh(pattern) for pattern in patterns]
    waiting = sum(weight.waiting for weight in weights)
    alternatives = sum(weight.alternatives for weight in weights)
    fan = sum(_fan(pattern) for pattern in patterns)
    fits = (
        len(patterns) <= MAX_PATTERNS
        and waiting <= MAX_WAITING
        and fan <= MAX_ALTERNATIVES
        and all(weight.gates <= MAX_GATES + 1 for weight in weights)
    )
    choices = [part for part in parts if isinstance(part, Either)]
    if fits or not choices:
        yield Production(
            rule,
            tuple(_text(pattern) for pattern in patterns),
            waiting,
            min(alternatives, MAX_ALTERNATIVES),
            frozenset(name for part in parts for name in _properties(part)),
        )
        return
    largest = max(choices, key=lambda part: weigh(part).alternatives)
    rest = [part for part in parts if part is not largest]
    middle = len(largest.parts) // 2
    for half in (largest.parts[:middle], largest.parts[middle:]):
        yield from productions(rule, both([*rest, either(half, largest.exclusive)]))


def _patterns(parts: Sequence[Node]) -> Iterator[Both | Either]:
    """First the parts that a message passes once, then the disjunctions that it may pass often."""
    group: list[Node] = []
    gates = 0
    often: list[Either] = []
    for part in parts:
        if isinstance(part, Either) and not _passes_once(part):
            often.append(part)
            continue
        gates += weigh(part).gates
        if group and gates > MAX_GATES:
            yield Both(tuple(group))
            group, gates = [], weigh(part).gates
        group.append(part)
    yield Both(tuple(group))
    yield from often


def _passes_once(node: Node) -> bool:
    if isinstance(node, Either):
        return node.exclusive and all(map(_passes_once, node.parts))
    return isinstance(node, Test) or all(map(_passes_once, node.parts))


def _fan(node: Node) -> int:
    """How many tests a condition can put after one and the same test."""
    if isinstance(node, Test):
        return 1
    fans = [_fan(part) for part in node.parts]
    return sum(fans) if isinstance(node, Either) else max(fans, default=1)


def _text(node: Node) -> str:
    if isinstance(node, Test):
        return node.text
    if not node.parts:
        return MARK
    if len(node.parts) == 1:
        return _text(node.parts[0])
    gate = "$and" if isinstance(node, Both) else "$or"
    return f'{{"{gate}":[{",".join(map(_text, node.parts))}]}}'


def _properties(node: Node) -> Iterator[str]:
    if isinstance(node, Test):
        yield from node.properties
    else:
        for part in node.parts:
            yield from _properties(part)


# ---- rulesets ---------------------------------------------------------------------------------

_MESSAGE = '{"id":"1","k":1'
_RETRACTED = '{"id":"1"}'


class Network:
    """Rules, by name, and their conditions. Not safe from several threads at once."""

    def __init__(self, rules: Iterable[tuple[str, Node]]) -> None:
        self._rulesets = [
            _Ruleset(group) for group in _grouped(p for r, c in rules for p in productions(r, c))
        ]

    def matching(self, properties: Mapping[str, str]) -> set[str]:
        """The names of the rules whose conditions hold.

        ``properties`` maps each property to its JSON, with the comma before it: ``,"a":5``.
        """
        found: set[str] = set()
        for ruleset in self._rulesets:
            found.update(ruleset.matching(properties))
        return found


def _grouped(several: Iterable[Production]) -> Iterator[list[Production]]:
    group: list[Production] = []
    names: frozenset[str] = frozenset()
    waiting = alternatives = 0
    for one in several:
        if group and (
            waiting + one.waiting > MAX_WAITING
            or alternatives + one.alternatives > MAX_ALTERNATIVES
            or len(names | one.properties) > MAX_PROPERTIES
        ):
            yield group
            group, names, waiting, alternatives = [], frozenset(), 0, 0
        group.append(one)
        names |= one.properties
        waiting += one.waiting
        alternatives += one.alternatives
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

    def __init__(self, group: Sequence[Production]) -> None:
        self._rules = [one.rule for one in group]
        self._names = sorted({name for one in group for name in one.properties})
        rules = ",".join(f'"{number}":{one.text}' for number, one in enumerate(group))
        self._definition = f"{{{rules}}}"
        self._handle: _Handle | None = None
        self._free: weakref.finalize[..., object] | None = None

    def _build(self) -> _Handle:
        self._handle = _Handle(library.create_ruleset("rules", self._definition))
        self._free = weakref.finalize(self, self._handle.free)
        self._free.atexit = False
        return self._handle

    def matching(self, properties: Mapping[str, str]) -> list[str]:
        handle = self._handle or self._build()
        given = "".join([properties[name] for name in self._names if name in properties])
        found: list[str] = []
        try:
            outcome, state = library.assert_fact(handle.number, f"{_MESSAGE}{given}}}")
            if outcome > 1:  # 1 means that no rule matches
                raise RuntimeError(f"durable-rules did not take a message (code {outcome})")
            started = library.start_action_for_state(handle.number, state)
            text = started and started[1]
            while text:  # {"<number>":{... the message ...}}
                handle.has_run = True
                found.append(self._rules[int(text[2 : text.index('"', 2)])])
                text = library.complete_and_start_action(handle.number, state)
            library.retract_fact(handle.number, _RETRACTED)
        except BaseException:
            self._handle = None
            if self._free is not None:
                self._free()
            raise
        return found
