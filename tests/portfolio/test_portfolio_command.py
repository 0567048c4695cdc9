"""``recourse portfolio`` as its users meet it: tapes of every kind, good and bad."""

from __future__ import annotations

import gzip
import json
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet
import pytest

from engine import load
from engine.portfolio import tapes
from engine.portfolio.counts import Counts
from engine.values import to_json
from tests.portfolio.tapes import HEADER, ROWS, read, table, write
from tests.random_packs import Sampler
from tests.test_cli import ROOT, call, environment, run

Captured = pytest.CaptureFixture[str]


def portfolio(capsys: Captured, *arguments: str) -> tuple[int, str, str]:
    """The command, with the primer where no other pack is named."""
    pack = () if "--pack" in arguments else ("--pack", "primer")
    return call(capsys, "portfolio", *arguments, *pack)


def summary(capsys: Captured, *arguments: str) -> dict[str, object]:
    code, out, err = portfolio(capsys, *arguments, "--format", "json")
    assert code in (0, 3), err
    data: dict[str, object] = json.loads(out)
    return data


def refused(capsys: Captured, *arguments: str) -> str:
    code, out, err = portfolio(capsys, *arguments)
    assert (code, out) == (2, "")
    assert "Traceback" not in err
    return err


# ---- what comes out ---------------------------------------------------------------------------


def test_the_summary_page(tmp_path: Path) -> None:
    done = run(
        "portfolio",
        write(tmp_path / "book.csv", HEADER + ROWS),
        "--pack",
        "primer",
        "--only",
        "recourse",
    )
    assert done.returncode == 3
    assert done.stdout.splitlines()[:4] == [
        f"3 rows by Recourse, the primer {load('primer').rulebase.version}",
        "             2 decided",
        "             1 undetermined",
        "             0 rejected",
    ]
    assert "columns that are not used: loan_id" in done.stderr
    assert "facts that the tape does not state: " in done.stderr


def test_every_row_has_the_answers_of_decide(capsys: Captured, tmp_path: Path) -> None:
    decider = load("primer")
    rng = random.Random(11)
    loans = [Sampler(decider.rulebase).draw(rng, 0.3) for _ in range(40)]
    tape = tmp_path / "book.parquet"
    pyarrow.parquet.write_table(table(loans).drop_columns(["loan_id"]), tape)
    plain = tmp_path / "book.csv"
    pyarrow.csv.write_csv(table(loans).drop_columns(["loan_id"]), plain)
    out = tmp_path / "out.parquet"
    assert portfolio(capsys, str(plain), "-o", str(out))[0] == 3
    rows = read(out)
    assert [row["row"] for row in rows] == list(range(1, 41))
    for row, loan in zip(rows, loans, strict=True):
        record = decider.decide(loan, verify=False)
        for name, answer in record.answers.items():
            assert row[f"{name}_status"] == answer.status
            rules = row[f"{name}_rules"]
            told = str(rules).split(";") if rules else []
            assert sorted(told) == sorted(rule.id for rule in answer.rules)
            value = answer.value
            if isinstance(value, frozenset):
                assert row[name] == ";".join(sorted(value))
            elif value is None:
                assert row[name] is None
            elif answer.decision.type == "money":
                assert f"{row[name]:.2f}" == to_json(value, "money")
            else:
                assert row[name] == value


@pytest.mark.parametrize(
    "kind", ["parquet", "csv", "csv.gz", "csv.zst", "jsonl", "jsonl.gz", "arrow"]
)
def test_every_kind_of_tape_says_the_same(capsys: Captured, tmp_path: Path, kind: str) -> None:
    loans = [Sampler(load("primer").rulebase).draw(random.Random(4), 0.2) for _ in range(9)]
    whole = table(loans).drop_columns(["loan_id"])
    plain, tape = tmp_path / "plain.csv", tmp_path / f"tape.{kind}"
    pyarrow.csv.write_csv(whole, plain)
    if kind == "parquet":
        pyarrow.parquet.write_table(whole, tape)
    elif kind == "arrow":
        with pyarrow.ipc.new_file(tape, whole.schema) as writer:
            writer.write_table(whole)
    elif kind.startswith("csv"):
        tape.write_bytes(_packed(plain.read_bytes(), kind))
    else:
        lines = [
            json.dumps({k: v for k, v in row.items() if v is not None}) for row in whole.to_pylist()
        ]
        tape.write_bytes(_packed("\n".join(lines).encode(), kind))
    only = ("--only", "recourse", "--only", "borrower_owes")
    wanted = summary(capsys, str(plain), *only)
    assert summary(capsys, str(tape), *only) == wanted


