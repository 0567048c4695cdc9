"""``recourse diff``."""

from __future__ import annotations

import time
from pathlib import Path

import click

from engine.analysis.diff import compare
from engine.analysis.tally import Tally, count_loans
from engine.commands.console import (
    DONE,
    FINDINGS,
    USUAL_PACK,
    format_option,
    show_problems,
    step_by_step,
    style,
)
from engine.commands.reports import REPORTS, reported, show_github, show_junit, show_sarif
from engine.evaluation.decide import Decider
from engine.presentation import diff, diff_data, review
from engine.problems import InputError
from engine.reading.pack import load_pack
from engine.reading.packs import find_pack
from engine.reading.revisions import open_base
from engine.reading.tables import read_table


@click.command("diff")
@click.argument("base")
@click.argument("head", required=False)
@click.option(
    "--pack",
    default="",
    metavar="NAME|FOLDER",
    help=f"The pack to compare (default: the pack of this folder, or {USUAL_PACK}).",
)
@click.option(
    "--loans", metavar="FILE", help="Count the loans of a CSV, JSON Lines or Parquet file."
)
@click.option("--money", default="", metavar="FACT", help="Sum this money fact of the loans.")
@format_option("markdown", *REPORTS)
def command(
    base: str, head: str | None, pack: str, loans: str | None, money: str, form: str
) -> int:
    """What changes between BASE and HEAD (default: the pack as it is now), and for which loans:
    exact, over all loans. BASE and HEAD are git revisions, folders or packed packs.

    \b
    Examples:
      recourse diff HEAD --pack rules/primer
      recourse diff main --format markdown
      recourse diff old-rules.zip rules/primer --loans book.csv
    """
    if loans is not None and form in REPORTS:
        raise click.UsageError("--loans is counted in the formats text, json and markdown")
    if money and loans is None:
        raise click.UsageError("--money sums a fact of the loans that --loans names")
    start = time.perf_counter()
    here = Path("pack.yaml").is_file()
    with reported(form, start):
        folder = find_pack(pack or ("." if here else USUAL_PACK))
        older = open_base(base, folder)
        newer = load_pack(folder) if head is None else open_base(head, folder)
    if older.name != newer.name and not (head or pack or here):
        message = f"{base} is the pack `{older.name}`: name what to compare it with, HEAD or --pack"
        raise click.UsageError(message)
    with step_by_step("comparing") as step:
        step(f"{older.name} {older.version} and {newer.name} {newer.version}")
        difference = compare(older, newer)
        tally: Tally | None = None
        if loans is not None:
            step(loans)
            tally = count_loans(Decider(older), Decider(newer), read_table(loans), money_fact=money)
    if form == "json":
        click.echo(diff_data.as_json(difference, tally))
    elif form == "markdown":
        click.echo(review.as_markdown(difference, tally))
    elif form == "github":
        show_github(review.as_annotations(review.as_problems(difference)))
    elif form == "sarif":
        found = review.as_problems(difference)
        show_sarif(found, found)
    elif form == "junit":
        show_junit(review.as_items(difference), start)
    else:
        click.echo(diff.as_text(difference, tally, style()))
    if tally is not None and tally.problems:
        show_problems(InputError(tally.problems).problems)
    return DONE if difference.decides_alike else FINDINGS
