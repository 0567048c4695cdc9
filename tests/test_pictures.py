"""The pictures of the documents.

What a terminal shows is compared with what the commands print now. The photographs of pages are
not: their pixels hang on the fonts and the browser of the machine that takes them.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from tests.documents import DOCUMENTS
from tests.pictures import COMMANDS, FOLDER, LARGEST
from tests.terminal import Look, on_terminal, pieces, svg


@pytest.mark.parametrize("name", COMMANDS)
def test_a_picture_of_a_terminal_is_what_its_command_prints(name: str) -> None:
    drawn = svg(COMMANDS[name], on_terminal(COMMANDS[name]))
    shown = (FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    assert shown == drawn, "`python -m tests.pictures` brings it up to date"


def test_every_picture_is_shown_and_small() -> None:
    text = "\n".join(document.read_text(encoding="utf-8") for document in DOCUMENTS)
    shown = set(re.findall(r"!\[[^\]]+\]\((?:docs/)?pictures/([\w-]+\.\w+)\)", text))
    assert shown == {path.name for path in FOLDER.iterdir()}
    assert {path.name for path in FOLDER.glob("*.svg")} == {f"{name}.svg" for name in COMMANDS}
    assert all(path.stat().st_size < LARGEST for path in FOLDER.iterdir())


def test_the_looks_of_a_terminal() -> None:
    first, second = pieces("\x1b[1;31mbad\x1b[0m  then \x1b[2mmore words\nand\x1b[0m so")
    assert first == [
        (0, "bad", Look(bold=True, colour="#ff9a8f")),
        (5, "then", Look()),
        (10, "more words", Look(quiet=True)),
    ]
    assert second == [(0, "and", Look(quiet=True)), (4, "so", Look())]
    with pytest.raises(ValueError, match="48"):
        list(pieces("\x1b[48;5;1mx"))


def test_a_picture_is_well_formed_and_wide_enough() -> None:
    wide = "<&>" * 40
    root = ElementTree.fromstring(svg("show 'it' & more", wide))
    texts = [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == ["$", "show 'it' & more", wide]
    assert float(root.attrib["width"]) > 120 * 8
