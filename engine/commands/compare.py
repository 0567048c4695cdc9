"""``recourse compare``."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence

import click

from engine import Decider, InputError, Problem, __version__, load
from engine.commands.console import (
    DONE,
    INVALID,
    UNDETERMINED,
    completing,
    decisions_option,
    format_option,
    set_option,
    show_problems,
    strict_option,
    style,
)
from engine.evaluation.comparison import Comparison, compare, shared_decisions
from engine.presentation.comparison import data, page
from engine.presentation.deciding import loans_in
from engine.presentation.layout import WIDTH
from engine.problems import Place, likely, listing

_LAW = "us"


@click.command("compare")
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path(allow_dash=True))
@click.option(
    "--pack",
    multiple=True,
    metavar="NAME|FOLDER",
    help=f"The packs: two, or one that names another to compare with.  [default: {_LAW}]",
    shell_complete=completing("packs"),
)
@set_option
@decisions_option("--only", "Compare this alone; may be repeated.")
@strict_option
@format_option()
def command(
    files: tuple[str, ...],
    pack: tuple[str, ...],
    settings: tuple[str, ...],
    only: tuple[str, ...],
    strict: bool,
    form: str,
) -> int:
    """Where two packs differ for the loans in FILES (YAML, JSON or JSON Lines; - for standard
    input), and why: the popular view beside the law.

    Decisions of the same name are compared. A fact that one pack does not know is left out for
    it, and what the law presumes is taken over by the view where it knows nothing itself.

    \b
    Examples:
      recourse compare examples/heloc-california.yaml
      recourse compare --pack primer --pack us examples/va-loan.yaml --only recourse
      recourse compare --set property_state=MN --set disposition=short_sale --format json
    """
    if not files and not settings:
        raise click.UsageError("give a file of facts, - for standard input, or --set FACT=VALUE")
    view, law = _packs(pack or (_LAW,))
    _check(shared_decisions(view.rulebase, law.rulebase), only)
    problems: list[Problem] = []
    found: list[tuple[str, Comparison]] = []
    for loan in loans_in(files, settings):
        try:
            if isinstance(loan, InputError):
                raise loan
            both = compare(
                view, law, loan.data, only=only or None, strict=strict, locate=loan.locate
            )
            found.append((loan.name, both))
        except InputError as error:
            problems += error.problems
    _show(found, form)
    if problems:
        show_problems(InputError(problems).problems)
        return INVALID
    pairs = [pair for _, both in found for pair in both.pairs.values()]
    return UNDETERMINED if any(pair.agreement == "unclear" for pair in pairs) else DONE


def _packs(names: Sequence[str]) -> tuple[Decider, Decider]:
    """The view and the law, from the names of one pack or two."""
    if len(names) > 2:
        raise click.UsageError("two packs are compared, not more")
    law = load(names[-1])
    if len(names) == 1:
        if not law.rulebase.compare_with:
            raise click.UsageError(f"{names[0]} names no pack to compare with: give --pack twice")
        return load(law.rulebase.compare_with), law
    view = load(names[0])
    swapped = view.rulebase.compare_with == law.rulebase.name
    return (law, view) if swapped else (view, law)


def _check(shared: Collection[str], only: Collection[str]) -> None:
    """Refuse decisions that can't be compared."""
    problems = [
        Problem(
            "unknown-decision",
            f"the packs have no decision `{name}` in common",
            Place("--only"),
            likely(name, shared) or f"in common: {listing(shared)}",
        )
        for name in only
        if name not in shared
    ]
    if problems:
        raise InputError(problems)


def _show(found: Sequence[tuple[str, Comparison]], form: str) -> None:
    several = len(found) > 1
    for name, comparison in found:
        if form == "json":
            content = data(comparison, __version__, name)
            indent = None if several else 2
            click.echo(json.dumps(content, indent=indent, ensure_ascii=False))
        else:
            click.echo(page(comparison, name, style()))
            if several:
                click.echo(f"\n{'─' * WIDTH}")
