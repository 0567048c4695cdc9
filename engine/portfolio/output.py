"""What comes out: for every row its answers, as Parquet, CSV or JSON Lines."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from engine.evaluation.variables import decode
from engine.model import NUMERIC, ORDERED, Decision, Value
from engine.portfolio.answers import Answers
from engine.portfolio.arrays import Codes, Integers
from engine.portfolio.encoding import Coded
from engine.problems import InputError, Place, Problem, listing
from engine.values import PLACES, show

KINDS = (".parquet", ".csv", ".jsonl")
_EPOCH = 719_163
_WIDTH = 38
"""Digits of the decimals in which amounts are written."""
_TEXT = pa.dictionary(pa.int32(), pa.string())


# ---- columns ----------------------------------------------------------------------------------


def output_schema(decisions: Sequence[Decision], kept: Sequence[str]) -> pa.Schema:
    """The columns of the output: where a row stands in the tape, the columns that are kept, and for
    each decision its value, its status, the deciding rules and (of literal values) what is still
    possible; last, why a row was rejected."""
    fields = [("tape", _TEXT), ("row", pa.int64()), *((name, pa.string()) for name in kept)]
    for decision in decisions:
        name = decision.name
        fields += [(name, _type(decision)), (f"{name}_status", _TEXT), (f"{name}_rules", _TEXT)]
        if decision.type not in ORDERED:
            fields.append((f"{name}_possible", _TEXT))
    return pa.schema([*fields, ("rejected", _TEXT)])


def _type(decision: Decision) -> pa.DataType:
    if decision.type == "date":
        return pa.date32()
    if decision.type == "integer":
        return pa.int64()
    if decision.type in NUMERIC:
        return pa.decimal128(_WIDTH, PLACES[decision.type])
    return pa.bool_() if decision.type == "boolean" else _TEXT


def answer_columns(answers: Answers) -> list[pa.Array]:
    """The columns of one decision."""
    decision, shared = answers.decision, answers.shared[:]
    columns = [
        _words(answers, [a.status for a in shared]),
        _words(answers, [";".join(a.rules) for a in shared]),
    ]
    if decision.type in ORDERED:
        assert answers.numbers is not None
        decided = answers.spread(np.array([*(a.status == "decided" for a in shared), False]))
        return [_amounts(decision, answers.numbers, ~decided), *columns]
    columns.append(_words(answers, [";".join(a.possible) for a in shared]))
    if decision.type == "boolean":
        table = np.array([*(2 if a.value is None else a.value for a in shared), 2], dtype=np.int8)
        values = answers.spread(table)
        return [pa.array(values == 1, pa.bool_(), mask=values == 2), *columns]
    texts = [None if a.value is None else value_text(a.value) for a in shared]
    return [_words(answers, texts), *columns]


def value_text(value: Value) -> str:
    """A literal value as one text; the members of a set with `;` between them."""
    return ";".join(sorted(value)) if isinstance(value, frozenset) else show(value)


def _words(answers: Answers, texts: Sequence[str | None]) -> pa.Array:
    """Texts by the answers that they belong to; an empty one is null."""
    each = list(dict.fromkeys(text for text in texts if text))
    place = {text: i for i, text in enumerate(each)}
    table = [*(place.get(text or "", -1) for text in texts), -1]
    return _dictionary(answers.spread(np.array(table, dtype=np.int32)), each)


def _dictionary(codes: Codes, texts: Sequence[str]) -> pa.Array:
    """Texts by their codes; that of a code below zero is null."""
    return pa.DictionaryArray.from_arrays(
        pa.array(codes, pa.int32(), mask=codes < 0), pa.array(texts, pa.string())
    )


def _amounts(decision: Decision, numbers: Integers, null: np.ndarray) -> pa.Array:
    if numbers.dtype == object:
        values = [
            None if nothing else decode(int(n), decision.type)
            for n, nothing in zip(numbers.tolist(), null.tolist(), strict=True)
        ]
        return pa.array(values, _type(decision))
    if decision.type == "date":
        days = np.where(null, 0, numbers - _EPOCH).astype(np.int32)
        return pa.array(days, pa.int32(), mask=null).cast(pa.date32())
    if decision.type == "integer":
        return pa.array(numbers, pa.int64(), mask=null)
    words = np.empty((len(numbers), 2), dtype=np.int64)
    words[:, 0] = np.where(null, 0, numbers)
    words[:, 1] = words[:, 0] >> 63  # the sign, over the upper half of 128 bits
    valid = pa.array(~null).buffers()[1]
    return pa.Array.from_buffers(_type(decision), len(numbers), [valid, pa.py_buffer(words)])


def reasons(rejected: Mapping[int, Sequence[Problem]], rows: int) -> pa.Array:
    """Why each row was rejected; null for the others."""
    texts: list[str] = []
    place: dict[tuple[Problem, ...], int] = {}
    codes = np.full(rows, -1, dtype=np.int32)
    for row, problems in rejected.items():
        key = InputError(problems).problems
        if key not in place:
            place[key] = len(texts)
            texts.append("; ".join(problem.message for problem in key))
        codes[row] = place[key]
    return _dictionary(codes, texts)


def kept_column(values: pa.Array | Coded) -> pa.Array:
    """A column that is carried over, as texts."""
    if isinstance(values, Coded):
        values = values.as_texts()
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_binary(values.type):
        try:
            return values.cast(pa.string())
        except pa.ArrowInvalid:
            texts = [
                None if v is None else v.decode("utf-8", "replace") for v in values.to_pylist()
            ]
            return pa.array(texts, pa.string())
    return values.cast(pa.string())


# ---- files ------------------------------------------------------------------------------------


class Output:
    """The output file. It is written beside its place under another name, and takes its place when
    it is closed, so that what stands there is always whole. ``mark`` says what it answers: a run
    that was interrupted leaves it beside the output, for a later run to go on from there."""

    def __init__(self, path: str, schema: pa.Schema, mark: Mapping[str, Any]) -> None:
        self._path = Path(path)
        self._part = self._path.with_name(self._path.name + ".part")
        self._note = self._path.with_name(self._path.name + ".stopped.json")
        self._schema = schema
        self._mark = dict(mark)
        self._writer: Any = None
        self._file: Any = None
        self.rows = 0

    def begin(self, *, force: bool, resume: bool) -> int:
        """Open the output; the number of rows that it holds already, from a run that was stopped.

        Raises ``InputError`` where something stands in its place, or can't be gone on from.
        """
        where = Place(str(self._path))
        if self._path.suffix.lower() not in KINDS:
            hint = f"an output's name ends in one of {listing(KINDS)}"
            raise InputError([Problem("bad-output", "what shall this file be?", where, hint)])
        there = self._path.exists()
        if there and not (force or resume):
            hint = "--force writes over it"
            if self._note.exists():
                hint = f"it is the output of a run that was stopped: --resume goes on; {hint}"
            raise InputError([Problem("output-exists", "the output exists", where, hint)])
        old = 0
        try:
            if there and resume:
                old = self._stopped(where)
            self._open()
            if old:
                self._copy()
        except FileNotFoundError:
            raise InputError([Problem("missing-file", "there is no such folder", where)]) from None
        except PermissionError:
            raise InputError([Problem("bad-output", "no permission to write", where)]) from None
        self.rows = old
        return old

    def _stopped(self, where: Place) -> int:
        """How many rows of the run that was stopped are there."""
        if not self._note.exists():
            raise InputError(
                [
                    Problem(
                        "can't-resume", "this output is complete", where, "--force writes over it"
                    )
                ]
            )
        note = json.loads(self._note.read_text(encoding="utf-8"))
        changed = [name for name, value in self._mark.items() if note.get(name) != value]
        if changed:
            message = f"the run that was stopped was another: it differs in {', '.join(changed)}"
            hint = "--force begins anew"
            raise InputError([Problem("can't-resume", message, where, hint)])
        return int(note["rows"])

    def _open(self) -> None:
        kind = self._path.suffix.lower()
        self._file = self._part.open("wb")
        if kind == ".parquet":
            self._writer = pyarrow.parquet.ParquetWriter(
                self._file, self._schema, compression="zstd"
            )
        elif kind == ".csv":
            self._writer = pyarrow.csv.CSVWriter(self._file, _flat(self._schema))

    def _copy(self) -> None:
        """Take over what the run that was stopped has written."""
        kind = self._path.suffix.lower()
        if kind == ".parquet":
            with pyarrow.parquet.ParquetFile(self._path, pre_buffer=False) as old:
                for batch in old.iter_batches(1 << 17):
                    self._writer.write_table(pa.Table.from_batches([batch]).cast(self._schema))
            return
        if kind == ".csv":
            self._writer.close()
            self._file.seek(0)
            with self._path.open("rb") as old_file:
                shutil.copyfileobj(old_file, self._file)
            options = pyarrow.csv.WriteOptions(include_header=False)
            self._writer = pyarrow.csv.CSVWriter(
                self._file, _flat(self._schema), write_options=options
            )
            return
        with self._path.open("rb") as old_file:
            shutil.copyfileobj(old_file, self._file)

    def write(self, columns: Sequence[pa.Array], rows: int) -> None:
        """Write some rows. Raises ``OSError`` where the disk is full."""
        table = pa.Table.from_arrays(list(columns), schema=self._schema)
        if self._path.suffix.lower() == ".jsonl":
            for line in _lines(table):
                self._file.write(line)
        elif self._path.suffix.lower() == ".csv":
            self._writer.write_table(table.cast(_flat(self._schema)))
        else:
            self._writer.write_table(table)
        self.rows += rows

    def finish(self, *, complete: bool) -> None:
        """Close the output and put it in its place."""
        if self._writer is not None:
            self._writer.close()
        self._file.close()
        if complete:
            self._note.unlink(missing_ok=True)
        else:
            note = {**self._mark, "rows": self.rows}
            self._note.write_text(json.dumps(note, indent=2) + "\n", encoding="utf-8")
        self._part.replace(self._path)

    def discard(self) -> None:
        """Leave nothing behind of an output that could not be finished."""
        with suppress(Exception):
            self._file.close()
        with suppress(OSError):
            self._part.unlink()


def _flat(schema: pa.Schema) -> pa.Schema:
    """The schema without dictionaries, which text files do not have."""
    return pa.schema(
        [(f.name, pa.string() if pa.types.is_dictionary(f.type) else f.type) for f in schema]
    )


def _lines(table: pa.Table) -> Iterator[bytes]:
    for row in table.to_pylist():
        known = {name: value for name, value in row.items() if value is not None}
        yield (json.dumps(known, default=str, ensure_ascii=False) + "\n").encode()
