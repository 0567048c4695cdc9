"""Collecting the problems of one file while it is read."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.problems import Place, Problem, Severity
from engine.reading.yaml import Source


@dataclass(frozen=True, slots=True)
class Report:
    """Where a reader puts what is wrong: problems of one source, in a list that sources share."""

    source: Source
    problems: list[Problem] = field(default_factory=list)

    def error(
        self, code: str, message: str, place: Place, hint: str = "", severity: Severity = "error"
    ) -> None:
        """Note one problem, with the text of its line."""
        line = self.source.line(place.line)
        self.problems.append(Problem(code, message, place, hint, severity, line))

    def on(self, source: Source) -> Report:
        """The same list of problems, for another source."""
        return Report(source, self.problems)
