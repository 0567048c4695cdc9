"""Decisions as SQL, run in real databases and compared row by row with the engine."""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pyarrow", reason="needs the extra `portfolio`")
duckdb = pytest.importorskip("duckdb", reason="needs DuckDB")
sqlglot = pytest.importorskip("sqlglot", reason="needs the extra `sql`")

import cli  # noqa: E402
from engine import load  # noqa: E402
from engine.evaluation.decide import Decider  # noqa: E402
from engine.portfolio.sql.statement import DATABASES, Source, filled, statement, statements  # noqa: E402
from engine.problems import InputError  # noqa: E402
from engine.reading.pack import load_pack  # noqa: E402
from tests import random_packs  # noqa: E402
from tests.portfolio import postgres  # noqa: E402
from tests.portfolio.sql_rows import (  # noqa: E402
    Loans,
    Row,
    differences,
    records,
    script,
    table,
    wrong,
)
from tests.random_packs import Sampler  # noqa: E402
from tests.small import write  # noqa: E402

Captured = pytest.CaptureFixture[str]


def drawn(decider: Decider, count: int, missing: float, seed: int = 7) -> Loans:
    sampler, rng = Sampler(decider.rulebase), random.Random(seed)
    return [sampler.draw(rng, missing) for _ in range(count)]


def all_in_duckdb(
    decider: Decider, loans: Loans, decisions: Sequence[str], strict: bool = False
) -> dict[str, list[Row]]:
    with duckdb.connect() as connection:
        connection.register("loans", table(decider.rulebase, loans))
        texts = statements(decider, decisions, "duckdb", strict=strict)
        return {name: connection.execute(text).fetchall() for name, text in texts.items()}


def in_duckdb(decider: Decider, loans: Loans, decision: str, strict: bool = False) -> list[Row]:
    return all_in_duckdb(decider, loans, [decision], strict)[decision]


def compared(decider: Decider, loans: Loans, *, complete: bool, strict: bool) -> list[str]:
    known = records(decider, loans, strict)
    found = []
    decisions = [*decider.rulebase.decisions]
    for name, rows in all_in_duckdb(decider, loans, decisions, strict).items():
        assert len(rows) == len(loans)
        found += (differences if complete else wrong)(name, rows, known)
    return found


# ---- the same answers -------------------------------------------------------------------------


@pytest.mark.parametrize("strict", [False, True])
def test_complete_loans_have_the_engines_answers(strict: bool) -> None:
    decider = load("primer")
    assert not compared(decider, drawn(decider, 150, 0), complete=True, strict=strict)


@pytest.mark.parametrize("missing", [0.1, 0.5])
def test_incomplete_loans_are_never_answered_wrongly(missing: float) -> None:
    decider = load("primer")
    assert not compared(decider, drawn(decider, 80, missing), complete=False, strict=False)


DEEPEST = ("lender_absorbs", "lender_must")
"""Decisions that together require nearly all others."""


def test_the_law_itself_has_the_engines_answers() -> None:
    decider = load("us")
    loans = [*drawn(decider, 25, 0), *drawn(decider, 15, 0.1)]
    known = records(decider, loans, False)
    for name, rows in all_in_duckdb(decider, loans, DEEPEST).items():
        assert not differences(name, rows[:25], known)
        assert not wrong(name, rows[25:], known)


@pytest.mark.parametrize("seed", range(16))
def test_random_packs_have_the_engines_answers(seed: int) -> None:
    decider = Decider(random_packs.rulebase(seed))
    assert not compared(decider, drawn(decider, 40, 0, seed), complete=True, strict=True)
    assert not compared(decider, drawn(decider, 30, 0.3, seed), complete=False, strict=True)


