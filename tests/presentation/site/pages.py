"""A page of the site as its readers' programs meet it: what leads where, and whether it is whole."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
LOADING = {("link", "href"), ("script", "src"), ("img", "src"), ("iframe", "src"), ("use", "href")}


@dataclass
class Page(HTMLParser):
    """One page, read. ``faults`` are tags that don't match, attributes that occur twice, and what a
    strict content policy forbids."""

    text: str
    ids: Counter[str] = field(default_factory=Counter)
    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    headings: list[int] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._open: list[str] = []
        self.feed(self.text)
        self.close()
        self.faults += [f"<{tag}> is not closed" for tag in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._begun(tag, attrs)
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._begun(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            line, _ = self.getpos()
            self.faults.append(f"</{tag}> on line {line} closes nothing")

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if self._open and self._open[-1] in ("script", "style") and data.strip():
            self.faults.append("a script or a style stands in the page")

    def _begun(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        self.faults += [f"{name} twice in <{tag}>" for name in names if names.count(name) > 1]
        self.faults += [f"{n} in <{tag}>" for n in names if n == "style" or n.startswith("on")]
        if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            self.headings.append(int(tag[1]))
        for name, value in attrs:
            if name == "id" and value is not None:
                self.ids[value] += 1
            elif (tag, name) in LOADING and value is not None:
                self.loads.append(value)
            elif (tag, name) in (("a", "href"), ("form", "action")) and value is not None:
                self.links.append(value)

    def handle_decl(self, decl: str) -> None:
        assert decl == "doctype html"
