"""Mutated packs, cases and fact files: whatever comes in, only ``InputError`` may come out.

    python -m tests.fuzz --runs 20000 --seed 1

Each run takes a shipped file or one of a tiny pack, damages it in one to four places, and reads it;
what can be read is compiled and decides a few loans. ``--first`` begins at a later run, so that a
failure can be repeated alone.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine import Decider, InputError
from engine.analysis.case_files import read_cases
from engine.analysis.cases import run_case
from engine.model import Rulebase
from engine.presentation.problems import as_text
from engine.reading.loans import read_loans
from engine.reading.pack import load_pack
from engine.resources import rules_dir
from tests.packs import FOLDER, folders

LIMIT = 5
"""Seconds that one run may take."""
LOANS = 3
"""Loans that a pack decides when it can be read."""

SNIPPETS = (
    ": ", ":", "- ", "-", "{", "}", "[", "]", "[]", "{}", '"', "'", "|", ">", ">-", "#", " #",
    "&a ", "*a", "!!str ", "!x ", "<<: *a", "? ", "%", "@", "`", "---", "...", "\t", "\r", "\r\n",
    "\n", "\\", "\x00", "\x07", "\x1b[2J", "\x7f", "\x85", "\u2028", "\ufeff", "\u200b", "\u202e",
    "\u00a0", "é", "e\u0301", "住", "\U0001f3e0", "\udcff", "\uffff", "\u0663", "\uff11", "½",
    "$", "€", ",", ";", "(", ")", "null", "~", "true", "True", "no", "yes", "on", ".inf", "-.inf",
    ".nan", "NaN", "Infinity",
)  # fmt: skip
NUMBERS = (
    "0", "-1", "-0", "00", "012", "0x1F", "0o17", "0b1", "1_000", "1,000", '"1,000.00"', "$5",
    "1e3", "1e-9", "1E400", "1e999999999", "9" * 29, "9" * 31, "9" * 5000, "-" + "9" * 20, "0.1",
    ".5", "5.", "0.005", "999999999999.99", "1000000000000", "1000000000000.01", "12:30:45",
    "2009-10-31", "2009-02-30", "0000-00-00", "9999-12-31", "1799-12-31", "2200-01-01",
    "2009-10-31T00:00:00Z",
)  # fmt: skip
WORDS = (
    "all", "any", "not", "by", "min", "max", "open", "conflict", "undetermined", "case", "given",
    "expect", "strict", "facts", "terms", "constraints", "presumptions", "presume", "must", "when",
    "rules", "id", "decides", "then", "amount", "date", "plus", "minus", "exception_to",
    "effective", "from", "to", "measured_by", "authority", "because", "otherwise",
    "otherwise_because", "at_least", "at_most", "more_than", "less_than", "before", "after",
    "on_or_before", "on_or_after", "enum", "boolean", "integer", "decimal", "money", "set",
    "unique", "priority", "collect", "sum", "type", "values", "hit_policy", "language", "name",
    "jurisdiction", "decisions", "label", "recourse", "true", "false", "null", "none", "full", "x",
    "0", "1",
)  # fmt: skip
VALUES = (
    "{open: true}", "{undetermined: true}", "{undetermined: [none, full]}", "{not: {not: full}}",
    "{amount: __import__('os')}", "{amount: 1 / 0}", "{amount: 1 / (debt - debt)}", "{all: []}",
    '{amount: "' + "(" * 60 + '1"}', '{amount: "1' + " + 1" * 400 + '"}',
    '{amount: "' + "-" * 99 + '1"}', '{amount: "min(' + "max(1, " * 30 + "2" + ")" * 30 + ', 3)"}',
    "{date: sold, plus: 200 years}", "{date: sold, minus: 73000 days}",
    "{date: deadline, plus: 2400 months}", "{amount: 1e400}",
    "{amount: debt * 999999999999 * 999999999999}", "{priority: [none, full]}",
    "{priority: [true]}", "[" * 70, "{a: " * 70, "- " * 80, "[" * 3000,
    "{not: " * 50 + "{}" + "}" * 50, "x" * 10_000, "é" * 500,
)  # fmt: skip

Text = list[str]
Mutation = Callable[[random.Random, str, list[str]], str]


# ---- damage -----------------------------------------------------------------------------------


def _insert(rng: random.Random, text: str, _others: list[str]) -> str:
    at = rng.randint(0, len(text))
    return text[:at] + rng.choice(SNIPPETS) + text[at:]


def _delete(rng: random.Random, text: str, _others: list[str]) -> str:
    at = rng.randint(0, len(text))
    return text[:at] + text[at + rng.choice((1, 1, 1, 2, 5, 40)) :]


def _replace(rng: random.Random, text: str, _others: list[str]) -> str:
    at = rng.randint(0, len(text))
    return text[:at] + rng.choice(SNIPPETS) + text[at + 1 :]


def _swap_characters(rng: random.Random, text: str, _others: list[str]) -> str:
    at = rng.randint(0, max(len(text) - 2, 0))
    return text[:at] + text[at : at + 2][::-1] + text[at + 2 :]


def _cut(rng: random.Random, text: str, _others: list[str]) -> str:
    at = rng.randint(0, len(text))
    return text[:at] if rng.random() < 0.7 else text[at:]


def _word(rng: random.Random, text: str, others: list[str]) -> str:
    """Another word in place of one: of the language, of this file or of another."""
    start, end = _some_word(rng, text)
    pool = rng.choice((text, rng.choice(others)))
    word = rng.choice(WORDS) if rng.random() < 0.5 else pool[slice(*_some_word(rng, pool))]
    return text[:start] + word + text[end:]


def _number(rng: random.Random, text: str, _others: list[str]) -> str:
    start, end = _some_word(rng, text)
    for _ in range(20):
        if text[start:end][:1].isdigit():
            break
        start, end = _some_word(rng, text)
    return text[:start] + rng.choice(NUMBERS) + text[end:]


def _some_word(rng: random.Random, text: str) -> tuple[int, int]:
    start = end = rng.randint(0, len(text))
    while start > 0 and (text[start - 1].isalnum() or text[start - 1] in "_.-"):
        start -= 1
    while end < len(text) and (text[end].isalnum() or text[end] in "_.-"):
        end += 1
    return start, end


def _by_line(change: Callable[[random.Random, Text, Text], None]) -> Mutation:
    def mutation(rng: random.Random, text: str, others: list[str]) -> str:
        lines = text.split("\n")
        change(rng, lines, rng.choice(others).split("\n"))
        return "\n".join(lines)

    return mutation


def _delete_lines(rng: random.Random, lines: Text, _other: Text) -> None:
    at = rng.randrange(len(lines))
    del lines[at : at + rng.choice((1, 1, 2, 8))]


def _repeat_lines(rng: random.Random, lines: Text, _other: Text) -> None:
    at = rng.randrange(len(lines))
    block = lines[at : at + rng.choice((1, 1, 3, 12))]
    to = at if rng.random() < 0.6 else rng.randrange(len(lines))
    lines[to:to] = block * rng.choice((1, 1, 1, 2, 30))


def _move_lines(rng: random.Random, lines: Text, _other: Text) -> None:
    at = rng.randrange(len(lines))
    block = lines[at : at + rng.choice((1, 2, 6))]
    del lines[at : at + len(block)]
    to = rng.randint(0, len(lines))
    lines[to:to] = block


def _indent(rng: random.Random, lines: Text, _other: Text) -> None:
    at = rng.randrange(len(lines))
    by = rng.choice((-4, -2, -1, 1, 2, 4))
    for number in range(at, min(at + rng.choice((1, 1, 3, 10)), len(lines))):
        line = lines[number]
        lines[number] = (
            " " * by + line if by > 0 else line[min(-by, len(line) - len(line.lstrip())) :]
        )


def _join_lines(rng: random.Random, lines: Text, _other: Text) -> None:
    at = rng.randrange(len(lines))
    lines[at : at + 2] = ["".join(lines[at : at + 2])]


def _take_lines(rng: random.Random, lines: Text, other: Text) -> None:
    at, of = rng.randrange(len(lines)), rng.randrange(len(other))
    taken = other[of : of + rng.choice((1, 1, 4, 20))]
    lines[at : at + (len(taken) if rng.random() < 0.5 else 0)] = taken


def _take_value(rng: random.Random, lines: Text, other: Text) -> None:
    at = rng.randrange(len(lines))
    key, colon, _ = lines[at].partition(": ")
    value = rng.choice(
        (rng.choice(other).partition(": ")[2], rng.choice(WORDS), rng.choice(NUMBERS))
    )
    if colon:
        lines[at] = f"{key}: {value}"


def _other_file(rng: random.Random, _text: str, others: list[str]) -> str:
    return rng.choice(others)


ROUGH: tuple[Mutation, ...] = (
    *(_insert, _delete, _replace, _swap_characters, _cut, _other_file),
    *map(_by_line, (_indent, _join_lines)),
)
GENTLE: tuple[Mutation, ...] = (
    *(_word, _word, _word, _word, _word, _word, _number, _number),
    *map(_by_line, (_delete_lines, _repeat_lines, _move_lines, _take_lines)),
    *map(_by_line, (_take_value, _take_value, _take_value)),
)


def damaged(rng: random.Random, text: str, others: list[str]) -> bytes:
    """The text with one to four mutations; now and then one that is no text at all."""
    mutations = ROUGH if rng.random() < 0.3 else GENTLE
    for _ in range(rng.choice((1, 1, 1, 2, 2, 4))):
        text = rng.choice(mutations)(rng, text, others)
    data = text.encode("utf-8", errors="surrogateescape" if rng.random() < 0.5 else "replace")
    if rng.random() < 0.02:
        at = rng.randint(0, len(data))
        data = data[:at] + rng.randbytes(rng.choice((1, 3, 64))) + data[at:]
    return data


# ---- runs -------------------------------------------------------------------------------------


@dataclass(slots=True)
class Pack:
    """A copy of a pack in which one file at a time is damaged."""

    root: Path
    decider: Decider
    files: dict[Path, str]


@dataclass(slots=True)
class Tally:
    """What the runs came to."""

    counts: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    slowest: float = 0.0

    def refused(self, error: InputError) -> None:
        """Count the problems of an input that was refused, and show them as a user sees them."""
        self.codes.update({problem.code for problem in error.problems})
        if not as_text(error.problems, colour=True):
            raise AssertionError("an InputError without a problem")


class TooSlow(Exception):
    """A run takes longer than ``LIMIT``."""


@contextmanager
def in_time() -> Iterator[None]:
    """Raise ``TooSlow`` where the body takes longer than ``LIMIT`` seconds."""

    def stop(*_: Any) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, LIMIT)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def copies(scratch: Path) -> list[Pack]:
    """The shipped primer and every tiny pack, copied to where they may be damaged."""
    packs = []
    for source in (rules_dir() / "primer", *(FOLDER / "good" / name for name in folders("good"))):
        root = scratch / source.name
        shutil.copytree(source, root)
        files = {path: path.read_text(encoding="utf-8") for path in sorted(root.rglob("*.yaml"))}
        packs.append(Pack(root, Decider(load_pack(root)), files))
    return packs


def loan_files() -> dict[str, str]:
    """The shipped fact files: name to text."""
    examples = rules_dir().parent / "examples"
    names = (path for path in sorted(examples.rglob("*.*")) if path.suffix != ".md")
    return {path.name: path.read_text(encoding="utf-8") for path in names}


def random_loan(rng: random.Random, rulebase: Rulebase) -> dict[str, object]:
    """Some facts of a pack, mostly with values that fit."""
    loan: dict[str, object] = {}
    for fact in rulebase.facts.values():
        if rng.random() < 0.6:
            some: dict[str, list[object]] = {
                "enum": list(fact.values),
                "boolean": [True, False],
                "date": ["2009-10-31", "2012-02-29", "2020-01-31"],
            }
            loan[fact.name] = rng.choice(
                some.get(fact.type, [0, 1, 2, 0.36, "1,000", 740, 160000, -1])
            )
    return loan


def run_pack(rng: random.Random, pack: Pack, tally: Tally) -> None:
    """Damage one file of a pack, read it, and decide some loans if it can be read."""
    path = rng.choice(list(pack.files))
    path.write_bytes(damaged(rng, pack.files[path], list(pack.files.values())))
    try:
        if "cases" in path.parts:
            for case in read_cases(pack.decider.rulebase)[:LOANS]:
                run_case(pack.decider, case)
            tally.counts["cases that are read"] += 1
            return
        decider = Decider(load_pack(pack.root))
        tally.counts["packs that are read"] += 1
        assert decider.compiled
        for _ in range(LOANS):
            try:
                decider.decide(random_loan(rng, decider.rulebase))
                tally.counts["decisions"] += 1
            except InputError:
                tally.counts["loans refused"] += 1
    finally:
        path.write_text(pack.files[path], encoding="utf-8")


def run_loans(rng: random.Random, scratch: Path, pack: Pack, tally: Tally) -> None:
    """Damage a fact file, read it, and decide the loans that can be read."""
    files = loan_files()
    name = rng.choice(list(files))
    path = scratch / f"loans{Path(name).suffix}"
    path.write_bytes(damaged(rng, files[name], list(files.values())))
    for loan in read_loans(str(path)):
        if isinstance(loan, InputError):
            tally.refused(loan)
            continue
        tally.counts["loans that are read"] += 1
        only = rng.sample(list(pack.decider.rulebase.decisions), 2)
        try:
            pack.decider.decide(loan.data, only=only, locate=loan.locate)
            tally.counts["decisions"] += 1
        except InputError as error:
            tally.refused(error)


def run(number: int, seed: int, scratch: Path, packs: list[Pack], tally: Tally) -> None:
    """One run; what must not happen becomes a failure of the tally."""
    rng = random.Random(f"{seed}-{number}")
    kind = rng.choices(("primer", "tiny", "loans"), (20, 50, 30))[0]
    tally.counts[kind] += 1
    started = time.perf_counter()
    try:
        with in_time():
            if kind == "loans":
                run_loans(rng, scratch, packs[0], tally)
            else:
                run_pack(rng, packs[0] if kind == "primer" else rng.choice(packs[1:]), tally)
    except InputError as error:
        tally.counts["packs refused"] += 1
        tally.refused(error)
    except (Exception, RecursionError):
        lines = traceback.format_exc(limit=-4)
        again = f"python -m tests.fuzz --runs 1 --seed {seed} --first {number}"
        tally.failures.append(f"run {number} ({again})\n{lines}")
    tally.slowest = max(tally.slowest, time.perf_counter() - started)


def run_all(numbers: range, seed: int) -> Tally:
    """All these runs, one after the other."""
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        packs = copies(scratch)
        for number in numbers:
            run(number, seed, scratch, packs, tally)
            if number % 1000 == 999:
                print(f"{number + 1:,} runs, {len(tally.failures)} failures", file=sys.stderr)
    return tally


def main() -> int:
    """Run and report; 1 where something other than ``InputError`` came out."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--runs", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    tally = run_all(range(options.first, options.first + options.runs), options.seed)
    for failure in tally.failures:
        print(failure)
    for name, count in sorted(tally.counts.items()):
        print(f"{count:9,} {name}")
    for code, count in tally.codes.most_common():
        print(f"{count:9,} inputs with {code}")
    print(f"{tally.slowest:9.2f} s the slowest run")
    print(f"{len(tally.failures):9,} failures")
    return 1 if tally.failures else 0


if __name__ == "__main__":
    sys.exit(main())