def test_presumptions_are_applied_as_the_engine_applies_them() -> None:
    decider = load("primer")
    loans: Loans = [
        {"loan_kind": "mortgage", "property_state": "CA", "loan_purpose": "purchase"},
        {"loan_kind": "credit_card", "outstanding_debt": Decimal(900)},
        {"loan_kind": "mortgage", "loan_purpose": "heloc", "property_state": "OH"},
    ]
    rows = all_in_duckdb(decider, loans, ("recourse", "deficiency"))
    assert [row[1:3] for row in rows["recourse"]] == [
        ("none", "decided"),
        ("full", "decided"),
        (None, "undetermined"),
    ]
    assert rows["deficiency"][1][1:3] == (Decimal(900), "decided")
    strict = in_duckdb(decider, loans, "deficiency", strict=True)
    assert [row[2] for row in strict] == ["undetermined"] * 3
    known = records(decider, loans, False)
    assert not [p for name, found in rows.items() for p in wrong(name, found, known)]


# ---- amounts and days -------------------------------------------------------------------------

AMOUNTS = """
    third: {type: money, label: A third?, otherwise: {amount: debt / 3}, otherwise_because: So.}
    share: {type: decimal, label: Which share?, at_least: 0}
    part: {type: money, label: Its part?}
    due: {type: date, label: When?, hit_policy: min}
"""
AMOUNT_RULES = """
    a.share  | share | | {amount: "debt / price - 1"}
    a.part   | part  | | {amount: debt * share}
    a.month  | due   | | {date: made, plus: 1 month}
    a.sold   | due   | {kind: home} | {date: sold, minus: 13 months}
"""


@pytest.fixture
def amounts(tmp_path: Path) -> Decider:
    return Decider(load_pack(write(tmp_path / "amounts", AMOUNTS, AMOUNT_RULES)))


def amount_loans() -> Loans:
    days = [datetime.date(2024, 1, 29 + n) for n in range(3)] + [datetime.date(2023, 3, 31)]
    money = [Decimal(n) / 100 for n in (0, 1, 2, 3, 5, 100, 10_001, 33_333, 99_999_999_999)]
    rng = random.Random(3)
    return [
        {
            "kind": rng.choice(("home", "car")),
            "made": rng.choice(days),
            "sold": rng.choice(days),
            "debt": rng.choice(money),
            "price": rng.choice(money),
        }
        for _ in range(200)
    ]


def test_amounts_are_exact_and_months_end_where_they_must(amounts: Decider) -> None:
    loans = amount_loans()
    assert not compared(amounts, loans, complete=True, strict=True)
    assert {row[2] for row in in_duckdb(amounts, loans, "part")} == {"decided", "open"}


# ---- loans that are rejected ------------------------------------------------------------------


def test_a_broken_constraint_is_named() -> None:
    decider = load("primer")
    loans: Loans = [
        {"loan_kind": "auto", "disposition": "short_sale"},
        {"loan_kind": "auto", "disposition": "repossession", "loan_stage": "at_risk"},
        {"loan_kind": "auto"},
    ]
    rows = in_duckdb(decider, loans, "recourse")
    assert [(row[2], row[4]) for row in rows] == [
        ("rejected", "foreclosure_needs_property"),
        ("rejected", "collateral_goes_after_default"),
        ("decided", None),
    ]
    assert not differences("recourse", rows, records(decider, loans, False))


def test_values_that_do_not_fit_are_told() -> None:
    decider = load("primer")
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE loans AS SELECT 1 AS loan_id, 'Mortgage' AS loan_kind, 0.125 AS sale_price,"
            " 900 AS credit_score, -1.0 AS outstanding_debt"
        )
        known = ("loan_kind", "sale_price", "credit_score", "outstanding_debt")
        source = Source(columns={name: name for name in known})
        text = statement(decider, "recourse", "duckdb", source)
        (row,) = connection.execute(text).fetchall()
    assert row == (1, None, "rejected", None, "sale_price;loan_kind;outstanding_debt;credit_score")


# ---- names and text ---------------------------------------------------------------------------


