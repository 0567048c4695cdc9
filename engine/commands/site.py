"""``recourse site``."""

from __future__ import annotations

from pathlib import Path

import click

from engine import __version__, load
from engine.commands.console import DONE, need, pack_option, step_by_step
from engine.garbage import unsearched
from engine.problems import InputError, Place, Problem
from engine.reading.packs import shown
from engine.reading.saving import save_text


@click.command("site")
@click.argument("out", metavar="OUT", type=click.Path())
@pack_option
def command(out: str, pack: str) -> int:
    """Make a web site of the rules in the folder OUT: a map, a table of all situations, and a page
    for each place, decision and fact, with every rule in plain words, its authority and its cases.

    The site is made of plain files. It needs no server and no network: open OUT/index.html. The
    same rules make the same files; what else is in OUT stays as it is.

    \b
    Examples:
      recourse site public
      recourse site /tmp/primer --pack primer
    """
    need("making the site", "site", {"jinja2": "Jinja"})
    from engine.presentation.site.pages import site

    folder = Path(out)
    if folder.exists() and not folder.is_dir():
        problem = Problem("cannot-write", "this is a file, not a folder", Place(shown(folder)))
        raise InputError([problem])
    number = 0
    with unsearched(), step_by_step("making") as step:  # the whole site is needed to the end
        for path, text in site(load(pack).rulebase, __version__, step):
            save_text(folder / path, text)
            number += 1
    click.echo(f"wrote {number:,} files; open {shown(folder / 'index.html')}")
    return DONE
