"""``recourse test``."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import click

from engine.analysis.cases import CaseResult
from engine.analysis.checking import chosen_packs, failing, try_cases
from engine.analysis.coverage import Coverage, measure
from engine.analysis.mutation import Mutation, mutate
from engine.analysis.suggest import Suggestions, suggest
from engine.commands.console import (
    DONE,
    FINDINGS,
    format_option,
    has_colour,
    packs_argument,
    style,
    text_option,
)
from engine.commands.reports import REPORTS, reported, show_github, show_junit, show_sarif
from engine.evaluation.decide import Decider
from engine.model import Rulebase
from engine.presentation import cases as case_pages
from engine.presentation import coverage as coverage_pages
from engine.presentation import mutation as mutation_pages
from engine.presentation import problems
from engine.presentation.junit import Item, error_item
from engine.problems import Problem


@click.command("test")
@packs_argument
@text_option("cases")
@click.option("--coverage", is_flag=True, help="What the cases cover: rules, tests both ways.")
@click.option(
    "--suggest", "suggested", is_flag=True, help="Cases that would complete the coverage."
)
@click.option("--mutate", "mutated", is_flag=True, help="Change the rules; do the cases notice?")
@click.option("--jobs", type=click.IntRange(1), help="Processes for --mutate (default: all cores).")
@format_option("lcov", *REPORTS)
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

    \b
    Examples:
      recourse test
      recourse test primer -k "short sale"
      recourse test primer --coverage --suggest
      recourse test primer --mutate
      recourse test --format junit > cases.xml
    """
    if mutated and (coverage or suggested or form == "lcov"):
        raise click.UsageError("--mutate can't be asked for together with coverage")
    if suggested and form not in ("text", "json"):
        raise click.UsageError("--suggest writes cases in the formats text and json")
    if jobs is not None and not mutated:
        raise click.UsageError("--jobs goes with --mutate")
    start = time.perf_counter()
    with reported(form, start):
        found = [try_cases(name, text) for name in chosen_packs(packs)]
    tried = [_Tried(*one) for one in found if one[1] or not text]
    if not tried:
        raise click.UsageError(f"no case has the text {text!r}")
    passed = not any(_faults(one) for one in tried)
    if coverage or suggested or form == "lcov":
        tried = [_covered(one, suggested) for one in tried]
    elif mutated and passed:  # it asks which changes break a case; that needs cases which hold
        tried = [_mutated(one, jobs) for one in tried]
    if form == "json":
        click.echo(json.dumps(_data(tried), indent=2, ensure_ascii=False))
    elif form == "lcov":
        coverages = (one.coverage for one in tried if one.coverage)
        click.echo("".join(map(coverage_pages.as_lcov, coverages)), nl=False)
    elif form == "github":
        show_github(_problems(tried))
    elif form == "sarif":
        show_sarif(_problems(tried))
    elif form == "junit":
        show_junit(_items(tried), start)
    else:
        click.echo("\n".join(_pages(tried)))
    survived = any(one.mutation and one.mutation.survivors for one in tried)
    return FINDINGS if survived or not passed else DONE


@dataclass(frozen=True, slots=True)
class _Tried:
    """What became of the cases of a pack and, where it was asked for, what they are worth."""

    rulebase: Rulebase
    results: Sequence[CaseResult]
    unread: Sequence[Problem]
    """What is wrong with cases that could not be run."""
    coverage: Coverage | None = None
    suggestions: Suggestions | None = None
    mutation: Mutation | None = None


def _faults(one: _Tried) -> list[Problem]:
    return [*one.unread, *failing(one.results)]


def _covered(one: _Tried, suggested: bool) -> _Tried:
    decider = Decider(one.rulebase)
    cases = [result.case for result in one.results]
    coverage = measure(decider, cases, one.results)
    suggestions = suggest(decider, cases, coverage) if suggested else None
    return replace(one, coverage=coverage, suggestions=suggestions)


def _mutated(one: _Tried, jobs: int | None) -> _Tried:
    with _bar(one.rulebase.name) as progress:
        return replace(one, mutation=mutate(one.rulebase, one.results, jobs, progress))


# ---- what is printed --------------------------------------------------------------------------


def _data(tried: Iterable[_Tried]) -> list[dict[str, Any]]:
    data = []
    for one in tried:
        if one.mutation:
            data.append(mutation_pages.as_data(one.mutation, one.rulebase))
        elif one.coverage:
            data.append(coverage_pages.as_data(one.coverage, one.rulebase, one.suggestions))
        else:
            data += case_pages.results_data(one.rulebase, one.results, one.unread)
    return data


def _pages(tried: Iterable[_Tried]) -> Iterator[str]:
    for one in tried:
        if one.mutation:
            yield mutation_pages.as_text(one.mutation, style()).rstrip("\n")
            continue
        if one.unread:
            yield problems.as_text(one.unread, has_colour(sys.stdout)) + "\n"
        yield case_pages.results_page(one.rulebase, one.results, style(), one.unread)
        if one.coverage:
            page = coverage_pages.as_text(one.coverage, one.rulebase, one.suggestions, style())
            yield page.rstrip("\n")


def _problems(tried: Iterable[_Tried]) -> Iterator[Problem]:
    for one in tried:
        yield from _faults(one)
        if one.coverage:
            yield from coverage_pages.as_problems(one.coverage, one.rulebase)
        if one.mutation:
            yield from mutation_pages.as_problems(one.mutation)


def _items(tried: Iterable[_Tried]) -> list[Item]:
    items = []
    for one in tried:
        items += case_pages.as_items(one.results)
        items += [error_item(one.rulebase.name, problem) for problem in one.unread]
        if one.coverage:
            items += coverage_pages.as_items(one.coverage, one.rulebase)
        if one.mutation:
            items += mutation_pages.as_items(one.mutation)
    return items


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
