"""A pack's folder to a ``Rulebase``: every file read, every name resolved, all problems at once."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from engine.model import LANGUAGE, Fact, Rulebase, RuleFile, Term
from engine.problems import InputError, Place, Problem, likely, listing
from engine.reading.accepted import read_accepted
from engine.reading.belonging import kind_in
from engine.reading.decisions import in_requirement_order, read_decisions, with_otherwise
from engine.reading.names import UNCLEAR, Names
from engine.reading.packs import find_pack, pack_files, shown
from engine.reading.parameters import NamedParameter, named_parameters, read_parameter
from engine.reading.report import Report
from engine.reading.rules import check_exceptions, read_rule_file
from engine.reading.schema import read_schema, validate
from engine.reading.vocabulary import (
    NamedTerm,
    entries,
    named_terms,
    read_constraints,
    read_facts,
    read_presumptions,
    read_terms,
    text,
)
from engine.reading.yaml import (
    Document,
    ListNode,
    MapNode,
    Node,
    ScalarNode,
    Source,
    parse,
    plain,
    read_text,
)


def text_of(path: Path, name: str, instead: Mapping[Path, str] | None) -> Source:
    """The text that stands for a file, or else the file's own. Raises ``InputError``."""
    text = None if instead is None else instead.get(path)
    return read_text(path, name=name) if text is None else Source(name, text)


def load_pack(
    name: str | Path,
    *,
    called: Callable[[Path], str] = shown,
    instead: Mapping[Path, str] | None = None,
) -> Rulebase:
    """Read and check a pack, by name or folder; ``called`` names its files in messages, ``instead``
    holds texts that are read in place of files.

    Raises ``InputError`` with all its problems.
    """
    root = find_pack(name)
    problems: list[Problem] = []
    texts: list[tuple[str, str]] = []
    documents: dict[str, Document] = {}
    broken = False
    for path in pack_files(root):
        relative = path.relative_to(root).as_posix()
        try:
            source = text_of(path, called(path), instead)
            texts.append((relative, source.text))
            documents[relative] = parse(source)
        except InputError as error:
            problems.extend(error.problems)
            broken = True
    if fault := _language(documents.get("pack.yaml")):
        raise InputError([fault])
    if not (root / "vocabulary.yaml").is_file():
        place = Place(called(root / "vocabulary.yaml"))
        hint = "it names the facts that the rules speak of"
        problems.append(Problem("no-file", "the pack has no vocabulary.yaml", place, hint))
    reports: dict[str, Report] = {}
    for relative, document in documents.items():
        faults = validate(document, kind_in(root, root / relative))
        problems.extend(faults)
        faulty = frozenset(fault.where for fault in faults)
        reports[relative] = Report(document.source, problems, faulty)
    head = _sections(documents.get("pack.yaml"), "pack", ["decisions"])
    vocabulary = _vocabulary(root, documents, reports)
    if head is None or vocabulary is None:
        raise InputError(problems)  # without all names nothing can be said of the rules
    names, terms, parameters = _names(head, vocabulary, reports["pack.yaml"])
    jurisdiction_fact = _named_fact(head, "jurisdiction", names, reports["pack.yaml"])
    section_fact = _section_fact(head, names, reports["pack.yaml"])
    written = [each for one in parameters for each in read_parameter(one, names)]
    files: list[RuleFile] = []
    for relative, document in documents.items():
        if kind_in(root, root / relative) == "rules":
            file = document.root
            broken |= not _all_ids(file)
            if isinstance(file, MapNode):
                written += read_rule_file(file, names, jurisdiction_fact, reports[relative])
                files.append(_heading(file))
    check_exceptions(written, complete=not broken)
    rules = tuple(each.rule for each in written if each.rule is not None)
    decisions = with_otherwise(head, names.decisions, names, reports["pack.yaml"])
    rulebase = Rulebase(
        name=text(head, "name"),
        version=text(head, "version"),
        title=text(head, "title"),
        description=text(head, "description"),
        digest=_digest(texts),
        root=str(root),
        facts=names.facts,
        terms=terms,
        constraints=tuple(
            each
            for file, report in vocabulary
            for each in read_constraints(file, names, terms, report)
        ),
        presumptions=tuple(
            each
            for file, report in vocabulary
            for each in read_presumptions(file, names, terms, report)
        ),
        decisions=in_requirement_order(decisions, terms, rules, reports["pack.yaml"]),
        rules=rules,
        jurisdiction_fact=jurisdiction_fact,
        section_fact=section_fact,
        compare_with=text(head, "compare_with"),
        main=_main(head, names, reports["pack.yaml"]),
        accepted=read_accepted(head, reports["pack.yaml"]),
        files=tuple(files),
    )
    if problems:
        raise InputError(problems)
    return rulebase


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
    version = plain(node)
    if document is None or node is None or not isinstance(version, int) or version == LANGUAGE:
        return None  # what is no version at all, the schema reports
    return document.source.problem(
        "other-language",
        f"the pack is written in version {version} of the rule language; "
        f"this engine reads version {LANGUAGE}",
        node.place,
        "install a newer engine" if version > LANGUAGE else f"write `language: {LANGUAGE}`",
    )


