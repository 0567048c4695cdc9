"""``recourse export``."""

from __future__ import annotations

from pathlib import Path

import click

from engine import load
from engine.commands.console import DONE, completing, need, pack_option
from engine.reading.packs import shown

DIALECTS = ("duckdb", "spark", "snowflake", "bigquery", "postgres")


@click.group("export")
def command() -> None:
    """Write a pack's decisions for another system to decide.

    \b
    Examples:
      recourse export sql --decision recourse
    """


@command.command("sql")
@pack_option
@click.option(
    "--decision",
    "decisions",
    multiple=True,
    metavar="DECISION",
    help="Write this alone; may be repeated.",
    shell_complete=completing("decisions"),
)
@click.option(
    "--dialect",
    type=click.Choice(DIALECTS),
    default="duckdb",
    show_default=True,
    help="Whose SQL to write.",
)
@click.option(
    "--table", default="loans", show_default=True, metavar="TABLE", help="Where the loans are."
)
@click.option(
    "--key",
    "keys",
    multiple=True,
    default=("loan_id",),
    show_default=True,
    metavar="COLUMN",
    help="What tells the loans apart; may be repeated.",
)
@click.option(
    "--fact",
    "facts",
    multiple=True,
    metavar="FACT[=COLUMN]",
    help="A fact that the table has, perhaps in a column of another name; may be repeated. "
    "Without it the table has every fact.",
)
@click.option("--strict", is_flag=True, help="Presume nothing.")
@click.option(
    "-o",
    "--out",
    type=click.Path(),
    metavar="FOLDER|FILE",
    help="A folder for a file each, or a file whose name ends in .sql.  [default: standard output]",
)
def sql(
    pack: str,
    decisions: tuple[str, ...],
    dialect: str,
    table: str,
    keys: tuple[str, ...],
    facts: tuple[str, ...],
    strict: bool,
    out: str | None,
) -> int:
    """Write decisions as SQL: one statement each, which decides every loan of a table.

    It gives each loan the value, how it stands (decided, open, conflict, undetermined, rejected)
    and the deciding rules. A NULL is a fact that is not known; the table has a column for each
    fact, or --fact names those it has.

    \b
    Examples:
      recourse export sql --pack primer --decision borrower_owes
      recourse export sql --dialect snowflake -o statements/
      recourse export sql --decision recourse --fact loan_kind --fact property_state=state
    """
    need("writing SQL", "sql", {"sqlglot": "SQLGlot"})
    from engine.portfolio.sql.statement import Source, statements

    pairs = (fact.partition("=") for fact in facts)
    columns = {fact: column or fact for fact, _, column in pairs} if facts else None
    source = Source(table, keys, columns)
    decider = load(pack)
    wanted = decisions or tuple(decider.rulebase.decisions)
    texts = statements(decider, wanted, dialect, source, strict=strict)
    together = ";\n\n".join(text.rstrip("\n") for text in texts.values()) + ";\n"
    if out is None:
        click.echo(together, nl=False)
    elif out.endswith(".sql"):
        _write(Path(out), together)
    else:
        for name, text in texts.items():
            _write(Path(out) / f"{name}.sql", text)
    return DONE


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    click.echo(f"wrote {shown(path)}")
