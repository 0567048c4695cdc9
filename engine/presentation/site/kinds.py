"""What kind of answer a decision gives, and how one comes of several rules, in words."""

from __future__ import annotations

from engine.model import Decision
from engine.presentation.layout import listed

_POLICIES = {
    "unique": "Rules that apply must agree, unless one is an exception to another.",
    "collect": "The answer holds what every rule that applies adds.",
    "min": "The least of what the rules that apply give: the lowest amount, the earliest day.",
    "max": "The most of what the rules that apply give: the highest amount, the latest day.",
    "sum": "What the rules that apply give is added up.",
}
TYPES = {
    "enum": "one of several values",
    "boolean": "yes or no",
    "integer": "a whole number",
    "decimal": "a number",
    "money": "an amount in US dollars",
    "date": "a day",
    "set": "any of several values",
}


def policy_words(decision: Decision) -> str:
    """What the answer is where several rules apply."""
    policy = decision.policy
    if policy.kind != "priority":
        return _POLICIES[policy.kind]
    words = [f"\u201c{str(value).replace('_', ' ')}\u201d" for value in policy.order]
    return f"The first of {listed(words, 'and')} that any rule gives is the answer."
