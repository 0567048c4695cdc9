"""A pack's folder to a ``Rulebase``: every file read, every name resolved, all problems at once."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from engine.model import (
    LANGUAGE,
    NUMERIC,
    ORDERED,
    Decision,
    Formula,
    HitPolicy,
    Rule,
    Rulebase,
    Term,
    Value,
)
from engine.problems import InputError, Place, Problem, likely, listing
from engine.reading.conditions import RESERVED, Names
from engine.reading.report import Report
from engine.reading.rules import check_exceptions, read_rule_file, read_then
from engine.reading.schema import validate
from engine.reading.vocabulary import (
    circles,
    entries,
    labels,
    read_constraints,
    read_facts,
    read_presumptions,
    read_terms,
    term_names,
    text,
)
from engine.reading.yaml import (
    Document,
    ListNode,
    MapNode,
    ScalarNode,
    Source,
    parse,
    plain,
    read_text,
)
from engine.resources import rules_dir
from engine.trees import names_in, names_of
from engine.values import ValueFault, read_value

SUFFIXES = (".yaml", ".yml")


def find_pack(name: str | Path) -> Path:
    """The folder of a pack: a folder as it is, or a shipped pack by its name.

    Raises ``InputError`` when there is no such pack.
    """
    folder = Path(name)
    if (folder / "pack.yaml").is_file():
        return folder
    shipped = rules_dir() / str(name)
    if "/" not in str(name) and (shipped / "pack.yaml").is_file():
        return shipped
    where = Place(str(name))
    if folder.is_dir():
        raise InputError([Problem("no-pack", "the folder holds no pack.yaml", where)])
    known = shipped_packs()
    raise InputError(
        [
            Problem(
                "no-pack",
                f"there is no pack `{name}`",
                where,
                likely(str(name), known) or f"shipped packs: {listing(known)}",
            )
        ]
    )


def shipped_packs() -> list[str]:
    """The names of the packs that come with the engine."""
    return sorted(path.parent.name for path in rules_dir().glob("*/pack.yaml"))


def pack_files(root: Path) -> list[Path]:
    """The YAML files of a pack that can change a decision: all but the cases, in path order."""
    found = (path for suffix in SUFFIXES for path in root.rglob(f"*{suffix}"))
    return sorted(path for path in found if "cases" not in path.relative_to(root).parts[:-1])


def case_files(root: Path) -> list[Path]:
    """The case files of a pack, in path order."""
    return sorted(path for suffix in SUFFIXES for path in (root / "cases").rglob(f"*{suffix}"))


def shown(path: Path) -> str:
    """A path as the user would write it: relative to the working folder when it lies below."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def load_pack(name: str | Path) -> Rulebase:
    """Read and check a pack, by name or folder. Raises ``InputError`` with all its problems."""
    root = find_pack(name)
    problems: list[Problem] = []
    texts: list[tuple[str, str]] = []
    documents: dict[str, Document] = {}
    for path in pack_files(root):
        relative = path.relative_to(root).as_posix()
        try:
            source = read_text(path, name=shown(path))
            texts.append((relative, source.text))
            documents[relative] = parse(source)
        except InputError as error:
            problems.extend(error.problems)
    for relative, document in documents.items():
        problems.extend(validate(document, _kind(relative)))
    if fault := _language(documents.get("pack.yaml")):
        raise InputError([fault])
    reader = _Reader(root, documents, problems)
    rulebase = reader.rulebase(_digest(texts))
    if any(problem.severity == "error" for problem in problems):
        raise InputError(problems)
    return rulebase


def _kind(relative: str) -> str:
    return {"pack.yaml": "pack", "vocabulary.yaml": "vocabulary"}.get(relative, "rules")


def _digest(texts: Sequence[tuple[str, str]]) -> str:
    digest = hashlib.sha256()
    for relative, content in texts:
        for part in (relative, content.replace("\r\n", "\n")):
            data = part.encode()
            digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def _language(document: Document | None) -> Problem | None:
    """A pack in another version of the language is not worth any other message."""
    root = document.root if document else None
    node = root.get("language") if isinstance(root, MapNode) else None
    if document is None or node is None or plain(node) == LANGUAGE:
        return None
    version = plain(node)
    newer = isinstance(version, int) and version > LANGUAGE
    return Problem(
        "other-language",
        f"the pack is written in version {version} of the rule language; "
        f"this engine reads version {LANGUAGE}",
        node.place,
        "install a newer engine" if newer else f"write `language: {LANGUAGE}`",
        line_text=document.source.line(node.place.line),
    )


