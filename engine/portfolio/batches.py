"""A pack that decides Arrow batches, for systems that hand over rows so: Spark, DuckDB."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from engine.portfolio.intake import Intake, prepare
from engine.portfolio.kernel import Kernel
from engine.portfolio.mapping import TapeMapping
from engine.portfolio.output import answer_columns, output_schema, reasons
from engine.portfolio.tapes import TapeBatch


@dataclass(slots=True)
class Batches:
    """A kernel for batches. Columns are facts by their names, or as ``mapping`` says; ``keep``
    names others that a batch may have, whatever they are."""

    kernel: Kernel
    mapping: TapeMapping | None = None
    keep: tuple[str, ...] = ()
    _intakes: dict[tuple[str, ...], Intake] = field(init=False, default_factory=dict)

    def intake(self, columns: Sequence[str]) -> Intake:
        """How named columns become facts.

        Raises ``InputError`` where none is of use, or one seems to be misspelt.
        """
        names = tuple(columns)
        if names not in self._intakes:
            self._intakes[names] = prepare(
                self.kernel.rulebase, names, self.mapping, self.keep, "the table"
            )
        return self._intakes[names]

    @property
    def schema(self) -> pa.Schema:
        """The columns of the answers: for each decision its value, its status, the deciding rules
        and (of literal values) what is still possible; last, why a row is rejected."""
        decisions = [self.kernel.rulebase.decisions[name] for name in self.kernel.wanted]
        fields = list(output_schema(decisions, ()))[2:]  # without the place in a tape
        return pa.schema(
            [
                (one.name, pa.string() if pa.types.is_dictionary(one.type) else one.type)
                for one in fields
            ]
        )

    def decide(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The answers to the rows of a batch, in its order."""
        schema, rows = self.schema, batch.num_rows
        if not rows:
            return _empty(schema)
        columns = dict(zip(batch.schema.names, batch.columns, strict=True))
        tape = TapeBatch(columns, np.arange(rows), {}, False)
        facts, faults = self.intake(batch.schema.names).facts_of(tape)
        decided = self.kernel.decide(facts, rows, faults)
        found = [
            column
            for name in self.kernel.wanted
            for column in answer_columns(decided.answers[name])
        ]
        found.append(reasons(decided.rejected, rows))
        arrays = [one.cast(kind) for one, kind in zip(found, schema.types, strict=True)]
        return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _empty(schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array([], kind) for kind in schema.types], schema=schema)
