"""What the service says when it gives no answer: problem details (RFC 9457)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from engine.problems import NOWHERE, Problem

CONTENT_TYPE = "application/problem+json"
TYPE = "urn:recourse-engine:problem:"

KINDS: Mapping[str, tuple[int, str]] = {
    "malformed-body": (400, "The body can't be read"),
    "not-found": (404, "There is nothing here"),
    "unknown-pack": (404, "There is no such pack"),
    "method-not-allowed": (405, "This address does not take that method"),
    "slow-body": (408, "The body did not arrive in time"),
    "body-too-big": (413, "The body is too big"),
    "unsupported-content": (415, "The body is not JSON"),
    "bad-request": (422, "The request can't be used"),
    "unusable-facts": (422, "The facts can't be used"),
    "too-slow": (422, "Too much is open to find all that is possible"),
    "evaluators-disagree": (500, "The two evaluators disagree, so there is no answer"),
    "internal-error": (500, "The service failed"),
    "busy": (503, "Too many requests are waiting"),
    "not-recorded": (503, "The decision could not be recorded, so it is not given"),
}
"""Every kind of refusal, with its HTTP status and its title."""


class Refusal(Exception):
    """No answer: its kind, a sentence, what is wrong in the request, and further headers."""

    def __init__(
        self,
        kind: str,
        detail: str,
        problems: Sequence[Problem] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.problems = tuple(problems)
        self.headers = dict(headers or {})

    @property
    def status(self) -> int:
        """The HTTP status."""
        return KINDS[self.kind][0]

    @property
    def data(self) -> dict[str, Any]:
        """The problem details as plain data."""
        data: dict[str, Any] = {
            "type": TYPE + self.kind,
            "title": KINDS[self.kind][1],
            "status": self.status,
            "detail": self.detail,
        }
        if self.problems:
            data["problems"] = [_problem(problem) for problem in self.problems]
        return data

    @property
    def body(self) -> bytes:
        """The problem details as JSON."""
        return json.dumps(self.data, ensure_ascii=False).encode("utf-8", "replace")


def refusal_of(kind: str, problems: Sequence[Problem]) -> Refusal:
    """The refusal of a request for some problems."""
    more = len(problems) - 1
    return Refusal(kind, f"{problems[0].message}{f'; and {more} more' if more else ''}", problems)


def _problem(problem: Problem) -> dict[str, Any]:
    where = problem.where
    return {
        "code": problem.code,
        "message": problem.message,
        "hint": problem.hint,
        "pointer": "" if where.file == NOWHERE.file else where.file,
        "line": where.line,
        "column": where.column,
    }
