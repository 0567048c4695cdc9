"""What the commands share: exit codes, options, and how they print."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import click
from click.shell_completion import CompletionItem

from engine.presentation.layout import Style, listed
from engine.presentation.problems import as_text
from engine.problems import Problem, listing
from engine.reading.loans import schema_pack

DONE, FINDINGS, INVALID, UNDETERMINED = 0, 1, 2, 3
USUAL_PACK = "us"

Command = Callable[..., Any]
Option = Callable[[Command], Command]

# ---- printing ---------------------------------------------------------------------------------


def has_colour(stream: Any) -> bool:
    """Whether a stream is a terminal on which colour is wanted."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return not plain and stream is not None and bool(stream.isatty())


def style() -> Style:
    """The style of standard output."""
    return Style(has_colour(sys.stdout))


def show(form: str, data: Callable[[], Any], page: Callable[[], str]) -> None:
    """Print the data as JSON, or the page."""
    click.echo(json.dumps(data(), indent=2, ensure_ascii=False) if form == "json" else page())


def show_problems(problems: Iterable[Problem]) -> None:
    """Print problems to standard error."""
    click.echo(as_text(problems, has_colour(sys.stderr)), err=True)


@contextmanager
def step_by_step(what: str) -> Iterator[Callable[[str], None]]:
    """On a terminal, one line on standard error that says what is being worked on; it is gone when
    the work is done."""
    shown = sys.stderr is not None and sys.stderr.isatty()

    def step(name: str) -> None:
        if shown:
            click.echo(f"\r\x1b[K{what} {name} ...", err=True, nl=False)

    try:
        yield step
    finally:
        if shown:
            click.echo("\r\x1b[K", err=True, nl=False)


# ---- extras -----------------------------------------------------------------------------------


class NotInstalled(click.ClickException):
    """What a command needs besides the engine is not installed."""

    def show(self, file: Any = None) -> None:
        click.echo(f"recourse: {self.message}", err=True, file=file)


def need(what: str, extra: str, modules: Mapping[str, str]) -> None:
    """Make sure that modules are installed, which are given with the names that people know them
    by. Raises ``NotInstalled``, which says that ``what`` needs them and which ``extra`` has them.
    """
    missing = [name for module, name in modules.items() if importlib.util.find_spec(module) is None]
    if missing:
        hint = f"pip install 'recourse-engine[{extra}]'"
        raise NotInstalled(f"{what} needs {listed(missing, 'and')}: {hint}")


# ---- options ----------------------------------------------------------------------------------


def pack_for(pack: str | None, files: Sequence[str]) -> str:
    """The pack that was asked for, or the one for which the files say they are written.

    Raises ``click.UsageError`` where they name several."""
    if pack is not None:
        return pack
    named = {name for file in files if (name := schema_pack(file))}
    if len(named) > 1:
        raise click.UsageError(f"the files are for the packs {listing(sorted(named))}: use --pack")
    return named.pop() if named else USUAL_PACK


def completing(
    kind: str,
) -> Callable[[click.Context, click.Parameter, str], list[CompletionItem]]:
    """Completes names of one kind (``engine.presentation.completion``), and never fails."""

    def candidates(
        ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        from engine.presentation.completion import CANDIDATES  # only a shell has need of it

        try:
            chosen = ctx.params.get("pack") or USUAL_PACK
            pack = chosen if isinstance(chosen, str) else chosen[-1]
            found = CANDIDATES[kind](pack, incomplete)
        except Exception:  # a shell that completes nothing is better than one full of errors
            return []
        if not found and kind == "packs":
            return [CompletionItem(incomplete, type="dir")]
        return [CompletionItem(value, help=about or None) for value, about in found]

    return candidates


pack_option: Option = click.option(
    "--pack",
    default=USUAL_PACK,
    show_default=True,
    metavar="NAME|FOLDER",
    help="The rules to use.",
    shell_complete=completing("packs"),
)

pack_of_files_option: Option = click.option(
    "--pack",
    metavar="NAME|FOLDER",
    help=f"The rules to use.  [default: the pack whose schema the file names, else {USUAL_PACK}]",
    shell_complete=completing("packs"),
)

set_option: Option = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="FACT=VALUE",
    help="State a fact, in place of what the file says.",
    shell_complete=completing("settings"),
)

strict_option: Option = click.option("--strict", is_flag=True, help="Presume nothing.")

packs_argument: Option = click.argument(
    "packs", nargs=-1, metavar="[PACK]...", shell_complete=completing("packs")
)


def decisions_option(name: str, about: str) -> Option:
    """An option that names decisions and may be repeated."""
    return click.option(
        name,
        multiple=True,
        metavar="DECISION",
        help=about,
        shell_complete=completing("decisions"),
    )


def format_option(*more: str) -> Option:
    """``--format``, with text and JSON and perhaps more."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(["text", "json", *more]),
        default="text",
        show_default=True,
        help="For people or for programs.",
    )


def text_option(things: str) -> Option:
    """``-k``, which picks some of the things by a text."""
    return click.option(
        "-k", "text", default="", metavar="TEXT", help=f"Only {things} with this text."
    )
