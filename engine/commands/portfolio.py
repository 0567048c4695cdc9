"""``recourse portfolio``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from engine import load
from engine.commands.console import (
    DONE,
    FINDINGS,
    UNDETERMINED,
    completing,
    format_option,
    need,
    pack_option,
    style,
)
from engine.presentation.deciding import check_request
from engine.presentation.progress import TapeProgress

if TYPE_CHECKING:
    from engine.portfolio.output import Output
    from engine.portfolio.run import Run


INTERRUPTED = 130
"""The exit code of a run that the user stopped, as a shell gives it."""


@click.command("portfolio")
@click.argument("tapes", nargs=-1, required=True, metavar="TAPE...")
@click.option("-o", "--output", metavar="FILE", help="Write every row's answers to this file.")
@pack_option
@click.option("--map", "mapping", metavar="MAPPING", help="How the tape's columns state facts.")
@click.option(
    "--only",
    multiple=True,
    metavar="DECISION",
    help="Decide this alone; may be repeated.",
    shell_complete=completing("decisions"),
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="FACT=VALUE",
    help="State a fact of every loan, in place of what the tape says.",
    shell_complete=completing("settings"),
)
@click.option("--strict", is_flag=True, help="Presume nothing.")
@click.option("--keep", multiple=True, metavar="COLUMN", help="Carry a column over to the output.")
@click.option("--money", default="", metavar="FACT", help="Sum this money fact by outcome.")
@click.option("--force", is_flag=True, help="Write over an output that exists.")
@click.option("--resume", is_flag=True, help="Go on with an output of a run that was stopped.")
@click.option("--fail-on-rejects", is_flag=True, help="Exit with 1 where a row is rejected.")
@format_option()
def command(
    tapes: tuple[str, ...],
    output: str | None,
    pack: str,
    mapping: str | None,
    only: tuple[str, ...],
    settings: tuple[str, ...],
    strict: bool,
    keep: tuple[str, ...],
    money: str,
    force: bool,
    resume: bool,
    fail_on_rejects: bool,
    form: str,
) -> int:
    """Decide whole loan tapes: files, folders or patterns; - for standard input.

    A tape is Parquet, CSV, JSON Lines or an Arrow file, CSV and JSON Lines also compressed (.gz,
    .zst). Its columns have the names of facts, or a mapping says what they state. The output is
    Parquet, CSV or JSON Lines, by its name. The summary goes to standard output.

    \b
    Examples:
      recourse portfolio book.parquet -o decided.parquet --keep loan_id
      recourse portfolio 'lar/*.txt' --pack us --map hmda-lar -o lar.csv
      recourse portfolio book.csv --only recourse --money outstanding_debt
      recourse portfolio book.csv --only recourse --set disposition=short_sale
    """
    need("reading loan tapes", "portfolio", {"numpy": "NumPy", "pyarrow": "PyArrow"})
    if (force or resume) and not output:
        raise click.UsageError("--force and --resume are about the output: name one with -o")
    from engine.portfolio.files import find_tapes
    from engine.portfolio.kernel import Kernel
    from engine.portfolio.mapping import read_mapping
    from engine.portfolio.run import Request, Run
    from engine.presentation.portfolio import as_data, as_text

    decider = load(pack)
    always = check_request(decider.rulebase, settings, only)
    mapped = None if mapping is None else read_mapping(mapping, decider.rulebase)
    kernel = Kernel(decider, only or None, strict=strict, rules=output is not None)
    run = Run(decider, kernel, Request(find_tapes(tapes), mapped, keep, money, always))
    unknown, aside = run.look()
    if aside:
        click.echo(f"columns that are not used: {', '.join(aside)}", err=True)
    if unknown:
        click.echo(f"facts that the tape does not state: {', '.join(unknown)}", err=True)
    mark = {
        "rules": decider.rulebase.digest,
        "tape": [[tape.name, tape.length] for tape in run.request.tapes],
        "mapping": hashlib.sha256(repr(mapped).encode()).hexdigest()[:16] if mapped else "",
        "options": [list(kernel.wanted), strict, list(keep), sorted(settings)],
    }
    with (
        _output(run, output, mark, force=force, resume=resume) as (out, begun),
        TapeProgress("Deciding") as progress,
    ):
        counts = run.go(out, lambda step: progress.show(step.rows, step.share), begun)
    if form == "json":
        click.echo(json.dumps(as_data(counts, decider.rulebase, begun), indent=2))
    else:
        click.echo(as_text(counts, decider.rulebase, style(), begun), nl=False)
    if run.stopped:
        if output:
            click.echo(f"stopped; {output} is whole as far as it goes (--resume goes on)", err=True)
        return INTERRUPTED
    if fail_on_rejects and counts.rejected:
        return FINDINGS
    return UNDETERMINED if counts.undetermined else DONE


@contextmanager
def _output(
    run: Run, path: str | None, mark: dict[str, Any], *, force: bool, resume: bool
) -> Iterator[tuple[Output | None, int]]:
    """The output, and the rows that it holds already. It is put in its place where the run ends or
    is stopped, and nothing is left of it where it fails."""
    from engine.portfolio.output import Output

    if path is None:
        yield None, 0
        return
    output = Output(path, run.schema(), mark)
    begun = output.begin(force=force, resume=resume)
    try:
        yield output, begun
        output.finish(complete=not run.stopped)
    except BaseException:
        output.discard()
        raise
