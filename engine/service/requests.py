"""What a request asks: the loans in its body, and how to decide them.

The places of its problems are JSON pointers (``/loans/3/occupancy``), with line and column.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from engine.model import Rulebase
from engine.problems import NOWHERE, InputError, Place, Problem, likely, listing
from engine.reading.json import parse_json
from engine.reading.loans import Loan
from engine.reading.nodes import MAX_DIGITS, Entry, ListNode, MapNode, Node, ScalarNode, plain
from engine.reading.source import source_of
from engine.service.refusals import refusal_of
from engine.values import describe

MAX_BODY = 256 * 1024
"""The largest body, in bytes."""
BODY_SECONDS = 10.0
"""A body has to arrive within this time."""
MAX_PLAIN = 8 * 1024
"""A longer body, in bytes, is always read with places."""
MAX_LOANS = 100
"""So many loans one request may hold."""
MAX_UNKNOWN = 20
"""Of so many names that mean nothing it is said what was perhaps meant; with more of them the
request is refused at once."""

_FORM = 'write it as {"facts": {"property_state": "CA"}}'


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked. ``many`` says that a list of loans was given; ``only`` names the decisions
    that are wanted, None for all; ``unknown`` the facts that the person can't tell."""

    loans: tuple[Loan, ...] = ()
    many: bool = False
    only: tuple[str, ...] | None = None
    strict: bool = False
    unknown: tuple[str, ...] = ()

    def places_known(self, rulebase: Rulebase) -> bool:
        """Whether each loan says in which jurisdiction it is, or a pack has none."""
        fact = rulebase.jurisdiction_fact
        return not fact or all(loan.data.get(fact) is not None for loan in self.loans)


def read_request(data: bytes, rulebase: Rulebase, keys: Collection[str]) -> Request:
    """The request that a body states. ``keys`` are those that it may have, of ``facts``, ``loans``,
    ``only``, ``strict`` and ``unknown``.

    Raises ``Refusal``: for everything but the values of facts, which are read when they are
    decided.
    """
    return _read_plainly(data, rulebase, keys) or _read_with_places(data, rulebase, keys)


def _read_plainly(data: bytes, rulebase: Rulebase, keys: Collection[str]) -> Request | None:
    """What a body states that is short, plain and sound, as nearly all are: read ten times as fast
    as with places. None for any other."""
    hidden = b"\\" in data or b"\x7f" in data
    if len(data) > MAX_PLAIN or not data.isascii() or hidden:
        return None
    try:
        root = json.loads(data.decode("ascii"), object_pairs_hook=_unique, **_NUMBERS)
    except (ValueError, RecursionError):  # what is wrong, the careful reading says
        return None
    if not isinstance(root, dict) or "loans" in root or not root.keys() <= {*keys}:
        return None
    facts, only, strict = root.get("facts"), root.get("only"), root.get("strict", False)
    if not isinstance(facts, dict) or not facts.keys() <= rulebase.facts.keys():
        return None
    if any(isinstance(value, list | dict) for value in facts.values()):
        return None
    unknown = root.get("unknown", [])
    if not isinstance(strict, bool) or not _are_names(unknown, rulebase.facts):
        return None
    if "only" in root and not (only and _are_names(only, rulebase.decisions)):
        return None

    def locate(fact: str, key: bool) -> tuple[Place, str]:
        (loan,) = _read_with_places(data, rulebase, keys).loans
        return loan.locate(fact, key)

    wanted = tuple(dict.fromkeys(only)) if only else None
    loan = Loan("/facts", facts, locate)
    return Request((loan,), False, wanted, strict, tuple(dict.fromkeys(unknown)))


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError
    return made


def _number(text: str) -> int | Decimal:
    if len(text) > MAX_DIGITS or "e" in text or "E" in text:
        raise ValueError
    return Decimal(text) if "." in text else int(text)


def _refused(text: str) -> None:
    raise ValueError


_NUMBERS: dict[str, Any] = {
    "parse_int": _number,
    "parse_float": _number,
    "parse_constant": _refused,
}


def _are_names(value: object, known: Mapping[str, object]) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= len(known)
        and all(isinstance(name, str) and name in known for name in value)
    )


def _read_with_places(data: bytes, rulebase: Rulebase, keys: Collection[str]) -> Request:
    root = _parsed(data)
    if not isinstance(root, MapNode):
        message = f"the body is an object, not {describe(plain(root))}"
        raise refusal_of("bad-request", [Problem("wrong-type", message, _at("", root), _FORM)])
    reader = _Reader(rulebase, [])
    request = reader.request(root, keys)
    if reader.problems:
        raise refusal_of("bad-request", reader.problems)
    return request


def _parsed(data: bytes) -> Node:
    try:
        root = parse_json(source_of("", data, limit=MAX_BODY)).root
    except InputError as error:
        raise refusal_of("malformed-body", error.problems) from None
    if root is None:
        problem = Problem("empty-body", "the body is empty", NOWHERE, _FORM)
        raise refusal_of("malformed-body", [problem])
    return root


