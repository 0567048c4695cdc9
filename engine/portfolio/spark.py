"""Deciding a Spark table: the portfolio's kernel on every executor.

The rules are read once, on the driver, and broadcast. Each Python worker builds the diagrams of the
jurisdictions that it meets and decides the Arrow batches that Spark hands it; no row depends on
another, so that nothing is shuffled and the answers do not depend on how the table is divided.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql.types import (
    BooleanType,
    DataType,
    DateType,
    DecimalType,
    LongType,
    StringType,
    StructField,
    StructType,
)

from engine import load
from engine.evaluation.decide import Decider
from engine.model import Rulebase
from engine.portfolio.batches import Batches
from engine.portfolio.kernel import Kernel
from engine.portfolio.mapping import TapeMapping
from engine.problems import InputError, Problem, likely

if TYPE_CHECKING:
    from pyspark import Broadcast


def decide(
    table: DataFrame,
    pack: Decider | str | Path,
    *,
    only: Collection[str] | None = None,
    strict: bool = False,
    mapping: TapeMapping | None = None,
    keep: Collection[str] = (),
) -> DataFrame:
    """Decide every row of a table.

    Its columns are facts by their names, or as ``mapping`` says; a NULL is a fact that is not
    known. The result has the columns of ``keep`` (what tells the loans apart) and for each decision
    (or those of ``only``) its value, ``_status``, ``_rules`` and ``_possible``, and ``rejected``.
    ``strict`` presumes nothing.

    Raises ``InputError`` for a decision that the pack does not have, and where no column is a fact,
    one seems to be misspelt, or one to be kept is not there or has an answer's name.
    """
    decider = pack if isinstance(pack, Decider) else load(pack)
    batches = Batches(Kernel(decider, only, strict=strict), mapping, tuple(keep))
    answers = batches.schema
    _check(table, batches, answers)
    work = _Work(
        table.sparkSession.sparkContext.broadcast(decider.rulebase),
        uuid.uuid4().hex,
        tuple(batches.kernel.wanted),
        strict,
        mapping,
        tuple(keep),
    )
    fields = [table.schema[name] for name in keep]
    fields += [StructField(one.name, _type(one.type)) for one in answers]
    used = dict.fromkeys((*keep, *batches.intake(table.columns).reads))
    return table.select(*(f"`{name}`" for name in used)).mapInArrow(work, StructType(fields))


def _check(table: DataFrame, batches: Batches, answers: pa.Schema) -> None:
    problems = [
        Problem("unknown-column", f"the table has no column `{n}`", hint=likely(n, table.columns))
        for n in batches.keep
        if n not in table.columns
    ]
    problems += [
        Problem("name-taken", f"the answers have a column `{name}` of their own")
        for name in batches.keep
        if name in answers.names
    ]
    if problems:
        raise InputError(problems)
    batches.intake(table.columns)


def _type(kind: pa.DataType) -> DataType:
    if pa.types.is_decimal(kind):
        return DecimalType(kind.precision, kind.scale)
    if pa.types.is_boolean(kind):
        return BooleanType()
    if pa.types.is_date(kind):
        return DateType()
    return LongType() if pa.types.is_integer(kind) else StringType()


# ---- on the executors -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Work:
    """What a Python worker does: batches in, their answers out."""

    rulebase: Broadcast[Rulebase]
    job: str
    wanted: tuple[str, ...]
    strict: bool
    mapping: TapeMapping | None
    keep: tuple[str, ...]

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        own = _kept(self.job, self._batches)
        for batch in batches:
            answers = own.decide(batch)
            kept = [batch.column(name) for name in self.keep]
            yield pa.RecordBatch.from_arrays(
                [*kept, *answers.columns], names=[*self.keep, *answers.schema.names]
            )

    def _batches(self) -> Batches:
        kernel = Kernel(Decider(self.rulebase.value), self.wanted, strict=self.strict)
        return Batches(kernel, self.mapping, self.keep)


_AT_HAND: dict[str, Batches] = {}
"""In a worker, what it decides with: tasks of one job that follow one another share what they have
solved."""


def _kept(job: str, make: Callable[[], Batches]) -> Batches:
    if job not in _AT_HAND:
        _AT_HAND.clear()  # a worker serves one job at a time
        _AT_HAND[job] = make()
    return _AT_HAND[job]
