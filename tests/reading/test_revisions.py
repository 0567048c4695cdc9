"""An earlier state of a pack: from git, a folder, an archive, or the shipped packs."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from engine.problems import InputError
from engine.reading import revisions
from engine.reading.revisions import open_base
from tests.small import write

DECISIONS = "recourse: {type: enum, label: Recourse?, values: {none: No, full: Full}}"
FIRST = "tx | recourse | {state: TX} | none"
SECOND = "wa | recourse | {state: WA} | none"


def git(folder: Path, *arguments: str) -> None:
    environment = {
        **os.environ,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_AUTHOR_NAME": "A",
        "GIT_AUTHOR_EMAIL": "a@example.org",
        "GIT_COMMITTER_NAME": "A",
        "GIT_COMMITTER_EMAIL": "a@example.org",
    }
    subprocess.run(
        ["git", "-C", str(folder), *arguments], check=True, capture_output=True, env=environment
    )


def commit(folder: Path, message: str) -> None:
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", message)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two commits of a pack in `rules/small`, the first of them tagged; then a dirty work tree."""
    top = tmp_path / "repository"
    pack = top / "rules" / "small"
    top.mkdir()
    git(top, "init", "-q", "-b", "main")
    (top / "README").write_text("no pack yet\n")
    commit(top, "nothing")
    git(top, "tag", "empty")
    write(pack, DECISIONS, FIRST, cases="[]\n")
    (pack / "link.yaml").symlink_to("/etc/passwd")
    commit(top, "first")
    git(top, "tag", "v1")
    write(pack, DECISIONS, SECOND)
    commit(top, "second")
    write(pack, DECISIONS, FIRST + "\n" + SECOND)
    return pack


def rules(text: str, pack: Path) -> list[str]:
    return [rule.id for rule in open_base(text, pack).rules]


def refused(text: str, pack: Path) -> str:
    with pytest.raises(InputError) as error:
        open_base(text, pack)
    return str(error.value)


# ---- git --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("revision", "expected"),
    [("HEAD", ["wa"]), ("main", ["wa"]), ("HEAD~1", ["tx"]), ("v1", ["tx"]), ("main@{0}", ["wa"])],
)
def test_a_revision(repository: Path, revision: str, expected: list[str]) -> None:
    before = {
        path: path.read_bytes() for path in repository.glob("*.yaml") if not path.is_symlink()
    }
    assert rules(revision, repository) == expected
    after = {path: path.read_bytes() for path in repository.glob("*.yaml") if not path.is_symlink()}
    assert before == after


def test_places_name_the_revision(repository: Path) -> None:
    base = open_base("v1", repository)
    assert str(base.rules[0].place).startswith("v1:rules/small/rules.yaml:")
    assert base.root == "v1:rules/small"


def test_problems_of_an_old_pack_name_the_revision(repository: Path) -> None:
    (repository / "rules.yaml").write_text("rules: 3\n")
    commit(repository, "broken")
    assert "HEAD:rules/small/rules.yaml:1:8" in refused("HEAD", repository)


def test_a_pack_at_the_top_of_its_repository(tmp_path: Path) -> None:
    write(tmp_path, DECISIONS, FIRST)
    git(tmp_path, "init", "-q", "-b", "main")
    commit(tmp_path, "first")
    assert rules("main", tmp_path) == ["tx"]
    assert str(open_base("main", tmp_path).rules[0].place).startswith("main:rules.yaml:")


def test_revisions_that_can_not_be(repository: Path, tmp_path: Path) -> None:
    assert "did you mean `main`?" in refused("maim", repository)
    assert "there is no pack in `rules/small` in revision `empty`" in refused("empty", repository)
    assert "no-base" in refused("--help", repository)
    outside = write(tmp_path / "outside", DECISIONS, FIRST)
    assert "is in no git repository" in refused("HEAD~1", outside)


def test_without_git(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert "git is not installed" in refused("HEAD", repository)


# ---- folders and shipped packs ----------------------------------------------------------------


def test_a_folder_wins_over_a_revision(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository.parents[1])
    write(Path("main"), DECISIONS, FIRST)
    assert rules("main", repository) == ["tx"]
    Path("v1").mkdir()
    assert "the folder holds no pack.yaml" in refused("v1", repository)


def test_a_shipped_pack(repository: Path, tmp_path: Path) -> None:
    assert open_base("primer", repository).name == "primer"
    assert open_base("primer", write(tmp_path / "outside", DECISIONS, FIRST)).name == "primer"


# ---- archives ---------------------------------------------------------------------------------


def zipped(path: Path, files: dict[str, bytes]) -> str:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return str(path)


def tarred(path: Path, files: dict[str, bytes]) -> str:
    with tarfile.open(path, "w:gz") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return str(path)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, bytes]:
    folder = write(tmp_path / "pack", DECISIONS, FIRST)
    return {f"small-1.0/{path.name}": path.read_bytes() for path in folder.glob("*.yaml")}


@pytest.mark.parametrize("packed", [zipped, tarred])
def test_an_archive(packed: object, tmp_path: Path, files: dict[str, bytes]) -> None:
    assert callable(packed)
    text = packed(tmp_path / "small.bin", {**files, "README": b"hello"})
    base = open_base(text, tmp_path)
    assert [rule.id for rule in base.rules] == ["tx"]
    assert str(base.rules[0].place).startswith(f"{text}:rules.yaml:")


@pytest.mark.parametrize("packed", [zipped, tarred])
@pytest.mark.parametrize("name", ["../evil.yaml", "/evil.yaml", "small-1.0/../../evil.yaml"])
def test_an_archive_that_reaches_out(
    packed: object, name: str, tmp_path: Path, files: dict[str, bytes]
) -> None:
    assert callable(packed)
    text = packed(tmp_path / "evil.bin", {**files, name: b"x: 1\n"})
    assert "would lie outside" in refused(text, tmp_path)


def test_links_in_an_archive_are_left_out(tmp_path: Path, files: dict[str, bytes]) -> None:
    path = tmp_path / "links.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        link = tarfile.TarInfo("small-1.0/more.yaml")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    assert rules(str(path), tmp_path) == ["tx"]


def test_archives_are_bounded(
    tmp_path: Path, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    big = zipped(tmp_path / "big.zip", {**files, "small-1.0/big.yaml": b"#" * 9_000_000})
    assert "is too big" in refused(big, tmp_path)
    many = zipped(tmp_path / "many.zip", {f"{n}.yaml": b"" for n in range(9)})
    monkeypatch.setattr(revisions, "MAX_FILES", 8)
    assert "more than 8 files" in refused(many, tmp_path)


def test_files_that_are_no_packed_pack(tmp_path: Path, files: dict[str, bytes]) -> None:
    (tmp_path / "text").write_text("hello")
    assert "no packed rulebase" in refused(str(tmp_path / "text"), tmp_path)
    empty = zipped(tmp_path / "empty.zip", {"README": b""})
    assert "no pack.yaml in this archive" in refused(empty, tmp_path)
    two = zipped(tmp_path / "two.zip", {"a/pack.yaml": b"", "b/pack.yaml": b""})
    assert "several packs" in refused(two, tmp_path)
    data = bytearray(Path(tarred(tmp_path / "cut.tar.gz", files)).read_bytes())
    (tmp_path / "cut.tar.gz").write_bytes(data[: len(data) // 2])
    assert "can't be read" in refused(str(tmp_path / "cut.tar.gz"), tmp_path)
