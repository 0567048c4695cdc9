"""``recourse whatif`` as a process."""

from __future__ import annotations

import json

from tests.forms import faults
from tests.test_cli import completed, run

CAR = "examples/car-loan.yaml"


def test_a_small_table() -> None:
    done = run("whatif", CAR, "--vary", "sale_price", "--about", "borrower_owes")
    assert (done.returncode, done.stderr) == (0, "")
    assert "  up to $14,000.00 (now)  $14,000.00 to $0.00\n" in done.stdout
    assert "  from $14,000.01         $0.00\n" in done.stdout


def test_values_that_are_given_and_a_second_fact() -> None:
    vary = ("--vary", "loan_program=va,conventional", "--vary", "property_state=OH,TX")
    done = run("whatif", "examples/va-loan.yaml", *vary, "--about", "recourse")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    start = lines.index("  loan_program \\ property_state  OH (now)  TX")
    assert [line.split()[-2:] for line in lines[start + 1 : start + 3]] == [
        ["none", "none"],
        ["full", "none"],
    ]
    assert "recourse would be full, if loan_program were conventional" in done.stdout


def test_as_data() -> None:
    vary = ("--vary", "property_state=OH,TX", "--about", "recourse")
    found = json.loads(run("whatif", "examples/va-loan.yaml", *vary, "--format", "json").stdout)
    assert faults("whatif", found) == []
    assert [point["facts"]["property_state"]["values"] for point in found["points"]] == [
        ["OH"],
        ["TX"],
    ]
    assert found["base"]["decisions"]["recourse"]["change"]


def test_the_law_by_state() -> None:
    facts = "examples/us/purchase-california.yaml"
    done = run("whatif", "--pack", "us", facts, "--vary", "property_state", "--about", "recourse")
    assert done.returncode == 0
    assert "(now)" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_wrong_usage() -> None:
    for arguments, expected in [
        ([CAR], "one fact varies, or two"),
        (["--vary", "sale_price"], "give a file of facts"),
        ([CAR, "--vary", "sale_prise"], "did you mean `sale_price`?"),
        ([CAR, "--vary", "loan_kind=auto,boat"], "`loan_kind` can't be `boat`"),
        ([CAR, "--vary", "sale_price", "--about", "owed"], "no decision is called `owed`"),
        ([CAR, "--vary", "sale_price", "--vary", "outstanding_debt"], "give the values of one"),
        (["examples/loans.jsonl", "--vary", "sale_price"], "this file holds several loans"),
    ]:
        done = run("whatif", *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert expected in done.stderr


def test_facts_and_values_are_completed() -> None:
    assert completed("recourse whatif --vary loan_kind=a", 3) == ["loan_kind=auto"]
