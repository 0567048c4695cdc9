"""``recourse decide``."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import Literal

import click

from engine import __version__, load
from engine.auditing import Trail
from engine.commands.console import (
    DONE,
    INVALID,
    UNDETERMINED,
    decisions_option,
    format_option,
    pack_for,
    pack_of_files_option,
    set_option,
    show_problems,
    strict_option,
    style,
)
from engine.presentation.deciding import MAX_SET_ASIDE, Deciding, check_request, loans_in
from engine.presentation.progress import with_progress
from engine.reading.loans import LINES


@click.command("decide")
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path(allow_dash=True))
@pack_of_files_option
@set_option
@decisions_option("--only", "Decide this alone; may be repeated.")
@strict_option
@format_option()
@click.option("--full", is_flag=True, help="Of several loans: a whole page for each.")
@click.option(
    "--record", metavar="FILE", type=click.Path(), help="Append each decision to an audit trail."
)
@click.option("--verbose", is_flag=True, help="Say to standard error what took how long.")
def command(
    files: tuple[str, ...],
    pack: str | None,
    settings: tuple[str, ...],
    only: tuple[str, ...],
    strict: bool,
    form: Literal["text", "json"],
    full: bool,
    record: str | None,
    verbose: bool,
) -> int:
    """Decide the loans in FILES (YAML, JSON or JSON Lines; - for standard input).

    One loan gives a page, several give a line each. With --format json one loan gives one record,
    several give JSON Lines. A loan that can't be used is reported and set aside. What --record
    appends, one record a line with the time in UTC, `recourse replay` reads.

    \b
    Examples:
      recourse decide examples/priya.yaml
      recourse decide examples/priya.yaml --set property_state=OH --only recourse
      recourse decide examples/loans.jsonl --format json
      recourse decide --set loan_kind=auto --set outstanding_debt=14000
      recourse decide examples/loans.jsonl --record decisions.jsonl
    """
    if not files and not settings:
        raise click.UsageError("give a file of facts, - for standard input, or --set FACT=VALUE")

    started = time.perf_counter()
    decider = load(pack_for(pack, files))
    check_request(decider.rulebase, settings, only)
    if verbose:
        read = time.perf_counter()
        nodes = len(decider.compiled.forest.level)
        built = time.perf_counter()
        click.echo(f"pack read in {(read - started) * 1000:,.1f} ms", err=True)
        click.echo(f"{nodes:,} nodes built in {(built - read) * 1000:,.1f} ms", err=True)
    run = Deciding(
        decider,
        __version__,
        only=only or None,
        strict=strict,
        form=form,
        full=full,
        json_lines=any(path.lower().endswith(LINES) for path in files),
        timed=verbose,
        style=style(),
        view=lambda: load(decider.rulebase.compare_with),
    )
    with ExitStack() as stack:
        if record:
            run.keep = stack.enter_context(Trail(record)).append_soon
        for output in run.outputs(with_progress(loans_in(files, settings), "Deciding")):
            click.echo(output)
    if verbose:
        click.echo(run.timings(), err=True)
    if run.problems:
        show_problems(run.problems)
        if run.set_aside > MAX_SET_ASIDE:
            more = f"{run.set_aside:,} loans were set aside; these are the first {MAX_SET_ASIDE:,}"
            click.echo(more, err=True)
        return INVALID
    return UNDETERMINED if run.unsettled else DONE
