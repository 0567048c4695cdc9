"""Write the pages anew: ``python -m tests.golden``."""

from __future__ import annotations

from tests.golden import FOLDER, PAGES, page_of

for name in PAGES:
    (FOLDER / f"{name}.txt").write_text(page_of(name), encoding="utf-8")
