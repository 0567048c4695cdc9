"""The command line: which commands there are, and how each of them ends.

A command is a module of ``engine.commands`` and is loaded when it is called, so that
``recourse --help`` is there at once.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any

import click

INVALID, INTERNAL, INTERRUPTED, PIPE_CLOSED = 2, 70, 130, 141

COMMANDS = {
    "decide": "Decide loans, with the reasons.",
    "ask": "An interview that ends with the decision.",
    "whatif": "How the outcomes move as a fact varies.",
    "compare": "Where two packs differ for a loan: the popular view beside the law.",
    "overview": "A table made from the rules, such as one of all states.",
    "site": "Make a web site of the rules, of plain files.",
    "why": "One rule in plain words, with its authority.",
    "facts": "What can be stated of a loan.",
    "rules": "Every rule, by the decision it decides.",
    "portfolio": "Decide whole loan tapes: columns in, columns out.",
    "check": "Check whole packs and run their cases.",
    "test": "Run the cases of packs, and say what they are worth.",
    "diff": "What changes between two versions, for which loans.",
    "replay": "Decide recorded decisions again.",
    "serve": "Serve decisions over HTTP, with a page that asks.",
    "export": "Write decisions as SQL, for a database.",
    "schema": "Write the JSON Schemas that editors use.",
    "fmt": "Put rule files in canonical order.",
    "new": "Begin a pack, a rule or a case.",
    "lsp": "Help an editor with rule files (a language server).",
    "completion": "Print the completion script of a shell.",
}

WELCOME = """\
Who bears the shortfall of a loan, and why.

  recourse decide LOAN.yaml    decide a loan, with the reasons
  recourse ask                 be asked what matters, and then the same
  recourse facts               what can be stated of a loan
  recourse why RULE            one rule in plain words, with its authority

`recourse --help` lists every command. Information, not legal advice."""


class PipeClosed(Exception):
    """Nobody reads standard output any more."""


class Commands(click.Group):
    """The commands by name, each loaded when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(f"engine.commands.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        from engine.garbage import all_for_good  # no command is needed to say what there is

        ctx.with_resource(all_for_good())
        if args[0] not in COMMANDS and not ctx.resilient_parsing:
            from difflib import get_close_matches  # only a slip has need of it

            if found := get_close_matches(args[0], COMMANDS, n=1):
                ctx.fail(f"No such command {args[0]!r}. Did you mean {found[0]!r}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # click would end it with 1, which means findings here
            raise PipeClosed from None


def _show_version(ctx: click.Context, param: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from engine import __version__

        click.echo(f"recourse {__version__}")
        ctx.exit()


@click.group(
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and end.",
)
@click.pass_context
def recourse(ctx: click.Context) -> None:
    """Who bears the shortfall of a loan, and why.

    \b
    Examples:
      recourse decide examples/priya.yaml
      recourse decide examples/priya.yaml --set property_state=OH
      recourse why ga.guarantor-waiver

    \b
    Exit codes: 0 done; 1 something is found (check, test), changes (diff,
    replay) or is out of order (fmt --check); 2 wrong usage or invalid input;
    3 something asked for is undetermined; 70 a fault of the engine.
    """
    if ctx.invoked_subcommand is None:
        click.echo(WELCOME)


# ---- how a command ends -----------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. Whatever goes wrong ends here, in one line or in a
    list of problems; a traceback is shown only with ``RECOURSE_DEBUG=1``."""
    gc.set_threshold(100_000, 50, 100)  # what a command builds lives for as long as it runs
    _open_streams()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        given = None if arguments is None else list(arguments)
        code = recourse.main(given, prog_name="recourse", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.ClickException as error:
        error.show()
        return INVALID
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except (PipeClosed, BrokenPipeError):
        _discard_output()
        return PIPE_CLOSED
    except OSError as error:  # every file is read with care: this is a full disk and the like
        _discard_output()
        click.echo(f"recourse: {error.strerror or error}", err=True)
        return INVALID
    except Exception as error:
        return _failed(error)
    finally:
        gc.freeze()  # the process ends: what it holds need not be looked through once more


def _open_streams() -> None:
    """Give a process that was started without one of the standard streams an empty one."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            stream = open(os.devnull, mode, encoding="utf-8")  # noqa: PTH123, SIM115
            setattr(sys, name, stream)


def _discard_output() -> None:
    """Let the interpreter flush what is left to nowhere, without a complaint."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _failed(error: Exception) -> int:
    if os.environ.get("RECOURSE_DEBUG") == "1":
        import traceback  # only a fault has need of it

        traceback.print_exception(error)
    try:
        from engine.commands.console import show_problems
        from engine.evaluation.decide import Disagreement
        from engine.problems import InputError
    except Exception as fault:  # the engine itself can't be loaded
        return _internal(fault)
    if isinstance(error, InputError):
        show_problems(error.problems)
        return INVALID
    if isinstance(error, Disagreement):
        click.echo(str(error), err=True)
        return INTERNAL
    return _internal(error)


def _internal(error: Exception) -> int:
    what = " ".join(f"{type(error).__name__}: {error}".split())
    click.echo(f"internal error: {what[:300]}; please report this", err=True)
    return INTERNAL


if __name__ == "__main__":
    sys.exit(main())
