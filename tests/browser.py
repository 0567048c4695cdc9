"""A real browser for tests: Debian's chromium, and axe-core to look for barriers. Tests that need
one are skipped, with the reason, where it can't be had."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

AXE = "axe-core@4.11"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@contextmanager
def chromium() -> Iterator[Any]:
    """The browser, without a window. Skips the test where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("no chromium is installed")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


def axe_source(folder: Path) -> str:
    """The text of axe-core, fetched by npm into a folder. Skips the test where it can't be had."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed")
    command = [npm, "pack", AXE, "--silent"]
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=120, check=False)
    if done.returncode:
        pytest.skip("npm can't fetch axe-core")
    shutil.unpack_archive(folder / done.stdout.decode().split()[-1], folder)
    return (folder / "package" / "axe.min.js").read_text(encoding="utf-8")


def barriers(page: Any, axe: str) -> list[str]:
    """What axe-core finds on a page, each with the first element that it is about."""
    page.evaluate(axe)
    found = page.evaluate("tags => axe.run({runOnly: tags})", TAGS)["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found]
