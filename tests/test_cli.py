"""The command line as its users meet it: real processes, their output, their exit codes."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import cli
from engine.reading.schema import read_schema
from tests.small import write

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"
PRIYA = str(EXAMPLES / "priya.yaml")
UNSET = ("NO_COLOR", "RECOURSE_DEBUG", "FORCE_COLOR")

Result = subprocess.CompletedProcess[str]


def environment(**more: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key not in UNSET}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **more}


def run(*arguments: str, cwd: Path = ROOT, stdin: str | bytes = "", **more: str) -> Result:
    """One process of the command line."""
    return python("-m", "cli", *arguments, cwd=cwd, stdin=stdin, **more)


def python(*arguments: str, cwd: Path = ROOT, stdin: str | bytes = "", **more: str) -> Result:
    done = subprocess.run(
        [sys.executable, *arguments],
        input=stdin if isinstance(stdin, bytes) else stdin.encode(),
        capture_output=True,
        cwd=cwd,
        env=environment(**more),
        timeout=60,
        check=False,
    )
    return Result(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """The same within this process, where a process of its own would show nothing more."""
    code = cli.main(arguments)
    out, err = capsys.readouterr()
    return code, out, err


# ---- the way in -------------------------------------------------------------------------------


def test_without_arguments_it_says_where_to_begin() -> None:
    done = run()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[2:6] == [
        "  recourse decide LOAN.yaml    decide a loan, with the reasons",
        "  recourse ask                 be asked what matters, and then the same",
        "  recourse facts               what can be stated of a loan",
        "  recourse why RULE            one rule in plain words, with its authority",
    ]


def test_help_is_there_at_once() -> None:
    best = 9.0
    for _ in range(5):
        started = time.perf_counter()
        done = run("--help")
        best = min(best, time.perf_counter() - started)
    assert done.returncode == 0
    assert all(f"  {name} " in done.stdout for name in cli.COMMANDS)
    assert best < 0.3, "something heavy is imported at once"


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_has_help_with_examples(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert importlib.import_module(f"engine.commands.{name}").command.name == name
    code, out, _ = call(capsys, name, "--help")
    assert code == 0
    assert "Examples:" in out
    assert f"  recourse {name}" in out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(capsys, "--version") == (0, f"recourse {_version()}\n", "")


def _version() -> str:
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    return next(line for line in lines if line.startswith("version = ")).split('"')[1]


def test_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, expected in [
        (("decid",), "Error: No such command 'decid'. Did you mean 'decide'?"),
        (("xyz",), "Error: No such command 'xyz'.\n"),
        (("decide",), "Error: give a file of facts, - for standard input, or --set FACT=VALUE"),
        (("decide", "--bogus"), "Error: No such option"),
        (("decide", "x", "--format", "xml"), "Error: Invalid value for '--format': 'xml' is not"),
        (("why",), "Error: Missing argument 'RULE'."),
        (("test", "primer", "-k", "no such case"), "Error: no case has the text 'no such case'"),
        (("completion", "tcsh"), "'tcsh' is not one of 'bash', 'zsh', 'fish'"),
    ]:
        code, out, err = call(capsys, *arguments)
        assert (code, out) == (2, "")
        assert expected in err
        assert "Traceback" not in err


# ---- decide -----------------------------------------------------------------------------------


def test_decide_shows_a_page() -> None:
    done = run("decide", "examples/priya.yaml")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("examples/priya.yaml  ")
    assert "Borrower owes             $0.00" in done.stdout
    assert "\x1b" not in done.stdout


def test_undetermined_ends_with_3() -> None:
    done = run("decide", "examples/incomplete.yaml", "--only", "recourse")
    assert (done.returncode, done.stderr) == (3, "")
    assert "Recourse   undetermined: none or full" in done.stdout


def test_only_what_is_asked_for_can_be_undetermined(capsys: pytest.CaptureFixture[str]) -> None:
    path = str(EXAMPLES / "incomplete.yaml")
    assert call(capsys, "decide", path, "--only", "suggested_loan")[0] == 0
    assert (
        call(capsys, "decide", path, "--set", "property_state=OH", "--set", "sale_price=1")[0] == 0
    )
    assert call(capsys, "decide", PRIYA, "--only", "deficiency")[0] == 0
    assert call(capsys, "decide", PRIYA, "--strict", "--only", "deficiency")[0] == 3


def test_settings_replace_and_remove_facts(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("decide", PRIYA, "--only", "recourse", "--format", "json")
    _, out, _ = call(
        capsys, *arguments, "--set", "contract_recourse=recourse", "--set", "property_state="
    )
    facts = json.loads(out)["facts"]
    assert facts["contract_recourse"] == "recourse"
    assert "property_state" not in facts


def test_settings_alone_make_a_loan(capsys: pytest.CaptureFixture[str]) -> None:
    auto = ("--set", "loan_kind=auto", "--only", "recourse")
    code, out, _ = call(capsys, "decide", "--pack", "primer", *auto)
    assert code == 0
    assert "Recourse   Yes, you answer for the whole debt" in out


def test_json_is_one_record(capsys: pytest.CaptureFixture[str]) -> None:
    priya = str(EXAMPLES / "priya.json")
    code, out, _ = call(capsys, "decide", "--pack", "primer", priya, "--format", "json")
    record = json.loads(out)
    assert code == 0
    assert list(Draft202012Validator(dict(read_schema("record"))).iter_errors(record)) == []
    assert record["decisions"]["lender_absorbs"]["value"] == "10000.00"
    assert record["decisions"]["recourse"]["change"]


def test_many_loans_make_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, "decide", "--pack", "primer", str(EXAMPLES / "loans.jsonl"))
    lines = out.splitlines()
    assert code == 0
    assert len(lines) == 2 + 6 + 2 + 1
    assert lines[-1] == "6 loans decided"


def test_many_loans_as_pages(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, "decide", PRIYA, PRIYA, "--full", "--only", "recourse")
    assert code == 0
    assert out.count("not legal advice") == 2
    assert out.endswith("─\n2 loans decided\n")


def test_standard_input(tmp_path: Path) -> None:
    recourse = ("decide", "-", "--pack", "primer", "--only", "recourse")
    yaml = run(*recourse, stdin="loan_kind: auto\n", cwd=tmp_path)
    assert (yaml.returncode, yaml.stdout.split()[0]) == (0, "<stdin>")
    rows = '{"loan_kind": "auto"}\n{"loan_kind": "boat"}\n\n{"loan_kind": "personal"}\n'
    done = run(*recourse, "--format", "json", stdin=rows, cwd=tmp_path)
    assert done.returncode == 2
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [record["loan"] for record in records] == ["<stdin>:1", "<stdin>:4"]
    assert done.stderr == (
        "<stdin>:2:15: unknown-value: `loan_kind` can't be `boat` (one of `mortgage`, `auto`, "
        "`personal`, `credit_card`, `hard_money`)\n"
        '    {"loan_kind": "boat"}\n'
        "                  ^\n"
        "1 problem in 1 file\n"
    )


def test_a_bad_row_is_set_aside_and_the_others_decided(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "loans.jsonl"
    path.write_text('{"loan_kind": "auto"}\n{"loan_kind": \n{"loan_kind": "personal"}\n')
    code, out, err = call(capsys, "decide", "--pack", "primer", str(path), "--only", "recourse")
    assert code == 2
    assert out.splitlines()[-1] == "2 loans decided; 1 set aside"
    assert err.splitlines()[0] == (
        f"{path}:2:15: json-syntax: expected a value, found the end of the text "
        "(remove the comma before it)"
    )


def test_one_row_is_json_lines_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "loans.jsonl"
    path.write_text('{"loan_kind": "auto"}\n')
    _, out, _ = call(capsys, "decide", str(path), "--format", "json")
    assert len(out.splitlines()) == 1


def test_verbose_tells_the_times_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, "decide", PRIYA, "--verbose", "--only", "recourse")
    assert code == 0
    assert " ms" not in out
    assert [line.split()[0] for line in err.splitlines()] == [
        "pack",
        err.splitlines()[1].split()[0],
        "a",
    ]
    assert "nodes built in" in err
    assert "network" in err


def test_a_pack_of_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write(tmp_path / "mine", "answer: {type: boolean, label: A?}", "one | answer | | true")
    code, out, _ = call(capsys, "decide", "--set", "kind=car", "--pack", str(folder))
    assert code == 0
    assert "small 1.0.0" in out


def test_a_conflict_ends_with_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules = "one | answer | | true\ntwo | answer | {fraud: true} | false"
    folder = write(tmp_path / "mine", "answer: {type: boolean, label: A?}", rules)
    code, out, _ = call(capsys, "decide", "--set", "fraud=true", "--pack", str(folder))
    assert code == 3
    assert "in conflict: rules disagree" in out


# ---- bad input --------------------------------------------------------------------------------

BAD: dict[str, tuple[bytes, str]] = {
    "01-unknown-fact.yaml": (
        b"loan_kind: mortgage\nlone_purpose: purchase\n",
        ":2:1: unknown-fact: no fact is called `lone_purpose` (did you mean `loan_purpose`?)",
    ),
    "02-wrong-type.yaml": (
        b"outstanding_debt: lots\n",
        ":1:19: wrong-type: `outstanding_debt` is an amount in dollars, not `lots` "
        "(write digits alone, as 150000.00)",
    ),
    "03-unknown-value.yaml": (
        b"disposition: nonjudical_foreclosure\n",
        ":1:14: unknown-value: `disposition` can't be `nonjudical_foreclosure` "
        "(did you mean `nonjudicial_foreclosure`?)",
    ),
    "04-negative.yaml": (
        b"sale_price: -5\n",
        ":1:13: negative-money: `sale_price` can't be negative, as -$5.00 is",
    ),
    "05-contradiction.yaml": (
        b"loan_kind: mortgage\ndisposition: repossession\n",
        ":1:12: contradictory-facts: `disposition` and `loan_kind` can't go together: Only a car "
        "or other goods are repossessed. (constraint `repossession_needs_goods`)",
    ),
    "06-empty.yaml": (
        b"",
        ": empty-file: the file holds no facts (write one fact a line, as `property_state: CA`)",
    ),
    "07-binary.yaml": (
        bytes(128),
        ":1:1: not-text: the text holds a control character (U+0000) (is this the right file?)",
    ),
    "08-duplicate-key.yaml": (
        b"loan_kind: auto\nloan_kind: mortgage\n",
        ":2:1: duplicate-key: the key `loan_kind` is given twice in this mapping; first on line 1, "
        "column 1 (keep one of the two)",
    ),
    "09-tab.yaml": (
        b"loan_kind:\n\tauto\n",
        ":2:1: yaml-tab: a tab can't indent here (indent with spaces)",
    ),
    "10-deep.yaml": (
        b"a: " + b"[" * 500 + b"]" * 500 + b"\n",
        ":1:63: yaml-depth: lists and mappings nest deeper than 60 levels",
    ),
    "11-list.yaml": (
        b"- 5\n",
        ":1:3: wrong-type: a loan is a mapping of facts to values, not `5` "
        "(write one fact a line, as `property_state: CA`)",
    ),
}
"""A file that can't be used, and what is said of it after its name."""


