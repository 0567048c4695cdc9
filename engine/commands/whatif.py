"""``recourse whatif``."""

from __future__ import annotations

from collections.abc import Sequence

import click

from engine import InputError, Problem, __version__, load
from engine.analysis.varying import vary
from engine.commands.console import (
    completing,
    decisions_option,
    format_option,
    pack_for,
    pack_of_files_option,
    set_option,
    show,
    strict_option,
    style,
)
from engine.evaluation.facts import read_facts
from engine.model import ORDERED, Rulebase, Value
from engine.presentation.deciding import check_request, one_loan
from engine.presentation.varying import data, page
from engine.problems import Place, likely
from engine.reading.yaml import Source, parse, plain
from engine.values import ValueFault, read_fact


@click.command("whatif")
@click.argument("file", required=False, metavar="[FILE]", type=click.Path(allow_dash=True))
@click.option(
    "--vary",
    "varied",
    multiple=True,
    metavar="FACT[=VALUE,VALUE...]",
    help="The fact to vary, over all its values or these; twice for a grid.",
    shell_complete=completing("settings"),
)
@pack_of_files_option
@set_option
@decisions_option("--about", "Look at this decision; may be repeated.  [default: the main ones]")
@strict_option
@format_option()
def command(
    file: str | None,
    varied: tuple[str, ...],
    pack: str | None,
    settings: tuple[str, ...],
    about: tuple[str, ...],
    strict: bool,
    form: str,
) -> None:
    """How the outcomes of the loan in FILE move as one fact varies, or two, and the nearest change
    that would flip them.

    Of an amount, a number or a day the table shows each stretch between the places where something
    changes; they are found from the rules, not by trying.

    \b
    Examples:
      recourse whatif examples/va-loan.yaml --vary property_state
      recourse whatif examples/car-loan.yaml --vary sale_price --about borrower_owes
      recourse whatif --pack us examples/us/purchase-ohio.yaml --vary disposition
      recourse whatif examples/va-loan.yaml --vary loan_program --vary property_state=CA,OH,TX
    """
    if not file and not settings:
        raise click.UsageError("give a file of facts, - for standard input, or --set FACT=VALUE")
    if not 1 <= len(varied) <= 2:
        raise click.UsageError("one fact varies, or two: --vary FACT")
    decider = load(pack_for(pack, [] if file is None else [file]))
    rulebase = decider.rulebase
    check_request(rulebase, settings, about)
    loan = one_loan(file, settings)
    facts = read_facts(rulebase, loan.data, loan.locate)
    values = _values(rulebase, varied)
    if len(values) > 1 and all(
        rulebase.facts[name].type in ORDERED and not chosen for name, chosen in values.items()
    ):
        name = next(iter(values))
        raise click.UsageError(
            f"of two amounts, numbers or days give the values of one: --vary {name}=VALUE,VALUE"
        )
    found = vary(
        decider,
        facts,
        values,
        wanted=about or rulebase.main or tuple(rulebase.decisions),
        strict=strict,
    )
    show(form, lambda: data(found, __version__, loan.name), lambda: page(found, loan.name, style()))


def _values(rulebase: Rulebase, varied: Sequence[str]) -> dict[str, list[Value]]:
    """The facts to vary with the values to try; raises ``InputError`` for what does not fit."""
    found: dict[str, list[Value]] = {}
    problems: list[Problem] = []
    for each in varied:
        name, _, text = each.partition("=")
        fact = rulebase.facts.get(name)
        if fact is None:
            hint = likely(name, rulebase.facts) or "`recourse facts` lists them"
            message = f"no fact is called `{name}`"
            problems.append(Problem("unknown-fact", message, Place("--vary"), hint))
            continue
        values = found.setdefault(name, [])
        for word in filter(None, map(str.strip, text.split(","))):
            try:
                values.append(read_fact(fact, plain(parse(Source("--vary", word)).root)))
            except ValueFault as fault:
                problems.append(Problem(fault.code, fault.message, Place("--vary"), fault.hint))
    if problems:
        raise InputError(problems)
    return found
