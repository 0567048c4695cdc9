"""Write what the engine says now of each bad pack: ``python -m tests.regenerate``.

Then read the difference (``git diff tests/packs``) as the analyst who gets these messages: one
problem or finding for one fault, at the word that is wrong, saying what was expected.
"""

from __future__ import annotations

from tests.packs import FOLDER, folders, what_is_found, what_is_said

SAID = {"bad": what_is_said, "findings/bad": what_is_found}


def main() -> None:
    """Rewrite each ``expected.txt`` that differs, and name it."""
    for kind, says in SAID.items():
        for name in folders(kind):
            expected = FOLDER / kind / name / "expected.txt"
            said = says(expected.parent)
            if not expected.is_file() or expected.read_text(encoding="utf-8") != said:
                expected.write_text(said, encoding="utf-8")
                print(expected.relative_to(FOLDER))


if __name__ == "__main__":
    main()
