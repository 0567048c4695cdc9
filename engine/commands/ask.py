"""``recourse ask``."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from engine import Decider, InputError, __version__, load
from engine.analysis.interview import Interview, Question, next_question, what_hangs
from engine.commands.console import (
    DONE,
    UNDETERMINED,
    decisions_option,
    pack_for,
    pack_of_files_option,
    set_option,
    show_problems,
    strict_option,
    style,
)
from engine.evaluation.facts import read_facts
from engine.model import Value
from engine.presentation.deciding import Deciding, check_request, one_loan
from engine.presentation.interview import (
    HELP,
    facts_text,
    is_unknown,
    question_lines,
    read_reply,
    settled_lines,
    why_lines,
)
from engine.presentation.layout import listed, printable, spoken, wrapped
from engine.presentation.words import value_words
from engine.problems import NOWHERE
from engine.reading.loans import Loan
from engine.reading.packs import shown
from engine.reading.saving import save_text
from engine.values import ValueFault


@click.command("ask")
@click.argument("file", required=False, metavar="[FILE]", type=click.Path())
@pack_of_files_option
@set_option
@decisions_option("--about", "Ask for this decision; may be repeated.  [default: the main ones]")
@strict_option
@click.option("--save", metavar="FILE", type=click.Path(), help="Save the facts at the end.")
def command(
    file: str | None,
    pack: str | None,
    settings: tuple[str, ...],
    about: tuple[str, ...],
    strict: bool,
    save: str | None,
) -> int:
    """An interview: asks only what can still change the answer, the most telling first, and ends
    with the decision and its reasons. What FILE says already is not asked.

    A reply is a number or the beginning of a choice, y or n, an amount, a day. ? tells why a
    question matters, < goes back, Enter means that you don't know, q ends it early.

    \b
    Examples:
      recourse ask
      recourse ask --pack us --save my-loan.yaml
      recourse ask examples/incomplete.yaml --about recourse
    """
    if save and Path(save).exists() and save != file:
        raise click.UsageError(f"{save} is there already: name another file")
    decider = load(pack_for(pack, [] if file is None else [file]))
    check_request(decider.rulebase, settings, about)
    given = _given(decider, file, settings)
    wanted = about or decider.rulebase.main or tuple(decider.rulebase.decisions)
    sys.stdin.reconfigure(errors="replace")  # type: ignore[union-attr]
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401 - lets a reply be edited on a terminal
    _greet(decider, wanted)
    interview = Interview(decider, tuple(wanted), given, strict=strict)
    while True:
        interview, ended = _converse(interview)
        target = save or ("" if ended else _offer(interview))
        if target != "<":
            break
        interview = interview.back()
    if target:
        save_text(Path(target), facts_text(decider.rulebase, interview.facts))
        click.echo(f"saved to {shown(Path(target))}\n")
    return _conclude(interview, target or file or "your answers")


def _given(decider: Decider, file: str | None, settings: Sequence[str]) -> dict[str, Value]:
    """What is known before the first question."""
    if file == "-":
        raise click.UsageError("the replies come from standard input: name a file of facts")
    loan = one_loan(file, settings)
    return read_facts(decider.rulebase, loan.data, loan.locate)


# ---- the conversation -------------------------------------------------------------------------


def _greet(decider: Decider, wanted: Sequence[str]) -> None:
    rulebase = decider.rulebase
    decisions = listed((spoken(name).lower() for name in wanted), "and")
    words = decisions if len(wanted) <= 4 else f"all {len(wanted)} decisions"
    click.echo(style().heading(f"{rulebase.title} ({rulebase.name} {rulebase.version})"))
    for line in (*wrapped(f"You are asked only what can still change {words}."), HELP):
        click.echo(style().quiet(line))


def _converse(interview: Interview) -> tuple[Interview, bool]:
    """Ask until nothing is left to ask; True where standard input has come to its end."""
    question = next_question(interview)
    while question is not None:
        click.echo("")
        click.echo("\n".join(question_lines(question, len(interview.answers) + 1, style())))
        heard = None
        while heard is None:
            reply = _reply()
            if reply is None or reply.strip().lower() in ("q", "quit"):
                return interview, reply is None
            heard = _heard(interview, question, reply.strip())
        interview, following = heard
        if following is not None and following.record is not None:
            for line in settled_lines(question.record, following.record, style()):
                click.echo(line)
        question = following
    return interview, False


def _heard(
    interview: Interview, question: Question, reply: str
) -> tuple[Interview, Question | None] | None:
    """The interview after a reply, with the question that follows; None where the same question is
    asked again."""
    fact = question.fact
    if reply == "?":
        click.echo("\n".join(why_lines(question, what_hangs(interview, question), style())))
        return None
    if reply == "<" and not interview.answers:
        click.echo("   this is the first question")
        return None
    try:
        if reply == "<":
            further = interview.back()
        elif is_unknown(reply):
            further = interview.passed(fact.name)
        else:
            further = interview.told(fact.name, read_reply(question, reply))
            understood = value_words(fact, further.facts[fact.name])
            if understood != reply:
                click.echo(style().quiet(f"   {understood}"))
        return further, next_question(further)
    except ValueFault as fault:
        _complain(fault.message, fault.hint)
    except InputError as error:
        for problem in error.problems:
            _complain(problem.message, problem.hint)
    return None


def _complain(message: str, hint: str) -> None:
    for line in wrapped(printable(f"{message} ({hint})" if hint else message), 3):
        click.echo(style().warning(line))


def _reply() -> str | None:
    """One line of standard input; None at its end."""
    if sys.stdin.isatty():
        try:
            return input("> ")
        except EOFError:
            click.echo("")
            return None
    click.echo("> ", nl=False)
    line = sys.stdin.readline()
    click.echo(line.rstrip("\r\n"))
    return line or None


# ---- the end ----------------------------------------------------------------------------------


def _offer(interview: Interview) -> str:
    """Where the person wants the answers saved; empty for nowhere, ``<`` to go back."""
    if not interview.answers:
        return ""
    click.echo("\nSave the facts? Name a file; Enter for no, < to go back.")
    while name := (_reply() or "").strip():
        if name == "<" or not Path(name).exists():
            return name
        _complain(f"{name} is there already", "name another file")
    return ""


def _conclude(interview: Interview, name: str) -> int:
    """Show the page of the decisions, by both evaluators."""
    decider = interview.decider
    run = Deciding(
        decider,
        __version__,
        only=interview.wanted,
        strict=interview.strict,
        style=style(),
        view=lambda: load(decider.rulebase.compare_with),
    )
    loan = Loan(name, dict(interview.facts), lambda fact, key: (NOWHERE, ""))
    click.echo("")
    for output in run.outputs([loan]):
        click.echo(output)
    if run.problems:
        show_problems(run.problems)
    return UNDETERMINED if run.unsettled or run.problems else DONE