def _sections(document: Document | None, kind: str, naming: Sequence[str]) -> MapNode | None:
    """The root of a file, if the sections of it that name things can be read."""
    root = document.root if document else None
    schema = read_schema(kind)
    if not isinstance(root, MapNode) or not schema["properties"].keys() >= set(root.keys()):
        return None
    given = [key for key in naming if key in schema["required"] or root.get(key) is not None]
    return root if all(isinstance(root.get(key), MapNode) for key in given) else None


def _vocabulary(
    root: Path, documents: Mapping[str, Document], reports: Mapping[str, Report]
) -> list[tuple[MapNode, Report]] | None:
    """The files of the vocabulary, vocabulary.yaml first; None where one has names that can't be
    read."""
    files = [name for name in documents if kind_in(root, root / name) == "vocabulary"]
    files.sort(key=lambda name: (name != "vocabulary.yaml", name))
    found = []
    for name in files:
        file = _sections(documents[name], "vocabulary", ["facts", "terms"])
        if file is None:
            return None
        found.append((file, reports[name]))
    return found if "vocabulary.yaml" in files else None


def _names(
    head: MapNode, vocabulary: Sequence[tuple[MapNode, Report]], report: Report
) -> tuple[Names, dict[str, Term], list[NamedParameter]]:
    """Everything that a rule may speak of."""
    sections = [head.get("decisions")]
    kinds = ("facts", "terms", "parameters")
    sections += [file.get(key) for file, _ in vocabulary for key in kinds]
    count = Counter(entry.key.text for section in sections for entry in entries(section))
    fact_names = {entry.key.text for file, _ in vocabulary for entry in entries(file.get("facts"))}
    facts: dict[str, Fact] = {}
    for file, notes in vocabulary:
        facts |= read_facts(file, facts, notes)
    decisions = read_decisions(head, fact_names, report)
    taken = fact_names | {entry.key.text for entry in entries(head.get("decisions"))}
    named: dict[str, NamedTerm] = {}
    for file, notes in vocabulary:
        named |= named_terms(file, taken | named.keys(), notes)
    parameters: dict[str, NamedParameter] = {}
    for file, notes in vocabulary:
        parameters |= named_parameters(file, [*taken, *named, *parameters], notes)
    decisions |= {name: parameter.decision for name, parameter in parameters.items()}
    clear = {*facts, *decisions, *named}
    unclear = {name for name, times in count.items() if times > 1 or name not in clear}
    unclear |= {name.lower().replace("-", "_") for name in count} - clear  # `Debt` means `debt`
    names = Names(facts, frozenset(named), decisions, frozenset(unclear))
    return names, read_terms(named, names), list(parameters.values())


def _named_fact(head: MapNode, key: str, names: Names, report: Report) -> str:
    """The name of the fact that the pack names under a key, or an empty text."""
    node = head.get(key)
    name = text(head, key)
    if node is not None and not isinstance(node, ScalarNode):
        return UNCLEAR
    if node is not None and name not in names.facts and name not in names.unclear:
        hint = likely(name, names.facts)
        report.error("unknown-fact", f"no fact is called `{name}`", node.place, hint)
    return name


def _section_fact(head: MapNode, names: Names, report: Report) -> str:
    """The name of the fact whose values divide the loans into kinds, or an empty text."""
    name = _named_fact(head, "sections", names, report)
    node, fact = head.get("sections"), names.facts.get(name)
    if node is None or fact is None:
        return name
    place = text(head, "jurisdiction")
    if name == place:
        message = f"`{name}` is the `jurisdiction`, whose rules are built apart in any case"
        report.error("repeated-item", message, node.place, "name another fact, or leave it out")
    elif fact.type not in ("enum", "boolean"):
        some = [n for n, f in names.facts.items() if f.type in ("enum", "boolean") and n != place]
        hint = f"enums and booleans: {listing(some)}" if some else ""
        message = f"`{name}` is neither an enum nor a boolean"
        report.error("wrong-type", message, node.place, hint)
    return name


def _main(head: MapNode, names: Names, report: Report) -> tuple[str, ...]:
    """The decisions that people ask for first."""
    node = head.get("main")
    items = node.items if isinstance(node, ListNode) else ()
    chosen = [item for item in items if isinstance(item, ScalarNode)]
    for item in chosen:
        if item.text not in names.decisions and item.text not in names.unclear:
            message = f"no decision is called `{item.text}`"
            hint = likely(item.text, names.decisions)
            report.error("unknown-decision", message, item.place, hint)
    return tuple(item.text for item in chosen)


def _heading(file: MapNode) -> RuleFile:
    """What a rule file says of itself."""
    title, about = text(file, "title"), text(file, "description")
    return RuleFile(title, about, text(file, "jurisdiction"), file.place)


def _all_ids(root: Node | None) -> bool:
    """Whether every rule of a file has an id that can be read."""
    rules = root.get("rules") if isinstance(root, MapNode) else None
    items = rules.items if isinstance(rules, ListNode) else (None,)
    return all(
        isinstance(item, MapNode) and isinstance(item.get("id"), ScalarNode) for item in items
    )
