"""The command line, nothing but wiring. Commands import what they need when they run, so that
``recourse --help`` is there at once."""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem, ShellComplete, get_completion_class

if TYPE_CHECKING:
    from engine.presentation.layout import Style
    from engine.problems import Problem

DONE, FINDINGS, INVALID, UNDETERMINED, INTERNAL, INTERRUPTED, PIPE_CLOSED = 0, 1, 2, 3, 70, 130, 141
WELCOME = """\
Who bears the shortfall of a loan, and why.

  recourse decide LOAN.yaml    decide a loan, with the reasons
  recourse facts               what can be stated of a loan, in LOAN.yaml or with --set
  recourse why RULE            one rule in plain words, with its authority

`recourse --help` lists every command. Information, not legal advice."""


# ---- how a command ends -----------------------------------------------------------------------


class _PipeClosed(Exception):
    """Nobody reads standard output any more."""


class _Commands(click.Group):
    """The commands. Click would end a closed pipe with 1, which means findings here."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise _PipeClosed from None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. Whatever goes wrong ends here, in one line or in a
    list of problems; a traceback is shown only with ``RECOURSE_DEBUG=1``."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        given = None if arguments is None else list(arguments)
        code = recourse.main(given, prog_name="recourse", standalone_mode=False)
        return code if isinstance(code, int) else DONE
    except click.ClickException as error:
        error.show()
        return INVALID
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except (_PipeClosed, BrokenPipeError):
        _discard_output()
        return PIPE_CLOSED
    except OSError as error:
        _discard_output()
        click.echo(f"recourse: {error.strerror or error}", err=True)
        return INVALID
    except Exception as error:
        return _failed(error)


def _discard_output() -> None:
    """Let the interpreter flush what is left to nowhere, without a complaint."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _failed(error: Exception) -> int:
    if os.environ.get("RECOURSE_DEBUG") == "1":
        traceback.print_exception(error)
    try:
        from engine.evaluation.decide import Disagreement
        from engine.problems import InputError
    except Exception:
        pass
    else:
        if isinstance(error, InputError):
            _show_problems(error.problems)
            return INVALID
        if isinstance(error, Disagreement):
            click.echo(str(error), err=True)
            return INTERNAL
    what = " ".join(f"{type(error).__name__}: {error}".split())
    click.echo(f"internal error: {what[:300]}; please report this", err=True)
    return INTERNAL


def _show_problems(problems: Iterable[Problem]) -> None:
    from engine.presentation.problems import as_text

    click.echo(as_text(problems, _colour(sys.stderr)), err=True)


def _colour(stream: Any) -> bool:
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return not plain and stream is not None and bool(stream.isatty())


def _style() -> Style:
    from engine.presentation.layout import Style

    return Style(_colour(sys.stdout))


def _show(form: str, data: Callable[[], Any], page: Callable[[], str]) -> None:
    click.echo(json.dumps(data(), indent=2, ensure_ascii=False) if form == "json" else page())


# ---- completion -------------------------------------------------------------------------------


