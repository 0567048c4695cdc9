"""What the documents show, run for real.

In README.md and docs/, a ``console`` block holds commands (``$ ...``) with what they print, and a
``python`` block holds code that runs. Some documents are made by a command altogether. ``python -m
tests.documents`` writes the true output into the console blocks and the made documents; the tests
compare.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
MADE = {ROOT / "docs" / "states.md": "recourse overview states --pack us --format markdown"}
"""The documents that a command makes, each with its command."""
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)


def blocks(document: Path, kind: str) -> list[str]:
    """The code blocks of one kind."""
    return [body for language, body in _BLOCK.findall(document.read_text()) if language == kind]


def shown(block: str) -> list[tuple[str, str]]:
    """The commands of a console block, each with what the block says it prints."""
    parts = re.split(r"^\$ (.*)\n", block, flags=re.M)
    return list(zip(parts[1::2], parts[2::2], strict=True))


def printed(command: str) -> str:
    """What a command prints, on either stream, in the project's root."""
    folder = Path(sys.executable).parent
    environment = os.environ | {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    environment |= {"NO_COLOR": "1", "COLUMNS": "80"}
    run = subprocess.run(
        ["sh", "-c", f"{command} 2>&1"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return "\n".join(line.rstrip() for line in run.stdout.splitlines()) + "\n"


def rewritten(text: str) -> str:
    """The document with the true output in its console blocks."""

    def block(match: re.Match[str]) -> str:
        if match.group(1) != "console":
            return match.group(0)
        body = "".join(f"$ {c}\n{printed(c)}" for c, _ in shown(match.group(2)))
        return f"```console\n{body}```"

    return _BLOCK.sub(block, text)


if __name__ == "__main__":
    for path in DOCUMENTS:
        path.write_text(printed(MADE[path]) if path in MADE else rewritten(path.read_text()))
