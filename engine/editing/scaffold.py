"""Beginnings: a pack, a rule or a case that is valid as it stands, and says what to put in place.

A new rule never applies and a new case expects what the rules say already, so that nothing changes
until somebody writes them.
"""

from __future__ import annotations

import datetime
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

from engine.analysis.case_files import read_cases
from engine.analysis.writing import scalar
from engine.editing.appending import with_item
from engine.editing.templates import ACCEPTED, CASE, PACK_FILES, RULE
from engine.evaluation.decide import Decider
from engine.model import Decision, Fact, Rule, Rulebase, Value
from engine.presentation.layout import spoken
from engine.presentation.schemas import write_schemas
from engine.problems import InputError, Place, Problem, likely, listing
from engine.reading.belonging import kind_in
from engine.reading.pack import load_pack
from engine.reading.packs import case_files, shown
from engine.reading.saving import save_text
from engine.reading.schema import read_schema
from engine.reading.source import Source, read_text
from engine.reading.yaml import ListNode, MapNode, ScalarNode, parse
from engine.resources import schema_dir

_SCHEMA = re.compile(r"^# yaml-language-server: \$schema=(.*)/[a-z]+\.schema\.json\s*$", re.M)


def new_pack(name: str, parent: Path) -> list[Path]:
    """Write a small pack into a folder of its own; returns the files.

    Raises:
        InputError: no pack can have that name, the folder is there already, or can't be written.
    """
    form = read_schema("pack")["properties"]["name"]
    if not re.fullmatch(form["pattern"], name):
        raise _refused("bad-name", f"a pack can't be called `{name}`", name, form["x-expected"])
    folder = parent / name
    if folder.exists():
        raise _refused("exists", "this is there already", shown(folder), "choose another name")
    title = spoken(name.replace("-", "_"))
    written = []
    for relative, text in PACK_FILES.items():
        path = folder / relative
        save_text(path, text.replace("NAME", name).replace("TITLE", title))
        written.append(path)
    general = (schema_dir() / "pack.schema.json").read_text(encoding="utf-8")
    schema = folder / "schema" / name
    save_text(schema / "pack.schema.json", general)
    return [*written, schema / "pack.schema.json", *write_schemas(load_pack(folder), schema)]


def new_rule(rule_id: str, pack: str, decides: str, file: str = "") -> list[Path]:
    """Add a rule to a file of a pack, by default to one with rules of its kind, and accept in
    pack.yaml that it never applies; returns the files. A file that is missing is begun.

    Raises:
        InputError: the pack can't be read, no rule can have that id, the id is taken, there is no
            such decision, or the file can't be added to.
    """
    rulebase = load_pack(pack, called=_absolute)
    root = Path(rulebase.root).resolve()
    form = read_schema("rules")["$defs"]["rule_id"]
    if not re.fullmatch(form["pattern"], rule_id):
        raise _refused("bad-id", f"a rule can't be called `{rule_id}`", pack, form["x-expected"])
    for rule in rulebase.rules:
        if rule.id == rule_id:
            raise _refused("exists", f"there is a rule `{rule_id}` already", str(rule.place))
    decision = rulebase.decisions.get(decides)
    if decision is None:
        hint = likely(decides, rulebase.decisions) or f"decisions: {listing(rulebase.decisions)}"
        raise _refused("unknown-decision", f"no decision is called `{decides}`", pack, hint)
    path = _inside(root, file, "rules") if file else _fitting_file(rulebase, rule_id, decides)
    rule_text = RULE.format(
        id=rule_id, decides=decides, test=_some_test(rulebase), then=_some_outcome(decision)
    )
    accepted = ACCEPTED.format(id=rule_id, today=datetime.date.today().isoformat())
    head = root / "pack.yaml"
    texts = {
        path: with_item(_begun(root, path, "rules"), "rules", rule_text, apart=path.exists()),
        head: with_item(_begun(root, head, "pack"), "accepted", accepted, above="decisions"),
    }
    return _save(root, texts)


def new_case(name: str, pack: str, file: str = "") -> list[Path]:
    """Add a case to a file of a pack, by default to the last one; returns the files. A file that is
    missing is begun.

    Raises:
        InputError: the pack can't be read, a case has that name, or the file can't be added to.
    """
    rulebase = load_pack(pack, called=_absolute)
    root = Path(rulebase.root).resolve()
    for case in read_cases(rulebase, called=_absolute):
        if case.name == name:
            raise _refused("exists", f"there is a case `{name}` already", str(case.place))
    if not name.strip():
        raise _refused("bad-name", "a case needs a name", pack, "say in a few words what it tries")
    path = _inside(root, file, "cases") if file else _last_cases(root)
    given, expect = _as_the_rules_say(rulebase)
    text = CASE.format(name=_text(name), given=given, expect=expect)
    return _save(root, {path: with_item(_begun(root, path, "cases"), "", text)})


