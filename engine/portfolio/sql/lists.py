"""Lists in text: words with semicolons between them."""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp

from engine.portfolio.sql.conditions import literal, when

_CHAIN = 100
"""So many texts are joined in a row; databases bear only so much nesting."""


def listed(words: Iterable[tuple[exp.Expr, str]]) -> exp.Expr:
    """The words whose condition is TRUE, each with a semicolon before it."""
    return joined(
        [when((test, literal(f";{word}")), otherwise=literal("")) for test, word in words]
    )


def stripped(text: exp.Expr) -> exp.Expr:
    """A list without its first semicolon; NULL for an empty one."""
    if isinstance(text, exp.Literal) and not text.name:
        return exp.null()
    rest = exp.func("SUBSTRING", text, exp.Literal.number(2))
    return exp.Nullif(this=rest, expression=literal(""))


def joined(parts: list[exp.Expr]) -> exp.Expr:
    """Texts one after the other."""
    if not parts:
        return literal("")
    if len(parts) > _CHAIN:
        middle = len(parts) // 2
        halves = (joined(parts[:middle]), joined(parts[middle:]))
        return exp.DPipe(this=exp.paren(halves[0]), expression=exp.paren(halves[1]), safe=True)
    text = parts[0]
    for part in parts[1:]:
        text = exp.DPipe(this=text, expression=part, safe=True)
    return text
