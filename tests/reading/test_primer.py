"""The shipped primer: complete, sourced, and in step with the schemas that editors use."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine import Decider
from engine.analysis.case_files import read_cases
from engine.analysis.cases import run_cases
from engine.model import Rule
from engine.presentation.schemas import pack_schemas
from engine.reading.belonging import belonging
from engine.reading.pack import load_pack
from engine.reading.packs import shipped_packs
from engine.resources import rules_dir, schema_dir

ROOT = rules_dir().parent
PRIMER = load_pack("primer")
ARTICLES = {"a": 27, "b": 52, "c": 28}  # claims of each
CLAIMS = {f"{article}{n:02}" for article, last in ARTICLES.items() for n in range(1, last + 1)}
YAML = sorted(
    path
    for folder in (rules_dir(), ROOT / "examples")
    for suffix in ("*.yaml", "*.yml")
    for path in folder.rglob(suffix)
)
LINE = re.compile(r"# yaml-language-server: \$schema=(\S+)")


def test_every_claim_of_the_articles_is_cited() -> None:
    files = sorted((rules_dir() / "primer").rglob("*.yaml"))
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    cited = set(re.findall(r"\b[abc][0-9]{2}\b", text))
    assert sorted(CLAIMS - cited) == []
    assert sorted(cited - CLAIMS) == []


@pytest.mark.parametrize("rule", PRIMER.rules, ids=lambda rule: str(rule.id))
def test_every_rule_says_where_it_comes_from(rule: Rule) -> None:
    authority = rule.authority
    assert authority.kind == "article"
    assert re.search(r"\bclaims? [abc][0-9]{2}\b", authority.cite)
    assert authority.confidence in ("high", "medium", "low")
    assert authority.checked is not None
    assert rule.title and rule.because.endswith((".", "?"))


def test_its_cases_hold() -> None:
    decider = Decider(PRIMER)
    results = run_cases(decider, read_cases(PRIMER))
    assert len(results) > 100
    assert [f"{r.case.name}: {r.failures}" for r in results if not r.passed] == []


@pytest.mark.parametrize("path", YAML, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_first_line_names_the_schema(path: Path) -> None:
    first = path.read_text(encoding="utf-8").split("\n", 1)[0]
    named = LINE.fullmatch(first)
    assert named, first
    schema = (path.parent / named[1]).resolve()
    assert schema.is_file()
    assert schema.is_relative_to(schema_dir())
    assert schema.name == f"{kind_of(path)}.schema.json"


def kind_of(path: Path) -> str:
    """Which of our kinds of file a shipped one is."""
    if path.is_relative_to(ROOT / "examples"):
        return "facts"
    place = belonging(path)
    assert place is not None
    return place.kind


@pytest.mark.parametrize("pack", shipped_packs())
def test_the_schemas_are_what_the_packs_say_now(pack: str) -> None:
    for name, text in pack_schemas(load_pack(pack)).items():
        shipped = schema_dir() / "packs" / pack / name
        assert shipped.read_text(encoding="utf-8") == text, "write them anew with `recourse schema`"
