"""``recourse test``."""

from __future__ import annotations

import click

from engine.analysis.checking import chosen_packs, try_cases
from engine.commands.console import (
    DONE,
    FINDINGS,
    format_option,
    packs_argument,
    show,
    style,
    text_option,
)
from engine.presentation.cases import results_data, results_page


@click.command("test")
@packs_argument
@text_option("cases")
@format_option()
def command(packs: tuple[str, ...], text: str, form: str) -> int:
    """Run the cases of PACKS (default: the pack of this folder, or all shipped).

    \b
    Examples:
      recourse test
      recourse test primer -k "short sale"
    """
    tried = [try_cases(name, text) for name in chosen_packs(packs)]
    shown = [(rulebase, results) for rulebase, results in tried if results or not text]
    if not shown:
        raise click.UsageError(f"no case has the text {text!r}")
    show(
        form,
        lambda: [each for pair in shown for each in results_data(*pair)],
        lambda: "\n".join(results_page(*pair, style()) for pair in shown),
    )
    passed = all(result.passed for _, results in shown for result in results)
    return DONE if passed else FINDINGS
