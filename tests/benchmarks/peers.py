"""The same 408 rules in the language of other engines, each in the best form we found for it.

A peer gets each loan as a Python mapping whose values already have the types it wants (a date as
a day number, money as cents), for that is what a program would hand it; from there on every step
that its use needs is timed. Two ways of use are measured, as a fair reader may want either:

* ``whole``: all 408 rules are in the engine, and the engine finds those of the state;
* ``by state``: the program keeps an engine for each state and picks one with a dictionary.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from engine.model import Value
from tests.benchmarks import expressions, networks
from tests.benchmarks.plain import Decide, plain


@dataclass(frozen=True, slots=True)
class Peer:
    """An engine to compare with: how it is used, in one line, and the share of the loans that it
    gets (a slow one gets fewer). ``build`` makes the deciding function, ``own`` a loan's form."""

    name: str
    use: Literal["whole", "by state"]
    module: str
    package: str
    form: str
    build: Callable[[], Decide]
    own: Callable[[Mapping[str, Value]], Any]
    share: float = 1.0

    @property
    def installed(self) -> bool:
        return importlib.util.find_spec(self.module) is not None


_CLIPS = "a deftemplate fact: assert, read the first activation (no run: faster), retract"
_RULES = "one compiled expression a rule, in order, until one matches"
_LOGIC = "a compiled chain of if and else; the states in a chain around the rules"
PEERS: tuple[Peer, ...] = (
    Peer("CLIPS", "whole", "clips", "clipspy", _CLIPS, networks.clips_whole, networks.clips_loan),
    Peer(
        "CLIPS",
        "by state",
        "clips",
        "clipspy",
        _CLIPS,
        networks.clips_by_state,
        networks.clips_loan,
    ),
    Peer(
        "durable-rules",
        "by state",
        "durable",
        "durable_rules",
        "a ruleset for each state (one for all can't be built); post, first rule by priority",
        networks.durable_by_state,
        plain,
    ),
    Peer(
        "ZEN table",
        "whole",
        "zen",
        "zen-engine",
        "one table, hit first",
        expressions.zen_whole,
        plain,
        0.1,
    ),
    Peer(
        "ZEN switch",
        "whole",
        "zen",
        "zen-engine",
        "a switch over the states, a table behind each branch",
        expressions.zen_switch,
        plain,
        0.1,
    ),
    Peer(
        "ZEN",
        "by state",
        "zen",
        "zen-engine",
        "a table for each state",
        expressions.zen_by_state,
        plain,
    ),
    Peer(
        "datalogic",
        "whole",
        "datalogic_py",
        "datalogic-py",
        _LOGIC,
        expressions.datalogic_whole,
        plain,
    ),
    Peer(
        "datalogic",
        "by state",
        "datalogic_py",
        "datalogic-py",
        _LOGIC,
        expressions.datalogic_by_state,
        plain,
    ),
    Peer(
        "json-logic",
        "whole",
        "json_logic",
        "panzi-json-logic",
        "interpreted in pure Python; the same chain",
        expressions.json_logic_whole,
        plain,
        0.1,
    ),
    Peer(
        "json-logic",
        "by state",
        "json_logic",
        "panzi-json-logic",
        "interpreted in pure Python; the same chain",
        expressions.json_logic_by_state,
        plain,
        0.2,
    ),
    Peer(
        "rule-engine",
        "whole",
        "rule_engine",
        "rule-engine",
        _RULES,
        expressions.rule_engine_whole,
        plain,
        0.02,
    ),
    Peer(
        "rule-engine",
        "by state",
        "rule_engine",
        "rule-engine",
        _RULES,
        expressions.rule_engine_by_state,
        plain,
        0.2,
    ),
)
