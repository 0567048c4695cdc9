"""The overviews of a pack: what is read, and what is said of a faulty one."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import Decider, InputError
from engine.analysis.checking import check_pack
from engine.reading.format import format_file
from engine.reading.overviews import find_overview, read_overviews
from engine.reading.pack import load_pack
from tests.small import pack

DECISIONS = "recourse: {type: enum, label: R, values: {none: N, full: F}}"
GOOD = """\
title: At a glance
rows: state
given: {kind: home, made: 2020-01-31}
ways:
  - {label: honest, given: {fraud: false}}
columns:
  - {label: Recourse, decision: recourse, given: {debt: "1,000", made: }}
"""


def small(folder: Path, **overviews: str) -> Decider:
    (folder / "overviews").mkdir(parents=True)
    for name, text in overviews.items():
        (folder / "overviews" / f"{name}.yaml").write_text(text)
    return pack(folder, DECISIONS, "a | recourse | | none")


def test_what_an_overview_says(tmp_path: Path) -> None:
    decider = small(tmp_path, glance=GOOD)
    overview = find_overview(decider.rulebase)
    assert (overview.name, overview.title, overview.rows.name) == ("glance", "At a glance", "state")
    assert [way.label for way in overview.ways] == ["honest"]
    (column,) = overview.columns
    assert column.decision.name == "recourse"
    assert {key: str(value) for key, value in column.given.items()} == {
        "debt": "1000.00",
        "made": "None",
    }
    assert find_overview(decider.rulebase, "glance") == overview


def test_an_overview_changes_no_decision(tmp_path: Path) -> None:
    without = small(tmp_path / "without").rulebase
    assert small(tmp_path / "with", glance=GOOD).rulebase.digest == without.digest


def test_every_problem_at_once_with_its_place(tmp_path: Path) -> None:
    text = """\
title: At a glance
rows: stat
given: {kin: home, fraud: maybe}
ways:
  - {label: late, given: {made: 2020-02-31}}
columns:
  - {label: Recourse, decision: recours}
"""
    rulebase = small(tmp_path, glance=text).rulebase
    with pytest.raises(InputError) as error:
        read_overviews(rulebase, called=lambda path: path.name)
    assert [str(problem) for problem in error.value.problems] == [
        "glance.yaml:2:7: unknown-fact: no fact is called `stat` (did you mean `state`?)",
        "glance.yaml:3:9: unknown-fact: no fact is called `kin` (did you mean `kind`?)",
        "glance.yaml:3:27: wrong-type: `fraud` is true or false, not `maybe`",
        "glance.yaml:5:33: no-such-date: `made`: there is no date `2020-02-31`",
        "glance.yaml:7:33: unknown-decision: no decision is called `recours` (did you mean `recourse`?)",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "the file is empty; it must be a mapping with `title`, `rows` and `columns`"),
        ("title: A\nrows: state\n", "the file lacks the key `columns`"),
        (GOOD.replace("rows: state", "rows: debt"), "`debt` has no values to list"),
        (GOOD.replace("ways:", "way:"), "`way`"),
        (GOOD + "title: B\n", "duplicate-key"),
    ],
)
def test_faulty_files(tmp_path: Path, text: str, expected: str) -> None:
    rulebase = small(tmp_path, glance=text).rulebase
    with pytest.raises(InputError) as error:
        read_overviews(rulebase)
    assert expected in str(error.value)
    assert expected in "\n".join(map(str, check_pack(str(tmp_path)).problems))


def test_the_one_that_is_meant(tmp_path: Path) -> None:
    rulebase = small(tmp_path, glance=GOOD, other=GOOD).rulebase
    for name, expected in [
        ("glanc", "no overview `glanc` (did you mean `glance`?)"),
        ("", "no overview that is the only one: name it (there are `glance`, `other`)"),
    ]:
        with pytest.raises(InputError) as error:
            find_overview(rulebase, name)
        assert expected in str(error.value)


def test_a_pack_without_overviews_says_so() -> None:
    with pytest.raises(InputError, match="the pack `primer` has no overview"):
        find_overview(load_pack("primer"))


def test_overviews_are_put_in_order(tmp_path: Path) -> None:
    text = "columns:\n  - decision: recourse\n    label: R\nrows: state\ntitle: T\n"
    small(tmp_path, glance=text)
    assert format_file(tmp_path / "overviews" / "glance.yaml")[1] == (
        "title: T\nrows: state\ncolumns:\n  - label: R\n    decision: recourse\n"
    )


# ---- maps -------------------------------------------------------------------------------------

MAP = """\
map:
  decision: recourse
  scale: [none, full]
  ways:
    - {label: fraudulent, given: {fraud: true}}
  tiles:
    - WA .  TX
    - .  CA
"""


def test_what_a_map_says(tmp_path: Path) -> None:
    overview = find_overview(small(tmp_path, glance=GOOD + MAP).rulebase)
    assert overview.map is not None
    assert overview.map.tiles == {"WA": (0, 0), "TX": (0, 2), "CA": (1, 1)}
    assert overview.map.decision.name == "recourse"
    assert overview.map.scale == ("none", "full")
    assert [way.label for way in overview.map.ways] == ["fraudulent"]
    plain = find_overview(small(tmp_path / "plain", glance=GOOD).rulebase)
    assert plain.map is None


def test_every_problem_of_a_map(tmp_path: Path) -> None:
    text = MAP.replace("decision: recourse", "decision: recours").replace("WA .", "WA CB")
    text = text.replace(".  CA", "WA .").replace("fraud: true", "fraud: maybe")
    rulebase = small(tmp_path, glance=GOOD + text).rulebase
    with pytest.raises(InputError) as error:
        read_overviews(rulebase, called=lambda path: path.name)
    assert [str(problem) for problem in error.value.problems] == [
        "glance.yaml:9:13: unknown-decision: no decision is called `recours` (did you mean `recourse`?)",
        "glance.yaml:12:42: wrong-type: `fraud` is true or false, not `maybe`",
        "glance.yaml:14:5: missing-tile: the map has no tile for `CA` (each row of the table needs one)",
        "glance.yaml:14:7: unknown-value: `state` has no value `CB`",
        "glance.yaml:15:7: repeated-item: `WA` has a tile already",
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("[none, full]", "[none, ful]", "`recourse` has no value `ful` (did you mean `full`?)"),
        ("[none, full]", "[none]", "`scale` needs at least 2 items"),
        ("WA .", "W .", "`state` has no value `W`"),
        (".  CA", "CA CA", "`CA` has a tile already"),
        ("  tiles:", "  tile:", "did you mean `tiles`?"),
        ("  decision: recourse\n", "", "lacks the key `decision`"),
    ],
)
def test_faulty_maps(tmp_path: Path, old: str, new: str, expected: str) -> None:
    rulebase = small(tmp_path, glance=GOOD + MAP.replace(old, new)).rulebase
    with pytest.raises(InputError) as error:
        read_overviews(rulebase)
    assert expected in str(error.value)
