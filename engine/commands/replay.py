"""``recourse replay``."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

import engine
from engine.analysis.replay import Replay, named_pack, replay
from engine.commands.console import (
    DONE,
    FINDINGS,
    INVALID,
    USUAL_PACK,
    completing,
    format_option,
    show_problems,
    step_by_step,
    style,
)
from engine.evaluation.decide import Decider
from engine.presentation.replay import MAX_SHOWN, as_json, as_text
from engine.reading.packs import shipped_packs
from engine.reading.source import open_bytes


@click.command("replay")
@click.argument("records")
@click.option(
    "--pack",
    metavar="NAME|FOLDER",
    help=f"The rules to use.  [default: the pack that the records name, else {USUAL_PACK}]",
    shell_complete=completing("packs"),
)
@format_option()
def command(records: str, pack: str | None, form: str) -> int:
    """Decide recorded decisions again with today's rules, and list those that change, with the
    reasons of then and now. RECORDS is a file of decision records, one a line (what --record keeps,
    or the output of `recourse decide --format json`), or - for standard input.

    \b
    Examples:
      recourse decide loans.jsonl --format json > records.jsonl
      recourse replay records.jsonl
    """
    with step_by_step("replaying") as step:
        step(records)
        if records == "-":
            decider, result = _replayed(sys.stdin.buffer, "<stdin>", pack)
        else:
            with open_bytes(records) as file:
                decider, result = _replayed(file, records, pack)
    if form == "json":
        click.echo(as_json(result, decider.rulebase))
    else:
        click.echo(as_text(result, decider.rulebase, style()))
    if result.faults:
        show_problems(result.faults[:MAX_SHOWN])
        return INVALID
    return FINDINGS if result.changed or result.undecidable else DONE


def _replayed(lines: Iterator[bytes], name: str, pack: str | None) -> tuple[Decider, Replay]:
    """The rules that were asked for, or that the records name, and what they make of these."""
    if pack is None:
        named, lines = named_pack(lines)
        if named and named not in shipped_packs():
            message = f"the records are of the pack `{named}`: name its folder with --pack"
            raise click.UsageError(message)
        pack = named or USUAL_PACK
    decider = engine.load(pack)
    return decider, replay(decider, lines, name)
