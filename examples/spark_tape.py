"""Decide a loan tape on a Spark cluster.

    spark-submit --archives environment.tar.gz#environment \\
        --conf spark.pyspark.python=environment/bin/python \\
        examples/spark_tape.py s3a://tapes/2026-11/ s3a://answers/2026-11/ --pack us --keep loan_id

The archive is a packed Python environment with `recourse-engine[spark]`, as venv-pack makes one;
where the engine is installed on every machine, the two options are not needed. The rules are read
on the driver alone. The tape is Parquet, or CSV with a header.
"""

from __future__ import annotations

import argparse

from pyspark.sql import SparkSession

from engine.portfolio.spark import decide


def main() -> None:
    parser = argparse.ArgumentParser(description="Decide a loan tape on Spark.")
    parser.add_argument("tape")
    parser.add_argument("answers")
    parser.add_argument("--pack", default="primer")
    parser.add_argument("--keep", action="append", default=[], help="a column to carry over")
    arguments = parser.parse_args()

    spark = (
        SparkSession.builder.appName(f"recourse {arguments.pack}")
        # Large batches: what a batch costs whatever its size is then spread over many rows.
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", "131072")
        .getOrCreate()
    )
    if arguments.tape.endswith(".csv"):
        tape = spark.read.csv(arguments.tape, header=True)
    else:
        tape = spark.read.parquet(arguments.tape)
    answers = decide(tape, arguments.pack, keep=arguments.keep)
    answers.write.mode("overwrite").parquet(arguments.answers)
    spark.stop()


if __name__ == "__main__":
    main()
