"""``recourse overview`` as a process."""

from __future__ import annotations

import json
import re

from engine.presentation.layout import WIDTH
from tests.forms import faults
from tests.test_cli import completed, run


def test_the_states_at_a_glance() -> None:
    done = run("overview")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "The states at a glance"
    (california,) = [line for line in lines if line.startswith("California ")]
    assert re.split(r"\s{2,}", california)[1:4] == ["nonjudicial", "capped / none", "none"]
    notes = lines[lines.index(next(line for line in lines if line.startswith("Wyoming "))) + 1 :]
    assert notes and all(len(line) <= WIDTH for line in notes)


def test_as_data_every_state_and_every_cell() -> None:
    data = json.loads(run("overview", "states", "--pack", "us", "--format", "json").stdout)
    assert faults("matrix", data) == []
    assert len(data["rows"]) == 51
    assert {len(row["cells"]) for row in data["rows"]} == {len(data["columns"]) * len(data["ways"])}
    ohio = next(row for row in data["rows"] if row["value"] == "OH")
    assert [cell["value"] for cell in ohio["cells"][:4]] == [
        "judicial",
        "judicial",
        "full",
        "court_decides",
    ]
    assert ohio["cells"][2]["rules"][0]["authority"]["cite"]


def test_wrong_usage() -> None:
    for arguments, expected in [
        (["stats"], "did you mean `states`?"),
        (["--pack", "primer"], "the pack `primer` has no overview"),
    ]:
        done = run("overview", *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert expected in done.stderr


def test_names_are_completed() -> None:
    assert completed("recourse overview st", 2) == ["states"]
