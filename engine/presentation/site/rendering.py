"""Filling in the templates. Everything that comes from a pack is escaped."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from engine.presentation.layout import count, spoken
from engine.presentation.site.chips import Chip

_HERE = Path(__file__).parent
STATIC = ("base.css", "map.js", "site.css", "site.js")
"""The files that go to the site as they are."""


def environment(**shared: Any) -> Environment:
    """The templates; ``shared`` is known to all of them. What a template lacks is an error."""
    made = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    made.filters["spoken"] = spoken
    made.filters["counted"] = count
    made.filters["words_of"] = _words_of
    made.globals.update(shared, pair=cache(_pair))
    return made


_CODE = re.compile("`([^`]+)`")


def prose(text: str, address_of: Callable[[str], str]) -> Markup:
    """A text of the pack, with what stands in it between backticks as code that leads to the place
    of what it names; ``address_of`` gives that, or nothing."""
    parts = []
    for number, part in enumerate(_CODE.split(text)):
        if number % 2 == 0:
            parts.append(escape(part))
        elif address := address_of(part):
            parts.append(Markup('<a class="code" href="{}">{}</a>').format(address, part))
        else:
            parts.append(Markup('<span class="code">{}</span>').format(part))
    return Markup("").join(parts)


def _pair(name: str, value: str) -> Markup:
    """A name with its value, as one of a list of them; the same pairs come again and again."""
    return Markup("<div><dt>{}</dt><dd>{}</dd></div>").format(name, value)


def _words_of(number: int, chips: Sequence[Chip]) -> str:
    return chips[number].words


def static(name: str) -> str:
    """A file that goes to the site as it is."""
    return (_HERE / "static" / name).read_text(encoding="utf-8")
