"""Deciding inside a DuckDB query: a function that takes a row and gives its answers.

    SELECT loan_id, unnest(recourse(loans)) FROM loans

The function runs on the portfolio's kernel, so that incomplete rows have the engine's exact answer.
It is called for some thousand rows at a time; SQL written by ``recourse export sql`` needs no
Python where it runs.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pyarrow as pa
from duckdb import DuckDBPyConnection, decimal_type
from duckdb.func import FunctionNullHandling, PythonUDFType
from duckdb.sqltypes import BIGINT, BOOLEAN, DATE, VARCHAR, DuckDBPyType

from engine import load
from engine.evaluation.decide import Decider
from engine.portfolio.batches import Batches
from engine.portfolio.kernel import Kernel
from engine.portfolio.mapping import TapeMapping


def register(
    connection: DuckDBPyConnection,
    pack: Decider | str | Path,
    name: str = "recourse",
    *,
    only: Collection[str] | None = None,
    strict: bool = False,
    mapping: TapeMapping | None = None,
    keep: Collection[str] = (),
) -> None:
    """Give a connection a function ``name`` that decides a row of a table, or any other ``STRUCT``.

    Its fields are facts by their names, or as ``mapping`` says; one that it does not have is
    unknown, and so is a NULL. ``keep`` names fields that are no facts though their names are like
    one's. It gives a ``STRUCT``: for each decision (or those of ``only``) its value, ``_status``,
    ``_rules`` and ``_possible``, and ``rejected``. ``strict`` presumes nothing.

    Raises ``InputError`` for a decision that the pack does not have; the query fails with the
    problem where no field is a fact or one seems to be misspelt.
    """
    decider = pack if isinstance(pack, Decider) else load(pack)
    batches = Batches(Kernel(decider, only, strict=strict), mapping, tuple(keep))

    def decide(*arguments: pa.ChunkedArray) -> pa.Array:
        if len(arguments) != 1 or not pa.types.is_struct(arguments[0].type):
            raise TypeError(f"{name}(row) takes one row, as in SELECT {name}(loans) FROM loans")
        (rows,) = arguments
        found = [_decided(batches, chunk) for chunk in rows.chunks]
        return pa.chunked_array(found, pa.struct(list(batches.schema)))

    # A row may have any fields, which DuckDB allows only of functions with any arguments.
    connection.create_function(
        name,
        decide,
        None,
        connection.struct_type({one.name: _type(one.type) for one in batches.schema}),
        type=PythonUDFType.ARROW,
        null_handling=FunctionNullHandling.SPECIAL,
    )


def _type(kind: pa.DataType) -> DuckDBPyType:
    if pa.types.is_decimal(kind):
        return decimal_type(kind.precision, kind.scale)
    if pa.types.is_boolean(kind):
        return BOOLEAN
    if pa.types.is_date(kind):
        return DATE
    return BIGINT if pa.types.is_integer(kind) else VARCHAR


def _decided(batches: Batches, rows: pa.StructArray) -> pa.StructArray:
    batch = pa.RecordBatch.from_arrays(rows.flatten(), names=[field.name for field in rows.type])
    answers = batches.decide(batch)
    return pa.StructArray.from_arrays(answers.columns, fields=list(answers.schema))
