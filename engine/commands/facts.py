"""``recourse facts``."""

from __future__ import annotations

import click

from engine.commands.console import format_option, pack_option, show, style
from engine.presentation.catalogue import facts_data, facts_page
from engine.reading.pack import load_pack


@click.command("facts")
@pack_option
@format_option()
def command(pack: str, form: str) -> None:
    """What can be stated of a loan: every fact, with its question and its values.

    \b
    Examples:
      recourse facts
      recourse facts --format json
    """
    rulebase = load_pack(pack)
    show(
        form,
        lambda: facts_data(rulebase),
        lambda: facts_page(rulebase, style()),
    )
