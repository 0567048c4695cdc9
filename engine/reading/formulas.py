"""Formulas: text to a tree, checked for names and for what can be reckoned with what.

The grammar is small on purpose: numbers, names, ``+ - * /``, parentheses, ``min`` and ``max``.
Nothing else can be called, and nothing is ever evaluated by Python.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from engine.model import NUMERIC, Arithmetic, Constant, Extreme, Formula, Ref, Shift
from engine.problems import likely, listing
from engine.reading.names import UNCLEAR
from engine.reading.nodes import MAX_DIGITS

MAX_LENGTH = 2000
MAX_DEPTH = 40
MAX_OPERATIONS = 200
MAX_PERIOD = {"days": 73_000, "weeks": 10_400, "months": 2_400, "years": 200}

Kind = Literal["money", "number", "literal"]

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:_\d+)*(?:\.\d+)?)|(?P<name>[A-Za-z_]\w*)|(?P<sign>\S))",
    re.ASCII,
)
_PERIOD = re.compile(r"(\d{1,6})\s+(day|week|month|year)s?", re.A)


class FormulaFault(ValueError):
    """What is wrong with a formula: code, sentence, hint and the offset in its text."""

    def __init__(self, code: str, message: str, offset: int = 0, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.offset = offset
        self.hint = hint


_HINTS = {
    "$": "write the number alone",
    ",": "write 1000 or 1_000; a comma stands only inside `min(...)` and `max(...)`",
    "%": "write 5 % as 0.05",
    "=": "a formula has no comparisons; a condition stands under `when`",
    "<": "a formula has no comparisons; a condition stands under `when`",
    ">": "a formula has no comparisons; a condition stands under `when`",
    "^": "there are no powers",
    "x": "write `*`",
    "\N{MULTIPLICATION SIGN}": "write `*`",
    "\N{DIVISION SIGN}": "write `/`",
    ":": "write `/`",
    "\N{EN DASH}": "write `-`",
    "\N{MINUS SIGN}": "write `-`",
    ".": "write a digit before the point",
}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    offset: int


def _tokens(text: str) -> Iterator[_Token]:
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:  # only white space is left
            break
        kind = match.lastgroup or "sign"
        yield _Token(kind, match.group(kind), match.start(kind))
        position = match.end()
    yield _Token("end", "", len(text))


def read_formula(text: str, types: Mapping[str, str]) -> tuple[Formula, Kind]:
    """The tree of a formula and what it yields: ``money``, a ``number``, or a bare ``literal`` that
    may serve as either. ``types`` gives the type of every fact and decision.

    Raises ``FormulaFault``.
    """
    if len(text) > MAX_LENGTH:
        raise FormulaFault("formula", f"a formula has at most {MAX_LENGTH} characters")
    return _Parser(list(_tokens(text)), types).whole()


class _Parser:
    """Precedence climbing over the tokens; every method returns a tree and its kind."""

    def __init__(self, tokens: list[_Token], types: Mapping[str, str]) -> None:
        self._tokens = tokens
        self._types = types
        self._at = 0
        self._depth = 0
        self._operations = 0

    @property
    def _now(self) -> _Token:
        return self._tokens[self._at]

    def _take(self, *texts: str) -> _Token | None:
        token = self._now
        if token.kind == "sign" and token.text in texts:
            self._at += 1
            return token
        return None

    def _operator(self, *signs: str) -> _Token | None:
        token = self._take(*signs)
        self._operations += token is not None
        if token and self._operations > MAX_OPERATIONS:
            message = f"a formula has at most {MAX_OPERATIONS} operations"
            raise FormulaFault("formula", message, token.offset)
        return token

    def _expect(self, text: str) -> None:
        if not self._take(text):
            raise self._unexpected(f"expected `{text}`")

    def _unexpected(self, expected: str) -> FormulaFault:
        token = self._now
        found = f"found `{token.text}`" if token.text else "but the formula ends"
        hint = _HINTS.get(token.text, "")
        return FormulaFault("formula", f"{expected}, {found}", token.offset, hint)

    def whole(self) -> tuple[Formula, Kind]:
        tree = self._sum()
        if self._now.kind != "end":
            raise self._unexpected("expected `+`, `-`, `*`, `/` or the end of the formula")
        return tree

    def _sum(self) -> tuple[Formula, Kind]:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise FormulaFault("formula", "parentheses are nested too deep", self._now.offset)
        left, kind = self._product()
        while token := self._operator("+", "-"):
            right, other = self._product()
            kind = _same(kind, other, token)
            left = Arithmetic("+" if token.text == "+" else "-", left, right)
        self._depth -= 1
        return left, kind

    def _product(self) -> tuple[Formula, Kind]:
        left, kind = self._single()
        while token := self._operator("*", "/"):
            right, other = self._single()
            if token.text == "*":
                kind = _times(kind, other, token)
                left = Arithmetic("*", left, right)
            else:
                if isinstance(right, Constant) and right.value == 0:
                    raise FormulaFault("formula", "this divides by zero", token.offset)
                kind = _over(kind, other, token)
                left = Arithmetic("/", left, right)
        return left, kind

    def _single(self) -> tuple[Formula, Kind]:
        token = self._now
        if token.kind == "number":
            self._at += 1
            if len(token.text) > MAX_DIGITS:
                message = f"this number is too long: at most {MAX_DIGITS} digits are read"
                raise FormulaFault("formula", message, token.offset)
            return Constant(Decimal(token.text)), "literal"
        if token.kind == "name":
            self._at += 1
            if self._take("("):
                return self._call(token)
            return self._name(token)
        if self._take("("):
            inside = self._sum()
            self._expect(")")
            return inside
        if self._take("-"):
            self._depth += 1
            if self._depth > MAX_DEPTH:
                raise FormulaFault("formula", "signs are nested too deep", token.offset)
            part, kind = self._single()
            self._depth -= 1
            return Arithmetic("-", Constant(Decimal(0)), part), kind
        raise self._unexpected("expected a number, a name or `(`")

    def _name(self, token: _Token) -> tuple[Formula, Kind]:
        kind = self._types.get(token.text)
        if kind is None:
            usable = [n for n, t in self._types.items() if t in NUMERIC]
            message = f"no fact or decision is called `{token.text}`"
            hint = likely(token.text, usable) or f"amounts: {listing(usable)}"
            raise FormulaFault("unknown-fact", message, token.offset, hint)
        if kind == UNCLEAR:
            return Ref(token.text), "literal"
        if kind == "money":
            return Ref(token.text), "money"
        if kind in ("integer", "decimal"):
            return Ref(token.text), "number"
        article = "an" if kind == "enum" else "a"
        raise FormulaFault(
            "formula-type", f"`{token.text}` is {article} {kind}, not an amount", token.offset
        )

    def _call(self, name: _Token) -> tuple[Formula, Kind]:
        if name.text not in ("min", "max"):
            raise FormulaFault(
                "formula",
                f"`{name.text}(...)` can't be called: a formula knows only `min` and `max`",
                name.offset,
            )
        parts = []
        part, kind = self._sum()
        parts.append(part)
        while comma := self._take(","):
            part, other = self._sum()
            kind = _same(kind, other, comma, name.text)
            parts.append(part)
        self._expect(")")
        if len(parts) < 2:
            message = f"`{name.text}` compares two amounts or more, divided by commas"
            raise FormulaFault("formula", message, name.offset)
        return Extreme("min" if name.text == "min" else "max", tuple(parts)), kind


def _same(left: Kind, right: Kind, token: _Token, function: str = "") -> Kind:
    """The kind of a sum or a comparison, whose parts must be alike."""
    if left == right or right == "literal":
        return left
    if left == "literal":
        return right
    message = f"`{token.text}` takes two amounts of money or two plain numbers, not one of each"
    if function:
        message = f"`{function}` compares amounts of money or plain numbers, not one with the other"
    raise FormulaFault("formula-type", message, token.offset)


def _times(left: Kind, right: Kind, token: _Token) -> Kind:
    if left == right == "money":
        raise FormulaFault("formula-type", "money times money means nothing", token.offset)
    return "money" if "money" in (left, right) else "number" if "number" in (left, right) else left


def _over(left: Kind, right: Kind, token: _Token) -> Kind:
    if right != "money":
        return left if right == "literal" or left == "money" else "number"
    if left == "money":
        return "number"
    raise FormulaFault("formula-type", "a number divided by money means nothing", token.offset)


def read_period(text: str) -> tuple[int, Literal["days", "weeks", "months", "years"]]:
    """``3 months`` as ``(3, "months")``. Raises ``FormulaFault``."""
    match = _PERIOD.fullmatch(text.strip())
    if not match:
        raise FormulaFault(
            "period",
            f"`{text}` is not a period",
            hint="write a whole number and days, weeks, months or years, as `3 months`",
        )
    count, unit = int(match.group(1)), f"{match.group(2)}s"
    if count > MAX_PERIOD[unit]:
        raise FormulaFault("period", f"a period has at most {MAX_PERIOD[unit]} {unit}")
    return count, unit  # type: ignore[return-value]


def read_date_formula(
    base: str, plus: str | None, minus: str | None, types: Mapping[str, str]
) -> Formula:
    """A day, or a day so much before or after another: ``base`` is the name of a date fact or
    decision. Raises ``FormulaFault``."""
    if types.get(base) not in ("date", UNCLEAR):
        days = [name for name, kind in types.items() if kind == "date"]
        hint = likely(base, days) or f"dates: {listing(days)}"
        if base in types:
            raise FormulaFault("formula-type", f"`{base}` is not a date", hint=hint)
        raise FormulaFault("unknown-fact", f"no date is called `{base}`", hint=hint)
    tree: Formula = Ref(base)
    if plus is not None:
        count, unit = read_period(plus)
        tree = Shift(tree, count, unit)
    if minus is not None:
        count, unit = read_period(minus)
        tree = Shift(tree, -count, unit)
    return tree
