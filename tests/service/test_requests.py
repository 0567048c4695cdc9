"""Reading a request: the plain way and the careful way come to the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("starlette", reason="needs the extra `serve`")

from engine import load
from engine.service import requests
from engine.service.refusals import Refusal
from engine.service.requests import Request, read_request

PRIMER = load("primer").rulebase
KEYS = ("facts", "loans", "only", "strict", "unknown")

SOUND = [
    b'{"facts": {}}',
    b' {"facts" : {"loan_kind": "auto", "sale_price": 9500.50, "outstanding_debt": -3}}\n',
    b'{"facts": {"loan_kind": null, "stable_job": true}, "strict": true, "only": ["recourse", "recourse"]}',
    b'{"facts": {"loan_kind": "auto"}, "unknown": ["sale_price", "sale_price"]}',
]
ODD = [
    b"", b"[]", b"{}", b"nul", b'{"facts": []}', b'{"facts": null}', b'{"facts": {"loan_kind": ["auto"]}}',
    b'{"facts": {}, "facts": {}}', b'{"facts": {"loan_kind": "a", "loan_kind": "b"}}',
    b'{"facts": {}, "only": []}', b'{"facts": {}, "only": "recourse"}', b'{"facts": {}, "only": ["x"]}',
    b'{"facts": {}, "only": null}', b'{"facts": {}, "only": [["recourse"]]}', b'{"facts": {}, "strict": 1}',
    b'{"facts": {}, "strict": null}', b'{"facts": {}, "unknown": null}', b'{"facts": {}, "unknown": [1]}',
    b'{"facts": {"sale_price": NaN}}', b'{"facts": {"sale_price": 1e5}}', b'{"facts": {"sale_price": 01}}',
    b'{"facts": {"sale_price": ' + b"9" * 40 + b"}}", b'{"facts": {"sale_price": ' + b"9" * 5000 + b"}}",
    b'{"facts": {"loan_kind": "a\\u0007"}}', b'{"facts": {"loan_kind": "a\x7f"}}', b'{"facts": {"loan_kind": "a\x07"}}',
    b'{"facts": {"loan_kind": "\\ud800"}}', '{"facts": {"loan_kind": "é"}}'.encode(), b'{"facts": {"loan_kind": "\xff"}}',
    '{"facts": {}}'.encode("utf-16-le"), b"\xef\xbb\xbf" + b'{"facts": {}}', b'{"facts": {}} x', b'{"facts": {},}',
    b"[" * 5000, b'{"facts": ' * 800, b'{"facts": {"boat": 1}}', b'{"loans": [{}]}', b'{"facts": {}, "loans": []}',
    b'{"facts": {}, "pack": "us"}', b'{"facts": {"loan_kind": {"is": "auto"}}}',
]  # fmt: skip


def both(data: bytes, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    """What a body states, read as it is and always with care, or what is wrong with it."""
    plain = _read(data)
    with monkeypatch.context() as patched:
        patched.setattr(requests, "MAX_PLAIN", -1)
        return plain, _read(data)


def _read(data: bytes) -> object:
    try:
        found = read_request(data, PRIMER, KEYS)
    except Refusal as refusal:
        return refusal.data
    loans = [(loan.name, loan.data, _places(found)) for loan in found.loans]
    types = [[type(value) for value in loan.data.values()] for loan in found.loans]
    return loans, types, found.many, found.only, found.strict, found.unknown


def _places(request: Request) -> object:
    return [
        loan.locate(fact, key)
        for loan in request.loans
        for fact in (*loan.data, "no_such_fact")
        for key in (True, False)
    ]


@pytest.mark.parametrize("data", SOUND + ODD, ids=lambda data: repr(data[:50]))
def test_both_ways_come_to_the_same(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, careful = both(data, monkeypatch)
    assert plain == careful


def test_a_sound_body_is_read_the_plain_way(monkeypatch: pytest.MonkeyPatch) -> None:
    def not_needed(*arguments: object) -> None:
        raise AssertionError

    monkeypatch.setattr(requests, "_parsed", not_needed)
    for data in SOUND:
        assert read_request(data, PRIMER, KEYS).loans


texts = st.text(max_size=8) | st.sampled_from(["auto", "OH", "2020-01-01", "12,000"])
values = st.none() | st.booleans() | st.integers() | st.floats() | texts
names = st.sampled_from([*PRIMER.facts][:6]) | st.text(max_size=4)
decisions = st.sampled_from([*PRIMER.decisions][:4]) | texts
bodies = st.fixed_dictionaries(
    {"facts": st.dictionaries(names, values | st.lists(values, max_size=2), max_size=5)},
    optional={
        "only": st.lists(decisions, max_size=3) | values,
        "strict": values,
        "unknown": st.lists(names | values, max_size=3),
        "loans": st.lists(st.dictionaries(names, values, max_size=2), max_size=2),
    },
)


@settings(max_examples=300, deadline=None)
@given(body=bodies, ascii_=st.booleans(), cut=st.none() | st.integers(0, 200))
def test_both_ways_come_to_the_same_whatever_is_sent(
    body: object, ascii_: bool, cut: int | None
) -> None:
    data = json.dumps(body, ensure_ascii=ascii_).encode("utf-8", "surrogatepass")
    with pytest.MonkeyPatch.context() as patched:
        plain, careful = both(data[:cut], patched)
    assert plain == careful
