"""``recourse schema``."""

from __future__ import annotations

from pathlib import Path

import click

from engine.analysis.checking import chosen_packs
from engine.commands.console import packs_argument
from engine.presentation.schemas import write_schemas
from engine.reading.pack import load_pack
from engine.reading.packs import shown
from engine.resources import schema_dir


@click.command("schema")
@packs_argument
@click.option(
    "--out",
    type=click.Path(file_okay=True),
    metavar="FOLDER",
    help="Where to write.  [default: schema/packs]",
)
def command(packs: tuple[str, ...], out: str | None) -> None:
    """Write the JSON Schemas of PACKS, by which an editor completes and checks their files.

    \b
    Examples:
      recourse schema
      recourse schema my-rules --out my-rules/schema
    """
    checkout = schema_dir().parent
    usual = schema_dir() if Path.cwd().is_relative_to(checkout) else Path("schema")
    for name in chosen_packs(packs):
        rulebase = load_pack(name)
        folder = (usual / "packs" if out is None else Path(out)) / rulebase.name
        for path in write_schemas(rulebase, folder):
            click.echo(f"wrote {shown(path)}")
