"""Deciding in Spark, on two local workers: by the kernel, and by the statements in SQL."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pyarrow", reason="needs the extra `portfolio`")
pyspark = pytest.importorskip("pyspark", reason="needs the extra `spark`")
if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
    pytest.skip("Spark needs a Java runtime", allow_module_level=True)

import pyarrow.parquet  # noqa: E402
from pyspark.sql import DataFrame, SparkSession  # noqa: E402

from engine import load  # noqa: E402
from engine.evaluation.decide import Decider  # noqa: E402
from engine.portfolio.batches import Batches  # noqa: E402
from engine.portfolio.kernel import Kernel  # noqa: E402
from engine.portfolio.spark import decide  # noqa: E402
from engine.problems import InputError  # noqa: E402
from tests import random_packs  # noqa: E402
from tests.portfolio.sql_rows import Loans, differences, records, table, wrong  # noqa: E402
from tests.random_packs import Sampler  # noqa: E402

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkSession]:
    os.environ["PYSPARK_PYTHON"] = sys.executable
    # The workers are processes of their own: they find the engine by their path.
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), before)))
    session = (
        SparkSession.builder.master("local[2]")
        .appName("tests")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.memory", "1g")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", "50")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()
    if before is None:
        del os.environ["PYTHONPATH"]
    else:
        os.environ["PYTHONPATH"] = before


def drawn(decider: Decider, count: int, missing: float) -> Loans:
    sampler, rng = Sampler(decider.rulebase), random.Random(5)
    return [sampler.draw(rng, missing) for _ in range(count)]


def by_id(answers: DataFrame) -> list[dict[str, Any]]:
    rows = [row.asDict() for row in answers.collect()]
    return sorted(rows, key=lambda row: row["loan_id"])


def on_one_machine(decider: Decider, loans: Loans, strict: bool) -> list[dict[str, Any]]:
    tape = table(decider.rulebase, loans)
    batches = Batches(Kernel(decider, strict=strict), keep=("loan_id",))
    (batch,) = tape.to_batches()
    found: list[dict[str, Any]] = batches.decide(batch).to_pylist()
    return [{"loan_id": number, **row} for number, row in enumerate(found)]


@pytest.mark.parametrize("pack", ["primer", "random"])
def test_the_answers_are_those_of_one_machine(spark: SparkSession, pack: str) -> None:
    strict = pack == "random"
    decider = Decider(random_packs.rulebase(55)) if strict else load(pack)
    loans: Loans = [*drawn(decider, 150, 0), *drawn(decider, 150, 0.3)]
    if not strict:
        loans = [*loans, {"loan_kind": "auto", "disposition": "short_sale"}]
    expected = on_one_machine(decider, loans, strict)
    frame = spark.createDataFrame(table(decider.rulebase, loans))
    divided = frame.repartition(4)
    assert divided.rdd.getNumPartitions() == 4
    backwards = frame.orderBy(frame.loan_id.desc()).coalesce(1)
    for one in (frame, divided, backwards):
        assert by_id(decide(one, decider, strict=strict, keep=["loan_id"])) == expected


def test_a_query_goes_on_from_the_answers(spark: SparkSession) -> None:
    decider = load("primer")
    loans = drawn(decider, 120, 0)
    frame = spark.createDataFrame(table(decider.rulebase, loans))
    answers = decide(frame, "primer", only=["recourse"], keep=["loan_id", "property_state"])
    assert answers.columns == [
        *("loan_id", "property_state", "recourse", "recourse_status"),
        *("recourse_rules", "recourse_possible", "rejected"),
    ]
    counted = {
        row["recourse"]: row["count"] for row in answers.groupBy("recourse").count().collect()
    }
    values = [record.value("recourse") for record in records(decider, loans, False) if record]
    assert counted == {value: values.count(value) for value in set(values)}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"only": ["recource"]}, "no decision is called `recource`"),
        ({"keep": ["loan"]}, "the table has no column `loan`"),
        ({"keep": ["recourse"]}, "the answers have a column `recourse` of their own"),
        ({}, "no fact is called `loan_knid`"),
    ],
)
def test_what_can_not_be_used_is_said_before_the_job(
    spark: SparkSession, options: dict[str, Any], message: str
) -> None:
    frame = spark.createDataFrame(
        [(1, "auto", "x", "y")], ["loan_id", "loan_knid", "recourse", "sale_terms"]
    )
    with pytest.raises(InputError, match=message):
        decide(frame, "primer", **options)


def test_statements_in_sparks_sql_have_the_engines_answers(spark: SparkSession) -> None:
    pytest.importorskip("sqlglot", reason="needs the extra `sql`")
    from engine.portfolio.sql.statement import statements

    for decider, strict in ((load("primer"), False), (Decider(random_packs.rulebase(5)), True)):
        loans = [*drawn(decider, 40, 0), *drawn(decider, 40, 0.3)]
        spark.createDataFrame(table(decider.rulebase, loans)).createOrReplaceTempView("loans")
        known = records(decider, loans, strict)
        decisions = [*decider.rulebase.decisions][-5:]
        for name, text in statements(decider, decisions, "spark", strict=strict).items():
            rows: list[Any] = sorted(tuple(row) for row in spark.sql(text).collect())
            assert len(rows) == len(loans)
            assert not differences(name, rows[:40], known)
            assert not wrong(name, rows[40:], known)


def test_the_example_runs_as_a_job(tmp_path: Path) -> None:
    submit = Path(pyspark.__file__).parent / "bin" / "spark-submit"
    tape, out = tmp_path / "tape.csv", tmp_path / "answers"
    tape.write_text(
        "loan_id,loan_kind,outstanding_debt,sale_price\n1,auto,9000,7500.50\n2,card,,\n"
    )
    example = ROOT / "examples/spark_tape.py"
    options = ("--master", "local[2]", "--conf", "spark.ui.enabled=false")
    done = subprocess.run(
        [submit, *options, example, tape, out, "--keep", "loan_id"],
        env={**os.environ, "PYSPARK_PYTHON": sys.executable, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    rows = sorted(pyarrow.parquet.read_table(out).to_pylist(), key=lambda row: row["loan_id"])
    assert [str(row["deficiency"]) for row in rows] == ["1499.50", "None"]
    assert "`loan_kind` can't be `card`" in rows[1]["rejected"]


def test_the_benchmark_counts_what_a_plain_loop_counts(tmp_path: Path) -> None:
    from tests.benchmarks import synthetic
    from tests.benchmarks.spark import by_kernel, write_tape

    tape, pack = tmp_path / "tape", tmp_path / "pack"
    tape.mkdir()
    synthetic.write_pack(pack)
    write_tape(tape, 200)
    names = [*synthetic.FACTS]
    loans = pyarrow.parquet.read_table(tape).select(names).to_pylist()
    outcomes = [synthetic.expected(loan) for loan in loans]
    assert by_kernel(tape, pack)[2] == {one: outcomes.count(one) for one in set(outcomes)}