# ---- files ------------------------------------------------------------------------------------


def _save(root: Path, texts: Mapping[Path, str]) -> list[Path]:
    """Write texts into a pack, if it can be read with them."""
    for path, text in texts.items():
        parse(Source(shown(path), text))  # one that is not there yet is not read with the pack
    read_cases(load_pack(root, instead=texts), instead=texts)
    for path, text in texts.items():
        save_text(path, text)
    return list(texts)


def _begun(root: Path, path: Path, kind: str) -> Source:
    """The text of a file; of one that is missing, the line that names its schema."""
    if path.exists():
        return read_text(path, name=shown(path))
    found = _SCHEMA.search(read_text(root / "vocabulary.yaml").text)
    if found is None:
        return Source(shown(path), "")
    folder = os.path.relpath(root / found[1], path.parent).replace(os.sep, "/")
    schema = f"# yaml-language-server: $schema={folder}/{kind}.schema.json\n"
    return Source(shown(path), schema)


def _inside(root: Path, file: str, kind: str) -> Path:
    """A file of a pack, named from the working folder or from the pack's own."""
    named = Path(file).resolve()
    path = named if named.is_relative_to(root) else (root / file).resolve()
    fits = path.is_relative_to(root) and path.suffix in (".yaml", ".yml")
    if not fits or kind_in(root, path) != kind:
        where = "cases/" if kind == "cases" else "the pack, outside cases/"
        raise _refused("wrong-file", f"{kind} stand in .yaml files in {where}", shown(path))
    return path


def _fitting_file(rulebase: Rulebase, rule_id: str, decides: str) -> Path:
    """Where rules stand whose ids begin alike, or else rules that decide the same, first those of
    no jurisdiction."""

    def fits(rule: Rule) -> tuple[bool, bool, bool]:
        alike = rule.id.partition(".")[0] == rule_id.partition(".")[0]
        return alike, rule.decides == decides, not rule.jurisdiction

    best = max(reversed(rulebase.rules), key=fits, default=None)
    return Path(best.place.file) if best else Path(rulebase.root).resolve() / "rules.yaml"


def _last_cases(root: Path) -> Path:
    found = case_files(root)
    return found[-1] if found else root / "cases" / "cases.yaml"


def _absolute(path: Path) -> str:
    return str(path.resolve())


def _refused(code: str, message: str, where: str, hint: str = "") -> InputError:
    return InputError([Problem(code, message, Place(where), hint)])


# ---- texts ------------------------------------------------------------------------------------


def _some_test(rulebase: Rulebase) -> str:
    """A test that some loans pass."""
    facts = sorted(rulebase.facts.values(), key=lambda f: f.name == rulebase.jurisdiction_fact)
    fact = facts[0]
    if fact.type in ("enum", "boolean"):
        return f"{fact.name}: {scalar(_some_value(fact))}"
    return f"{fact.name}: {{{'after: 2000-01-01' if fact.type == 'date' else 'more_than: 0'}}}"


def _some_value(fact: Fact) -> Value:
    return next(iter(fact.values)) if fact.type == "enum" else True


def _some_outcome(decision: Decision) -> str:
    value: Value
    if decision.type in ("enum", "set"):
        first = next(iter(decision.values))
        value = frozenset({first}) if decision.type == "set" else first
    elif decision.type == "boolean":
        value = True
    else:
        value = datetime.date(2000, 1, 1) if decision.type == "date" else 0
    return scalar(value)


def _as_the_rules_say(rulebase: Rulebase) -> tuple[str, str]:
    """Some facts and an outcome of theirs, as a case writes them."""
    decider = Decider(rulebase)
    short = [fact for fact in rulebase.facts.values() if fact.type in ("enum", "boolean")]
    for given in (*({fact.name: _some_value(fact)} for fact in short), {}):
        try:
            answers = decider.decide(given).answers.values()
        except InputError:  # a constraint excludes it
            continue
        for answer in answers:
            if answer.status != "conflict":
                facts = ", ".join(f"{name}: {scalar(value)}" for name, value in given.items())
                said = (
                    f"{{{answer.status}: true}}" if answer.value is None else scalar(answer.value)
                )
                return facts, f"{answer.decision.name}: {said}"
    raise _refused("no-loan", "the constraints exclude every loan", rulebase.root)


def _text(text: str) -> str:
    """A text as YAML writes it, in quotes where it needs them."""
    try:
        root = parse(Source("", f"- case: {text}\n")).root
    except InputError:
        root = None
    item = root.items[0] if isinstance(root, ListNode) and len(root.items) == 1 else None
    node = item.get("case") if isinstance(item, MapNode) and len(item.entries) == 1 else None
    plain = isinstance(node, ScalarNode) and node.value == text and not node.quoted
    return text if plain else json.dumps(text, ensure_ascii=False)