def _packed(data: bytes, kind: str) -> bytes:
    if kind.endswith("gz"):
        return gzip.compress(data)
    if kind.endswith("zst"):
        packed: bytes = pa.compress(data, "zstd", asbytes=True)
        return packed
    return data


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_every_kind_of_output(capsys: Captured, tmp_path: Path, kind: str) -> None:
    tape = write(tmp_path / "book.csv", HEADER + ROWS)
    out = tmp_path / f"out.{kind}"
    arguments = (tape, "-o", str(out), "--keep", "loan_id", "--only", "borrower_owes")
    assert portfolio(capsys, *arguments)[0] == 3
    if kind == "jsonl":
        rows = [json.loads(line) for line in out.read_text().splitlines()]
        assert (
            rows[2].items()
            >= {
                "tape": tape,
                "row": 3,
                "loan_id": "C",
                "borrower_owes": "5000.00",
                "borrower_owes_status": "decided",
            }.items()
        )
    else:
        rows = read(out)
    assert [row["loan_id"] for row in rows] == ["A", "B", "C"]
    assert [row["borrower_owes_status"] for row in rows] == ["decided", "undetermined", "decided"]


def test_dollars_by_outcome(capsys: Captured, tmp_path: Path) -> None:
    tape = write(tmp_path / "book.csv", HEADER + ROWS)
    data = summary(capsys, tape, "--only", "recourse", "--money", "outstanding_debt")
    outcomes = data["decisions"]["recourse"]["outcomes"]  # type: ignore[index]
    assert {o.get("value"): o["dollars"] for o in outcomes} == {
        None: "1600.50",
        "full": "165000.00",
    }
    assert "--money: unknown-fact: no money fact is called `debt`" in refused(
        capsys, tape, "--money", "debt"
    )
    said = refused(capsys, tape, "--only", "recours", "--set", "sale_price=x")
    assert "--only: unknown-decision" in said
    assert "--set: wrong-type" in said
    assert said.endswith("\n2 problems\n")


def test_a_fact_of_every_loan(capsys: Captured, tmp_path: Path) -> None:
    tape = write(tmp_path / "book.csv", HEADER + ROWS.replace("160000", "many"))
    data = summary(capsys, tape, "--only", "recourse", "--set", "outstanding_debt=5")
    assert (data["decided"], data["rejected"]) == (2, {})
    assert "can't be `boat`" in refused(capsys, tape, "--set", "loan_kind=boat")
    assert "is not of the form fact=value" in refused(capsys, tape, "--set", "loan_kind")


def test_folders_patterns_and_standard_input(capsys: Captured, tmp_path: Path) -> None:
    folder = tmp_path / "book"
    (folder / "deep").mkdir(parents=True)
    write(folder / "one.csv", HEADER + ROWS)
    write(folder / "deep" / "two.csv", HEADER + ROWS)
    write(folder / "notes.md", "no tape")
    assert summary(capsys, str(folder), "--only", "recourse")["rows"] == 6
    assert summary(capsys, f"{folder}/*.csv", "--only", "recourse")["rows"] == 3
    for text in (HEADER + ROWS, '{"loan_kind": "personal"}\n{"loan_kind": "auto"}\n'):
        done = run(
            "portfolio",
            "-",
            "--pack",
            "primer",
            "--only",
            "recourse",
            "--format",
            "json",
            stdin=text,
        )
        assert "Traceback" not in done.stderr
        assert json.loads(done.stdout)["rows"] == text.count("\n") - text.startswith("loan")
    assert "there is no such file" in refused(capsys, str(folder / "three.csv"))
    assert "what is in this file?" in refused(capsys, str(folder / "notes.md"))


