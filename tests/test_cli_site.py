"""``recourse site`` as a process."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.test_cli import run

pytest.importorskip("jinja2", reason="the site needs Jinja")


def test_a_site_is_made(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "site"
    done = run("site", str(folder), "--pack", "primer")
    assert (done.returncode, done.stderr) == (0, "")
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert done.stdout == f"wrote {len(files)} files; open {folder / 'index.html'}\n"
    assert (folder / "index.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_made_again_it_is_the_same_and_leaves_other_files(tmp_path: Path) -> None:
    def read() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    (tmp_path / "mine.txt").write_text("mine")
    run("site", str(tmp_path), "--pack", "primer")
    before = read()
    run("site", str(tmp_path), "--pack", "primer")
    assert read() == before
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_wrong_usage(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    for arguments, expected in [
        ([str(file)], "this is a file, not a folder"),
        ([str(tmp_path / "out"), "--pack", "uss"], "did you mean `us`?"),
        ([], "Missing argument 'OUT'"),
    ]:
        done = run("site", *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert expected in done.stderr


def test_a_faulty_overview_is_told_and_nothing_is_written(tmp_path: Path) -> None:
    from tests.small import write

    pack = write(tmp_path / "pack", "r: {type: boolean, label: R}", "a | r | | true")
    (pack / "overviews").mkdir()
    (pack / "overviews" / "o.yaml").write_text(
        "title: T\nrows: stat\ncolumns: [{label: R, decision: r}]\n"
    )
    done = run("site", str(tmp_path / "out"), "--pack", str(pack))
    assert done.returncode == 2
    assert "no fact is called `stat` (did you mean `state`?)" in done.stderr
    assert not (tmp_path / "out").exists()
