"""``recourse completion``."""

from __future__ import annotations

import click
from click.shell_completion import ShellComplete, get_completion_class


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script of SHELL.

    \b
    Examples:
      recourse completion bash > ~/.local/share/bash-completion/completions/recourse
      recourse completion fish > ~/.config/fish/completions/recourse.fish
    """
    of_shell = get_completion_class(shell)
    assert of_shell is not None
    root = click.get_current_context().find_root().command
    script = of_shell(root, {}, "recourse", "_RECOURSE_COMPLETE")
    # The base class's own method: bash's looks for an installed bash first.
    click.echo(ShellComplete.source(script))