# ---- bad tapes --------------------------------------------------------------------------------


def test_rows_that_cannot_be_used_are_told_and_not_lost(capsys: Captured, tmp_path: Path) -> None:
    rows = (
        "A,mortgage,CA,160000,150000,short_sale\n"
        "B,mortgage,CA\n"
        "C,boat,CA,160000,150000,short_sale\n"
        "D,mortgage,CA,-5,150000,short_sale\n"
        "E,mortgage,CA,x,150000,short_sale,7\n"
        "F,mortgage,CA,160000,,short_sale\n"
    )
    tape, out = write(tmp_path / "book.csv", HEADER + rows), tmp_path / "out.csv"
    arguments = (tape, "-o", str(out), "--only", "upside_down", "--keep", "loan_id")
    assert portfolio(capsys, *arguments)[0] == 3
    told = {row["row"]: row["rejected"] or row["upside_down_status"] for row in read(out)}
    assert list(told) == [1, 2, 3, 4, 5, 6]
    assert told[1] == "decided" and told[6] == "undetermined"
    assert told[2] == "this row has 3 cells, and there are 6 columns"
    assert told[3] == "`loan_kind` can't be `boat`"
    assert told[4] == "`outstanding_debt` can't be negative, as -$5.00 is"
    assert told[5] == "this row has 7 cells, and there are 6 columns"
    data = summary(capsys, tape, "--only", "upside_down")
    assert (data["rows"], data["decided"], data["undetermined"]) == (6, 1, 1)
    assert sum(data["rejected"].values()) == 4  # type: ignore[attr-defined]
    assert portfolio(capsys, tape, "--only", "upside_down", "--fail-on-rejects")[0] == 1


def test_rows_that_are_all_used_do_not_fail(capsys: Captured, tmp_path: Path) -> None:
    tape = write(tmp_path / "book.csv", HEADER + ROWS)
    assert portfolio(capsys, tape, "--only", "upside_down", "--fail-on-rejects")[0] == 3


def test_an_arrow_file_with_codes_beyond_its_texts_is_refused(
    capsys: Captured, tmp_path: Path
) -> None:
    codes = pa.array([0, 7], pa.int32())
    column = pa.DictionaryArray.from_arrays(codes, pa.array(["mortgage"]), safe=False)
    tape = tmp_path / "book.arrow"
    with pa.ipc.new_file(tape, pa.schema([("loan_kind", column.type)])) as file:
        file.write(pa.RecordBatch.from_arrays([column], names=["loan_kind"]))
    assert "this is no Arrow file that can be read" in refused(capsys, str(tape))


def test_marks_and_line_ends_of_other_systems(capsys: Captured, tmp_path: Path) -> None:
    text = (HEADER + ROWS).replace("\n", "\r\n").encode()
    tape = write(tmp_path / "book.csv", b"\xef\xbb\xbf" + text)
    assert summary(capsys, tape, "--only", "recourse")["decided"] == 2
    utf16 = write(tmp_path / "wide.csv", (HEADER + ROWS).encode("utf-16"))
    assert "this file is UTF-16, not UTF-8" in refused(capsys, utf16)