def test_bad_files(tmp_path: Path) -> None:
    for name, (content, _) in BAD.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "12-folder").mkdir()
    with (tmp_path / "13-huge.yaml").open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    names = [*BAD, "12-folder", "13-huge.yaml", "14-missing.yaml"]
    done = run("decide", *names, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    said = {line.split(":")[0]: line for line in done.stderr.splitlines() if line[:1] in "01"}
    expected = {name: name + message for name, (_, message) in BAD.items()}
    expected["12-folder"] = "12-folder: not-a-file: this is a folder, not a file"
    expected["13-huge.yaml"] = (
        "13-huge.yaml: file-too-big: this file is too big: 100.0 MiB, and at most 8 MiB are read "
        "(split it into several files)"
    )
    expected["14-missing.yaml"] = "14-missing.yaml: missing-file: there is no such file"
    said.pop("14 problems in 14 files", None)
    assert said == expected


def test_a_day_that_does_not_exist(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write(tmp_path / "mine", "answer: {type: boolean, label: A?}", "one | answer | | true")
    code, out, err = call(capsys, "decide", "--set", "sold=2026-02-30", "--pack", str(folder))
    assert (code, out) == (2, "")
    assert err.splitlines()[0] == "--set: no-such-date: `sold`: there is no date `2026-02-30`"


def test_what_is_wrong_for_every_loan_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(
        capsys, "decide", PRIYA, PRIYA, "--only", "recorse", "--set", "sale_price=much"
    )
    assert (code, out) == (2, "")
    assert [line for line in err.splitlines() if line.startswith("--")] == [
        "--only: unknown-decision: no decision is called `recorse` (did you mean `recourse`?)",
        "--set: wrong-type: `sale_price` is an amount in dollars, not `much` "
        "(write digits alone, as 150000.00)",
    ]
    code, out, err = call(capsys, "decide", PRIYA, "--set", "sale_price")
    assert (code, out) == (2, "")
    assert err.startswith("--set: bad-setting: `sale_price` is not of the form fact=value\n")


def test_a_file_says_which_pack_it_is_for(capsys: pytest.CaptureFixture[str]) -> None:
    ohio = str(EXAMPLES / "us" / "purchase-ohio.yaml")
    for file, pack in ((PRIYA, "primer "), (ohio, "us ")):
        _, out, _ = call(capsys, "decide", file)
        assert pack in out.splitlines()[0]
    code, out, err = call(capsys, "decide", PRIYA, ohio)
    assert (code, out) == (2, "")
    assert "the files are for the packs `primer`, `us`: use --pack" in err


def test_unknown_packs_and_rules(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (("decide", PRIYA, "--pack", "prmier"), ("check", "prmier")):
        code, out, err = call(capsys, *arguments)
        assert (code, out) == (2, "")
        assert err.startswith("prmier: no-pack: there is no pack `prmier` (did you mean `primer`?)")
    code, out, err = call(capsys, "why", "--pack", "primer", "credit.chargeoff")
    assert (code, out) == (2, "")
    assert "unknown-rule: no rule is called `credit.chargeoff` (did you mean `credit.cha" in err


def test_no_message_can_steer_the_terminal() -> None:
    done = run("decide", "a\x1b[2J.yaml", "--set", "\x1b[2J=1")
    assert done.returncode == 2
    assert "\x1b" not in done.stdout + done.stderr


# ---- what the engine is to blame for ----------------------------------------------------------


def patched(body: str, debug: str = "") -> Result:
    """A process in which something of the engine is replaced."""
    lines = ["import sys, cli", body, f"sys.exit(cli.main(['decide', {PRIYA!r}]))"]
    return python("-c", "\n".join(lines), RECOURSE_DEBUG=debug)


def test_a_disagreement_gives_no_answer() -> None:
    done = patched("import engine.evaluation.decide as d; d.difference = lambda *_: 'made up'")
    assert (done.returncode, done.stdout) == (70, "")
    assert done.stderr.startswith("The two evaluators disagree. No answer is given;")
    assert "difference: made up" in done.stderr
    assert "  loan_kind: mortgage" in done.stderr


FAULT = """
import engine.commands.decide as d
def load(pack): raise {error}
d.load = load
"""


def test_an_internal_error_is_one_line() -> None:
    fault = FAULT.format(error="KeyError('x')")
    done = patched(fault)
    assert (done.returncode, done.stdout) == (70, "")
    assert done.stderr == "internal error: KeyError: 'x'; please report this\n"
    assert "Traceback" in patched(fault, debug="1").stderr


def test_an_interruption_is_quiet() -> None:
    done = patched(FAULT.format(error="KeyboardInterrupt"))
    assert (done.returncode, done.stdout, done.stderr.strip()) == (130, "", "")


def test_a_standard_stream_may_be_closed() -> None:
    def ended(command: str) -> Result:
        return subprocess.run(
            ["sh", "-c", f"{sys.executable} -m cli {command}"],
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=environment(),
            timeout=60,
            check=False,
        )

    done = ended("decide - --pack primer <&-")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("<stdin>: empty-file: the file holds no facts")
    done = ended("facts --pack primer >&-")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert ended("decide no-such-file 2>&-").returncode == 2


def test_a_closed_pipe_is_quiet() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "cli", "facts"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env=environment(),
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full device")
def test_a_full_disk_is_one_line() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "cli", "facts"],
            stdout=full,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            env=environment(),
            timeout=60,
            check=False,
        )
    assert (done.returncode, done.stderr) == (2, b"recourse: No space left on device\n")


# ---- terminals --------------------------------------------------------------------------------


def on_terminal(stream: str, *arguments: str, **more: str) -> str:
    """What a process writes to one of its streams when that is a terminal."""
    pty = pytest.importorskip("pty", reason="needs pseudo-terminals")
    from tests.terminal import until_closed

    reader, writer = pty.openpty()
    streams: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(
        [sys.executable, "-m", "cli", *arguments],
        stdin=subprocess.DEVNULL,
        cwd=ROOT,
        env=environment(TERM="xterm", **more),
        **{**streams, stream: writer},
    ):
        os.close(writer)
        found = until_closed(reader)
    os.close(reader)
    return found.decode()


def test_colour_on_terminals_unless_unwanted() -> None:
    arguments = ("decide", PRIYA, "--only", "recourse")
    assert "\x1b[1m" in on_terminal("stdout", *arguments)
    assert "\x1b" not in on_terminal("stdout", *arguments, NO_COLOR="1")


def test_a_long_run_shows_how_far_it_is(tmp_path: Path) -> None:
    path = tmp_path / "loans.jsonl"
    path.write_text('{"loan_kind": "auto"}\n' * 201)
    assert "Deciding" in on_terminal("stderr", "decide", str(path), "--only", "recourse")


# ---- packs ------------------------------------------------------------------------------------

CASES = """
- case: A home
  given: {kind: home}
  expect: {answer: true}
- case: A car
  given: {kind: car}
  expect: {answer: true}
"""


@pytest.fixture
def failing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pack of which one case fails; its folder is the working folder."""
    decisions = "answer: {type: boolean, label: A?, otherwise: false, otherwise_because: So.}"
    folder = write(tmp_path / "mine", decisions, "one | answer | {kind: home} | true", cases=CASES)
    monkeypatch.chdir(folder)
    return folder


def test_check_of_a_shipped_pack() -> None:
    done = run("check", "primer")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("primer 1.0.0: ")
    assert done.stdout.endswith("; no findings (2 accepted)\n")


def test_check_finds_failing_cases(failing: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, "check")
    message = "A car: answer: expected true, found false (by otherwise)"
    assert (code, err) == (1, "")
    assert out.splitlines()[0] == f"cases/cases.yaml:5:9: failing-case: {message}"
    # Nine of the ten facts that every small pack has are used by no rule of this one.
    last = "small 1.0.0: 1 decision, 1 rule, 10 facts, 2 cases; 10 findings"
    assert out.splitlines()[-1] == last
    code, out, _ = call(capsys, "check", "--format", "json")
    found = [(problem["code"], problem["line"]) for problem in json.loads(out)]
    assert (code, found[0], {code for code, _ in found[1:]}) == (
        1,
        ("failing-case", 5),
        {"unused-fact"},
    )
    code, out, _ = call(capsys, "check", "--format", "github")
    annotation = f"::error file=cases/cases.yaml,line=5,col=9,title=failing-case::{message}"
    assert (code, out.splitlines()[0]) == (1, annotation)


def test_check_explains_a_finding(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, "check", "--explain", "hole")
    assert code == 0
    assert out.startswith("hole (warning)")


def test_check_of_a_broken_pack(failing: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = failing / "rules.yaml"
    path.write_text(path.read_text().replace("kind: home", "knid: home"))
    code, out, err = call(capsys, "check")
    assert (code, err) == (1, "")
    assert "rules.yaml:5:12: " in out
    assert "did you mean `kind`?" in out
    assert out.splitlines()[-1] == ".: can't be read, 1 finding"
    assert call(capsys, "test")[0] == 2


def test_test(failing: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, "test")
    assert (code, out, err) == (
        1,
        "FAILED cases/cases.yaml:5:9: A car\n"
        "    - answer: expected true, found false (by otherwise)\n"
        "small 1.0.0: 2 cases, 1 failed\n",
        "",
    )
    assert call(capsys, "test", "-k", "a HOME") == (0, "small 1.0.0: 1 case, all passed\n", "")
    code, out, _ = call(capsys, "test", "--format", "json")
    assert code == 1
    assert [(case["case"], case["passed"]) for case in json.loads(out)] == [
        ("A home", True),
        ("A car", False),
    ]


def test_schemas_are_written(tmp_path: Path) -> None:
    done = run("schema", "primer", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    kinds = ("cases", "facts", "overview", "rules", "vocabulary")
    names = [f"schema/packs/primer/{kind}.schema.json" for kind in kinds]
    assert done.stdout.splitlines() == [f"wrote {name}" for name in names]
    assert all(json.loads((tmp_path / name).read_text(encoding="utf-8")) for name in names)


def test_a_folder_that_cannot_be_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    code, out, err = call(capsys, "schema", "primer", "--out", str(tmp_path / "file"))
    assert (code, out) == (2, "")
    assert "cannot-write: can't write this file: Not a directory" in err


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root writes all")
def test_a_folder_without_permission(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tmp_path.chmod(0o555)
    code, _, err = call(capsys, "schema", "primer", "--out", str(tmp_path / "out"))
    assert code == 2
    assert "cannot-write: can't write this file: Permission denied" in err


def test_the_catalogue(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, text in [
        (("why", "--pack", "primer", "contract.nonrecourse"), "A nonrecourse clause protects you"),
        (("why", "wa.trustee-sale"), "RCW 61.24.100(1)"),
        (("why", "ga.guarantor-waiver"), "PNC Bank, N.A. v. Smith"),  # as `recourse --help` says
        (("facts",), "outstanding_debt"),
        (("rules", "--pack", "primer", "-k", "california is"), "states.california"),
    ]:
        code, out, err = call(capsys, *arguments)
        assert (code, err) == (0, "")
        assert text in out
        code, out, _ = call(capsys, *arguments, "--format", "json")
        assert code == 0
        assert json.loads(out)


# ---- completion -------------------------------------------------------------------------------


def completed(words: str, number: int) -> list[str]:
    done = run(_RECOURSE_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=str(number))
    assert (done.returncode, done.stderr) == (0, "")
    return [line.removeprefix("plain,") for line in done.stdout.split()]


def test_a_shell_completes_commands_and_rules() -> None:
    assert completed("recourse de", 1) == ["decide"]
    assert completed("recourse why --pack primer credit.s", 4) == ["credit.settlement"]
    assert completed("recourse why wa.trustee-sale.c", 2) == []
    assert completed("recourse why wa.trustee-s", 2) == ["wa.trustee-sale"]


def test_a_broken_pack_completes_nothing() -> None:
    assert completed("recourse why --pack none x", 4) == []


def test_candidates() -> None:
    from engine.presentation.completion import CANDIDATES

    assert CANDIDATES["packs"]("", "pri") == [("primer", "")]
    assert CANDIDATES["settings"]("primer", "contract") == [
        ("contract_recourse=", "What the contract says about recourse")
    ]
    values = [value for value, _ in CANDIDATES["settings"]("primer", "loan_program=usda")]
    assert values == ["loan_program=usda_guaranteed", "loan_program=usda_direct"]
    assert CANDIDATES["settings"]("primer", "paid_in_full=t") == [("paid_in_full=true", "")]
    assert CANDIDATES["settings"]("primer", "nothing=") == []
    assert [name for name, _ in CANDIDATES["decisions"]("primer", "borrower")] == ["borrower_owes"]


def test_the_completion_script(capsys: pytest.CaptureFixture[str]) -> None:
    for shell in ("bash", "zsh", "fish"):
        code, out, err = call(capsys, "completion", shell)
        assert (code, err) == (0, "")
        assert "_RECOURSE_COMPLETE" in out