class _Reader:
    """The documents of one pack, and the way from them to its rulebase."""

    def __init__(
        self, root: Path, documents: Mapping[str, Document], problems: list[Problem]
    ) -> None:
        self._root = root
        self._documents = documents
        self._problems = problems

    def _open(self, relative: str) -> tuple[MapNode, Report]:
        document = self._documents.get(relative)
        if document is None:
            place = Place(shown(self._root / relative))
            missing = not (self._root / relative).is_file()
            if missing:
                self._problems.append(Problem("no-file", f"the pack has no {relative}", place))
            return MapNode(place, ()), Report(Source(place.file, ""), self._problems)
        report = Report(document.source, self._problems)
        root = document.root
        empty = MapNode(Place(document.source.name), ())
        return (root if isinstance(root, MapNode) else empty), report

    def rulebase(self, digest: str) -> Rulebase:
        head, head_report = self._open("pack.yaml")
        vocabulary, report = self._open("vocabulary.yaml")
        facts = read_facts(vocabulary, report)
        decisions = _decision_heads(head, facts, head_report)
        names = Names(facts, term_names(vocabulary), decisions)
        terms = read_terms(vocabulary, names, report)
        jurisdiction_fact = text(head, "jurisdiction")
        if jurisdiction_fact and jurisdiction_fact not in facts:
            node = head.get("jurisdiction")
            assert node is not None
            head_report.error(
                "unknown-fact",
                f"no fact is called `{jurisdiction_fact}`",
                node.place,
                likely(jurisdiction_fact, facts),
            )
        rules: list[Rule] = []
        reports: dict[str, Report] = {}
        for relative, document in self._documents.items():
            if _kind(relative) != "rules":
                continue
            root, file_report = self._open(relative)
            reports[document.source.name] = file_report
            rules.extend(read_rule_file(root, names, jurisdiction_fact, file_report))
        check_exceptions(rules, reports)
        decisions = _with_otherwise(head, decisions, names, head_report)
        if set(names.terms) != set(terms) or self._circular_terms():
            return _unfinished(self._root, digest)
        return Rulebase(
            name=text(head, "name"),
            version=text(head, "version"),
            title=text(head, "title"),
            description=text(head, "description"),
            digest=digest,
            root=str(self._root),
            facts=facts,
            terms=terms,
            constraints=read_constraints(vocabulary, names, terms, report),
            presumptions=read_presumptions(vocabulary, names, terms, report),
            decisions=_in_order(decisions, terms, rules, head_report),
            rules=tuple(rules),
            jurisdiction_fact=jurisdiction_fact,
            compare_with=text(head, "compare_with"),
        )

    def _circular_terms(self) -> bool:
        return any(problem.code == "circle-of-terms" for problem in self._problems)


def _unfinished(root: Path, digest: str) -> Rulebase:
    """What stands for a pack whose terms can't be followed: its problems are raised anyway."""
    return Rulebase("", "", "", digest, str(root), {}, {}, (), (), {}, ())


def _decision_heads(
    head: MapNode, facts: Mapping[str, object], report: Report
) -> dict[str, Decision]:
    """The decisions but for ``otherwise`` and ``requires``, which need the others' names."""
    found = {}
    for entry in entries(head.get("decisions")):
        name, node = entry.key.text, entry.value
        if not isinstance(node, MapNode):
            continue
        if name in RESERVED or name in ("min", "max"):
            report.error("reserved-word", f"`{name}` is a word of the language", entry.key.place)
            continue
        if name in facts:
            report.error("duplicate-name", f"`{name}` is already a fact", entry.key.place)
            continue
        kind = text(node, "type")
        values = labels(node.get("values"))
        if kind in ("enum", "set") and not values:
            report.error("missing-key", f"the {kind} `{name}` lists no `values`", entry.key.place)
        decision = Decision(
            name=name,
            type=kind,  # type: ignore[arg-type]
            label=text(node, "label"),
            values=values,
            group=text(node, "group"),
            description=text(node, "description"),
            place=entry.key.place,
        )
        policy = _policy(node, decision, report)
        at_least = _clamp(node, decision, report)
        found[name] = dataclasses.replace(decision, policy=policy, at_least=at_least)
    return found


