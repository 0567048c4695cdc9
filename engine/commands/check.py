"""``recourse check``."""

from __future__ import annotations

import sys

import click

from engine.analysis.checking import check_pack, chosen_packs
from engine.commands.console import (
    DONE,
    FINDINGS,
    format_option,
    has_colour,
    packs_argument,
    style,
)
from engine.presentation import problems
from engine.presentation.cases import checked_line


@click.command("check")
@packs_argument
@format_option("github")
def command(packs: tuple[str, ...], form: str) -> int:
    """Read whole PACKS and run their cases (default: the pack of this folder, or all shipped).

    \b
    Examples:
      recourse check
      recourse check rules/primer --format github
    """
    checked = [check_pack(name) for name in chosen_packs(packs)]
    found = [problem for each in checked for problem in each.problems]
    if form == "json":
        click.echo(problems.as_json(found))
    elif form == "github":
        click.echo(problems.as_github(found), nl=bool(found))
    else:
        if found:
            click.echo(problems.as_text(found, has_colour(sys.stdout)) + "\n")
        for each in checked:
            click.echo(checked_line(each, style()))
    return FINDINGS if found else DONE
