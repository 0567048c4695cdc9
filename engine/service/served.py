"""The packs that are served, ready to decide, and what is told of them."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote

from engine import Decider, __version__, load
from engine.evaluation.slices import places
from engine.model import Fact, Rulebase, Value
from engine.presentation.catalogue import facts_data
from engine.presentation.record import pack_data
from engine.presentation.site.maps import maps_html, with_maps
from engine.problems import likely, listing
from engine.reading.overviews import read_overviews
from engine.service.openapi import description
from engine.service.refusals import Refusal
from engine.values import show, to_json

Data = dict[str, Any]

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
        found = [load(pack) for pack in packs]
        self.deciders: Mapping[str, Decider] = {each.rulebase.name: each for each in found}
        self.default = next(iter(self.deciders))
        self._overviews = {
            name: with_maps(read_overviews(each.rulebase)) for name, each in self.deciders.items()
        }
        self._maps: dict[str, Document] = {}
        self._making = threading.Lock()

    def warm_up(self, seconds: float = WARM_SECONDS) -> None:
        """Build what a first decision would otherwise wait for, as much of it as the time allows:
        the rest is built when it is first needed."""
        end = time.monotonic() + seconds
        for decider in self.deciders.values():
            rulebase = decider.rulebase
            _ = decider.rete
            for facts in _usual(rulebase):
                if time.monotonic() > end:
                    return
                decider.compiled_for(facts)
            _ = decider.compiled

    def find(self, name: str | None) -> Decider:
        """The pack of that name, or the default. Raises ``Refusal``."""
        decider = self.deciders.get(self.default if name is None else name)
        if decider is None:
            hint = likely((name or "")[:80], self.deciders)
            detail = hint or f"these are served: {listing(self.deciders)}"
            raise Refusal("unknown-pack", detail)
        return decider

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


def _usual(rulebase: Rulebase) -> list[dict[str, Value]]:
    """The jurisdictions, for loans of each kind that is built apart, kind by kind."""
    section = rulebase.facts.get(rulebase.section_fact)
    kinds = [{}] if section is None else [{section.name: value} for value in section.values]
    return [{**k, rulebase.jurisdiction_fact: p} for k in kinds for p in places(rulebase)]


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
