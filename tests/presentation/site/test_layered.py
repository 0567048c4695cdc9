"""Boxes in columns: none on another, every curve from box to box."""

from __future__ import annotations

import random

import pytest

from engine.presentation.site.layered import Box, Branch, Drawing, drawing


def overlaps(drawn: Drawing) -> list[tuple[str, str]]:
    return [
        (a.box.text, b.box.text)
        for n, a in enumerate(drawn.boxes)
        for b in drawn.boxes[n + 1 :]
        if a.x < b.x + b.width
        and b.x < a.x + a.width
        and a.y < b.y + b.height
        and b.y < a.y + a.height
    ]


def test_a_box_stands_right_of_those_that_lead_to_it() -> None:
    drawn = drawing(
        {
            "end": Box("End"),
            "start": Box("Start", branches=[Branch("yes", "middle"), Branch("no", "end")]),
            "middle": Box("Middle", targets=["end"]),
        }
    )
    x = {placed.box.text: placed.x for placed in drawn.boxes}
    assert x["Start"] < x["Middle"] < x["End"]
    assert len(drawn.curves) == 3


def test_what_leads_nowhere_may_stand_last() -> None:
    boxes = {
        "a": Box("A", branches=[Branch("1", "b"), Branch("2", "leaf")]),
        "b": Box("B", targets=["other"]),
        "leaf": Box("Leaf"),
        "other": Box("Other"),
    }
    x = {placed.box.text: placed.x for placed in drawing(boxes, ends_last=True).boxes}
    assert x["Leaf"] == x["Other"] > x["B"]


def test_nothing_to_draw() -> None:
    assert drawing({}).boxes == []
    assert len(drawing({"a": Box("A")}).boxes) == 1


@pytest.mark.parametrize("seed", range(30))
def test_no_box_lies_on_another_and_all_are_inside(seed: int) -> None:
    chance = random.Random(seed)
    names = [f"n{number}" for number in range(chance.randint(1, 20))]
    boxes = {}
    for place, name in enumerate(names):
        later = names[place + 1 :]
        targets = chance.sample(later, min(len(later), chance.randint(0, 3)))
        words = " ".join(["word"] * chance.randint(1, 12))
        boxes[name] = Box(words, branches=[Branch(words, target) for target in targets])
    drawn = drawing(boxes, ends_last=seed % 2 == 0)
    assert overlaps(drawn) == []
    assert len(drawn.boxes) == len(boxes)
    assert len(drawn.curves) == sum(len(box.branches) for box in boxes.values())
    for placed in drawn.boxes:
        assert placed.x >= 0 and placed.x + placed.width <= drawn.width + 1
        assert placed.y >= 0 and placed.y + placed.height <= drawn.height + 1
        assert all(placed.y < line.y < placed.y + placed.height for line in placed.lines)
    assert drawing(boxes, ends_last=seed % 2 == 0) == drawn
