"""``recourse overview``."""

from __future__ import annotations

import json

import click

from engine import load
from engine.analysis.matrix import fill
from engine.commands.console import (
    completing,
    format_option,
    step_by_step,
    style,
)
from engine.presentation.overview import as_data, as_markdown, as_text
from engine.reading.overviews import find_overview


@click.command("overview")
@click.argument("name", default="", metavar="[NAME]", shell_complete=completing("overviews"))
@click.option(
    "--pack",
    default="us",
    show_default=True,
    metavar="NAME|FOLDER",
    help="The rules to use.",
    shell_complete=completing("packs"),
)
@format_option("markdown")
def command(name: str, pack: str, form: str) -> None:
    """A table made from the rules: what they decide, for each state or whatever the rows are, in
    the situations that stand at its head. NAME is a file in overviews/ of the pack; it may be left
    out where there is one only.

    \b
    Examples:
      recourse overview
      recourse overview states --pack us --format markdown > docs/states.md
      recourse overview states --format json
    """
    decider = load(pack)
    overview = find_overview(decider.rulebase, name)
    with step_by_step("deciding") as step:
        matrix = fill(decider, overview, step)
    if form == "json":
        click.echo(json.dumps(as_data(matrix, decider.rulebase), indent=2, ensure_ascii=False))
    elif form == "markdown":
        click.echo(as_markdown(matrix, decider.rulebase))
    else:
        click.echo(as_text(matrix, decider.rulebase, style()))
