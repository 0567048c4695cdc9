"""Rule files in canonical order: nothing said is lost, and order once made stays."""

from __future__ import annotations

import json
import stat
import textwrap
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli import main
from engine.problems import InputError
from engine.reading import format as formatting
from engine.reading.format import formatted
from engine.reading.lines import tidy
from engine.reading.source import Source
from engine.reading.yaml import parse, plain
from engine.resources import rules_dir, schema_dir


def put_in_order(text: str, kind: str = "rules") -> str:
    return formatted(Source("x.yaml", text), kind)


def lines(text: str) -> str:
    return textwrap.dedent(text).lstrip("\n")


def test_keys_move_with_the_comments_above_them() -> None:
    shuffled = lines("""
        # yaml-language-server: $schema=rules.json
        #
        # About the file.
        title: A state
        jurisdiction: CA # California

        # ---- The rules ----
        rules:
          # About the first rule.
          - then: none # the outcome
            # About its name.
            id: a.b
            authority:
              # Where it stands.
              cite: >-
                Code 1
                # no comment

              kind: statute
            when:
              kind: home
              # fraud: true
            # About what it decides.
            decides: recourse
            # The end of the rule.

          - {then: none, id: c}
    """)
    assert put_in_order(shuffled) == lines("""
        # yaml-language-server: $schema=rules.json
        #
        # About the file.
        jurisdiction: CA # California
        title: A state

        # ---- The rules ----
        rules:
          # About the first rule.
          # About its name.
          - id: a.b
            # About what it decides.
            decides: recourse
            when:
              kind: home
              # fraud: true
            then: none # the outcome
            authority:
              kind: statute
              # Where it stands.
              cite: >-
                Code 1
                # no comment
            # The end of the rule.

          - {then: none, id: c}
    """)


def test_a_comment_before_a_blank_line_is_about_the_file() -> None:
    text = "# The file.\n\n# The title.\ntitle: T\njurisdiction: CA\n"
    wanted = "# The file.\n\njurisdiction: CA\n# The title.\ntitle: T\n"
    assert put_in_order(text) == wanted


@pytest.mark.parametrize(
    ("kind", "text", "wanted"),
    [
        ("cases", "- expect: {}\n  case: A\n", "- case: A\n  expect: {}\n"),
        ("cases", "-\n  expect: {}\n  case: A\n", "-\n  case: A\n  expect: {}\n"),
        ("cases", "- # c\n  expect: {}\n  case: A\n", "- # c\n  case: A\n  expect: {}\n"),
        ("cases", "-   expect: {}\n    case: A", "-   case: A\n    expect: {}\n"),
        ("vocabulary", "terms: {}\nfacts:\n  f:\n    label: L\n    type: enum\n",
         "facts:\n  f:\n    type: enum\n    label: L\nterms: {}\n"),
        ("pack", "name: a\nlanguage: 1\n", "language: 1\nname: a\n"),
        ("pack", "main: [r]\ncompare_with: p\nsections: kind\njurisdiction: state\n",
         "jurisdiction: state\nsections: kind\ncompare_with: p\nmain: [r]\n"),
        ("rules", "rules:\n- title: T\n  id: a\n- title: U\n  id: b\ntitle: X\n",
         "title: X\nrules:\n- id: a\n  title: T\n- id: b\n  title: U\n"),
        ("rules", "title:\tT \n\n\n", "title: T\n"),
        ("rules", "title: |\n  a  \n\n  b\n", "title: |\n  a  \n\n  b\n"),
        ("rules", "title: |+\n  a\n\njurisdiction: CA\n", "jurisdiction: CA\ntitle: |+\n  a\n\n"),
        ("rules", "title: \"a \t\n  # b\"\njurisdiction: CA\n",
         "jurisdiction: CA\ntitle: \"a \t\n  # b\"\n"),
        ("rules", "title: T\r\njurisdiction: CA\r\n", "jurisdiction: CA\r\ntitle: T\r\n"),
        ("rules", "\ufefftitle: T", "title: T\n"),
        ("rules", "---\ntitle: T\njurisdiction: CA\n", "---\njurisdiction: CA\ntitle: T\n"),
        ("rules", "{title: T, jurisdiction: CA}\n", "{title: T, jurisdiction: CA}\n"),
        ("rules", "{\n  title: T,\n  jurisdiction: CA\n}\n", "{\n  title: T,\n  jurisdiction: CA\n}\n"),
        ("rules", "? title\n: T\n", "? title\n: T\n"),
        ("rules", "odd: 1\ntitle: T\nstrange: 2\n", "title: T\nodd: 1\nstrange: 2\n"),
        ("rules", "", ""),
        ("rules", "\n\n", ""),
        ("rules", "# alone", "# alone\n"),
    ],
)  # fmt: skip
def test_small_texts(kind: str, text: str, wanted: str) -> None:
    assert put_in_order(text, kind) == wanted
    assert put_in_order(wanted, kind) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "title: &t T\njurisdiction: *t\n",  # the alias would come before its anchor
        "title: T\njurisdiction: CA\n...\n",
    ],
)
def test_what_cannot_be_moved_is_refused(text: str) -> None:
    with pytest.raises(InputError) as caught:
        put_in_order(text)
    assert [problem.code for problem in caught.value.problems] == ["not-formatted"]


def test_the_orders_name_every_key_of_the_schemas() -> None:
    for kind, orders in formatting.ORDERS.items():
        schema = json.loads((schema_dir() / f"{kind}.schema.json").read_text())
        known = {frozenset(found) for found in _properties(schema)}
        for order in orders.values():
            assert frozenset(order.split()) in known, order


