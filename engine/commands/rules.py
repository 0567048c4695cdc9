"""``recourse rules``."""

from __future__ import annotations

import click

from engine.commands.console import format_option, pack_option, show, style, text_option
from engine.presentation.catalogue import matching_rules, rules_data, rules_page
from engine.reading.pack import load_pack


@click.command("rules")
@pack_option
@text_option("rules")
@format_option()
def command(pack: str, text: str, form: str) -> None:
    """Every rule, by the decision it decides.

    \b
    Examples:
      recourse rules
      recourse rules -k california
    """
    rulebase = load_pack(pack)
    found = matching_rules(rulebase, text)
    show(
        form,
        lambda: rules_data(rulebase, found),
        lambda: rules_page(rulebase, found, style()),
    )