def test_a_value_that_is_not_utf8_rejects_its_row(capsys: Captured, tmp_path: Path) -> None:
    tape = write(
        tmp_path / "book.csv", HEADER.encode() + b"A,mortg\xe4ge,CA,1,1,\n" + ROWS.encode()
    )
    data = summary(capsys, tape, "--only", "recourse")
    assert data["rows"] == 4
    assert data["rejected"] == {"`loan_kind`: this value is not UTF-8": 1}


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.csv", b"", "the file is empty"),
        ("a.jsonl", b"", "the file is empty"),
        ("a.parquet", b"", "the file is empty"),
        ("a.parquet", b"PAR1 and no more", "no Parquet file that can be read"),
        ("a.arrow", b"ARROW1 and no more", "no Arrow file that can be read"),
        ("a.csv.gz", b"not packed", "no CSV file that can be read"),
        ("a.csv", b"\n1,2\n", "the first line is empty"),
        ("a.csv", b"loan_kind,loan_kind\nmortgage,mortgage\n", "`loan_kind` is there twice"),
        ("a.csv", b"loan_kind,,\nmortgage,,\n", "a column has no name"),
        ("a.csv", b"colour,size\nred,9\n", "no column of this tape is a fact"),
        ("a.csv", b"loan_kind,outstanding_det\nmortgage,9\n", "did you mean `outstanding_debt`?"),
    ],
)
def test_files_that_are_no_tapes(
    capsys: Captured, tmp_path: Path, name: str, content: bytes, told: str
) -> None:
    assert told in refused(capsys, write(tmp_path / name, content))


def test_a_parquet_file_that_was_cut_off(capsys: Captured, tmp_path: Path) -> None:
    tape = tmp_path / "book.parquet"
    pyarrow.parquet.write_table(pa.table({"loan_kind": ["mortgage"] * 1000}), tape)
    tape.write_bytes(tape.read_bytes()[:-100])
    assert "no Parquet file that can be read" in refused(capsys, str(tape))


def test_a_header_alone_has_no_rows(capsys: Captured, tmp_path: Path) -> None:
    assert summary(capsys, write(tmp_path / "book.csv", HEADER), "--only", "recourse")["rows"] == 0


def test_a_line_without_end(
    capsys: Captured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tapes, "BLOCK", 5_000)
    long = "A,mortgage,CA," + "9" * 20_000 + ",1,\n"
    tape = write(tmp_path / "book.csv", HEADER + ROWS * 3 + long + ROWS)
    assert "is longer than" in refused(capsys, tape)
    lines = '{"loan_kind": "mortgage"}\n{"loan_kind": "' + "m" * 20_000 + '"}\n'
    assert "is longer than" in refused(capsys, write(tmp_path / "book.jsonl", lines))


def test_days_in_american_order_are_refused(capsys: Captured, tmp_path: Path) -> None:
    tape = write(
        tmp_path / "book.csv",
        "property_state,sale_date,origination_date\nCA,10/31/2009,2001-05-06\nCA,2009-10-31,\n",
    )
    data = summary(capsys, tape, "--pack", "us", "--only", "one_action")
    assert list(data["rejected"]) == ["`sale_date` is a date, not `10/31/2009`"]  # type: ignore[call-overload]
    mapping = write(
        tmp_path / "mine.yaml",
        "title: Mine\nfacts:\n  property_state: {column: property_state}\n"
        "  sale_date: {column: sale_date, dates: MM/DD/YYYY}\n",
    )
    data = summary(capsys, tape, "--pack", "us", "--only", "one_action", "--map", mapping)
    assert data["rejected"] == {}


def test_json_lines_that_are_wrong(capsys: Captured, tmp_path: Path) -> None:
    lines = [
        '{"loan_kind": "mortgage", "outstanding_debt": 5.25}',
        '{"loan_kind": ',
        "[1, 2]",
        '{"loan_kind": "mortgage", "outstanding_det": 5}',
        '{"loan_kind": true}',
        '{"outstanding_debt": "5.255"}',
    ]
    data = summary(capsys, write(tmp_path / "a.jsonl", "\n".join(lines)), "--only", "recourse")
    assert data["rows"] == 6
    reasons = list(data["rejected"])  # type: ignore[call-overload]
    assert [reason.split(":")[0] for reason in reasons] == [
        "`loan_kind` is one of " + reasons[0].split("one of ")[1],
        "`outstanding_debt` is given to the cent, not `5.255`",
        "this line is no JSON",
        "a loan is a mapping of facts to values, not a list",
        "`outstanding_det` is neither a fact nor in the first line",
    ]


# ---- the output -------------------------------------------------------------------------------


