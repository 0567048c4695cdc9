"""The packs that are served, ready to decide, and what is told of them."""

from __future__ import annotations

import hashlib
import json
import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any
from urllib.parse import quote

from engine import Decider, __version__, load
from engine.evaluation.slices import places
from engine.garbage import unsearched
from engine.model import Fact, Rulebase, Value
from engine.presentation.catalogue import facts_data
from engine.presentation.record import pack_data
from engine.presentation.site.maps import maps_html, with_maps
from engine.problems import likely, listing
from engine.reading.cache import KeptDiagrams
from engine.reading.overviews import read_overviews
from engine.service.openapi import description
from engine.service.refusals import Refusal
from engine.service.requests import Request
from engine.values import show, to_json

Data = dict[str, Any]
Step = tuple[Decider, Mapping[str, Value]]
"""What is to be built: for a pack, the diagrams of loans of which some facts are known."""

IDLE_SECONDS = 0.05
WARM_SECONDS = 5.0
"""The service is ready after so long, whatever is built by then."""


@dataclass(frozen=True, slots=True)
class Document:
    """A document that changes only with the rules or the engine; ``tag`` is its entity tag."""

    body: bytes
    kind: str
    tag: str


def document(body: bytes, kind: str, *depends_on: str) -> Document:
    """A document; its tag is a digest of what it depends on, or of itself."""
    digest = hashlib.sha256("\0".join(depends_on).encode() if depends_on else body).hexdigest()
    return Document(body, kind, f'"{digest[:32]}"')