def test_only_names_get_in(tmp_path: Path) -> None:
    decider = load("primer")
    for table_ in ("loans; DROP TABLE loans", "(SELECT 1)", "", "a JOIN b", "f(1)", "a.b.c.d"):
        with pytest.raises(InputError, match="is no name of a table"):
            statement(decider, "recourse", "duckdb", Source(table_))
    text = statement(decider, "recourse", "duckdb", Source('x."a b"', ('id" OR 1=1 --',)))
    assert 'FROM "x"."a b"' in text and '"id"" OR 1=1 --"' in text
    assert len(sqlglot.parse(text, dialect="duckdb")) == 1


def test_the_text_of_a_pack_stays_text() -> None:
    book = load("primer").rulebase
    nasty = "*/ ; DROP TABLE loans; --\n'"
    rules = tuple(replace(rule, title=nasty) for rule in book.rules)
    kinds = {**book.facts["loan_kind"].values, "it's; \\": "A nasty kind"}
    facts = {**book.facts, "loan_kind": replace(book.facts["loan_kind"], values=kinds, label=nasty)}
    decision = replace(book.decisions["recourse"], label=nasty)
    decisions = {**book.decisions, "recourse": decision}
    decider = Decider(replace(book, rules=rules, facts=facts, decisions=decisions))
    for dialect in DATABASES:
        parsed = sqlglot.parse(statement(decider, "recourse", dialect), dialect=dialect)
        assert len([one for one in parsed if one is not None]) == 1
        tests = list(parsed[0].find_all(sqlglot.exp.In))
        found = [{value.name for value in one.expressions} for one in tests]
        assert set(kinds) in found
    loans: Loans = [{"loan_kind": "it's; \\"}, {"loan_kind": "auto"}]
    rows = in_duckdb(decider, loans, "recourse")
    assert [row[2] for row in rows] == ["undetermined", "decided"]


def test_values_that_differ_in_case_alone_are_kept_apart(tmp_path: Path) -> None:
    decisions = "grade: {type: enum, label: Which?, values: {a: Small, A: Large}}"
    rules = "r.one | grade | {kind: home} | a\nr-one | grade | {kind: car} | A"
    decider = Decider(load_pack(write(tmp_path / "case", decisions, rules)))
    rows = in_duckdb(decider, [{"kind": "home"}, {"kind": "car"}, {}], "grade")
    assert [row[1:4] for row in rows] == [
        ("a", "decided", "r.one"),
        ("A", "decided", "r-one"),
        (None, "undetermined", None),
    ]


def test_columns_of_other_names_and_facts_without_one() -> None:
    decider = load("primer")
    source = Source("tape", ("pool", "number"), {"loan_kind": "Kind of loan"})
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE tape AS SELECT 'p' AS pool, 3 AS number, 'personal' AS \"Kind of loan\""
        )
        text = statement(decider, "recourse", "duckdb", source)
        assert connection.execute(text).fetchall()[0][:4] == ("p", 3, "full", "decided")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (Source(keys=("loan_kind",)), "`loan_kind` can't be a key"),
        (Source(keys=()), "needs a column that tells loans apart"),
        (Source(columns={"loan_knid": "x"}), "no fact is called `loan_knid`"),
    ],
)
def test_what_can_not_be_used_is_said(source: Source, message: str) -> None:
    with pytest.raises(InputError, match=message):
        statement(load("primer"), "recourse", "duckdb", source)


def test_snowflakes_names_are_capitals_and_bigquerys_decimals_exact(amounts: Decider) -> None:
    text = statement(load("primer"), "recourse", "snowflake")
    assert 'FROM "LOANS"' in text and '"property_state"' not in text
    text = statement(load("primer"), "suggested_loan", "bigquery")
    assert "CAST('0.43' AS BIGNUMERIC)" in text


@pytest.mark.parametrize("dialect", DATABASES)
def test_every_dialect_reads_its_statements(dialect: str, amounts: Decider) -> None:
    for decider in (load("primer"), amounts):
        for name, text in statements(decider, [*decider.rulebase.decisions], dialect).items():
            (parsed,) = sqlglot.parse(text, dialect=dialect)
            assert isinstance(parsed, sqlglot.exp.Select)
            names = [one.alias_or_name.lower() for one in parsed.selects]
            assert names == ["loan_id", name, f"{name}_status", f"{name}_rules", "rejected_by"]


