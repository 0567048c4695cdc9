"""The scripts of the reusable action, run as a runner runs them: on a repository of two commits."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.packs import FOLDER

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / ".github/actions/recourse/action.yml"
if not FILE.is_file():
    pytest.skip("a source distribution has no action", allow_module_level=True)
ACTION = yaml.safe_load(FILE.read_text())
CHECK, COMPARE = (step["run"] for step in ACTION["runs"]["steps"][-2:])

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    command = ["git", *who, *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The pack ``packs/mine`` has changed since the first commit; ``packs/new`` was not there."""
    folder = tmp_path / "repository"
    shutil.copytree(FOLDER / "changed/before", folder / "packs/mine")
    git(tmp_path, "init", "-q", str(folder))
    for message in ("first", "second"):
        git(folder, "add", ".")
        git(folder, "commit", "-q", "-m", message)
        shutil.copytree(FOLDER / "changed/after", folder / "packs/mine", dirs_exist_ok=True)
        shutil.copytree(FOLDER / "findings/bad/conflict", folder / "packs/new", dirs_exist_ok=True)
    return folder


def run(script: str, folder: Path, **inputs: str) -> tuple[int, str, str]:
    """The exit code, what the script prints, and what it adds to the summary of the job."""
    summary = folder.parent / "summary.md"
    summary.write_text("")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=folder,
        env=os.environ | inputs | {"PATH": path, "GITHUB_STEP_SUMMARY": str(summary)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout + done.stderr, summary.read_text()


def test_what_was_proved_is_kept_from_run_to_run(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (kept,) = (step["with"] for step in ACTION["runs"]["steps"] if "cache" in step.get("uses", ""))
    assert kept["key"].startswith(kept["restore-keys"])
    home = repository.parent / "home"
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_CACHE_HOME", "RECOURSE_CACHE"):
        monkeypatch.delenv(name, raising=False)
    assert run(CHECK, repository, PACKS="packs/mine")[0] == 0
    folder = home / kept["path"].removeprefix("~/")
    assert list(folder.iterdir())


def test_the_check_annotates_and_fails(repository: Path) -> None:
    code, out, _ = run(CHECK, repository, PACKS="packs/mine packs/new")
    assert code == 1
    assert out.startswith("::error file=packs/new/rules.yaml,line=10,col=9,title=conflict::")
    assert run(CHECK, repository, PACKS="packs/mine")[:2] == (0, "")


def test_a_change_is_news_and_no_failure(repository: Path) -> None:
    code, out, summary = run(COMPARE, repository, PACKS="packs/mine packs/new", BASE="HEAD~1")
    assert code == 0
    assert out.startswith(
        "::warning file=packs/mine/rules.yaml,line=3,col=9,title=outcome-change::"
    )
    assert "| `recourse` | `none` | `full` |" in summary
    assert summary.endswith("packs/new is new: there is nothing to compare it with\n")


def test_a_base_that_is_not_there_fails(repository: Path) -> None:
    code, out, _ = run(COMPARE, repository, PACKS="packs/mine", BASE="no-such-commit")
    assert code != 0
    assert "no-such-commit: no-base: " in out