class Served:
    """The packs by name; the first is the one that a request means if it names none."""

    def __init__(self, packs: Iterable[str]) -> None:
        self.deciders: Mapping[str, Decider] = {
            each.rulebase.name: each for each in map(load, packs)
        }
        for each in self.deciders.values():
            each.remembers_first = True
        # What all jurisdictions have together takes seconds to build, and who builds holds a lock.
        self._anywhere = {
            name: Decider(each.rulebase, store=KeptDiagrams(each.rulebase))
            for name, each in self.deciders.items()
        }
        self.default = next(iter(self.deciders))
        self._overviews = {
            name: with_maps(read_overviews(each.rulebase)) for name, each in self.deciders.items()
        }
        self._maps: dict[str, Document] = {}
        self._making = threading.Lock()

    def warm_up(self, seconds: float = WARM_SECONDS) -> None:
        """Build what a first decision of each kind would otherwise wait for, as much of it as the
        time allows."""
        self._build(self._usual(), time.monotonic() + seconds)

    def build_on(self, idle: Callable[[], bool], stop: threading.Event) -> None:
        """Build the rest of that, and what a first question in each jurisdiction needs, as long as
        nobody is waiting for an answer. Everything else is built when it is first needed: all
        together would take more memory than it saves time."""
        for step in chain(self._usual(), self._asked()):
            while not idle():
                if stop.wait(IDLE_SECONDS):
                    return
            if stop.is_set():
                return
            self._build([step])

    def _usual(self) -> Iterator[Step]:
        """The loans of each kind that is built apart, in each jurisdiction, kind by kind."""
        for decider in self.deciders.values():
            rulebase = decider.rulebase
            section = rulebase.facts.get(rulebase.section_fact)
            kinds = [{}] if section is None else [{section.name: value} for value in section.values]
            yield from ((decider, k | place) for k in kinds for place in _places(rulebase))

    def _asked(self) -> Iterator[Step]:
        """The loans in each jurisdiction of which nothing else is known."""
        for decider in self.deciders.values():
            yield from ((decider, place) for place in _places(decider.rulebase))

    @staticmethod
    def _build(steps: Iterable[Step], end: float = math.inf) -> None:
        """Build the diagrams of the decisions that people ask first, for some loans."""
        for decider, facts in steps:
            if time.monotonic() > end:
                return
            main = decider.rulebase.main or decider.wanted(None)
            with unsearched(for_good=True):
                built = decider.compiled_for(facts, decider.needed(main))
            built.forest.forget()  # it takes much memory, and what is built on does without

    def find(self, name: str | None) -> Decider:
        """The pack of that name, or the default. Raises ``Refusal``."""
        decider = self.deciders.get(self.default if name is None else name)
        if decider is None:
            hint = likely((name or "")[:80], self.deciders)
            detail = hint or f"these are served: {listing(self.deciders)}"
            raise Refusal("unknown-pack", detail)
        return decider

    def decider_for(self, rulebase: Rulebase, request: Request) -> Decider:
        """What decides the loans of a request."""
        known = request.places_known(rulebase)
        return (self.deciders if known else self._anywhere)[rulebase.name]

    def view(self, decider: Decider) -> Decider | None:
        """The pack that holds the popular view of what a pack says, where it is served."""
        return self.deciders.get(decider.rulebase.compare_with)

    @cached_property
    def packs(self) -> Document:
        """The packs that are served."""
        data = [
            {**pack_data(each.rulebase), "title": each.rulebase.title, "default": n == self.default}
            for n, each in self.deciders.items()
        ]
        return document(_json({"engine": __version__, "packs": data}), "application/json")

    @cached_property
    def _pack_documents(self) -> Mapping[str, Document]:
        return {
            name: _document(each, _json({**_pack(each), "maps": len(self._overviews[name])}))
            for name, each in self.deciders.items()
        }

    @cached_property
    def _descriptions(self) -> Mapping[str, Document]:
        return {
            name: _document(each, _json(description(each.rulebase, __version__)))
            for name, each in self.deciders.items()
        }

    def pack(self, name: str) -> Document:
        """What a pack knows: its facts and its decisions. Raises ``Refusal``."""
        return self._pack_documents[self.find(name).rulebase.name]

    def maps(self, name: str | None) -> Document:
        """The maps of a pack as a piece of HTML, made when they are first asked for, which takes a
        second. A tile leads to the page with its answer. Raises ``Refusal``."""
        decider = self.find(name)
        known = decider.rulebase.name

        def address(fact: Fact, value: Value) -> str:
            return f"#{quote(known)}?{quote(fact.name)}={quote(show(value, fact.type))}"

        with self._making:
            if known not in self._maps:
                html = maps_html(decider, self._overviews[known], address)
                self._maps[known] = document(html.encode(), "text/html; charset=utf-8")
            return self._maps[known]

    def openapi(self, name: str | None) -> Document:
        """The OpenAPI description, with the facts of one pack. Raises ``Refusal``."""
        return self._descriptions[self.find(name).rulebase.name]


def _places(rulebase: Rulebase) -> list[dict[str, Value]]:
    """The jurisdictions that have rules of their own, as facts; no fact where there is none."""
    return [{rulebase.jurisdiction_fact: place} for place in places(rulebase)] or [{}]


def _document(decider: Decider, body: bytes) -> Document:
    digest = decider.rulebase.digest
    return document(body, "application/json", digest, __version__, str(len(body)))


def _pack(decider: Decider) -> Data:
    rulebase = decider.rulebase
    return {
        "engine": __version__,
        **pack_data(rulebase),
        "title": rulebase.title,
        "description": rulebase.description,
        "jurisdiction": rulebase.jurisdiction_fact,
        "compare_with": rulebase.compare_with,
        "main": list(rulebase.main or rulebase.decisions),
        "facts": facts_data(rulebase),
        "decisions": [
            {
                "name": each.name,
                "type": each.type,
                "label": each.label,
                "group": each.group,
                "description": each.description,
                "values": dict(each.values),
                "requires": list(each.requires),
                "parameter": each.parameter,
                "at_least": None if each.at_least is None else to_json(each.at_least, each.type),
            }
            for each in rulebase.decisions.values()
        ],
    }


def _json(data: Data) -> bytes:
    return json.dumps(data, ensure_ascii=False).encode()
