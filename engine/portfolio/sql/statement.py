"""One statement for each decision of a pack, in the words of a database."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from engine.evaluation.decide import Decider
from engine.model import Rulebase
from engine.portfolio.sql.amounts import Books, OutOfRange
from engine.portfolio.sql.conditions import Made, Scope
from engine.portfolio.sql.decisions import answer_step, write
from engine.portfolio.sql.facts import (
    REJECTED,
    TOO_FINE,
    checked_facts,
    given_facts,
    presumed_facts,
)
from engine.portfolio.sql.frame import Written
from engine.portfolio.sql.steps import Column, Names, Step, query
from engine.problems import InputError, Place, Problem, likely
from engine.trees import names_of

Divide = Callable[[exp.Expr, exp.Expr], exp.Expr]


@dataclass(frozen=True, slots=True)
class Database:
    """What a database does in a way of its own."""

    whole: str
    """Its type for whole numbers of many digits."""
    materialized: bool = False
    """Whether it must be told to reckon every step once: it would else write each step into the
    next, so that the statement grows without bound."""
    upper: bool = False
    """Whether a name without quotes is in capitals."""
    typed_decimals: bool = False
    """Whether a number with a point is a float unless its type is said."""
    divides: bool = True
    """Whether it divides whole numbers exactly."""


DATABASES: Mapping[str, Database] = {
    "duckdb": Database("INT128", materialized=True),
    "postgres": Database("DECIMAL", materialized=True),
    "spark": Database("DECIMAL(38, 0)"),
    "snowflake": Database("DECIMAL(38, 0)", upper=True, divides=False),
    "bigquery": Database("BIGDECIMAL", typed_decimals=True),
}
"""The dialects that statements are written in."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the loans are. ``keys`` are the columns that tell them apart; they stand in the answer.
    ``columns`` gives the facts that the table has their columns; None: every fact has one of its
    own name."""

    table: str = "loans"
    keys: tuple[str, ...] = ("loan_id",)
    columns: Mapping[str, str] | None = None


def statements(
    decider: Decider,
    decisions: Collection[str],
    dialect: str,
    source: Source | None = None,
    *,
    strict: bool = False,
) -> dict[str, str]:
    """For each of some decisions the statement that decides it for every loan of a table, in a
    dialect of ``DATABASES``. It selects the keys, the value, how it stands (decided, open,
    conflict, undetermined, rejected), the deciding rules and what a loan is rejected by.

    A NULL is a fact that is not known. ``strict`` presumes nothing. Raises ``InputError`` for names
    that can't be used, and for a formula that no statement can hold.
    """
    database = DATABASES[dialect]
    source = source or Source()
    rulebase = decider.rulebase
    _check(rulebase, decisions, source)
    keys, columns = _columns(rulebase, source, dialect)
    names = Names((*_names_of(rulebase), *keys))
    terms = _terms(rulebase)
    first = (
        given_facts(rulebase, columns, keys),
        checked_facts(rulebase, [name for name in rulebase.facts if columns[name] is not None]),
        *(() if strict else presumed_facts(rulebase)),
        terms,
    )
    made: dict[str, Made] = {}
    written: dict[str, Written] = {}
    scope = Scope(rulebase, made, columns=frozenset(one.name for one in terms.columns))
    books = Books(rulebase, made, _divide(database), exp.DataType.build(database.whole))
    for name in decider.needed(decisions):
        try:
            own = write(decider.compiled, rulebase.decisions[name], scope, books, names)
        except OutOfRange:
            raise InputError([_out_of_range(rulebase, name)]) from None
        written[name], made[name] = own, own.made
    table = _table(source.table, dialect)
    texts = {}
    for name in decisions:
        needed = [step for other in decider.needed([name]) for step in written[other].steps]
        last = answer_step(written[name], names)
        outputs = (*keys, *(one.name for one in last.columns), REJECTED)
        found = query((*first, *needed, last), table, outputs, database.materialized)
        text = _adapted(found, database).sql(dialect=dialect, pretty=True)
        texts[name] = f"{_heading(rulebase, name)}\n{filled(text)}\n"
    return texts


def statement(
    decider: Decider,
    decision: str,
    dialect: str,
    source: Source | None = None,
    *,
    strict: bool = False,
) -> str:
    """The statement for one decision; see :func:`statements`."""
    return statements(decider, [decision], dialect, source, strict=strict)[decision]


def _terms(rulebase: Rulebase) -> Step:
    """The terms that speak of facts alone, as columns."""
    scope = Scope(rulebase)
    return Step(
        "terms",
        tuple(
            Column(name, scope.condition(term.when), term.label)
            for name, term in rulebase.terms.items()
            if all(
                used in rulebase.facts
                for used in names_of(term.when, lambda other: rulebase.terms[other].when)
            )
        ),
    )


def _heading(rulebase: Rulebase, decision: str) -> str:
    label = " ".join(rulebase.decisions[decision].label.split())
    return (
        f"-- {decision}: {label}\n"
        f"-- From the rules of {rulebase.name} {rulebase.version}, {rulebase.digest[:12]}.\n"
        "-- A NULL is a fact that is not known. Information, not legal advice."
    )


_WORD = re.compile(r"""( +)(["'`][^"'`]*["'`],?)""")
_WIDTH = 100


def filled(text: str) -> str:
    """A statement whose lines of one name or one text each are filled to lines of many.

    >>> print(filled("SELECT\\n  'a',\\n  'b',\\n  'c'\\nFROM t"))
    SELECT
      'a', 'b', 'c'
    FROM t
    """
    lines: list[str] = []
    indent = None
    for line in text.split("\n"):
        word = _WORD.fullmatch(line)
        if word and word[1] == indent and len(lines[-1]) + len(word[2]) < _WIDTH:
            lines[-1] += f" {word[2]}"
        else:
            lines.append(line)
        indent = word[1] if word and line.endswith(",") else None
    return "\n".join(lines)


# ---- names from outside -----------------------------------------------------------------------


def _names_of(rulebase: Rulebase) -> set[str]:
    """The columns that a statement has by the names of the pack."""
    return {*rulebase.facts, *rulebase.terms, *rulebase.decisions, REJECTED, TOO_FINE}


def _check(rulebase: Rulebase, decisions: Collection[str], source: Source) -> None:
    problems = [
        Problem(
            "unknown-decision",
            f"no decision is called `{decision}`",
            Place("--decision"),
            likely(decision, rulebase.decisions) or "`recourse rules` lists them",
        )
        for decision in decisions
        if decision not in rulebase.decisions
    ]
    problems += [
        Problem(
            "unknown-fact",
            f"no fact is called `{fact}`",
            Place("--fact"),
            likely(fact, rulebase.facts) or "`recourse facts` lists them",
        )
        for fact in source.columns or ()
        if fact not in rulebase.facts
    ]
    problems += [
        Problem(
            "name-taken",
            f"`{key}` can't be a key: the statement has a column of that name",
            Place("--key"),
            "name a column that tells the loans apart, such as `loan_id`",
        )
        for key in source.keys
        if key.strip('"`').lower() in _names_of(rulebase)
    ]
    if not source.keys:
        problems.append(Problem("no-key", "a statement needs a column that tells loans apart"))
    if problems:
        raise InputError(problems)


def _columns(
    rulebase: Rulebase, source: Source, dialect: str
) -> tuple[dict[str, exp.Column], dict[str, exp.Column | None]]:
    """The columns of the keys, by the names they have in the answer, and of the facts."""
    keys = [_identifier(key, dialect) for key in source.keys]
    own = {name: name for name in rulebase.facts} if source.columns is None else source.columns
    facts = {
        fact: exp.Column(this=_identifier(own[fact], dialect)) if fact in own else None
        for fact in rulebase.facts
    }
    return {key.name: exp.Column(this=key) for key in keys}, facts


def _identifier(text: str, dialect: str) -> exp.Identifier:
    """A column's name as the database reads it where it stands without quotes, then quoted."""
    try:
        found = sqlglot.parse_one(text, dialect=dialect, into=exp.Identifier)
    except SqlglotError:
        found = None
    if not isinstance(found, exp.Identifier):
        found = exp.to_identifier(text, quoted=True)
    return _folded(found, dialect)


def _table(text: str, dialect: str) -> exp.Table:
    """A table's name, with its schema and catalogue; nothing else gets in."""
    try:
        found = exp.to_table(text, dialect=dialect)
    except SqlglotError:
        found = None
    parts = [] if found is None else found.parts
    # What is no name SQLGlot takes for one that wants quotes; here it has to have them.
    quoted = any(mark in text for mark in '"`')
    whole = all(isinstance(part, exp.Identifier) and (quoted or not part.quoted) for part in parts)
    if not 1 <= len(parts) <= 3 or not whole:
        message = f"`{text}` is no name of a table"
        raise InputError([Problem("not-a-table", message, hint="write it as schema.table")])
    folded = [_folded(part, dialect) for part in parts if isinstance(part, exp.Identifier)]
    return exp.Table(**dict(zip(("this", "db", "catalog"), folded[::-1], strict=False)))


def _folded(name: exp.Identifier, dialect: str) -> exp.Identifier:
    text: str = name.this
    if not name.args.get("quoted"):
        if DATABASES[dialect].upper:
            text = text.upper()
        elif dialect == "postgres":
            text = text.lower()
    found: exp.Identifier = exp.to_identifier(text, quoted=True)
    found.meta["given"] = True
    return found


def _out_of_range(rulebase: Rulebase, decision: str) -> Problem:
    return Problem(
        "not-in-sql",
        f"`{decision}` may come to a day outside the calendar, which databases reckon differently",
        rulebase.decisions[decision].place,
        "shorten the period in its rules",
    )


# ---- what databases do differently ------------------------------------------------------------


def _divide(database: Database) -> Divide:
    if database.divides:
        return lambda a, b: exp.IntDiv(this=exp.paren(a), expression=exp.paren(b))

    def exactly(a: exp.Expr, b: exp.Expr) -> exp.Expr:
        rest = exp.Anonymous(this="MOD", expressions=[a.copy(), b.copy()])
        return exp.Div(
            this=exp.paren(exp.Sub(this=exp.paren(a), expression=rest)), expression=exp.paren(b)
        )

    return exactly


def _adapted(statement: exp.Select, database: Database) -> exp.Expr:
    if database.upper:
        for name in statement.find_all(exp.Identifier):
            if not name.meta.get("given"):
                name.set("this", name.this.upper())
    if database.typed_decimals:
        return statement.transform(_typed)
    return statement


def _typed(node: exp.Expr) -> exp.Expr:
    if not isinstance(node, exp.Literal) or node.is_string:
        return node
    exact = "." not in node.name and len(node.name) <= _LONGEST_INTEGER
    return node if exact else exp.cast(exp.Literal.string(node.name), "BIGDECIMAL")


_LONGEST_INTEGER = 18
"""Digits that a whole number of 64 bits can always have."""
