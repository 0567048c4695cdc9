"""``recourse fmt``."""

from __future__ import annotations

import difflib
from pathlib import Path

import click

from engine.commands.console import DONE, FINDINGS, INVALID, completing, show_problems
from engine.presentation.layout import count
from engine.problems import InputError, Problem
from engine.reading.format import files_to_format, format_file
from engine.reading.packs import shown
from engine.reading.saving import save_text


@click.command("fmt")
@click.argument("paths", nargs=-1, metavar="[PATH]...", shell_complete=completing("packs"))
@click.option("--check", is_flag=True, help="Change nothing; list the files that would change.")
@click.option("--diff", is_flag=True, help="Change nothing; show what would change.")
def command(paths: tuple[str, ...], check: bool, diff: bool) -> int:
    """Put the files of packs in order: the keys of each rule, fact, decision and case as in the
    documents, no trailing blanks. No value and no comment is lost.

    PATH is a file, a folder or a pack. Default: the pack of this folder, or in a checkout the
    shipped ones.

    \b
    Examples:
      recourse fmt rules/primer
      recourse fmt --check
    """
    changed: list[Path] = []
    problems: list[Problem] = []
    for path in files_to_format(paths):
        try:
            before, after = format_file(path)
            if before == after:
                continue
            if diff:
                click.echo(_diff(shown(path), before, after), nl=False)
            if not check and not diff:
                save_text(path, after)
        except InputError as error:
            problems += error.problems
            continue
        changed.append(path)
        if check or not diff:
            click.echo(f"{'would change' if check else 'changed'} {shown(path)}")
    if problems:
        show_problems(problems)
        return INVALID
    if not changed:
        click.echo("every file is in order")
    elif check:
        click.echo(f"{count(len(changed), 'file')} to put in order: `recourse fmt` does it")
    return FINDINGS if changed and check else DONE


def _diff(name: str, before: str, after: str) -> str:
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    lines = difflib.unified_diff(old, new, name, f"{name} (in order)")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ no line end\n" for line in lines)
