"""Whatever the documents show is true: commands, code, rules and links."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from tests.documents import DOCUMENTS, MADE, ROOT, blocks, printed, shown

COMMANDS = [
    pytest.param(document, command, output, id=f"{document.name}: {command}")
    for document in DOCUMENTS
    for block in blocks(document, "console")
    for command, output in shown(block)
]


@pytest.mark.parametrize(("document", "command", "output"), COMMANDS)
def test_a_command_prints_what_the_document_shows(
    document: Path, command: str, output: str
) -> None:
    assert printed(command) == output, f"`python -m tests.documents` brings {document} up to date"


@pytest.mark.parametrize("document", MADE, ids=lambda path: path.name)
def test_a_made_document_is_what_its_command_prints(document: Path) -> None:
    assert document.read_text(encoding="utf-8") == printed(MADE[document]), (
        f"`python -m tests.documents` brings {document} up to date"
    )


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_the_code_runs(document: Path) -> None:
    names: dict[str, object] = {"__name__": "document"}
    for block in blocks(document, "python"):
        exec(compile(block, str(document), "exec"), names)


def test_rules_and_cases_are_quoted_as_they_stand() -> None:
    files = [path.read_text() for path in ROOT.glob("rules/**/*.yaml")]
    shipped = re.sub(r"\s+", " ", "\n".join(files))
    quoting = ("writing-rules.md", "quick-start-analyst.md")
    for block in (each for name in quoting for each in blocks(ROOT / "docs" / name, "yaml")):
        quoted = re.sub(r"\s+", " ", textwrap.dedent(block)).strip()
        if quoted.startswith(("- id:", "- case:", "- presume:")):
            assert quoted in shipped, quoted


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text()):
        assert (document.parent / target).exists(), target
