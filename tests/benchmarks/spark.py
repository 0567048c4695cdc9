"""How the kernel scales over the cores of a local Spark: ``python -m tests.benchmarks.spark``.

The 408 synthetic rules over a Parquet tape, by one worker and by two, each in a process of its own;
beside it the same kernel without Spark, and Spark counting the same columns without deciding. Every
way has to come to the same totals.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from engine import load
from engine.portfolio.batches import Batches
from engine.portfolio.kernel import Kernel
from tests.benchmarks import synthetic
from tests.benchmarks.timing import machine

ROOT = Path(__file__).parents[2]
FILES = 16
"""The tape comes in so many files, for Spark to share out."""
BATCH = 131_072
_EPOCH = datetime.date(1970, 1, 1).toordinal()


def write_tape(folder: Path, rows: int) -> None:
    """A tape of random loans, all facts known, in ``FILES`` files."""
    rng = np.random.default_rng(synthetic.SEED)
    first, last = (day.toordinal() - _EPOCH for day in (synthetic.FIRST_DAY, synthetic.LAST_DAY))
    for number in range(FILES):
        count = rows // FILES + (number < rows % FILES)
        columns: dict[str, Any] = {
            name: pa.DictionaryArray.from_arrays(
                pa.array(rng.integers(0, len(values), count).astype(np.int8)), pa.array(values)
            )
            for name, values in synthetic.ENUMS.items()
        }
        columns["dwelling_units"] = rng.integers(1, 9, count)
        days = rng.integers(first, last + 1, count).astype(np.int32)
        columns["origination_date"] = pa.array(days).cast(pa.date32())
        dollars = pa.array(rng.integers(10_000, synthetic.MOST_DEBT, count))
        columns["outstanding_debt"] = dollars.cast(pa.decimal128(21, 2))
        pyarrow.parquet.write_table(pa.table(columns), folder / f"{number:02}.parquet")


def cpu_seconds() -> float:
    """What this process and all below it have used of the processors (Linux tells it)."""
    ticks: dict[int, tuple[int, int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        ticks[int(path.parent.name)] = (int(fields[1]), sum(map(int, fields[11:15])))
    own = {os.getpid()}
    for _ in ticks:
        more = {pid for pid, (parent, _) in ticks.items() if parent in own} - own
        if not more:
            break
        own |= more
    return sum(ticks[pid][1] for pid in own if pid in ticks) / os.sysconf("SC_CLK_TCK")


Totals = dict[str, int]


def by_spark(tape: Path, pack: Path, master: str) -> dict[str, Any]:
    """Seconds, seconds of processor and totals of each job of one Spark."""
    from pyspark.sql import SparkSession

    from engine.portfolio.spark import decide

    spark = (
        SparkSession.builder.master(master)
        .config("spark.ui.enabled", "false")
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", str(BATCH))
        .config("spark.sql.shuffle.partitions", "1")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    table = spark.read.parquet(str(tape))
    answers = decide(table, pack, only=["recourse"], strict=True)

    def decided() -> Totals:
        rows = answers.groupBy("recourse").count().collect()
        return {row["recourse"] or "open": row["count"] for row in rows}

    def scanned() -> Totals:
        names = [f"count({name})" for name in synthetic.FACTS]
        table.selectExpr(*names).collect()
        return {}

    found = {}
    for name, job in (("first", decided), ("decided", decided), ("scanned", scanned)):
        start, used = perf_counter(), cpu_seconds()
        totals = job()
        found[name] = [perf_counter() - start, cpu_seconds() - used, totals]
    spark.stop()
    return found


def by_kernel(tape: Path, pack: Path) -> tuple[float, float, Totals]:
    """Seconds, seconds of processor and totals of the kernel alone, in one thread."""
    batches = Batches(Kernel(load(pack), ["recourse"], strict=True))
    totals: Counter[str] = Counter()
    start, used = perf_counter(), process_time()
    for path in sorted(tape.iterdir()):
        for batch in pyarrow.parquet.ParquetFile(path).iter_batches(BATCH, use_threads=False):
            counts = batches.decide(batch).column("recourse").value_counts().to_pylist()
            totals.update({one["values"] or "open": one["counts"] for one in counts})
    return perf_counter() - start, process_time() - used, dict(totals)


def apart(tape: Path, pack: Path, master: str) -> dict[str, Any]:
    """``by_spark`` in a process of its own, since a process has one Java machine."""
    worker = ("--worker", master, str(tape), str(pack))
    command = [sys.executable, "-m", "tests.benchmarks.spark", *worker]
    paths = filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYSPARK_PYTHON": sys.executable}
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=env).stdout
    found: dict[str, Any] = json.loads(output.splitlines()[-1])
    return found


def main() -> int:
    """Measure, print the table, compare the totals."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=4_000_000)
    parser.add_argument("--worker", nargs=3, metavar=("MASTER", "TAPE", "PACK"))
    arguments = parser.parse_args()
    if arguments.worker:
        master, tape, pack = arguments.worker
        print(json.dumps(by_spark(Path(tape), Path(pack), master)))
        return 0
    rows = arguments.rows
    with tempfile.TemporaryDirectory() as folder:
        tape, pack = Path(folder, "tape"), Path(folder, "synthetic")
        tape.mkdir()
        synthetic.write_pack(pack)
        write_tape(tape, rows)
        print(f"{machine()}, {rows:,} rows in {FILES} Parquet files")
        time, used, right = by_kernel(tape, pack)
        lines = [("the kernel alone, one thread", time, used)]
        same = True
        for cores in (1, 2):
            found = apart(tape, pack, f"local[{cores}]")
            plural = "s" if cores > 1 else ""
            for name, text in (
                ("first", "the same, workers starting"),
                ("decided", "decide and count"),
                ("scanned", "scan alone"),
            ):
                time, used, totals = found[name]
                lines.append((f"Spark, {cores} core{plural}: {text}", time, used))
                same = same and (name == "scanned" or totals == right)
    print("Where more cores take no more processor time, the work scales.")
    for text, time, used in lines:
        print(f"{text:<48} {time:8.2f} s {rows / time:14,.0f} rows/s {used:8.2f} s processor")
    if not same:
        print("The totals differ.")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