def _complete(kind: str) -> Callable[[click.Context, click.Parameter, str], list[CompletionItem]]:
    def candidates(
        ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        try:
            from engine.presentation.completion import CANDIDATES

            found = CANDIDATES[kind](ctx.params.get("pack") or "primer", incomplete)
        except Exception:  # a shell that completes nothing is better than one full of errors
            return []
        if not found and kind == "packs":
            return [CompletionItem(incomplete, type="dir")]
        return [CompletionItem(value, help=about or None) for value, about in found]

    return candidates


# ---- shared options ---------------------------------------------------------------------------

Command = Callable[..., Any]


def _pack_option(command: Command) -> Command:
    return click.option(
        "--pack",
        default="primer",
        show_default=True,
        metavar="NAME|FOLDER",
        help="The rules to use.",
        shell_complete=_complete("packs"),
    )(command)


def _packs_argument(command: Command) -> Command:
    return click.argument(
        "packs", nargs=-1, metavar="[PACK]...", shell_complete=_complete("packs")
    )(command)


def _format_option(*forms: str) -> Callable[[Command], Command]:
    return click.option(
        "--format",
        "form",
        type=click.Choice(["text", "json", *forms]),
        default="text",
        show_default=True,
        help="For people or for programs.",
    )


def _text_option(what: str) -> Callable[[Command], Command]:
    return click.option(
        "-k", "text", default="", metavar="TEXT", help=f"Only {what} with this text."
    )


# ---- the commands -----------------------------------------------------------------------------


def _show_version(ctx: click.Context, param: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from engine import __version__

        click.echo(f"recourse {__version__}")
        ctx.exit()


@click.group(
    cls=_Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 90},
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
    Exit codes: 0 done; 1 findings (check, test); 2 wrong usage or invalid input;
    3 something asked for is undetermined; 70 the engine is at fault.
    """
    if ctx.invoked_subcommand is None:
        click.echo(WELCOME)


@recourse.command()
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path(allow_dash=True))
@_pack_option
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="FACT=VALUE",
    help="State a fact, in place of what the file says.",
    shell_complete=_complete("settings"),
)
@click.option(
    "--only",
    multiple=True,
    metavar="DECISION",
    help="Decide this alone; may be repeated.",
    shell_complete=_complete("decisions"),
)
@click.option("--strict", is_flag=True, help="Presume nothing.")
@_format_option()
@click.option("--full", is_flag=True, help="Of several loans: a whole page for each.")
@click.option("--verbose", is_flag=True, help="Say to standard error what took how long.")
def decide(
    files: tuple[str, ...],
    pack: str,
    settings: tuple[str, ...],
    only: tuple[str, ...],
    strict: bool,
    form: Any,
    full: bool,
    verbose: bool,
) -> int:
    """Decide the loans in FILES (YAML, JSON or JSON Lines; - for standard input).

    One loan gives a page, several give a line each. With --format json one loan gives one record,
    several give JSON Lines. A loan that can't be used is reported and set aside.

    \b
    Examples:
      recourse decide examples/priya.yaml
      recourse decide examples/priya.yaml --set property_state=OH --only recourse
      recourse decide examples/loans.jsonl --format json
      recourse decide --set loan_kind=auto --set outstanding_debt=14000
    """
    if not files and not settings:
        raise click.UsageError("give a file of facts, - for standard input, or --set FACT=VALUE")
    from engine import __version__, load
    from engine.presentation.deciding import Deciding, check_request, loans_in
    from engine.presentation.progress import with_progress
    from engine.reading.loans import LINES

    started = time.perf_counter()
    decider = load(pack)
    check_request(decider.rulebase, settings, only)
    if verbose:
        read = time.perf_counter()
        nodes = len(decider.compiled.forest.level)
        built = time.perf_counter()
        click.echo(f"pack read in {(read - started) * 1000:,.1f} ms", err=True)
        click.echo(f"{nodes:,} nodes built in {(built - read) * 1000:,.1f} ms", err=True)
    run = Deciding(
        decider,
        __version__,
        only=only or None,
        strict=strict,
        form=form,
        full=full,
        json_lines=any(path.lower().endswith(LINES) for path in files),
        timed=verbose,
        style=_style(),
    )
    for output in run.outputs(with_progress(loans_in(files, settings), "Deciding")):
        click.echo(output)
    if verbose:
        click.echo(run.timings(), err=True)
    if run.problems:
        _show_problems(run.problems)
        return INVALID
    return UNDETERMINED if run.unsettled else DONE


@recourse.command()
@click.argument("rule", shell_complete=_complete("rules"))
@_pack_option
@_format_option()
def why(rule: str, pack: str, form: str) -> None:
    """One RULE in plain words, with its exceptions and its authority.

    \b
    Examples:
      recourse why contract.nonrecourse
      recourse rules -k california
    """
    from engine.presentation import catalogue
    from engine.reading.pack import load_pack

    rulebase = load_pack(pack)
    found = catalogue.find_rule(rulebase, rule)
    _show(
        form,
        lambda: catalogue.rule_data(rulebase, found),
        lambda: catalogue.rule_page(rulebase, found, _style()),
    )


@recourse.command()
@_pack_option
@_format_option()
def facts(pack: str, form: str) -> None:
    """What can be stated of a loan: every fact, with its question and its values.

    \b
    Examples:
      recourse facts
      recourse facts --format json
    """
    from engine.presentation import catalogue
    from engine.reading.pack import load_pack

    rulebase = load_pack(pack)
    _show(
        form,
        lambda: catalogue.facts_data(rulebase),
        lambda: catalogue.facts_page(rulebase, _style()),
    )


@recourse.command()
@_pack_option
@_text_option("rules")
@_format_option()
def rules(pack: str, text: str, form: str) -> None:
    """Every rule, by the decision it decides.

    \b
    Examples:
      recourse rules
      recourse rules -k california
    """
    from engine.presentation import catalogue
    from engine.reading.pack import load_pack

    rulebase = load_pack(pack)
    found = catalogue.matching_rules(rulebase, text)
    _show(
        form,
        lambda: catalogue.rules_data(rulebase, found),
        lambda: catalogue.rules_page(rulebase, found, _style()),
    )


@recourse.command()
@_packs_argument
@_format_option("github")
def check(packs: tuple[str, ...], form: str) -> int:
    """Read whole PACKS and run their cases (default: the pack of this folder, or all shipped).

    \b
    Examples:
      recourse check
      recourse check rules/primer --format github
    """
    from engine.analysis.checking import check_pack, chosen_packs
    from engine.presentation import problems
    from engine.presentation.cases import checked_line

    checked = [check_pack(name) for name in chosen_packs(packs)]
    found = [problem for each in checked for problem in each.problems]
    if form == "json":
        click.echo(problems.as_json(found))
    elif form == "github":
        click.echo(problems.as_github(found), nl=bool(found))
    else:
        if found:
            click.echo(problems.as_text(found, _colour(sys.stdout)) + "\n")
        for each in checked:
            click.echo(checked_line(each, _style()))
    return FINDINGS if found else DONE


@recourse.command()
@_packs_argument
@_text_option("cases")
@_format_option()
def test(packs: tuple[str, ...], text: str, form: str) -> int:
    """Run the cases of PACKS (default: the pack of this folder, or all shipped).

    \b
    Examples:
      recourse test
      recourse test primer -k "short sale"
    """
    from engine.analysis.checking import chosen_packs, try_cases
    from engine.presentation.cases import results_data, results_page

    tried = [try_cases(name, text) for name in chosen_packs(packs)]
    shown = [(rulebase, results) for rulebase, results in tried if results or not text]
    if not shown:
        raise click.UsageError(f"no case has the text {text!r}")
    _show(
        form,
        lambda: [each for pair in shown for each in results_data(*pair)],
        lambda: "\n".join(results_page(*pair, _style()) for pair in shown),
    )
    passed = all(result.passed for _, results in shown for result in results)
    return DONE if passed else FINDINGS


@recourse.command()
@_packs_argument
@click.option(
    "--out",
    type=click.Path(file_okay=True),
    metavar="FOLDER",
    help="Where to write.  [default: schema/packs]",
)
def schema(packs: tuple[str, ...], out: str | None) -> None:
    """Write the JSON Schemas of PACKS, by which an editor completes and checks their files.

    \b
    Examples:
      recourse schema
      recourse schema my-rules --out my-rules/schema
    """
    from engine.analysis.checking import chosen_packs
    from engine.presentation.schemas import write_schemas
    from engine.reading.pack import load_pack, shown
    from engine.resources import schema_dir

    checkout = schema_dir().parent
    usual = schema_dir() if Path.cwd().is_relative_to(checkout) else Path("schema")
    for name in chosen_packs(packs):
        rulebase = load_pack(name)
        folder = (usual / "packs" if out is None else Path(out)) / rulebase.name
        for path in write_schemas(rulebase, folder):
            click.echo(f"wrote {shown(path)}")


@recourse.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script of SHELL.

    \b
    Examples:
      recourse completion bash > ~/.local/share/bash-completion/completions/recourse
      recourse completion fish > ~/.config/fish/completions/recourse.fish
    """
    of_shell = get_completion_class(shell)
    assert of_shell is not None
    # The base class's own method: bash's looks for an installed bash first.
    click.echo(ShellComplete.source(of_shell(recourse, {}, "recourse", "_RECOURSE_COMPLETE")))


if __name__ == "__main__":
    sys.exit(main())
