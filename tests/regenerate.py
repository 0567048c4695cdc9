"""Write what the engine says now of each bad pack: ``python -m tests.regenerate``.

Then read the difference (``git diff tests/packs``) as the analyst who gets these messages: one
problem for one fault, at the word that is wrong, saying what was expected.
"""

from __future__ import annotations

from tests.packs import FOLDER, folders, what_is_said


def main() -> None:
    """Rewrite each ``expected.txt`` that differs, and name it."""
    for name in folders("bad"):
        expected = FOLDER / "bad" / name / "expected.txt"
        said = what_is_said(expected.parent)
        if not expected.is_file() or expected.read_text(encoding="utf-8") != said:
            expected.write_text(said, encoding="utf-8")
            print(expected.relative_to(FOLDER))


if __name__ == "__main__":
    main()
