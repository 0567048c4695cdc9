"""Deciding inside a DuckDB query."""

from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

pytest.importorskip("pyarrow", reason="needs the extra `portfolio`")
duckdb = pytest.importorskip("duckdb", reason="needs DuckDB")

from engine import load  # noqa: E402
from engine.evaluation.decide import Decider  # noqa: E402
from engine.portfolio.duck import register  # noqa: E402
from engine.problems import InputError  # noqa: E402
from tests import random_packs  # noqa: E402
from tests.portfolio.sql_rows import Loans, expected, records, table  # noqa: E402
from tests.random_packs import Sampler  # noqa: E402


@pytest.fixture
def connection() -> Iterator[Any]:
    with duckdb.connect() as opened:
        yield opened


def drawn(decider: Decider, count: int, missing: float) -> Loans:
    sampler, rng = Sampler(decider.rulebase), random.Random(11)
    return [sampler.draw(rng, missing) for _ in range(count)]


def same(connection: Any, decider: Decider, loans: Loans, strict: bool) -> None:
    """The function's answers are the engine's, for complete and incomplete loans alike."""
    connection.register("loans", table(decider.rulebase, loans))
    register(connection, decider, "decided", strict=strict, keep=["loan_id"])
    relation = connection.sql("SELECT loan_id, unnest(decided(loans)) FROM loans")
    rows = [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]
    known = records(decider, loans, strict)
    assert [row["loan_id"] for row in rows] == list(range(len(loans)))
    for row in rows:
        record = known[row["loan_id"]]
        assert (row["rejected"] is None) == (record is not None)
        for name in decider.rulebase.decisions if record is not None else ():
            value, status, rules = expected(record, name)
            assert (row[name], row[f"{name}_status"]) == (value, status)
            assert sorted((row[f"{name}_rules"] or "").split(";")) == sorted(
                (rules or "").split(";")
            )


def test_the_function_has_the_engines_answers(connection: Any) -> None:
    decider = load("primer")
    loans = [*drawn(decider, 60, 0), *drawn(decider, 60, 0.3)]
    same(connection, decider, [*loans, {"loan_kind": "auto", "disposition": "short_sale"}], False)


@pytest.mark.parametrize("seed", range(30, 36))
def test_random_packs_have_the_engines_answers(connection: Any, seed: int) -> None:
    decider = Decider(random_packs.rulebase(seed))
    same(connection, decider, [*drawn(decider, 40, 0), *drawn(decider, 40, 0.3)], True)


def test_a_query_over_many_rows_uses_what_it_decides(connection: Any) -> None:
    register(connection, "primer", only=["recourse", "deficiency"])
    connection.execute(
        "CREATE TABLE loans AS SELECT range AS number, 'personal' AS loan_kind,"
        " (range % 7) * 1000 AS outstanding_debt FROM range(10000)"
    )
    (row,) = connection.execute(
        "SELECT count(*), sum(d.deficiency) FROM (SELECT recourse(loans) AS d FROM loans)"
        " WHERE d.recourse = 'full'"
    ).fetchall()
    assert row == (10_000, sum(Decimal(n % 7) * 1000 for n in range(10_000)))


def test_a_row_may_be_written_out(connection: Any) -> None:
    register(connection, "primer", "decided")
    text = "SELECT decided({loan_kind: 'auto', outstanding_debt: '$1,000.50', sale_price: 400})"
    ((answers,),) = connection.execute(text).fetchall()
    assert answers["deficiency"] == Decimal("600.50")
    assert answers["deficiency_rules"] == "deficiency.shortfall"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("decided({loan_knid: 'auto'})", "no fact is called `loan_knid`"),
        ("decided({colour: 'red'})", "no column of this tape is a fact"),
        ("decided('auto')", "takes one row"),
        ("decided({loan_kind: 'auto'}, 1)", "takes one row"),
    ],
)
def test_what_is_no_loan_is_said(connection: Any, call: str, message: str) -> None:
    register(connection, "primer", "decided")
    with pytest.raises(duckdb.Error, match=message):
        connection.execute(f"SELECT {call}").fetchall()


def test_an_unknown_decision_is_refused(connection: Any) -> None:
    with pytest.raises(InputError, match="no decision is called `recource`"):
        register(connection, "primer", only=["recource"])
