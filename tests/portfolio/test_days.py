"""The calendar in columns beside Python's own."""

from __future__ import annotations

import datetime

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.evaluation.amounts import NoValue
from engine.evaluation.amounts import shift as shift_one
from engine.portfolio.days import civil, ordinal, shift

ANY_DAY = st.dates()


def test_every_day_of_four_centuries_and_both_ends() -> None:
    days = np.concatenate(
        [
            np.arange(1, 800),
            np.arange(700_000, 700_000 + 146_097 + 2),
            np.arange(3_652_000, 3_652_060),
        ]
    )
    year, month, day = civil(days)
    dates = [datetime.date.fromordinal(n) for n in days.tolist()]
    assert [(d.year, d.month, d.day) for d in dates] == list(
        zip(year.tolist(), month.tolist(), day.tolist(), strict=True)
    )
    assert (ordinal(year, month, day) == days).all()


@given(
    st.lists(ANY_DAY, min_size=1, max_size=20),
    st.integers(-130_000, 130_000),
    st.sampled_from(["days", "weeks", "months", "years"]),
)
def test_a_day_is_moved_as_one_is(days: list[datetime.date], count: int, unit: str) -> None:
    moved, outside = shift(np.array([d.toordinal() for d in days]), count, unit)
    for day, number, out in zip(days, moved.tolist(), outside.tolist(), strict=True):
        try:
            expected = shift_one(day, count, unit)
        except NoValue:
            assert out
        else:
            assert (not out, datetime.date.fromordinal(number)) == (True, expected)
