"""``recourse lsp``."""

from __future__ import annotations

import click

from engine.commands.console import DONE, need


@click.command("lsp")
@click.option(
    "--stdio",
    is_flag=True,
    expose_value=False,
    help="Over standard input and output: the only way, so it may be left out.",
)
def command() -> int:
    """Help an editor with rule files: problems as you type, completion, what a name means, where it
    is defined and used. A language server on standard input and output, which editors start.

    \b
    Examples:
      recourse lsp
    """
    need("the language server", "lsp", {"pygls": "pygls"})
    from engine.editing.server import rule_server

    rule_server().start_io()
    return DONE
