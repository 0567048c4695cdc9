"""One value of a fact or a decision: reading it from plain data, showing it, writing it as JSON.

Whoever reads a value gets it exact and typed, or a ``ValueFault`` that says what was expected.
Floats never take part in law: a float from a JSON library is taken at its shortest decimal form.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation

from engine.model import Decision, DecisionType, Fact, Value
from engine.problems import likely, listing

MAX_MONEY = Decimal("999999999999.99")
MAX_NUMBER = Decimal(10) ** 12
FIRST_DAY = datetime.date(1800, 1, 1)
LAST_DAY = datetime.date(2199, 12, 31)

PLACES: Mapping[str, int] = {"money": 2, "decimal": 6, "integer": 0}
"""Digits after the point that a value of each numeric type may have."""

_HUGE = 200
"""In bits: whole numbers beyond this are never written out."""
_GROUPED = re.compile(r"[-+]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_UNDERSCORED = re.compile(r"[-+]?[0-9]+(?:_[0-9]+)+(?:\.[0-9]+)?")
_PLAIN = re.compile(r"[-+]?[0-9]+(?:\.[0-9]+)?")
_POWER = re.compile(r"[-+]?[0-9]+(?:\.[0-9]+)?[eE][-+]?[0-9]+")
_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")


class ValueFault(ValueError):
    """A value that doesn't fit: a code, one sentence and a hint, without a place."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


def describe(value: object) -> str:
    """A value as it is named in a message: short, and in words for what is no scalar."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple | set | frozenset):
        return "a list"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and value.bit_length() > _HUGE:
        return "a huge number"  # which Python may even refuse to write out
    text = str(value)
    return f"`{text if len(text) <= 40 else text[:37] + '...'}`"


def a_type(kind: str) -> str:
    """A type as it is named in a sentence.

    >>> a_type("integer")
    'an integer'
    """
    return kind if kind == "money" else f"an {kind}" if kind[0] in "aei" else f"a {kind}"


def read_fact(fact: Fact, value: object) -> Value:
    """A fact's typed value from plain data.

    Raises ``ValueFault`` where the value does not fit the fact's type, values or bounds.
    """
    typed = read_value(fact.name, fact.type, fact.values, value)
    _bounds(fact, typed)
    return typed


def read_outcome(decision: Decision, value: object) -> Value:
    """A decision's literal value from plain data; a set's is a list or one of its members."""
    if decision.type == "set":
        items = value if isinstance(value, list | tuple | set | frozenset) else [value]
        return frozenset(_enum(decision.name, decision.values, item) for item in items)
    return read_value(decision.name, decision.type, decision.values, value)


def read_value(
    name: str, kind: str, values: Mapping[str, str], value: object
) -> str | bool | int | Decimal | datetime.date:
    """A typed scalar from plain data; ``values`` are an enum's. Raises ``ValueFault``."""
    if kind == "enum":
        return _enum(name, values, value)
    if kind == "boolean":
        if isinstance(value, bool):
            return value
        said = str(value).strip(_CURLY).lower()
        hint = "write `true` or `false`" if said in _YES_NO else ""
        raise ValueFault("wrong-type", f"`{name}` is true or false, not {describe(value)}", hint)
    if kind == "date":
        return _date(name, value)
    number = _number(name, kind, value)
    return int(number) if kind == "integer" else number


_CURLY = "\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}"
"""The quotes of word processors, which are none here."""
_YES_NO = {"yes", "no", "on", "off", "y", "n", "0", "1", "true", "false"}
_KIND = {"money": "an amount in dollars", "integer": "a whole number", "decimal": "a number"}


def _enum(name: str, values: Mapping[str, str], value: object) -> str:
    if isinstance(value, str) and value in values:
        return value
    if isinstance(value, str):
        said = value.strip().strip(_CURLY).lower()
        named = [name for name, label in values.items() if said in (label.lower(), name.lower())]
        hint = f"did you mean `{named[0]}`?" if named else likely(value, values)
        hint = hint or f"one of {listing(values)}"
        raise ValueFault("unknown-value", f"`{name}` can't be {describe(value)}", hint)
    hint = "put quotes around it" if describe(value).strip("`") in values else ""
    message = f"`{name}` is one of {listing(values)}, not {describe(value)}"
    raise ValueFault("wrong-type", message, hint)


