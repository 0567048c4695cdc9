"""``recourse replay``."""

from __future__ import annotations

import sys

import click

import engine
from engine.analysis.replay import replay
from engine.commands.console import (
    DONE,
    FINDINGS,
    INVALID,
    format_option,
    pack_option,
    show_problems,
    step_by_step,
    style,
)
from engine.presentation.replay import as_json, as_text
from engine.reading.source import open_bytes


@click.command("replay")
@click.argument("records")
@pack_option
@format_option()
def command(records: str, pack: str, form: str) -> int:
    """Decide recorded decisions again with today's rules, and list those that change, with the
    reasons of then and now. RECORDS is a file of decision records, one a line (what --record keeps,
    or the output of `recourse decide --format json` for several loans), or - for standard input.

    \b
    Examples:
      recourse decide loans.jsonl --format json > records.jsonl
      recourse replay records.jsonl
    """
    decider = engine.load(pack)
    with step_by_step("replaying") as step:
        step(records)
        if records == "-":
            result = replay(decider, sys.stdin.buffer, "<stdin>")
        else:
            with open_bytes(records) as file:
                result = replay(decider, file, records)
    if form == "json":
        click.echo(as_json(result, decider.rulebase))
    else:
        click.echo(as_text(result, decider.rulebase, style()), nl=False)
    if result.faults:
        show_problems(result.faults)
        return INVALID
    return FINDINGS if result.changed or result.undecidable else DONE
