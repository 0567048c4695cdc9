"""Days in columns: ordinals moved by months and years as ``engine.evaluation.amounts`` moves one.

A day is its proleptic Gregorian ordinal (1 is 1 January of the year 1), as in :mod:`datetime`.
"""

from __future__ import annotations

import datetime

import numpy as np

from engine.portfolio.arrays import Booleans, Integers

LAST = datetime.date.max.toordinal()
_EPOCH = 306
"""The ordinal of 1 March of the year 0, less one: years that begin in March end in a leap day."""
_MONTH_STARTS = np.array([0, 31, 61, 92, 122, 153, 184, 214, 245, 275, 306, 337], dtype=np.int64)
_LENGTHS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], dtype=np.int64)


def civil(ordinals: Integers) -> tuple[Integers, Integers, Integers]:
    """The year, the month (1 to 12) and the day of the month of some days."""
    days = ordinals + (_EPOCH - 1)
    era, in_era = np.divmod(days, 146_097)
    year = (in_era - in_era // 1_460 + in_era // 36_524 - in_era // 146_096) // 365
    in_year = in_era - (365 * year + year // 4 - year // 100)
    shifted = (5 * in_year + 2) // 153
    day = in_year - _MONTH_STARTS[shifted] + 1
    month = np.where(shifted < 10, shifted + 3, shifted - 9)
    return year + era * 400 + (month <= 2), month, day


def ordinal(year: Integers, month: Integers, day: Integers) -> Integers:
    """The ordinals of some days, given as :func:`civil` gives them."""
    years = year - (month <= 2)
    era, of_era = np.divmod(years, 400)
    in_year = _MONTH_STARTS[(month + 9) % 12] + day - 1
    in_era = of_era * 365 + of_era // 4 - of_era // 100 + in_year
    result: Integers = era * 146_097 + in_era - (_EPOCH - 1)
    return result


def shift(ordinals: Integers, count: int, unit: str) -> tuple[Integers, Booleans]:
    """Days moved by a period, and where that leaves the calendar (the day there means nothing). A
    month or a year ends on the month's last day where it must.

    >>> moved, outside = shift(np.array([datetime.date(2024, 1, 31).toordinal()]), 1, "months")
    >>> datetime.date.fromordinal(int(moved[0]))
    datetime.date(2024, 2, 29)
    """
    if unit in ("days", "weeks"):
        days = count * (7 if unit == "weeks" else 1)
        if abs(days) > LAST:
            return ordinals, np.ones_like(ordinals, dtype=bool)
        moved = ordinals + days
        return moved, (moved < 1) | (moved > LAST)
    months = count * (12 if unit == "years" else 1)
    if abs(months) > 12 * datetime.MAXYEAR:
        return ordinals, np.ones_like(ordinals, dtype=bool)
    year, month, day = civil(ordinals)
    year, month = np.divmod(year * 12 + month - 1 + months, 12)
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    last = _LENGTHS[month] + (leap & (month == 1))
    outside = (year < datetime.MINYEAR) | (year > datetime.MAXYEAR)
    return ordinal(year, month + 1, np.minimum(day, last)), outside
