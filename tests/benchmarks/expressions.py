"""The 408 rules for engines of tables and expressions: ZEN, two of JsonLogic, rule-engine."""

from __future__ import annotations

import json
from importlib import import_module
from typing import Any

from tests.benchmarks.plain import STATE, SYMBOL, Decide, plain_values
from tests.benchmarks.synthetic import (
    FACTS,
    OPEN,
    STATES,
    SyntheticRule,
    Test,
    by_state,
    rules,
)

# ---- ZEN --------------------------------------------------------------------------------------


def _zen_cell(test: Test) -> str:
    if test.operator == "in":
        return ", ".join(f'"{value}"' for value in test.values)
    return f"{SYMBOL[test.operator]} {plain_values(test)[0]}"


def _zen_table(name: str, some: Any, with_state: bool) -> dict[str, Any]:
    facts = [fact for fact in FACTS if with_state or fact != STATE]
    return {
        "id": name,
        "name": name,
        "type": "decisionTableNode",
        "content": {
            "hitPolicy": "first",
            "inputs": [{"id": f, "name": f, "type": "expression", "field": f} for f in facts],
            "outputs": [{"id": "o", "name": "o", "type": "expression", "field": "outcome"}],
            "rules": [
                {
                    "_id": rule.id,
                    **dict.fromkeys(facts, ""),
                    **{t.fact: _zen_cell(t) for t in rule.tests if t.fact in facts},
                    "o": f'"{rule.outcome}"',
                }
                for rule in some
            ],
        },
    }


def _zen_graph(middle: list[dict[str, Any]], edges: list[tuple[str, str, str | None]]) -> Any:
    nodes = [
        {"id": "in", "name": "in", "type": "inputNode"},
        *middle,
        {"id": "out", "name": "out", "type": "outputNode"},
    ]
    arrows: list[dict[str, Any]] = [
        {"id": f"e{i}", "type": "edge", "sourceId": a, "targetId": b, "sourceHandle": handle}
        for i, (a, b, handle) in enumerate(edges)
    ]
    content = json.dumps({"nodes": nodes, "edges": arrows})
    return import_module("zen").ZenEngine().create_decision(content).evaluate


def _zen_decide(evaluate: Any) -> Decide:
    def decide(loan: Any) -> str:
        result = evaluate(loan)["result"]
        return result.get("outcome", OPEN) if result else OPEN

    return decide


def zen_whole() -> Decide:
    table = _zen_table("t", rules(), with_state=True)
    return _zen_decide(_zen_graph([table], [("in", "t", None), ("t", "out", None)]))


def zen_switch() -> Decide:
    branches = [{"id": f"b{s}", "condition": f'{STATE} == "{s}"'} for s in STATES]
    switch = {
        "id": "s",
        "name": "s",
        "type": "switchNode",
        "content": {"hitPolicy": "first", "statements": branches},
    }
    tables = [_zen_table(s, some, with_state=False) for s, some in by_state().items()]
    edges: list[tuple[str, str, str | None]] = [("in", "s", None)]
    edges += [("s", state, f"b{state}") for state in STATES]
    edges += [(state, "out", None) for state in STATES]
    return _zen_decide(_zen_graph([switch, *tables], edges))


def zen_by_state() -> Decide:
    deciders = {
        state: _zen_decide(
            _zen_graph(
                [_zen_table("t", some, with_state=False)], [("in", "t", None), ("t", "out", None)]
            )
        )
        for state, some in by_state().items()
    }
    return lambda loan: deciders[loan[STATE]](loan)


# ---- JsonLogic --------------------------------------------------------------------------------


def _logic_test(test: Test) -> Any:
    variable = {"var": test.fact}
    if test.operator != "in":
        return {SYMBOL[test.operator]: [variable, plain_values(test)[0]]}
    if len(test.values) == 1:
        return {"==": [variable, test.values[0]]}
    return {"in": [variable, list(test.values)]}


def _logic_state(some: list[SyntheticRule]) -> Any:
    """One state's rules as a chain of if and else."""
    chain: list[Any] = []
    for rule in some:
        chain += [{"and": [_logic_test(test) for test in rule.tests[1:]]}, rule.outcome]
    return {"if": [*chain, OPEN]}


def _logic_all() -> Any:
    """One chain over the states, the rules of each inside it."""
    chain: list[Any] = []
    for state, some in by_state().items():
        chain += [{"==": [{"var": STATE}, state]}, _logic_state(some)]
    return {"if": [*chain, OPEN]}


def datalogic_whole() -> Decide:
    evaluate: Decide = import_module("datalogic_py").Engine().compile(_logic_all()).evaluate
    return evaluate


def datalogic_by_state() -> Decide:
    engine = import_module("datalogic_py").Engine()
    deciders = {s: engine.compile(_logic_state(some)).evaluate for s, some in by_state().items()}
    return lambda loan: str(deciders[loan[STATE]](loan))


def json_logic_whole() -> Decide:
    apply = import_module("json_logic").jsonLogic
    logic = _logic_all()
    return lambda loan: str(apply(logic, loan))


def json_logic_by_state() -> Decide:
    apply = import_module("json_logic").jsonLogic
    logics = {state: _logic_state(some) for state, some in by_state().items()}
    return lambda loan: str(apply(logics[loan[STATE]], loan))


# ---- rule-engine ------------------------------------------------------------------------------


def _rule_engine_test(test: Test) -> str:
    if test.operator != "in":
        return f"{test.fact} {SYMBOL[test.operator]} {plain_values(test)[0]}"
    if len(test.values) == 1:
        return f'{test.fact} == "{test.values[0]}"'
    return f"{test.fact} in [{', '.join(f'{chr(34)}{v}{chr(34)}' for v in test.values)}]"


def _rule_engine_rules(some: Any, with_state: bool) -> list[tuple[Any, str]]:
    compiled = import_module("rule_engine").Rule
    return [
        (
            compiled(
                " and ".join(map(_rule_engine_test, r.tests if with_state else r.tests[1:]))
            ).matches,
            r.outcome,
        )
        for r in some
    ]


def _first_match(pairs: list[tuple[Any, str]], loan: Any) -> str:
    return next((outcome for matches, outcome in pairs if matches(loan)), OPEN)


def rule_engine_whole() -> Decide:
    pairs = _rule_engine_rules(rules(), with_state=True)
    return lambda loan: _first_match(pairs, loan)


def rule_engine_by_state() -> Decide:
    pairs = {s: _rule_engine_rules(some, with_state=False) for s, some in by_state().items()}
    return lambda loan: _first_match(pairs[loan[STATE]], loan)
