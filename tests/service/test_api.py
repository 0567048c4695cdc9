"""The API: what it answers, and how it says that it does not."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from engine import __version__
from engine.evaluation.decide import Disagreement
from engine.evaluation.reach import TooSlow
from engine.reading.schema import read_schema
from engine.service.logs import LOGGER, JsonLines
from engine.service.refusals import CONTENT_TYPE, KINDS
from engine.service.requests import MAX_BODY, MAX_LOANS
from tests.service.running import Running
from tests.test_cli import EXAMPLES, run

CAR = {"loan_kind": "auto", "outstanding_debt": 14000, "sale_price": "9,500.00"}
RECORD = Draft202012Validator(dict(read_schema("record")))


# ---- answers ----------------------------------------------------------------------------------


def test_a_decision_is_the_record_that_the_command_writes(primer: Running) -> None:
    answer = primer.post("/v1/decide", {"facts": json.loads((EXAMPLES / "priya.json").read_text())})
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert list(RECORD.iter_errors(answer.data)) == []
    done = run("decide", str(EXAMPLES / "priya.json"), "--pack", "primer", "--format", "json")
    written = json.loads(done.stdout)
    del written["loan"]
    for decision in written["decisions"].values():
        decision.pop("change", None)
    assert answer.data == written


def test_some_decisions_and_without_presumptions(primer: Running) -> None:
    request = {"facts": CAR, "only": ["recourse"], "strict": True}
    record = primer.post("/v1/decide?pack=primer", request).data
    assert list(record["decisions"]) == ["recourse"]
    assert record["strict"] is True
    assert record["presumed"] == {}


def test_many_loans_each_get_an_answer_or_a_refusal(primer: Running) -> None:
    answer = primer.post("/v1/decide", {"loans": [CAR, {"loan_kind": "boat"}, {}]})
    assert answer.status == 200
    first, second, third = answer.data["results"]
    assert first["facts"]["sale_price"] == "9500.00"
    assert (second["status"], second["problems"][0]["pointer"]) == (422, "/loans/1/loan_kind")
    assert third["facts"] == {}


def test_only_what_goes_together_with_the_facts_is_offered(law: Running) -> None:
    request = {"facts": {"property_state": "GA", "loan_kind": "auto"}}
    question = law.post("/v1/possible", request).data["next"]
    assert question["fact"] == "disposition"
    assert "repossession" in question["values"]
    assert "judicial_foreclosure" not in question["values"]


def test_an_interview_by_what_is_possible(primer: Running) -> None:
    facts: dict[str, object] = {}
    unknown: list[str] = []
    seen = set()
    known = {fact["name"]: fact for fact in primer.ask("GET", "/v1/packs/primer").data["facts"]}
    for _ in range(30):
        request = {"facts": facts, "unknown": unknown, "only": ["recourse"]}
        data = primer.post("/v1/possible", request).data
        question = data["next"]
        if question is None:
            break
        assert data["questions"][0] == question
        assert question["settles"] == ["recourse"]
        name = question["fact"]
        assert name not in seen
        seen.add(name)
        fact = known[name]
        if fact["type"] == "enum":
            assert set(question["values"]) <= set(fact["values"])
            facts[name] = question["values"][0]
        elif fact["type"] == "boolean":
            facts[name] = False
        else:
            unknown.append(name)
    assert question is None
    assert data["record"]["decisions"]["recourse"]["status"] == "decided"


def test_an_explanation_holds_changes_and_the_popular_view(law: Running) -> None:
    facts = {"property_state": "CA", "loan_kind": "mortgage", "loan_purpose": "refinance"}
    record = law.post("/v1/explain?pack=us", {"facts": facts, "only": ["recourse"]}).data
    assert list(RECORD.iter_errors(record)) == []
    heloc = {"property_state": "OH", "loan_kind": "mortgage", "loan_purpose": "purchase"}
    heloc |= {"occupancy": "primary", "disposition": "judicial_foreclosure"}
    only = ["recourse", "recourse_cap", "deficiency", "borrower_owes", "lender_must"]
    record = law.post("/v1/explain", {"facts": heloc, "only": only}).data
    assert list(RECORD.iter_errors(record)) == []
    assert any("change" in decision for decision in record["decisions"].values())


def test_documents_have_tags_that_follow_the_rules(primer: Running) -> None:
    for path in ("/v1/packs", "/v1/packs/primer", "/openapi.json", "/", "/page.js"):
        answer = primer.ask("GET", path)
        assert answer.status == 200
        tag = answer.headers["etag"]
        for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            again = primer.ask("GET", path, headers={"if-none-match": known})
            assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
        assert primer.ask("GET", path, headers={"if-none-match": '"other"'}).status == 200
        head = primer.ask("HEAD", path)
        assert (head.status, head.body, head.headers["etag"]) == (200, b"", tag)


def test_what_is_told_of_a_pack(primer: Running) -> None:
    (pack,) = primer.ask("GET", "/v1/packs").data["packs"]
    assert (pack["name"], pack["default"]) == ("primer", True)
    told = primer.ask("GET", "/v1/packs/primer").data
    assert told["digest"] == pack["digest"]
    assert {fact["name"] for fact in told["facts"]} >= {"loan_kind", "property_state"}
    assert {decision["name"] for decision in told["decisions"]} >= {"recourse"}
    assert primer.ask("GET", "/healthz").data == {"status": "ok", "engine": __version__}


def test_the_description_holds_the_packs_own_facts(primer: Running) -> None:
    description = primer.ask("GET", "/openapi.json").data
    schemas = description["components"]["schemas"]
    assert "auto" in json.dumps(schemas["facts"]["properties"]["loan_kind"])
    text = json.dumps(description)
    assert "#/$defs/" not in text
    for path, methods in description["paths"].items():
        for content in [methods["post"]["requestBody"]] if "post" in methods else []:
            for example in content["content"]["application/json"]["examples"].values():
                assert primer.post(path, example["value"]).status == 200


# ---- refusals ---------------------------------------------------------------------------------

DEEP = '{"facts": ' + "[" * 100_000 + "]" * 100_000 + "}"
WRONG: list[tuple[str, int, str, str]] = [
    ("", 400, "malformed-body", "empty-body"),
    ("{", 400, "malformed-body", "json-syntax"),
    ('{"facts": {"sale_price": NaN}}', 400, "malformed-body", "json-syntax"),
    ('{"facts": {"sale_price": 1e400}}', 400, "malformed-body", "json-number"),
    ('{"facts": {}, "facts": {}}', 400, "malformed-body", "duplicate-key"),
    ('{"facts": {"loan_kind": "\\ud800"}}', 400, "malformed-body", "json-syntax"),
    (DEEP, 400, "malformed-body", "json-depth"),
    ("[]", 422, "bad-request", "wrong-type"),
    ("{}", 422, "bad-request", "wrong-keys"),
    ('{"facts": {}, "loans": []}', 422, "bad-request", "wrong-keys"),
    ('{"facts": {}, "onyl": ["recourse"]}', 422, "bad-request", "unknown-key"),
    ('{"facts": {}, "only": ["recurse"]}', 422, "bad-request", "unknown-decision"),
    ('{"facts": {}, "only": []}', 422, "bad-request", "wrong-type"),
    ('{"facts": {}, "only": "recourse"}', 422, "bad-request", "wrong-type"),
    ('{"facts": {}, "strict": "yes"}', 422, "bad-request", "wrong-type"),
    ('{"facts": [1]}', 422, "bad-request", "wrong-type"),
    ('{"loans": [[]]}', 422, "bad-request", "wrong-type"),
    ('{"loans": []}', 422, "bad-request", "too-many"),
    (json.dumps({"loans": [{}] * (MAX_LOANS + 1)}), 422, "bad-request", "too-many"),
    (json.dumps({"facts": {f"f{n}": n for n in range(9_000)}}), 422, "bad-request", "unknown-fact"),
    ('{"facts": {"loan_kind": {"a": 1}}}', 422, "unusable-facts", "wrong-type"),
    ('{"facts": {"loan_knd": "auto"}}', 422, "unusable-facts", "unknown-fact"),
    ('{"facts": {"loan_kind": "a\\u202e\\u0301"}}', 422, "unusable-facts", "unknown-value"),
    ('{"facts": {"sale_price": -1}}', 422, "unusable-facts", "negative-money"),
    ('{"facts": {"sale_price": "1e30"}}', 422, "unusable-facts", "out-of-range"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "status", "kind", "code"), WRONG)
def test_what_is_wrong_is_told(
    primer: Running, body: str, status: int, kind: str, code: str
) -> None:
    answer = primer.post("/v1/decide", body)
    data = answer.data
    assert (answer.status, answer.headers["content-type"]) == (status, CONTENT_TYPE)
    assert data["type"] == f"urn:recourse-engine:problem:{kind}"
    assert (data["status"], data["title"]) == KINDS[kind]
    assert code in [problem["code"] for problem in data["problems"]]
    assert b"Traceback" not in answer.body


def test_places_are_pointers_with_line_and_column(primer: Running) -> None:
    body = '{"facts": {\n  "loan_knd": "auto",\n  "sale_price": -1}}'
    first, second = primer.post("/v1/decide", body).data["problems"]
    assert first["hint"] == "did you mean `loan_kind`?"
    assert [first[key] for key in ("pointer", "line", "column")] == ["/facts/loan_knd", 2, 3]
    assert [second[key] for key in ("pointer", "line", "column")] == ["/facts/sale_price", 3, 17]


def test_bytes_that_are_no_json(primer: Running) -> None:
    assert primer.post("/v1/decide", b'{"facts": {"a": "\xff"}}').status == 400
    for headers in (
        {"content-type": "text/plain"},
        {"content-type": "application/json; charset=utf-16"},
        {"content-type": "application/json", "content-encoding": "gzip"},
        {},
    ):
        answer = primer.ask("POST", "/v1/decide", b'{"facts": {}}', headers)
        assert (answer.status, answer.data["type"][-19:]) == (415, "unsupported-content")


def test_no_such_address_pack_or_method(primer: Running) -> None:
    for method, path, status in (
        ("GET", "/v2/decide", 404),
        ("GET", "/v1/packs/premier", 404),
        ("GET", "/openapi.json?pack=us", 404),
        ("GET", "/..%2f..%2fetc%2fpasswd", 404),
        ("GET", "/v1/decide", 405),
        ("DELETE", "/v1/packs", 405),
    ):
        answer = primer.ask(method, path)
        assert (answer.status, answer.headers["content-type"]) == (status, CONTENT_TYPE)
    assert answer.headers["allow"] == "GET, HEAD" or answer.headers["allow"] == "HEAD, GET"
    assert "did you mean `primer`?" in primer.ask("GET", "/v1/packs/premier").data["detail"]


def test_an_address_with_a_misspelt_pack_is_not_answered_by_another(primer: Running) -> None:
    answer = primer.post("/v1/decide?pakc=us", {"facts": CAR})
    assert (answer.status, answer.data["type"][-11:]) == (422, "bad-request")
    assert answer.data["detail"].endswith("it has `pakc`")


def test_a_body_that_is_just_too_big(primer: Running) -> None:
    start, end = b'{"facts": {"loan_kind": "auto"}', b"}"
    fits = start + b" " * (MAX_BODY - len(start) - len(end)) + end
    assert primer.post("/v1/decide", fits).status == 200
    answer = primer.post("/v1/decide", b" " + fits)
    assert (answer.status, answer.data["title"]) == (413, "The body is too big")


# ---- what is sent with every answer, counted and logged ---------------------------------------


def test_every_answer_says_how_it_is_to_be_used(primer: Running) -> None:
    for path in ("/", "/v1/packs", "/no-such-thing"):
        headers = primer.ask("GET", path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "unsafe" not in headers["content-security-policy"]
        assert "access-control-allow-origin" not in headers
        assert "server" not in headers
    assert primer.post("/v1/decide", {"facts": {}}).headers["cache-control"] == "no-store"


def test_the_maps_are_drawn_for_the_page(law: Running, primer: Running) -> None:
    drawn = law.ask("GET", "/maps?pack=us")
    assert drawn.headers["content-type"] == "text/html; charset=utf-8"
    tiles = re.findall(r'<a class="tile" href="#us\?property_state=(\w+)"', drawn.body.decode())
    facts = {fact["name"]: fact for fact in law.ask("GET", "/v1/packs/us").data["facts"]}
    assert sorted(tiles) == sorted(facts["property_state"]["values"])
    same = {"if-none-match": drawn.headers["etag"]}
    assert law.ask("GET", "/maps?pack=us", headers=same).status == 304
    assert law.ask("GET", "/v1/packs/us").data["maps"] == 1
    assert primer.ask("GET", "/v1/packs/primer").data["maps"] == 0
    assert primer.ask("GET", "/maps").body.strip() == b""
    assert primer.ask("GET", "/maps?pack=us").status == 404


def test_requests_are_counted_and_logged_without_what_they_say(primer: Running) -> None:
    primer.post("/v1/decide", {"facts": {"loan_kind": "secretkind", "sale_price": 987654}})
    primer.ask("GET", "/secretpath?secretquery=1", headers={"user-agent": "secretagent"})
    answer = primer.post("/v1/decide", {"loans": [CAR, CAR], "only": ["recourse"]})
    line = primer.logged(answer.headers["x-request-id"])
    lines = primer.log()
    assert (line["route"], line["status"], line["loans"]) == ("/v1/decide", 200, 2)
    assert "secret" not in json.dumps(lines)
    assert "987654" not in json.dumps(lines)
    assert "127.0.0.1" not in json.dumps(lines)
    assert any(each.get("codes") == ["unknown-value"] for each in lines)
    text = primer.ask("GET", "/metrics").body.decode()
    assert 'recourse_requests_total{method="GET",route="none",status="404"}' in text
    assert 'recourse_decisions_total{pack="primer"}' in text
    assert 'recourse_request_seconds_bucket{route="/v1/decide",le="+Inf"}' in text
    for line_ in text.splitlines():
        assert line_.startswith("# ") or float(line_.rpartition(" ")[2]) >= 0


def ask_within(app: Any, body: bytes, path: str = "/v1/decide") -> tuple[int, Any]:
    """A request within this process, so that a fault can be planted."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": path, "query_string": b""}
    asyncio.run(app({**scope, "headers": headers, "state": {}}, receive, send))
    return sent[0]["status"], json.loads(sent[1]["body"])


