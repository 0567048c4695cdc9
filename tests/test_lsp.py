"""The language server, as an editor drives it: a process that speaks JSON-RPC."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.small import write

pytest.importorskip("pygls")

ROOT = Path(__file__).parents[1]
Data = dict[str, Any]

DECISIONS = """
    recourse: {type: enum, label: Who pays?, values: {none: Nobody, full: The borrower}}
    months: {type: set, label: Which?, values: {may: May, june: June}}
    loss: {type: money, label: How much?}
"""
RULES = """
    a.general | recourse | {kind: home} | full
    a.home    | recourse | {kind: home, own: true, sold: {after: made}} | none | exception_to: a.general
    a.loss    | loss | | {amount: debt - price}
"""
VOCABULARY = """\
terms:
  own: {label: A home of one's own, when: {units: {at_most: 4}}}
presumptions:
  - {presume: {fraud: false}, because: Fraud is rare.}
"""
CASES = """
    - case: A home
      given: {kind: home, units: 1}
      expect: {recourse: none, by: a.home}
"""


class Editor:
    """The other end of the wire."""

    def __init__(self) -> None:
        command = [sys.executable, str(ROOT / "cli.py"), "lsp", "--stdio"]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self.diagnostics: dict[str, list[Data]] = defaultdict(list)
        self.published: set[str] = set()
        self._number = 0
        capabilities: Data = {"general": {"positionEncodings": ["utf-16"]}}
        request = {"processId": None, "rootUri": None, "capabilities": capabilities}
        self.capabilities = self.ask("initialize", request)["capabilities"]
        self.tell("initialized", {})

    def ask(self, method: str, params: Any) -> Any:
        self._number += 1
        self._send({"id": self._number, "method": method, "params": params})
        while True:
            message = self._receive()
            if message.get("id") == self._number and "method" not in message:
                assert "error" not in message, message
                return message["result"]

    def tell(self, method: str, params: Any) -> None:
        self._send({"method": method, "params": params})

    def open(self, path: Path, text: str | None = None) -> None:
        given = path.read_text() if text is None else text
        item = {"uri": path.as_uri(), "languageId": "yaml", "version": 1, "text": given}
        self.tell("textDocument/didOpen", {"textDocument": item})

    def change(self, path: Path, text: str) -> None:
        named = {"uri": path.as_uri(), "version": 2}
        changes = {"textDocument": named, "contentChanges": [{"text": text}]}
        self.tell("textDocument/didChange", changes)

    def close(self, path: Path) -> None:
        self.tell("textDocument/didClose", {"textDocument": {"uri": path.as_uri()}})

    def problems(self, path: Path) -> list[Data]:
        """What the server says next of a file."""
        uri = path.as_uri()
        self.published.discard(uri)
        while uri not in self.published:
            self._receive()
        return self.diagnostics[uri]

    def at(self, method: str, path: Path, line: int, column: int, **more: Any) -> Any:
        position = {"line": line, "character": column}
        return self.ask(
            f"textDocument/{method}",
            {"textDocument": {"uri": path.as_uri()}, "position": position, **more},
        )

    def end(self) -> int:
        self.ask("shutdown", None)
        self.tell("exit", None)
        with self.process:  # closes its ends of the pipes
            return self.process.wait(10)

    def _send(self, message: Data) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self.process.stdin.flush()

    def _receive(self) -> Data:
        stream = self.process.stdout
        assert stream is not None
        length = 0
        while line := stream.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        assert length, "the server has ended"
        message: Data = json.loads(stream.read(length))
        if message.get("method") == "textDocument/publishDiagnostics":
            params = message["params"]
            self.diagnostics[params["uri"]] = params["diagnostics"]
            self.published.add(params["uri"])
        return message


@pytest.fixture(scope="module")
def editor() -> Iterator[Editor]:
    started = Editor()
    with started.process:
        yield started
        started.process.kill()


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    return write(tmp_path / "pack", DECISIONS, RULES, VOCABULARY, CASES)


def find(path: Path, text: str, offset: int = 0) -> tuple[int, int]:
    """The line and column of a text in a file, and some characters on."""
    before = path.read_text().partition(text)[0]
    return before.count("\n"), len(before) - before.rfind("\n") - 1 + offset


def words(found: Data) -> list[str]:
    return [item["label"] for item in found["items"]]


def test_faults_are_marked_as_they_are_typed(editor: Editor, pack: Path) -> None:
    rules, vocabulary = pack / "rules.yaml", pack / "vocabulary.yaml"
    good = rules.read_text()
    editor.open(rules, good.replace("kind: home}", "knid: home}  # é 𝄞"))
    (problem,) = editor.problems(rules)
    line, column = find(rules, "kind: home}")
    assert problem["code"] == "unknown-fact"
    assert "did you mean `kind`?" in problem["message"]
    assert problem["range"] == {
        "start": {"line": line, "character": column},
        "end": {"line": line, "character": column + 4},
    }
    editor.change(rules, good)
    assert editor.problems(rules) == []
    # A change of one file shows in another that is not open, and goes away with it.
    editor.open(vocabulary, vocabulary.read_text().replace("  debt:", "  owed:"))
    codes = {problem["code"] for problem in editor.problems(rules)}
    assert "unknown-fact" in codes or "formula-name" in codes, codes
    editor.close(vocabulary)
    assert editor.problems(rules) == []
    editor.close(rules)


def test_columns_are_counted_as_the_editor_counts_them(editor: Editor, pack: Path) -> None:
    cases = pack / "cases" / "cases.yaml"
    editor.open(cases, '- {case: "𝄞𝄞", given: {}, expect: {recurse: none}}\n')
    (problem,) = editor.problems(cases)
    assert problem["range"]["start"]["character"] == 37
    editor.change(cases, '- {case: "𝄞𝄞", given: {}, expect: {recourse: n}}\n')
    (item, _) = editor.at("completion", cases, 0, 48)["items"]
    assert item["textEdit"]["range"]["start"]["character"] == 47
    editor.close(cases)


def test_completion(editor: Editor, pack: Path) -> None:
    rules = pack / "rules.yaml"
    start = rules.read_text() + "  - id: new\n    decides: recourse\n"

    def offered(text: str, path: Path = rules, before: str = start) -> list[str]:
        whole = before + text
        editor.open(path, whole)
        line = whole.count("\n")
        column = len(whole) - whole.rfind("\n") - 1
        found = words(editor.at("completion", path, line, column))
        editor.close(path)
        return found

    assert offered("    then: ") == ["none", "full"]
    assert offered("    ")[:3] == ["title", "when", "effective"]
    assert {"kind", "own", "recourse", "any"} <= {*offered("    when: {")}
    assert offered("    when:\n      kind: ") == ["home", "car"]
    assert offered("    when:\n      state: [CA, ") == ["CA", "WA", "TX"]
    assert offered("    when: {made: {before: ") == ["made", "sold"]
    assert offered("    exception_to:\n      - a.") == ["a.general", "a.home"]
    assert offered("    authority:\n      confidence: ") == ["high", "medium", "low"]
    assert "debt" in offered("    then: {amount: de")
    assert offered("    decides: ", before="rules:\n  - id: new\n") == [
        "recourse",
        "months",
        "loss",
    ]
    assert offered("jurisdiction: ", before="") == ["CA", "WA", "TX"]
    assert offered("    # ") == []
    assert offered("    because: >-\n      wh") == []
    cases = pack / "cases" / "cases.yaml"
    assert "price" in offered("- case: B\n  given: {pr", cases, "")
    assert offered("- case: B\n  expect:\n    by: ", cases, "") == ["a.general", "a.home", "a.loss"]
    assert "recourse" in offered("- case: B\n  expect:\n    ", cases, "")
    head = pack / "pack.yaml"
    assert "state" in offered("jurisdiction: ", head, "")
    assert "fraud" in offered("sections: ", head, "")
    assert "debt" not in offered("sections: ", head, "")


def test_a_completion_replaces_the_word_before_it(editor: Editor, pack: Path) -> None:
    rules = pack / "rules.yaml"
    text = rules.read_text() + "  - id: new\n    exception_to: a.ho"
    editor.open(rules, text)
    found = editor.at("completion", rules, text.count("\n"), 22)["items"]
    item = next(item for item in found if item["label"] == "a.home")
    assert item["textEdit"]["range"]["start"]["character"] == 18
    assert item["documentation"] == "The rule a.home"
    editor.close(rules)


def test_hover(editor: Editor, pack: Path) -> None:
    rules, cases = pack / "rules.yaml", pack / "cases" / "cases.yaml"
    editor.open(rules)

    def hovered(path: Path, text: str, offset: int = 1) -> str:
        found = editor.at("hover", path, *find(path, text, offset))
        return "" if found is None else str(found["contents"]["value"])

    assert "What did it bring?" in hovered(rules, "price}")
    assert "one's own" in hovered(rules, "own: true")
    assert "Who pays?" in hovered(rules, "recourse")
    assert "So says a.general" in hovered(rules, "exception_to: a.general", 16)
    assert "Code 1" in hovered(rules, "a.home")
    assert "`home`" in hovered(rules, "kind: home")
    assert hovered(rules, "title: The") == ""
    assert hovered(rules, "home}") == ""  # a value, not the name of anything
    vocabulary = pack / "vocabulary.yaml"
    assert "*Presumed: no.* Fraud is rare." in hovered(vocabulary, "fraud:")
    assert "a.home" in hovered(cases, "by: a.home", 5)
    editor.close(rules)


def test_definition_and_references(editor: Editor, pack: Path) -> None:
    rules, cases = pack / "rules.yaml", pack / "cases" / "cases.yaml"
    vocabulary, head = pack / "vocabulary.yaml", pack / "pack.yaml"
    editor.open(rules)

    def places(
        method: str, path: Path, text: str, offset: int, **more: Any
    ) -> list[tuple[str, int]]:
        found = editor.at(method, path, *find(path, text, offset), **more)
        return [(Path(each["uri"]).name, each["range"]["start"]["line"]) for each in found]

    def line(path: Path, text: str) -> tuple[str, int]:
        return path.name, find(path, text)[0]

    assert places("definition", rules, "kind: home", 1) == [line(vocabulary, "  kind:")]
    assert places("definition", rules, "own: true", 1) == [line(vocabulary, "  own:")]
    assert places("definition", rules, "decides: recourse", 10) == [line(head, "recourse:")]
    assert places("definition", rules, "{after: made", 10) == [line(vocabulary, "  made:")]
    assert places("definition", cases, "by: a.home", 5) == [line(rules, "id: a.home")]
    everywhere = {"context": {"includeDeclaration": True}}
    assert places("references", rules, "id: a.home", 5, **everywhere) == [
        line(rules, "id: a.home"),
        line(cases, "by: a.home"),
    ]
    used = {"context": {"includeDeclaration": False}}
    assert places("references", rules, "debt - price", 8, **used) == [line(rules, "debt - price")]
    assert len(places("references", vocabulary, "  kind:", 3, **everywhere)) == 4
    assert places("references", rules, "title: The", 1, **everywhere) == []
    editor.close(rules)


def test_formatting(editor: Editor, pack: Path) -> None:
    cases = pack / "cases" / "cases.yaml"
    editor.open(cases, "- expect: {loss: 1}\n  case: A")
    options = {"tabSize": 2, "insertSpaces": True}
    asked = {"textDocument": {"uri": cases.as_uri()}, "options": options}
    (edit,) = editor.ask("textDocument/formatting", asked)
    assert edit["newText"] == "- case: A\n  expect: {loss: 1}\n"
    editor.change(cases, "- {")
    assert editor.ask("textDocument/formatting", asked) == []
    editor.close(cases)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "rules: [",
        "rules:\n\t- x",
        "- a\nb: c",
        "\x00",
        "{",
        "a: *b",
        "rules:\n  - id: [",
        "é: 𝄞",
    ],
)
def test_no_text_is_too_broken(editor: Editor, pack: Path, text: str) -> None:
    rules = pack / "rules.yaml"
    editor.open(rules, text)
    if text:
        assert editor.problems(rules)
    for line in range(3):
        for method in ("completion", "hover", "definition"):
            editor.at(method, rules, line, 3)
    editor.close(rules)


def test_files_outside_any_pack_are_left_alone(editor: Editor, tmp_path: Path) -> None:
    path = tmp_path / "loan.yaml"
    editor.open(path, "kind: home\n")
    assert editor.at("completion", path, 0, 6) == {"isIncomplete": False, "items": []}
    assert editor.at("hover", path, 0, 1) is None
    assert editor.at("definition", path, 0, 1) == []
    editor.close(path)


def test_a_pack_that_loses_its_files_is_no_end(editor: Editor, pack: Path) -> None:
    rules = pack / "rules.yaml"
    editor.open(rules)
    editor.problems(rules)
    (pack / "vocabulary.yaml").unlink()
    editor.change(rules, rules.read_text() + "\n")
    editor.problems(rules)
    assert editor.at("completion", rules, 0, 0)["items"]
    editor.close(rules)


def test_the_server_ends_when_it_is_told() -> None:
    assert Editor().end() == 0


def test_without_pygls_it_says_how_to_get_it() -> None:
    code = "import sys; sys.modules['pygls'] = None; import cli; sys.exit(cli.main(['lsp']))"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 2
    assert run.stderr == (
        "recourse: the language server needs pygls: pip install 'recourse-engine[lsp]'\n"
    )
