"""A loan tape in columns, 408 rules: this engine beside others, in one run.

    python -m tests.benchmarks.portfolio [--rows N] [--rounds N] [--threads N]

Everyone reads the same Parquet file and counts the outcomes; the totals must be equal, and the exit
code is 1 when they are not. A slow one takes a shorter tape. The best round counts. Beside the time
there is the work, in seconds of all processors together, which a busy machine changes less.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.util
import resource
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from engine import load
from engine.portfolio.files import find_tapes, open_tape
from engine.portfolio.kernel import Kernel
from engine.portfolio.run import Request, Run
from tests.benchmarks.synthetic import (
    ENUMS,
    FACTS,
    FIRST_DAY,
    LAST_DAY,
    MOST_DEBT,
    OPEN,
    UNITS,
    rules,
    write_pack,
)
from tests.benchmarks.synthetic import Test as Tested
from tests.benchmarks.timing import machine, progress

SEED = 20260101
GROUP = 1_000_000
"""Rows that are made and written at a time."""
Totals = dict[str, int]


@dataclass
class Entry:
    """One way to decide the tape. ``share`` of its rows are given to it."""

    name: str
    run: Callable[[Path], Totals]
    share: float = 1.0
    rows: int = 0
    best: float = float("inf")
    cpu: float = float("inf")
    totals: Totals = field(default_factory=dict)

    @property
    def speed(self) -> float:
        """Rows a second, in the best round."""
        return self.rows / self.best


# ---- the tape ---------------------------------------------------------------------------------


def write_tape(path: Path, rows: int) -> None:
    """Random loans as Parquet, drawn from a fixed seed."""
    rng = np.random.default_rng(SEED)
    writer = None
    for start in range(0, rows, GROUP):
        progress(f"writing {path.name}: {start:,} rows")
        table = pa.table(_columns(rng, min(GROUP, rows - start)))
        if writer is None:
            writer = pyarrow.parquet.ParquetWriter(path, table.schema)
        writer.write_table(table)
    assert writer is not None
    writer.close()


def _columns(rng: np.random.Generator, rows: int) -> dict[str, pa.Array]:
    columns: dict[str, pa.Array] = {}
    for name, values in ENUMS.items():
        codes = pa.array(rng.integers(0, len(values), rows, dtype=np.int32))
        columns[name] = pa.DictionaryArray.from_arrays(codes, pa.array(values)).dictionary_decode()
    columns["dwelling_units"] = pa.array(rng.integers(UNITS[0], UNITS[-1] + 1, rows), pa.int64())
    epoch = datetime.date(1970, 1, 1)
    days = rng.integers((FIRST_DAY - epoch).days, (LAST_DAY - epoch).days + 1, rows)
    columns["origination_date"] = pa.array(days.astype(np.int32), pa.date32())
    cents = np.zeros((rows, 2), dtype=np.int64)
    cents[:, 0] = rng.integers(1_000_000, MOST_DEBT * 100, rows)
    columns["outstanding_debt"] = pa.Array.from_buffers(
        pa.decimal128(14, 2), rows, [None, pa.py_buffer(cents)]
    )
    return columns


# ---- ours -------------------------------------------------------------------------------------


def ours(folder: Path, threads: int, with_rules: bool) -> Callable[[Path], Totals]:
    """The whole engine: read, decide (``with_rules`` also which rules decide), count."""
    decider = load(folder)
    kernel = Kernel(decider, rules=with_rules)

    def run(tape: Path) -> Totals:
        request = Request(find_tapes([str(tape)]), workers=threads)
        counts = Run(decider, kernel, request).go(None, lambda step: None)
        found: Counter[str] = Counter()
        for (status, value), outcome in counts.decisions["recourse"].outcomes.items():
            found[value or status] += outcome.rows
        return dict(found)

    return run


def scan(tape: Path) -> Totals:
    """The same columns read in the same way, and nothing done with them."""
    rows = 0
    for one in find_tapes([str(tape)]):
        with open_tape(one) as reader:
            rows += sum(batch.rows for batch in reader.read(list(FACTS)))
    return {"rows": rows}


# ---- others -----------------------------------------------------------------------------------


def sql_case() -> str:
    """All rules as a nested CASE: the state first, then its rules in order."""
    states: dict[str, list[str]] = {}
    for rule in rules():
        tests = " AND ".join(_sql(test) for test in rule.tests[1:])
        states.setdefault(rule.state, []).append(f"WHEN {tests} THEN '{rule.outcome}'")
    whole = [
        f"WHEN '{state}' THEN CASE {' '.join(own)} ELSE '{OPEN}' END"
        for state, own in states.items()
    ]
    return f"CASE property_state {' '.join(whole)} END"


def _sql(test: Tested) -> str:
    if test.operator == "in":
        values = ", ".join(f"'{value}'" for value in test.values)
        return f"{test.fact} IN ({values})"
    symbol = {"at_least": ">=", "at_most": "<="}[test.operator]
    value = test.values[0]
    return f"{test.fact} {symbol} " + (
        f"DATE '{value}'" if isinstance(value, datetime.date) else str(value)
    )


def duckdb_case(threads: int) -> Callable[[Path], Totals]:
    """A nested CASE in DuckDB."""
    import duckdb

    def run(tape: Path) -> Totals:
        connection = duckdb.connect(config={"threads": threads})
        query = f"SELECT {sql_case()} AS outcome, count(*) FROM '{tape}' GROUP BY ALL"
        return {str(outcome): int(rows) for outcome, rows in connection.execute(query).fetchall()}

    return run


def polars_case(tape: Path) -> Totals:
    """The same as when-then in Polars, lazily and streaming."""
    import polars as pl

    def test(one: Tested) -> Any:
        column = pl.col(one.fact)
        if one.operator == "in":
            return column.is_in([str(value) for value in one.values])
        value = pl.lit(one.values[0])
        return column >= value if one.operator == "at_least" else column <= value

    states: dict[str, Any] = {}
    for rule in reversed(rules()):
        condition = pl.all_horizontal([test(one) for one in rule.tests[1:]])
        before = states.get(rule.state, pl.lit(OPEN))
        states[rule.state] = pl.when(condition).then(pl.lit(rule.outcome)).otherwise(before)
    whole = pl.lit(OPEN)
    for state, own in states.items():
        whole = pl.when(pl.col("property_state") == state).then(own).otherwise(whole)
    counted = pl.scan_parquet(tape).select(whole.alias("outcome")).group_by("outcome").len()
    return {row[0]: int(row[1]) for row in counted.collect(engine="streaming").rows()}


def numpy_select(tape: Path) -> Totals:
    """Vectorised conditions as rules-as-code engines write them: ``numpy.select`` over the rules."""
    found: Counter[str] = Counter()
    for batch in pyarrow.parquet.ParquetFile(tape).iter_batches(1 << 17, columns=list(FACTS)):
        columns = {name: _plain(name, batch.column(name)) for name in FACTS}
        conditions = [
            np.logical_and.reduce([_meets(one, columns[one.fact]) for one in rule.tests])
            for rule in rules()
        ]
        outcomes = np.select(conditions, [rule.outcome for rule in rules()], OPEN)
        names, counts = np.unique(outcomes, return_counts=True)
        found.update(dict(zip(names.tolist(), counts.tolist(), strict=True)))
    return dict(found)


def _plain(name: str, column: Any) -> Any:
    if name in ENUMS:
        return column.to_numpy(zero_copy_only=False).astype("U24")
    if FACTS[name] == "money":
        return np.frombuffer(column.buffers()[1], dtype="<i8")[::2][column.offset :][: len(column)]
    if FACTS[name] == "date":
        return column.cast(pa.int32()).to_numpy()
    return column.to_numpy()


def _meets(test: Tested, column: Any) -> Any:
    if test.operator == "in":
        return np.isin(column, np.array(test.values))
    value: Any = test.values[0]
    if isinstance(value, datetime.date):
        value = (value - datetime.date(1970, 1, 1)).days
    elif FACTS[test.fact] == "money":
        value = int(value * 100)
    return column >= value if test.operator == "at_least" else column <= value


# ---- the run ----------------------------------------------------------------------------------


def entries(folder: Path, threads: int) -> Iterator[Entry]:
    """Everyone who takes part; who is not installed is left out."""
    yield Entry(f"this engine, {threads} threads", ours(folder, threads, False))
    yield Entry("the bare scan", scan)
    yield Entry("this engine, with the rules", ours(folder, threads, True))
    if importlib.util.find_spec("duckdb"):
        yield Entry(f"DuckDB CASE, {threads} threads", duckdb_case(threads), 0.5)
    if importlib.util.find_spec("polars"):
        yield Entry("Polars when-then", polars_case, 0.1)
    yield Entry("NumPy select", numpy_select, 0.02)


def measure(contestants: Sequence[Entry], folder: Path, rows: int, rounds: int) -> None:
    """Time everyone in turn, ``rounds`` times."""
    for number in range(rounds):
        for entry in contestants:
            entry.rows = max(1, int(rows * entry.share))
            tape = folder / f"tape-{entry.rows}.parquet"
            if not tape.exists():
                write_tape(tape, entry.rows)
            progress(f"round {number + 1} of {rounds}: {entry.name}")
            start, worked = perf_counter(), process_time()
            entry.totals = entry.run(tape)
            entry.best = min(entry.best, perf_counter() - start)
            entry.cpu = min(entry.cpu, process_time() - worked)
    progress("")


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_pack(folder / "synthetic")
        contestants = list(entries(folder / "synthetic", options.threads))
        measure(contestants, folder, options.rows, options.rounds)
        us, bare = contestants[0], contestants[1]
        print(machine())
        heads = f"{'rows':>12} {'rows/s':>12} {'ours is':>9} {'rows/CPU s':>12} {'ours is':>9}"
        print(f"{'':<27} {heads}  totals")
        faults = []
        for entry in sorted(contestants, key=lambda e: -e.speed):
            ratio = f"{us.speed / entry.speed:,.2f} x" if entry is not us else ""
            work = entry.rows / entry.cpu
            effort = f"{us.rows / us.cpu / work:,.2f} x" if entry is not us else ""
            totals = ", ".join(f"{k} {v:,}" for k, v in sorted(entry.totals.items()))
            figures = (
                f"{entry.rows:>12,} {entry.speed:>12,.0f} {ratio:>9} {work:>12,.0f} {effort:>9}"
            )
            print(f"{entry.name:<27} {figures}  {totals}")
            if entry not in (us, bare):
                right = us.run(folder / f"tape-{entry.rows}.parquet")
                faults += [] if right == entry.totals else [f"{entry.name} should have {right}"]
        print(
            f"memory, at most: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB"
        )
    print("\n".join(faults) if faults else "all totals are equal")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
