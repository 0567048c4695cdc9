"""``recourse new``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from engine.commands.console import completing
from engine.editing.scaffold import new_case, new_pack, new_rule
from engine.reading.packs import shown


def _pack_here(what: str) -> str:
    """The pack that is meant where none is named: the one in the working folder."""
    if Path("pack.yaml").is_file():
        return "."
    raise click.UsageError(f"say which pack the {what} is for: --pack NAME|FOLDER")


@click.group("new")
def command() -> None:
    """Begin a pack, a rule or a case: valid as it stands, with what to put in place. Nothing that
    is there already is overwritten.

    \b
    Examples:
      recourse new pack my-rules
      recourse new rule wa.trustee-sale --pack my-rules --decides recourse
      recourse new case "A trustee's sale" --pack my-rules
    """


@command.command("pack")
@click.argument("name")
@click.option(
    "--in",
    "parent",
    default=".",
    metavar="FOLDER",
    type=click.Path(file_okay=False),
    help="Where to make its folder.  [default: here]",
)
def pack(name: str, parent: str) -> None:
    """A pack with one decision, one fact, one rule and one case."""
    _say("wrote", new_pack(name, Path(parent)))
    click.echo(f"next: recourse check {shown(Path(parent) / name)}")


_pack = click.option(
    "--pack",
    "name_of_pack",
    metavar="NAME|FOLDER",
    help="The pack.  [default: the one in this folder]",
    shell_complete=completing("packs"),
)


@command.command("rule")
@click.argument("rule_id", metavar="ID")
@_pack
@click.option("--decides", required=True, metavar="DECISION", help="What the rule decides.")
@click.option(
    "--file",
    default="",
    metavar="FILE",
    help="Where to write it.  [default: beside rules of its kind]",
)
def rule(rule_id: str, name_of_pack: str | None, decides: str, file: str) -> None:
    """A rule that never applies yet."""
    chosen = name_of_pack or _pack_here("rule")
    _say("added it to", new_rule(rule_id, chosen, decides, file))


@command.command("case")
@click.argument("name")
@_pack
@click.option(
    "--file",
    default="",
    metavar="FILE",
    help="Where to write it.  [default: the last file in cases/]",
)
def case(name: str, name_of_pack: str | None, file: str) -> None:
    """A case that expects what the rules say now."""
    _say("added it to", new_case(name, name_of_pack or _pack_here("case"), file))


def _say(what: str, paths: Iterable[Path]) -> None:
    for path in paths:
        click.echo(f"{what} {shown(path)}")
