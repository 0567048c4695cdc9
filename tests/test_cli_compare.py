"""``recourse compare``, and the line in ``recourse decide``, as processes."""

from __future__ import annotations

import json

import jsonschema

from engine.reading.schema import read_schema
from tests.forms import faults
from tests.test_cli import completed, run

MINNESOTA = (
    "--set=property_state=MN",
    "--set=loan_purpose=purchase",
    "--set=disposition=judicial_foreclosure",
    "--set=outstanding_debt=300000",
    "--set=sale_price=250000",
    "--set=occupancy=primary",
    "--set=dwelling_units=1",
)


def test_both_views_with_their_reasons() -> None:
    done = run("compare", *MINNESOTA, "--only", "recourse")
    assert done.stderr == ""
    assert done.returncode == 0
    assert "They differ" in done.stdout
    assert "    primer   No, the lender has to be content with the collateral" in done.stdout
    assert "[states.only-the-home] Recourse loan, claims b12, b13 · article" in done.stdout
    assert "    us       " in done.stdout
    assert "primer was asked without occupancy and dwelling_units" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_packs_may_be_named_in_any_order() -> None:
    one = run("compare", "--pack", "primer", "--pack", "us", *MINNESOTA)
    other = run("compare", "--pack", "us", "--pack", "primer", *MINNESOTA)
    assert one.returncode == other.returncode
    assert one.stdout == other.stdout


def test_as_data() -> None:
    done = run("compare", *MINNESOTA, "--format", "json")
    found = json.loads(done.stdout)
    assert faults("comparison", found) == []
    pair = found["decisions"]["recourse"]
    assert pair["agreement"] == "different"
    assert pair["view"]["value"] == "none"
    assert pair["law"]["rules"][0]["authority"]["cite"]
    assert found["view"]["left_out"] == ["occupancy", "dwelling_units"]
    assert found["view"]["taken_over"]["loan_kind"] == "mortgage"


def test_several_loans_and_a_broken_one() -> None:
    lines = '{"property_state": "MN"}\n{"property_stat": "MN"}\n{"property_state": "CA"}\n'
    done = run("compare", "-", "--format", "json", stdin=lines)
    assert done.returncode == 2
    assert [json.loads(line)["loan"] for line in done.stdout.splitlines()] == [
        "<stdin>:1",
        "<stdin>:3",
    ]
    assert "<stdin>:2:2: unknown-fact" in done.stderr
    assert "did you mean `property_state`?" in done.stderr


def test_wrong_usage() -> None:
    for arguments, expected in [
        (["--pack", "primer", *MINNESOTA], "primer names no pack to compare with"),
        (["--pack", "us", "--pack", "us", "--pack", "us", *MINNESOTA], "two packs are compared"),
        ([*MINNESOTA, "--only", "recours"], "did you mean `recourse`?"),
        ([], "give a file of facts"),
    ]:
        done = run("compare", *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert expected in done.stderr


def test_decide_says_in_a_line_where_the_popular_view_differs() -> None:
    done = run("decide", "--pack", "us", *MINNESOTA, "--only", "recourse")
    text = " ".join(done.stdout.split())
    assert "The popular view differs. Of recourse it says: \u201cNo, the lender has to" in text
    ohio = [each.replace("MN", "OH") for each in MINNESOTA]
    assert "popular view" not in run("decide", "--pack", "us", *ohio, "--only", "recourse").stdout


def test_the_record_says_it_too() -> None:
    done = run("decide", "--pack", "us", *MINNESOTA, "--format", "json")
    record = json.loads(done.stdout)
    jsonschema.validate(record, dict(read_schema("record")))
    assert record["popular_view"]["pack"]["name"] == "primer"
    assert record["popular_view"]["differs"]["recourse"]["value"] == "none"


def test_many_loans_are_not_compared() -> None:
    loan = '{"property_state": "MN", "loan_purpose": "purchase", "disposition": "short_sale"}\n'
    done = run("decide", "--pack", "us", "-", "--format", "json", stdin=loan * 2)
    assert len(done.stdout.splitlines()) == 2
    assert "popular_view" not in done.stdout


def test_decisions_and_facts_are_completed() -> None:
    assert completed("recourse compare --pack us --only borrower_o", 5) == ["borrower_owes"]
    assert completed("recourse compare --pack us --set dispositi", 5) == ["disposition="]
