"""A command as a terminal shows it: what it prints, with its colours, drawn as SVG."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from html import escape

from tests.documents import ROOT

GROUND, INK = "#1b2029", "#e4e8ee"
COLOURS = {"31": "#ff9a8f", "32": "#8fd6a8", "33": "#f2c46d", "36": "#8fbdf0"}
"""The colours that the tool uses, by their ANSI codes; all with a contrast of 7 to 1 or more."""
QUIET = "#a5afbd"
CELL, LINE, SIZE, EDGE = 8.0, 19, 13, 16
"""The width of a character, the height of a line, the size of the type, and the margin."""
_WORDS = re.compile(r"\S+( \S+)*")
_ERASED = re.compile(r"^.*\r\x1b\[K", re.M)
"""What stood on a line before it was erased to show how far the work is."""
_CODE = re.compile(r"\x1b\[([\d;]*)m")


def on_terminal(command: str) -> str:
    """What a shell command prints when both its streams are a terminal of 80 columns."""
    folder = os.path.dirname(sys.executable)  # noqa: PTH120
    environment = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    environment |= {"PATH": f"{folder}{os.pathsep}{environment['PATH']}"}
    environment |= {"TERM": "xterm", "COLUMNS": "80"}
    reader, writer = pty.openpty()
    with subprocess.Popen(
        ["sh", "-c", command],
        stdin=subprocess.DEVNULL,
        stdout=writer,
        stderr=writer,
        cwd=ROOT,
        env=environment,
    ):
        os.close(writer)
        found = until_closed(reader)
    os.close(reader)
    return _ERASED.sub("", found.decode().replace("\r\n", "\n"))


def until_closed(reader: int) -> bytes:
    """All that comes from a pseudo-terminal until its other end is closed."""
    found = b""
    try:
        while data := os.read(reader, 65536):
            found += data
    except OSError:  # how Linux says that the other end is closed
        pass
    return found


@dataclass(frozen=True, slots=True)
class Look:
    """How text looks."""

    bold: bool = False
    quiet: bool = False
    colour: str = ""

    def after(self, codes: str) -> Look:
        """The look after an escape sequence. Raises ``ValueError`` for one the tool never uses."""
        look = self
        for code in codes.split(";"):
            if code in ("", "0"):
                look = Look()
            elif code == "1":
                look = replace(look, bold=True)
            elif code == "2":
                look = replace(look, quiet=True)
            elif code in COLOURS:
                look = replace(look, colour=COLOURS[code])
            else:
                raise ValueError(f"no look for the escape sequence {codes!r}")
        return look

    @property
    def attributes(self) -> str:
        """The look as attributes of SVG."""
        colour = self.colour or (QUIET if self.quiet else "")
        weight = ' font-weight="700"' if self.bold else ""
        return weight + (f' fill="{colour}"' if colour else "")


def pieces(text: str) -> Iterator[list[tuple[int, str, Look]]]:
    """The lines of a text with escape sequences: each as its pieces, with their columns. A piece
    holds no two spaces in a row."""
    look = Look()
    for line in text.rstrip("\n").split("\n"):
        found: list[tuple[int, str, Look]] = []
        column = 0
        for number, part in enumerate(_CODE.split(line)):
            if number % 2:
                look = look.after(part)
            else:
                found += [(column + each.start(), each[0], look) for each in _WORDS.finditer(part)]
                column += len(part)
        yield found


def svg(command: str, text: str) -> str:
    """A picture of a terminal in which a command has printed a text.

    Every piece of a line has its own place and width, so that columns stand below one another
    whatever font the reader has.
    """
    prompt = [(0, "$", Look(quiet=True)), (2, command, Look(bold=True))]
    lines = [prompt, *pieces(text)]
    width = 2 * EDGE + CELL * max([80, *(len(part) + at for line in lines for at, part, _ in line)])
    height = 2 * EDGE + LINE * len(lines)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        f'width="{width:g}" height="{height:g}" role="img" aria-labelledby="what">',
        f'<title id="what">A terminal: {escape(command)}</title>',
        f'<rect width="100%" height="100%" rx="8" fill="{GROUND}"/>',
        f'<g fill="{INK}" font-family="ui-monospace, Menlo, Consolas, monospace" '
        f'font-size="{SIZE}">',
    ]
    for number, line in enumerate(lines):
        y = EDGE + LINE * number + SIZE
        for column, part, look in line:
            parts.append(
                f'<text x="{EDGE + CELL * column:g}" y="{y}" textLength="{CELL * len(part):g}" '
                f'lengthAdjust="spacingAndGlyphs"{look.attributes}>{escape(part)}</text>'
            )
    return "\n".join([*parts, "</g>", "</svg>", ""])
