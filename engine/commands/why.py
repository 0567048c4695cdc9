"""``recourse why``."""

from __future__ import annotations

import click

from engine.commands.console import completing, format_option, pack_option, show, style
from engine.presentation.catalogue import find_rule, rule_data, rule_page
from engine.reading.pack import load_pack


@click.command("why")
@click.argument("rule", shell_complete=completing("rules"))
@pack_option
@format_option()
def command(rule: str, pack: str, form: str) -> None:
    """One RULE in plain words, with its exceptions and its authority.

    \b
    Examples:
      recourse why ga.guarantor-waiver
      recourse why contract.nonrecourse --pack primer
      recourse rules -k california
    """
    rulebase = load_pack(pack)
    found = find_rule(rulebase, rule)
    show(
        form,
        lambda: rule_data(rulebase, found),
        lambda: rule_page(rulebase, found, style()),
    )