def test_lines_are_filled_but_texts_are_not_touched() -> None:
    words = ",\n".join(f"    '{'x' * 20}{n}'" for n in range(9))
    text = filled(f"SELECT a IN (\n{words}\n  )")
    assert len(text.splitlines()) == 5
    assert text.split() == f"SELECT a IN (\n{words}\n  )".split()


# ---- PostgreSQL -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Run]:
    programs = postgres.server()
    if programs is None:
        pytest.skip("no PostgreSQL is installed (Debian: apt-get install postgresql)")
    with postgres.running(programs) as run:
        yield run


def in_postgres(run: postgres.Run, decider: Decider, loans: Loans, strict: bool) -> list[str]:
    run(script(decider.rulebase.facts, loans))
    known = records(decider, loans, strict)
    found = []
    decisions = decider.rulebase.decisions
    for name, text in statements(decider, [*decisions], "postgres", strict=strict).items():
        rows = postgres.rows(run(text), decisions[name].type)
        assert len(rows) == len(loans)
        found += wrong(name, rows, known)
        complete = [row for row in rows if len(loans[row[0]]) == len(decider.rulebase.facts)]
        found += differences(name, complete, known)
    return found


def test_postgres_gives_the_engines_answers(server: postgres.Run, amounts: Decider) -> None:
    decider = load("primer")
    loans = [*drawn(decider, 60, 0), *drawn(decider, 60, 0.3)]
    assert not in_postgres(server, decider, loans, False)
    assert not in_postgres(server, amounts, amount_loans(), True)


@pytest.mark.parametrize("seed", range(100, 108))
def test_postgres_decides_random_packs(server: postgres.Run, seed: int) -> None:
    decider = Decider(random_packs.rulebase(seed))
    loans = [*drawn(decider, 40, 0, seed), *drawn(decider, 20, 0.3, seed)]
    assert not in_postgres(server, decider, loans, True)


# ---- the command ------------------------------------------------------------------------------


EXPORT = ("export", "sql", "--pack", "primer")


def call(capsys: Captured, *arguments: Any) -> tuple[int, str, str]:
    code = cli.main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_the_command_prints_statements(capsys: Captured) -> None:
    code, out, err = call(capsys, *EXPORT, "--decision", "recourse", "--decision", "advice")
    assert (code, err) == (0, "")
    parsed = [one for one in sqlglot.parse(out, dialect="duckdb") if one is not None]
    assert [one.selects[1].alias_or_name for one in parsed] == ["recourse", "advice"]
    assert "/* contract.nonrecourse: " in out


def test_the_command_writes_a_file_or_a_folder(capsys: Captured, tmp_path: Path) -> None:
    decisions = set(load("primer").rulebase.decisions)
    code, out, _ = call(capsys, *EXPORT, "-o", tmp_path / "all", "--dialect", "postgres")
    assert code == 0 and len(out.splitlines()) == len(decisions)
    assert {path.stem for path in (tmp_path / "all").iterdir()} == decisions
    code, out, _ = call(
        capsys, *EXPORT, "-o", tmp_path / "one.sql", "--decision", "recourse", "--strict"
    )
    assert code == 0 and "presumed" not in (tmp_path / "one.sql").read_text()


def test_the_command_says_what_it_can_not_use(capsys: Captured) -> None:
    for arguments in (
        ("--decision", "recource"),
        ("--fact", "loan_knid"),
        ("--table", "a b c"),
        ("--dialect", "sqlite"),
    ):
        code, out, err = call(capsys, *EXPORT, *arguments)
        assert (code, out) == (2, "") and arguments[1] in err


def test_without_sqlglot_the_command_says_what_to_install(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    code, out, err = call(capsys, *EXPORT)
    assert (code, out) == (2, "")
    assert err == "recourse: writing SQL needs SQLGlot: pip install 'recourse-engine[sql]'\n"