def _properties(schema: object) -> list[list[str]]:
    if isinstance(schema, list):
        return [found for item in schema for found in _properties(item)]
    if not isinstance(schema, dict):
        return []
    own = [list(schema["properties"])] if isinstance(schema.get("properties"), dict) else []
    return own + [found for item in schema.values() for found in _properties(item)]


# ---- any file ---------------------------------------------------------------------------------

_VALUES = """
x; '# no'; 2009-10-01; [a, b]; {a: 1, not: {b: 2}}; a b # trailing; &s t; "a~  # b"; x~  y;
|~  k~~   # l; >-~  m~  n; ~  b: 1~  a: 2; ~  - p~  # in~  - q; ~- r
"""
_VALUE = st.sampled_from([value.strip() for value in _VALUES.split(";")])  # ~ begins a line
_NOISE = st.lists(st.sampled_from(["", "# one", "# two\t", "   ", "  # deeper"]), max_size=3)


@st.composite
def _mapping(draw: st.DrawFn, keys: str, indent: str, lead: str) -> str:
    """The keys in some order, with comments and blank lines; the first key stands after ``lead``."""
    chosen = draw(st.lists(st.sampled_from([*keys.split(), "odd"]), min_size=1, unique=True))
    text = ""
    for number, key in enumerate(chosen):
        if number or not lead.strip():
            text += "".join(f"{indent}{line}\n" for line in draw(_NOISE))
        value = draw(_VALUE).replace("~", f"\n{indent}")
        text += f"{indent if number else lead}{key}: {value}\n"
    return text


@st.composite
def _file(draw: st.DrawFn) -> str:
    rule = "id title decides when then exception_to because note"
    text = "".join(f"{line}\n" for line in draw(_NOISE))
    text += draw(_mapping("title description", "", ""))
    text += "rules:\n"
    for _ in range(draw(st.integers(1, 3))):
        text += "".join(f"  {line}\n" for line in draw(_NOISE))
        text += draw(_mapping(rule, "    ", "  - "))
        if draw(st.booleans()):
            text += "    authority:\n" + draw(_mapping("kind cite url note", " " * 6, " " * 6))
    return text + draw(st.sampled_from(["", "jurisdiction: CA\n", "# end\n", "\n\n"]))


@settings(max_examples=120, deadline=None)
@given(_file())
def test_nothing_is_lost_and_order_stays(text: str) -> None:
    before = parse(Source("", text)).root
    once = put_in_order(text)
    assert plain(parse(Source("", once)).root) == plain(before)
    assert Counter(tidy(once).comments) == Counter(tidy(text).comments)
    assert put_in_order(once) == once
    rules = plain(parse(Source("", once)).root)["rules"]
    order = formatting.ORDERS["rules"]["rules", "*"].split()
    for rule in rules:
        known = [key for key in rule if key in order]
        assert known == sorted(known, key=order.index)


# ---- the command ------------------------------------------------------------------------------


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    (tmp_path / "pack.yaml").write_text("name: a\nlanguage: 1\n")
    (tmp_path / "vocabulary.yaml").write_text("facts: {}\n")
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases" / "c.yaml").write_text("- expect: {}\n  case: A\n")
    return tmp_path


def test_check_lists_what_would_change(pack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (pack / "pack.yaml").read_text()
    assert main(["fmt", str(pack), "--check"]) == 1
    printed = capsys.readouterr().out
    assert "pack.yaml" in printed
    assert "c.yaml" in printed
    assert "vocabulary.yaml" not in printed
    assert (pack / "pack.yaml").read_text() == before


def test_diff_shows_what_would_change(pack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fmt", str(pack / "pack.yaml"), "--diff"]) == 0
    assert "+language: 1\n name: a\n-language: 1\n" in capsys.readouterr().out


def test_files_are_written_with_their_permissions(pack: Path) -> None:
    (pack / "pack.yaml").chmod(0o640)
    assert main(["fmt", str(pack)]) == 0
    assert (pack / "pack.yaml").read_text() == "language: 1\nname: a\n"
    assert stat.S_IMODE((pack / "pack.yaml").stat().st_mode) == 0o640
    assert (pack / "cases" / "c.yaml").read_text() == "- case: A\n  expect: {}\n"
    assert main(["fmt", str(pack), "--check"]) == 0


def test_the_pack_of_the_folder_is_meant(pack: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(pack)
    assert main(["fmt"]) == 0
    assert (pack / "pack.yaml").read_text() == "language: 1\nname: a\n"


def test_a_faulty_file_is_reported_and_the_others_are_done(
    pack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (pack / "vocabulary.yaml").write_text("facts: {\n")
    assert main(["fmt", str(pack)]) == 2
    assert "vocabulary.yaml" in capsys.readouterr().err
    assert (pack / "pack.yaml").read_text() == "language: 1\nname: a\n"


@pytest.mark.parametrize("name", ["nowhere", "file.yaml", "."])
def test_what_is_no_pack_is_refused(
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file.yaml").write_text("title: T\n")
    assert main(["fmt", name]) == 2
    assert "no-pack" in capsys.readouterr().err
    assert main(["fmt"]) == 2


@pytest.mark.parametrize("path", sorted((rules_dir() / "primer").rglob("*.yaml")), ids=str)
def test_the_primer_is_in_order(path: Path) -> None:
    before, after = formatting.format_file(path)
    assert after == before
