"""The audit trail: whole lines, from many writers, whatever happens to them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine import InputError, load
from engine.analysis.replay import replay
from engine.auditing import Trail, now
from engine.presentation.record import as_json
from tests.test_cli import PRIYA, ROOT, environment, run

WRITER = """
import sys
from engine.auditing import Trail
name, text, count = sys.argv[2], sys.argv[3], int(sys.argv[4])
with Trail(sys.argv[1]) as trail:
    print("ready", flush=True)
    for number in range(count):
        line = f"{name} {number} {text}"
        trail.append([line]) if number % 16 == 0 else trail.append_soon(line)
"""


def writer(trail: Path, name: str, text: str, count: int) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", WRITER, str(trail), name, text, str(count)]
    process = subprocess.Popen(
        arguments, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def finished(process: subprocess.Popen[str]) -> int:
    process.communicate(timeout=60)
    return process.returncode


def test_writers_at_once_do_not_mix_their_lines(tmp_path: Path) -> None:
    trail, text = tmp_path / "trail.jsonl", "é" * 3_000
    writers = [writer(trail, name, text, 150) for name in "abc"]
    assert [finished(each) for each in writers] == [0, 0, 0]
    lines = trail.read_text().split("\n")
    assert lines.pop() == ""
    for name in "abc":  # nothing is lost, and each writer's lines stand in its order
        own = [line for line in lines if line.startswith(name)]
        assert own == [f"{name} {number} {text}" for number in range(150)]
    assert len(lines) == 450


def test_a_writer_that_is_killed_loses_nothing_it_had_written(tmp_path: Path) -> None:
    trail, text = tmp_path / "trail.jsonl", "x" * 2_000
    survivor = writer(trail, "survivor", text, 400)
    for name in ("first", "second", "third"):
        victim = writer(trail, name, text, 1_000_000)
        time.sleep(0.15)
        victim.send_signal(signal.SIGKILL)
        assert finished(victim) == -signal.SIGKILL
    assert finished(survivor) == 0
    lines = trail.read_text().splitlines()
    whole = [line for line in lines if re.fullmatch(rf"\w+ \d+ {text}", line)]
    assert len(lines) - len(whole) <= 3  # of each that was killed at most its last line
    for name in ("survivor", "first", "second", "third"):
        numbers = [int(line.split(" ")[1]) for line in whole if line.startswith(f"{name} ")]
        assert numbers == list(range(len(numbers)))
        assert len(numbers) > 1
    assert sum(line.startswith("survivor ") for line in whole) == 400


def test_what_breaks_off_is_told_and_costs_no_other_record(tmp_path: Path) -> None:
    decider, trail = load("primer"), tmp_path / "trail.jsonl"
    line = as_json(decider.decide({"loan_kind": "auto"}), "0", one_line=True, decided_at=now())
    for cut in (line[:40], line[:-1], line[:-30]):
        trail.write_text(f"{line}\n{cut}")
        with Trail(trail) as audit:
            audit.append([line, line])
        with trail.open("rb") as file:
            result = replay(decider, file, "trail.jsonl")
        assert (result.same, result.replayed) == (3, [])
        (fault,) = result.faults
        assert (fault.code, fault.where.line) == ("torn-record", 2)


def test_a_trail_that_is_moved_away_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "trail.jsonl"
    with Trail(path) as trail:
        trail.append(["one"])
        path.rename(tmp_path / "trail.1")
        trail.append(["two"])
        trail.append_soon("three")
    assert (tmp_path / "trail.1").read_text() == "one\n"
    assert path.read_text() == "two\nthree\n"


def test_half_a_line_is_taken_back_when_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "trail.jsonl"
    write = os.write

    def full(file: int, data: bytes) -> int:
        if len(data) > 4:
            return write(file, bytes(data[:4]))
        raise OSError(28, "No space left on device")

    with Trail(path) as trail:
        trail.append(["one"])
        monkeypatch.setattr(os, "write", full)
        with pytest.raises(InputError, match="No space left on device"):
            trail.append(["twelve"])
        monkeypatch.undo()
        trail.append(["three"])
    assert path.read_text() == "one\nthree\n"


def test_what_can_not_be_written_is_told(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "no" / "folder" / "trail", Path("/dev/null")):
        with pytest.raises(InputError) as caught:
            Trail(path)
        assert [problem.code for problem in caught.value.problems] == ["cannot-write"]


def test_others_can_not_read_a_new_trail(tmp_path: Path) -> None:
    with Trail(tmp_path / "trail.jsonl"):
        assert (tmp_path / "trail.jsonl").stat().st_mode & 0o077 == 0


def test_decide_records_and_replay_reads(tmp_path: Path) -> None:
    trail = tmp_path / "trail.jsonl"
    assert run("decide", PRIYA, "--pack", "primer", "--record", str(trail)).returncode in (0, 3)
    loans = str(ROOT / "examples" / "loans.jsonl")
    many = run("decide", loans, "--pack", "primer", "--record", str(trail))
    records = [json.loads(line) for line in trail.read_text().splitlines()]
    assert len(records) == 1 + int(re.findall(r"(\d+) loans decided", many.stdout)[0])
    for record in records:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record["decided_at"])
        assert record["engine"]
        assert set(record["pack"]) == {"name", "version", "digest"}
    again = run("replay", str(trail), "--pack", "primer", "--format", "json")
    assert again.returncode == 0
    assert json.loads(again.stdout)["same"] == len(records)


def test_decide_says_where_it_can_not_record(tmp_path: Path) -> None:
    done = run("decide", PRIYA, "--record", str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert "cannot-write" in done.stderr
