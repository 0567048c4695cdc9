"""What became of recorded decisions under the rules of today, as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from engine.analysis.replay import Moved, Replay, Replayed, Stand
from engine.model import Rulebase
from engine.presentation.layout import PLAIN, Style, count, printable, wrapped

FORM = 1
"""The version of the JSON form."""
MAX_SHOWN = 50
"""So many records are shown in full; the rest is counted."""
_ARROW = "->"


def as_text(replay: Replay, rulebase: Rulebase, style: Style = PLAIN) -> str:
    """The page of a replay, 80 columns wide."""
    pack = f"{rulebase.name} {rulebase.version} ({rulebase.digest[:8]})"
    lines = [style.heading(f"{count(replay.records, 'record')} by the rules of {pack}")]
    lines += wrapped(_summary(replay), 2)
    if replay.other_pack:
        note = f"{count(replay.other_pack, 'record')} were decided by a pack of another name."
        lines += [style.warning(line) for line in wrapped(note, 2)]
    for each in replay.replayed[:MAX_SHOWN]:
        lines += ["", *_record(each, style)]
    if (rest := len(replay.replayed) - MAX_SHOWN) > 0:
        lines += ["", f"and {count(rest, 'more record')}"]
    if replay.faults:
        said = f"{count(len(replay.faults), 'line')} set aside"
        if len(replay.faults) > MAX_SHOWN:
            said += f"; these are the first {MAX_SHOWN}"
        lines += ["", style.heading(said)]
    return "\n".join(lines)


def _summary(replay: Replay) -> str:
    parts = [
        f"{replay.same:,} as they were",
        f"{len(replay.changed):,} with another outcome",
        f"{len(replay.other_reasons):,} with the same outcome for other reasons",
        f"{len(replay.undecidable):,} that can't be decided any more",
    ]
    return "; ".join(parts) + "."


def _record(each: Replayed, style: Style) -> Iterator[str]:
    name = f"{each.where} {each.loan}".rstrip()
    by = f" (decided by {each.version} {each.digest[:8]})".replace("  ", " ")
    yield from wrapped(style.name(printable(name)) + printable(by), 2)
    for problem in each.problems:
        hint = f" ({problem.hint})" if problem.hint else ""
        yield from wrapped(style.bad(printable(problem.message + hint)), 4)
    for moved in each.moved:
        yield from wrapped(printable(_moved(moved)), 6, "    ")


def _moved(moved: Moved) -> str:
    if moved.now is None:
        return f"{moved.decision}: {_stand(moved.then)}; the pack has no such decision any more"
    if moved.kind == "reasons":
        return (
            f"{moved.decision}: {_words(moved.then)}, {_by(moved.then)} {_ARROW} {_by(moved.now)}"
        )
    return f"{moved.decision}: {_stand(moved.then)} {_ARROW} {_stand(moved.now)}"


def _stand(stand: Stand) -> str:
    return f"{_words(stand)} ({_by(stand)})"


def _by(stand: Stand) -> str:
    return f"by {', '.join(stand.rules)}" if stand.rules else "by no rule"


def _words(stand: Stand) -> str:
    if stand.status == "undetermined":
        found = sorted(_possible(key, value) for key, value in stand.possible)
        return f"undetermined: {', '.join(found)}" if found else "undetermined"
    return _value(stand.value) if stand.status == "decided" else stand.status


def _possible(key: str, value: object) -> str:
    if key == "missing":
        return f"an amount that needs {_value(value)}"
    return _value(value)


def _value(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "nothing"
    return str(value).lower() if isinstance(value, bool) else str(value)


# ---- JSON -------------------------------------------------------------------------------------


def as_json(replay: Replay, rulebase: Rulebase) -> str:
    """The replay as indented JSON."""
    return json.dumps(as_data(replay, rulebase), indent=2, ensure_ascii=False)


def as_data(replay: Replay, rulebase: Rulebase) -> dict[str, Any]:
    """The replay as plain data."""
    return {
        "replay": FORM,
        "pack": {
            "name": rulebase.name,
            "version": rulebase.version,
            "digest": rulebase.digest,
        },
        "records": replay.records,
        "same": replay.same,
        "changed": len(replay.changed),
        "other_reasons": len(replay.other_reasons),
        "undecidable": len(replay.undecidable),
        "other_pack": replay.other_pack,
        "replayed": [_data(each) for each in replay.replayed],
        "set_aside": [
            {"code": fault.code, "message": fault.message, "line": fault.where.line}
            for fault in replay.faults
        ],
    }


def _data(each: Replayed) -> dict[str, Any]:
    data: dict[str, Any] = {
        "file": each.where.file,
        "line": each.where.line,
        "loan": each.loan,
        "decided_by": {"version": each.version, "digest": each.digest},
    }
    if each.problems:
        data["problems"] = [
            {"code": problem.code, "message": problem.message, "hint": problem.hint}
            for problem in each.problems
        ]
    data["moved"] = [
        {
            "decision": moved.decision,
            "kind": moved.kind,
            "then": _stand_data(moved.then),
            "now": None if moved.now is None else _stand_data(moved.now),
        }
        for moved in each.moved
    ]
    return data


def _stand_data(stand: Stand) -> dict[str, Any]:
    value = list(stand.value) if isinstance(stand.value, tuple) else stand.value
    return {"status": stand.status, "value": value, "rules": list(stand.rules)}
