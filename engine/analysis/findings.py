"""What an analysis can find wrong with a rulebase: the codes, and what each means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.analysis.regions import Region, complete, regions
from engine.evaluation.compiling import Compiled
from engine.model import Value
from engine.problems import Place, Severity

AGEING = frozenset({"old-parameter"})
"""Findings that come with time, not with a change: they fail no check."""
MAX_REGIONS = 3
"""So many pieces of the loans that a finding touches are told."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of finding: how bad it is, what it means, and how to mend it."""

    code: str
    severity: Severity
    meaning: str
    mend: str


KINDS: Mapping[str, Kind] = {
    kind.code: kind
    for kind in (
        Kind(
            "conflict",
            "error",
            "Two rules decide the same loan, neither is an exception to the other, and they come "
            "to different outcomes. For such a loan the engine gives no answer.",
            "Make the narrower rule an `exception_to` the broader one, add the test that keeps "
            "them apart, or give the decision a `priority`.",
        ),
        Kind(
            "hole",
            "warning",
            "For some loans no rule applies and the decision has no `otherwise`: it stays open.",
            "Write the rule that is missing, or an `otherwise` with its reason. Where the decision "
            "has no meaning for such loans, accept the finding with that reason.",
        ),
        Kind(
            "never-applies",
            "error",
            "No loan that meets the constraints meets the rule's condition.",
            "Look for two tests that exclude one another, or a constraint that forbids them.",
        ),
        Kind(
            "never-decides",
            "error",
            "Wherever the rule applies an exception overrides it, or a stronger value prevails.",
            "Narrow the exceptions, or remove the rule.",
        ),
        Kind(
            "redundant",
            "warning",
            "Without the rule every loan has the same outcome: other rules or `otherwise` give it.",
            "Remove the rule, or accept it where it states an authority that should be shown.",
        ),
        Kind(
            "idle-test",
            "warning",
            "Without this test of the rule every loan has the same outcome, and the rule would be "
            "named as the reason of no more loans.",
            "Remove the test, or mend it if it was meant to exclude something.",
        ),
        Kind(
            "idle-exception",
            "error",
            "The two rules never apply together, so that there is nothing to override.",
            "Remove the `exception_to`, or mend the condition of the exception.",
        ),
        Kind(
            "effective-overlap",
            "error",
            "Two versions of one provision are in force on the same day.",
            "End the older version on the day before the newer begins; both days are included.",
        ),
        Kind(
            "effective-gap",
            "warning",
            "Between two versions of one provision there are days on which neither is in force.",
            "Let the newer version begin on the day after the older ends.",
        ),
        Kind(
            "no-loan",
            "error",
            "The constraints exclude every loan.",
            "Look for a constraint whose `must` is too strong.",
        ),
        Kind(
            "idle-constraint",
            "warning",
            "The other constraints exclude the same loans already.",
            "Remove the constraint, or mend it if it was meant to exclude something.",
        ),
        Kind(
            "unused-fact",
            "warning",
            "No rule uses the fact, neither in a condition nor in a formula.",
            "Remove the fact, or write the rule that needs it.",
        ),
        Kind(
            "unused-parameter",
            "warning",
            "No rule uses the parameter.",
            "Remove it, or write the rule that needs it.",
        ),
        Kind(
            "old-parameter",
            "warning",
            "The values of the parameter were looked up more than a year ago, and its newest value "
            "is as old. That comes with time, so it fails no check.",
            "Look its source up, add the new value if there is one, and set `checked` to today.",
        ),
        Kind(
            "unused-term",
            "warning",
            "No rule, constraint or presumption uses the term.",
            "Remove the term.",
        ),
        Kind(
            "unreachable-decision",
            "error",
            "No loan is ever given an outcome of this decision.",
            "Write a rule for it, or remove it from pack.yaml.",
        ),
        Kind(
            "unused-value",
            "warning",
            "No loan is ever given this value of the decision.",
            "Write the rule that gives it, or remove the value.",
        ),
        Kind(
            "stale-acceptance",
            "error",
            "The pack accepts a finding that is no longer found.",
            "Remove the acceptance from pack.yaml.",
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of a rulebase.

    ``about`` names what it is about: rule ids, a decision, a fact. ``regions`` are the loans it
    touches, largest pieces first; ``loan`` is one of them, complete, so that deciding it shows the
    fault. ``accepted`` is the reason why the pack lives with it.
    """

    code: str
    message: str
    where: Place
    about: tuple[str, ...]
    decision: str = ""
    regions: tuple[Region, ...] = ()
    loan: Mapping[str, Value] = field(default_factory=dict)
    accepted: str = ""

    @property
    def severity(self) -> Severity:
        return KINDS[self.code].severity


def located(
    compiled: Compiled,
    code: str,
    message: str,
    where: Place,
    about: tuple[str, ...],
    decision: str,
    part: int,
) -> Finding:
    """A finding with the loans it touches: those of a part of the space."""
    pieces = regions(compiled, part, MAX_REGIONS)
    loan = complete(compiled, pieces[0].witness) if pieces else {}
    return Finding(code, message, where, about, decision, tuple(pieces), loan)