def test_an_output_that_exists_is_left_alone(capsys: Captured, tmp_path: Path) -> None:
    tape, out = write(tmp_path / "book.csv", HEADER + ROWS), write(tmp_path / "out.csv", "mine")
    assert "the output exists" in refused(capsys, tape, "-o", out)
    assert Path(out).read_text() == "mine"
    assert portfolio(capsys, tape, "-o", out, "--force")[0] == 3
    assert len(read(Path(out))) == 3
    assert "this output is complete" in refused(capsys, tape, "-o", out, "--resume")
    assert "what shall this file be?" in refused(capsys, tape, "-o", str(tmp_path / "out.xls"))
    assert "no such folder" in refused(capsys, tape, "-o", str(tmp_path / "no" / "out.csv"))
    assert "the tape has no column `id`" in refused(capsys, tape, "--keep", "id")


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    tape = write(tmp_path / "book.csv", HEADER + ROWS * 20_000)
    out = tmp_path / "out.csv"

    def limited() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    done = subprocess.run(
        [sys.executable, "-m", "cli", "portfolio", tape, "-o", str(out), "--pack", "primer"],
        capture_output=True,
        cwd=ROOT,
        env=environment(),
        timeout=120,
        preexec_fn=limited,
        check=False,
    )
    assert done.returncode == 2
    assert b"File too large" in done.stderr and b"Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["book.csv"]


@pytest.mark.parametrize("kind", ["parquet", "csv", "jsonl"])
def test_a_run_that_is_stopped_goes_on(capsys: Captured, tmp_path: Path, kind: str) -> None:
    header, rows = HEADER.split("\n")[0], ROWS.splitlines()
    tape = tmp_path / "book.csv"
    with tape.open("w") as file:
        file.write(header + "\n")
        for _ in range(250_000):
            file.write("\n".join(rows) + "\n")
    whole, out = tmp_path / f"whole.{kind}", tmp_path / f"out.{kind}"
    arguments = [str(tape), "--pack", "primer", "--only", "recourse", "--keep", "loan_id"]
    process = subprocess.Popen(
        [sys.executable, "-m", "cli", "portfolio", *arguments, "-o", str(out)],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    part = out.with_name(out.name + ".part")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (part.exists() and part.stat().st_size > 1_000):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert b"--resume goes on" in err
    assert "output of a run that was stopped" in refused(capsys, *arguments, "-o", str(out))
    assert "it differs in options" in refused(
        capsys, str(tape), "--only", "recourse", "-o", str(out), "--resume"
    )
    begun = json.loads(out.with_name(out.name + ".stopped.json").read_text())["rows"]
    assert 0 < begun < 750_000
    assert portfolio(capsys, *arguments, "-o", str(out), "--resume")[0] == 3
    assert portfolio(capsys, *arguments, "-o", str(whole))[0] == 3
    if kind == "parquet":
        ours, right = (pyarrow.parquet.read_table(path) for path in (out, whole))
        assert ours.num_rows == 750_000
        assert ours.column("row").equals(right.column("row"))
        assert (
            ours.column("recourse_status").to_pylist()
            == right.column("recourse_status").to_pylist()
        )
    else:
        assert out.read_bytes() == whole.read_bytes()
    assert not out.with_name(out.name + ".stopped.json").exists()


def test_a_row_that_is_lost_is_a_fault_of_the_engine(
    capsys: Captured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def losing(self: Counts, reasons: object) -> None:
        self.rows += 1
        self.check()

    monkeypatch.setattr(Counts, "lose", losing)
    tape = write(tmp_path / "book.csv", HEADER + ROWS)
    code, _, err = portfolio(capsys, tape)
    assert code == 70
    assert "4 rows went in and 3 came out" in err


def test_without_the_extra_it_says_what_to_install(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    _, _, err = portfolio(capsys, "book.csv")
    hint = "pip install 'recourse-engine[portfolio]'"
    assert err == f"recourse: reading loan tapes needs NumPy and PyArrow: {hint}\n"
