"""``recourse test``."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import click

from engine.analysis.cases import CaseResult
from engine.analysis.checking import chosen_packs, try_cases
from engine.analysis.coverage import Coverage, measure
from engine.analysis.mutation import mutate
from engine.analysis.suggest import Suggestions, suggest
from engine.commands.console import (
    DONE,
    FINDINGS,
    format_option,
    packs_argument,
    show,
    style,
    text_option,
)
from engine.evaluation.decide import Decider
from engine.model import Rulebase
from engine.presentation import coverage as coverage_pages
from engine.presentation import mutation as mutation_pages
from engine.presentation.cases import results_data, results_page
from engine.presentation.junit import as_junit

Tried = tuple[Rulebase, list[CaseResult]]


@click.command("test")
@packs_argument
@text_option("cases")
@click.option("--coverage", is_flag=True, help="What the cases cover: rules, tests both ways.")
@click.option(
    "--suggest", "suggested", is_flag=True, help="Cases that would complete the coverage."
)
@click.option("--mutate", "mutated", is_flag=True, help="Change the rules; do the cases notice?")
@click.option("--jobs", type=click.IntRange(1), help="Processes for --mutate (default: all cores).")
@format_option("junit", "lcov")
def command(
    packs: tuple[str, ...],
    text: str,
    coverage: bool,
    suggested: bool,
    mutated: bool,
    jobs: int | None,
    form: str,
) -> int:
    """Run the cases of PACKS (default: the pack of this folder, or all shipped), and say what they
    are worth.

    \\b
    Examples:
      recourse test
      recourse test primer -k "short sale"
      recourse test primer --coverage --suggest
      recourse test primer --mutate
      recourse test --format junit > cases.xml
    """
    start = time.perf_counter()
    tried = [try_cases(name, text) for name in chosen_packs(packs)]
    shown = [(rulebase, results) for rulebase, results in tried if results or not text]
    if not shown:
        raise click.UsageError(f"no case has the text {text!r}")
    seconds = time.perf_counter() - start
    passed = all(result.passed for _, results in shown for result in results)
    if form == "junit":
        click.echo(as_junit([r for _, results in shown for r in results], seconds), nl=False)
    elif form == "lcov":
        for rulebase, results in shown:
            click.echo(coverage_pages.as_lcov(_covered(rulebase, results, False)[0]), nl=False)
    elif mutated:
        return _mutate(shown, jobs, form) if passed else _failed(shown, form)
    elif coverage or suggested:
        _cover(shown, suggested, form)
    else:
        _show(shown, form)
    return DONE if passed else FINDINGS


def _show(shown: Sequence[Tried], form: str) -> None:
    show(
        form,
        lambda: [each for pair in shown for each in results_data(*pair)],
        lambda: "\n".join(results_page(*pair, style()) for pair in shown),
    )


def _failed(shown: Sequence[Tried], form: str) -> int:
    """Mutation testing asks which changes break a case; that needs cases which hold."""
    _show(shown, form)
    return FINDINGS


def _covered(
    rulebase: Rulebase, results: Sequence[CaseResult], suggested: bool
) -> tuple[Coverage, Suggestions | None]:
    decider = Decider(rulebase)
    cases = [result.case for result in results]
    covered = measure(decider, cases, results)
    return covered, suggest(decider, cases, covered) if suggested else None


def _cover(shown: Sequence[Tried], suggested: bool, form: str) -> None:
    data = []
    for rulebase, results in shown:
        covered, suggestions = _covered(rulebase, results, suggested)
        if form == "json":
            data.append(coverage_pages.as_data(covered, rulebase, suggestions))
        else:
            click.echo(results_page(rulebase, results, style()))
            click.echo(coverage_pages.as_text(covered, rulebase, suggestions, style()), nl=False)
    if form == "json":
        click.echo(json.dumps(data, indent=2, ensure_ascii=False))


def _mutate(shown: Sequence[Tried], jobs: int | None, form: str) -> int:
    data = []
    survived = False
    for rulebase, results in shown:
        with _bar(rulebase.name) as progress:
            mutation = mutate(rulebase, results, jobs, progress)
        survived = survived or bool(mutation.survivors)
        if form == "json":
            data.append(mutation_pages.as_data(mutation, rulebase))
        else:
            click.echo(mutation_pages.as_text(mutation, style()), nl=False)
    if form == "json":
        click.echo(json.dumps(data, indent=2, ensure_ascii=False))
    return FINDINGS if survived else DONE


@contextmanager
def _bar(name: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on standard error, where that is a terminal."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield lambda done, total: None
        return
    with click.progressbar(range(1), label=f"mutating {name}", file=sys.stderr) as bar:

        def progress(done: int, total: int) -> None:
            bar.length = max(total, 1)
            bar.update(done - bar.pos)

        yield progress