@pytest.mark.parametrize(
    ("fault", "kind"),
    [(Disagreement("facts: loan_kind: auto"), "evaluators-disagree"),
     (RuntimeError("auto"), "internal-error")],
)  # fmt: skip
def test_a_fault_is_told_without_facts(
    fault: Exception, kind: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*arguments: object, **more: object) -> None:
        raise fault

    pytest.importorskip("starlette", reason="needs the extra `serve`")
    from engine.service.app import make_app

    app = make_app(["primer"])
    monkeypatch.setattr("engine.evaluation.decide.Decider.decide", fails)
    monkeypatch.setattr(logging.getLogger(LOGGER), "propagate", True)
    status, data = ask_within(app, b'{"facts": {"loan_kind": "auto"}}')
    assert (status, data["title"]) == KINDS[kind]
    assert "auto" not in json.dumps(data)
    (logged,) = [JsonLines().format(each) for each in caplog.records]
    assert "auto" not in logged
    assert json.loads(logged)["error"]["type"] == type(fault).__name__


def test_what_takes_too_long_without_the_place_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("starlette", reason="needs the extra `serve`")
    from engine.service.answers import WITHOUT_PLACE
    from engine.service.app import make_app

    app = make_app(["primer"])

    def fails(*arguments: object, **more: object) -> None:
        raise TooSlow

    monkeypatch.setattr("engine.evaluation.decide.Decider.decide", fails)
    body = b'{"facts": {"loan_kind": "auto"}, "unknown": ["property_state"]}'
    status, data = ask_within(app, body, "/v1/possible")
    assert status == 200
    assert data["next"]["fact"] == "property_state"
    assert data["next"]["because"] == WITHOUT_PLACE
    assert data["questions"] == [data["next"]]
    assert data["record"] is None
    known = b'{"facts": {"property_state": "OH"}}'
    for path, asked in (
        ("/v1/possible", known),
        ("/v1/decide", known),
        ("/v1/decide", b'{"facts": {}}'),
    ):
        status, data = ask_within(app, asked, path)
        assert (status, data["title"]) == KINDS["too-slow"]