_FITTING = {
    "unique": frozenset({"enum", "boolean", "set"}) | ORDERED,
    "priority": frozenset({"enum", "boolean"}),
    "collect": frozenset({"set"}),
    "min": ORDERED,
    "max": ORDERED,
    "sum": NUMERIC,
}


def _policy(node: MapNode, decision: Decision, report: Report) -> HitPolicy:
    policy = node.get("hit_policy")
    if isinstance(policy, MapNode):
        order = policy.get("priority")
        if not isinstance(order, ListNode):
            return HitPolicy()
        kind, values = "priority", _priority(order, decision, report)
    elif isinstance(policy, ScalarNode):
        kind, values = policy.text, ()
    else:
        return HitPolicy("collect") if decision.type == "set" else HitPolicy()
    if kind in _FITTING and decision.type not in _FITTING[kind]:
        assert policy is not None
        report.error(
            "wrong-policy",
            f"`{kind}` does not fit `{decision.name}`, which is {decision.type}",
            policy.place,
            f"it fits {listing(sorted(_FITTING[kind]))}",
        )
    return HitPolicy(kind, values)  # type: ignore[arg-type]


def _priority(order: ListNode, decision: Decision, report: Report) -> tuple[Value, ...]:
    values: list[Value] = []
    for item in order.items:
        try:
            values.append(read_value(decision.name, decision.type, decision.values, plain(item)))
        except ValueFault as fault:
            report.error(fault.code, fault.message, item.place, fault.hint)
    every = list(decision.values) if decision.type == "enum" else [True, False]
    missing = [value for value in every if value not in values]
    if missing and len(values) == len(order.items):
        report.error(
            "wrong-policy",
            f"`priority` of `{decision.name}` leaves out {listing(map(str, missing))}",
            order.place,
            "list every value, the strongest first",
        )
    return tuple(values)


def _clamp(node: MapNode, decision: Decision, report: Report) -> Value | None:
    limit = node.get("at_least")
    if limit is None:
        return None
    if decision.type not in NUMERIC:
        report.error(
            "wrong-test", f"`at_least` does not fit a decision that is {decision.type}", limit.place
        )
        return None
    try:
        return read_value(decision.name, decision.type, {}, plain(limit))
    except ValueFault as fault:
        report.error(fault.code, fault.message, limit.place, fault.hint)
        return None


def _with_otherwise(
    head: MapNode, decisions: Mapping[str, Decision], names: Names, report: Report
) -> dict[str, Decision]:
    found = {}
    nodes = {entry.key.text: entry.value for entry in entries(head.get("decisions"))}
    for name, decision in decisions.items():
        node = nodes[name]
        otherwise = node.get("otherwise") if isinstance(node, MapNode) else None
        formula: Formula | None = None
        if otherwise is not None and isinstance(node, MapNode):
            formula = read_then(otherwise, decision, names, report)
            if not text(node, "otherwise_because"):
                report.error(
                    "missing-key",
                    f"`{name}` has an `otherwise` but no `otherwise_because`",
                    otherwise.place,
                    "no answer without its reason",
                )
        because = text(node, "otherwise_because") if isinstance(node, MapNode) else ""
        found[name] = dataclasses.replace(decision, otherwise=formula, otherwise_because=because)
    return found


def _in_order(
    decisions: Mapping[str, Decision],
    terms: Mapping[str, Term],
    rules: Sequence[Rule],
    report: Report,
) -> dict[str, Decision]:
    """The decisions with what each requires, in requirement order; circles are reported."""
    requires: dict[str, list[str]] = {name: [] for name in decisions}

    def need(decision: str, names: Iterator[str]) -> None:
        for name in names:
            if name in decisions and name not in requires[decision]:
                requires[decision].append(name)

    for rule in rules:
        need(rule.decides, names_of(rule.when, lambda name: terms[name].when))
        need(rule.decides, names_in(rule.then))
    for name, decision in decisions.items():
        if decision.otherwise is not None:
            need(name, names_in(decision.otherwise))
    found = circles(requires)
    for circle in found:
        report.error(
            "circle-of-decisions",
            f"`{circle[0]}` requires itself: {' -> '.join([*circle, circle[0]])}",
            decisions[circle[0]].place,
        )
    if found:
        return dict(decisions)
    ordered: dict[str, Decision] = {}

    def place(name: str) -> None:
        if name not in ordered:
            for needed in requires[name]:
                place(needed)
            ordered[name] = dataclasses.replace(decisions[name], requires=tuple(requires[name]))

    for name in decisions:
        place(name)
    return ordered
