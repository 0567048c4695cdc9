"""``recourse check``."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence

import click

from engine.analysis.checking import Checked, check_pack, chosen_packs
from engine.analysis.findings import KINDS
from engine.commands.console import (
    DONE,
    FINDINGS,
    format_option,
    has_colour,
    packs_argument,
    step_by_step,
    style,
)
from engine.commands.reports import REPORTS, reported, show_github, show_junit, show_sarif
from engine.presentation import problems
from engine.presentation.cases import checked_line
from engine.presentation.findings import (
    as_items,
    as_problems,
    explained,
    findings_data,
    findings_text,
)
from engine.problems import Problem


@click.command("check")
@packs_argument
@format_option(*REPORTS)
@click.option(
    "--explain",
    "code",
    type=click.Choice(sorted(KINDS)),
    metavar="CODE",
    help="Say what a finding means and how to mend it.",
)
def command(packs: tuple[str, ...], form: str, code: str | None) -> int:
    """Read whole PACKS, prove what can be proved of their rules over all loans (no two contradict,
    none is idle, no loan falls through), and run their cases. Default: the pack of this folder, or
    all shipped.

    \b
    Examples:
      recourse check
      recourse check rules/primer --format github
      recourse check --explain conflict
    """
    if code is not None:
        if form != "text":
            raise click.UsageError("--explain is text alone; leave out --format")
        click.echo(explained(code))
        return DONE
    start = time.perf_counter()
    with reported(form, start), step_by_step("checking") as step:
        checked = [check_pack(name, step) for name in chosen_packs(packs)]
    if form == "json":
        data = [each for one in checked for each in _data(one)]
        click.echo(json.dumps(data, indent=2, ensure_ascii=False))
    elif form == "text":
        _show(checked)
    elif form == "github":
        show_github(problem for one in checked for problem in _problems(one))
    elif form == "sarif":
        show_sarif(problem for one in checked for problem in _problems(one))
    else:
        show_junit([item for one in checked for item in as_items(one)], start)
    return FINDINGS if any(one.count for one in checked) else DONE


def _show(checked: Sequence[Checked]) -> None:
    for one in checked:
        if one.problems:
            click.echo(problems.as_text(one.problems, has_colour(sys.stdout)) + "\n")
        if one.decider is not None:
            text = findings_text(one.decider.compiled_for({}, ()), one.findings, style())
            if text:
                click.echo(text + "\n")
    for one in checked:
        click.echo(checked_line(one, style()))


def _problems(checked: Checked) -> list[Problem]:
    proved = (
        []
        if checked.decider is None
        else as_problems(checked.decider.compiled_for({}, ()), checked.findings)
    )
    return [*checked.problems, *proved]


def _data(checked: Checked) -> list[dict[str, object]]:
    found: list[dict[str, object]] = list(json.loads(problems.as_json(checked.problems)))
    if checked.decider is not None:
        found += findings_data(checked.decider.compiled_for({}, ()), checked.findings)
    return found