def _at(pointer: str, node: Node) -> Place:
    return replace(node.place, file=pointer)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the parts of a body, and gathers what is wrong with them."""

    rulebase: Rulebase
    problems: list[Problem]

    def request(self, root: MapNode, keys: Collection[str]) -> Request:
        strange = [entry.key for entry in root.entries if entry.key.text not in keys]
        for key in strange[:MAX_UNKNOWN]:
            hint = likely(key.text[:80], keys) or f"one of {listing(keys)}"
            self._wrong("unknown-key", f"a body has no {describe(key.text)}", _at("", key), hint)
        wanted = [key for key in ("facts", "loans") if key in keys]
        given = [key for key in wanted if root.get(key) is not None]
        if len(given) != 1:
            names = " or ".join(f"`{key}`" for key in wanted)
            message = f"the body states {names}{', and not both' if given else ''}"
            self._wrong("wrong-keys", message, _at("", root), _FORM)
        facts, loans, strict = root.get("facts"), root.get("loans"), root.get("strict")
        only, unknown = root.get("only"), root.get("unknown")
        found: list[Loan | None] = []
        if facts is not None and given == ["facts"]:
            found = [self._loan(facts, "/facts")]
        elif loans is not None and given == ["loans"]:
            found = list(self._loans(loans))
        rulebase = self.rulebase
        return Request(
            tuple(loan for loan in found if loan is not None),
            given == ["loans"],
            None if only is None else self._names(only, "/only", rulebase.decisions, "decision"),
            strict is not None and self._is_true(strict, "/strict"),
            () if unknown is None else self._names(unknown, "/unknown", rulebase.facts, "fact"),
        )

    def _wrong(self, code: str, message: str, where: Place, hint: str = "") -> None:
        self.problems.append(Problem(code, message, where, hint))

    def _is_true(self, node: Node, pointer: str) -> bool:
        value = plain(node)
        if not isinstance(value, bool):
            message = f"this is true or false, not {describe(value)}"
            self._wrong("wrong-type", message, _at(pointer, node))
        return value is True

    def _names(
        self, node: Node, pointer: str, known: Mapping[str, object], kind: str
    ) -> tuple[str, ...]:
        """A list of names, of decisions at least one."""
        if not isinstance(node, ListNode) or not (node.items or kind == "fact"):
            message = f"this is a list of {kind}s, not {describe(plain(node))}"
            if isinstance(node, ListNode):
                message = f"this list names no {kind}"
            self._wrong("wrong-type", message, _at(pointer, node), "leave it out for all of them")
            return ()
        if len(node.items) > len(known):
            message = f"this list is longer than there are {kind}s"
            self._wrong("too-many", message, _at(pointer, node))
            return ()
        for number, item in enumerate(node.items):
            name = item.value if isinstance(item, ScalarNode) else None
            if not isinstance(name, str) or name not in known:
                hint = likely(name[:80], known) if isinstance(name, str) else ""
                message = f"no {kind} is called {describe(plain(item))}"
                self._wrong(f"unknown-{kind}", message, _at(f"{pointer}/{number}", item), hint)
                if len(self.problems) >= MAX_UNKNOWN:
                    break
        return tuple(dict.fromkeys(str(plain(item)) for item in node.items))

    def _loans(self, node: Node) -> Iterator[Loan | None]:
        if not isinstance(node, ListNode):
            message = f"this is a list of loans, not {describe(plain(node))}"
            self._wrong("wrong-type", message, _at("/loans", node))
            return
        if not 0 < len(node.items) <= MAX_LOANS:
            message = f"a request holds 1 to {MAX_LOANS} loans, and this one {len(node.items):,}"
            hint = "send several requests, or use `recourse portfolio` for a whole book"
            self._wrong("too-many", message, _at("/loans", node), hint)
            return
        names = {
            entry.key.text
            for item in node.items
            if isinstance(item, MapNode)
            for entry in item.entries
        }
        if self._too_strange(names, _at("/loans", node)):
            return
        for number, item in enumerate(node.items):
            yield self._loan(item, f"/loans/{number}")

    def _too_strange(self, names: Collection[str], where: Place) -> bool:
        """Whether so many names are of no fact that looking for likely ones would take too long."""
        strange = [name for name in names if name not in self.rulebase.facts]
        if len(strange) > MAX_UNKNOWN:
            message = f"{len(strange):,} of these names are of no fact"
            self._wrong("unknown-fact", message, where, "is this the right pack?")
        return len(strange) > MAX_UNKNOWN

    def _loan(self, node: Node, pointer: str) -> Loan | None:
        if not isinstance(node, MapNode):
            message = f"a loan is a mapping of facts to values, not {describe(plain(node))}"
            self._wrong("wrong-type", message, _at(pointer, node), _FORM)
            return None
        entries = {entry.key.text: entry for entry in node.entries}
        if self._too_strange(entries, _at(pointer, node)):
            return None

        def locate(fact: str, key: bool) -> tuple[Place, str]:
            entry: Entry | None = entries.get(fact)
            if entry is None:
                return _at(pointer, node), ""
            escaped = fact.replace("~", "~0").replace("/", "~1")
            return _at(f"{pointer}/{escaped}", entry.key if key else entry.value), ""

        data = {name: plain(entry.value) for name, entry in entries.items()}
        return Loan(pointer, data, locate)