def _date(name: str, value: object) -> datetime.date:
    if isinstance(value, datetime.datetime):
        raise ValueFault("wrong-type", f"`{name}` is a date without a time, not {describe(value)}")
    if isinstance(value, datetime.date):
        day = value
    else:
        match = _ISO.fullmatch(value.strip()) if isinstance(value, str) else None
        if not match:
            raise ValueFault(
                "wrong-type",
                f"`{name}` is a date, not {describe(value)}",
                "write it as 2009-10-31: year, month, day",
            )
        try:
            day = datetime.date(*map(int, match.groups()))
        except ValueError:
            raise ValueFault(
                "no-such-date", f"`{name}`: there is no date {describe(value)}"
            ) from None
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ValueFault(
            "out-of-range", f"`{name}`: {day} is not between {FIRST_DAY} and {LAST_DAY}"
        )
    return day


def _number(name: str, kind: str, value: object) -> Decimal:
    number = _exact(value, kind)
    if number is None:
        hint = "write digits alone, as 150000.00" if kind == "money" else ""
        raise ValueFault("wrong-type", f"`{name}` is {_KIND[kind]}, not {describe(value)}", hint)
    places = PLACES[kind]
    limit = MAX_MONEY if kind == "money" else MAX_NUMBER
    if abs(number) > limit:
        message = f"`{name}`: {describe(value)} is too large; {limit:,} is the most that is read"
        raise ValueFault("out-of-range", message)
    if number != round(number, places):
        what = {0: "is a whole number", 2: "is given to the cent"}.get(
            places, f"has at most {places} digits after the point"
        )
        raise ValueFault("wrong-type", f"`{name}` {what}, not {describe(value)}")
    return round(number, places)


def _exact(value: object, kind: str) -> Decimal | None:
    """The exact number that a person sees, or None where there is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        # A huge int is out of range whatever its digits are; don't spend time on them.
        return Decimal(value) if value.bit_length() <= _HUGE else Decimal(10) ** 60
    if isinstance(value, float):
        value = repr(value)
    if isinstance(value, str):
        text = value.strip()
        if kind == "money":
            text = text.removeprefix("$").removesuffix("USD").strip()
        if _GROUPED.fullmatch(text):
            text = text.replace(",", "")
        elif _UNDERSCORED.fullmatch(text):
            text = text.replace("_", "")
        if len(text) > 40 or not _PLAIN.fullmatch(text):
            try:
                number = Decimal(text) if len(text) <= 40 and _POWER.fullmatch(text) else None
            except InvalidOperation:
                return None
            if number is None or not number.is_finite():
                return None
            return number if -60 < number.adjusted() < 60 or not number else Decimal(10) ** 60
        return Decimal(text)
    if isinstance(value, Decimal):
        if not value.is_finite():
            return None
        return value if -60 < value.adjusted() < 60 or not value else Decimal(10) ** 60
    return None


def _bounds(fact: Fact, value: Value) -> None:
    low, high = fact.at_least, fact.at_most
    if fact.type == "money" and low is None:
        low = Decimal(0)
    found = show(value, fact.type)
    if low is not None and value < low:  # type: ignore[operator]
        if fact.type == "money" and low == 0:
            raise ValueFault("negative-money", f"`{fact.name}` can't be negative, as {found} is")
        least = show(low, fact.type)
        raise ValueFault("out-of-range", f"`{fact.name}` is at least {least}, not {found}")
    if high is not None and value > high:  # type: ignore[operator]
        most = show(high, fact.type)
        raise ValueFault("out-of-range", f"`{fact.name}` is at most {most}, not {found}")


# ---- out --------------------------------------------------------------------------------------


def show(value: Value, kind: DecisionType | None = None) -> str:
    """A value for a person: money with separators, dates in ISO form, sets as a list.

    >>> show(Decimal("1234.50"), "money")
    '$1,234.50'
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, frozenset):
        return ", ".join(sorted(value)) or "nothing"
    if kind == "money" and isinstance(value, Decimal | int):
        sign = "-" if value < 0 else ""
        return f"{sign}${abs(value):,.2f}"
    if isinstance(value, Decimal):
        return _trimmed(value)
    return str(value)


def _trimmed(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def to_json(value: Value, kind: DecisionType) -> str | bool | int | list[str]:
    """A value as the decision record writes it: money a string with two decimals, a decimal a
    string, dates ISO, a set a sorted list."""
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, bool | str):
        return value
    if kind == "money":
        return f"{value:.2f}"
    if isinstance(value, Decimal):
        return _trimmed(value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    return value


def in_order(values: Iterable[Value]) -> list[Value]:
    """Values of one type in a stable order for people and for JSON."""
    return sorted(values, key=lambda v: sorted(v) if isinstance(v, frozenset) else v)
