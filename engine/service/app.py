"""The ASGI application: addresses, bounds, and how every request ends."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Hashable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.requests import Request as Call
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine import __version__
from engine.auditing import Trail
from engine.evaluation.decide import Decider, Disagreement
from engine.garbage import searched_young
from engine.model import Rulebase
from engine.presentation.record import pack_data
from engine.service.answers import Reply, ask_for_place, decided, explained, possible
from engine.service.crew import ASKED_SECONDS, SLOW_SECONDS, Crew
from engine.service.logs import LOGGER, failure
from engine.service.metrics import Metrics
from engine.service.page import CONTENT_POLICY, page_files
from engine.service.recording import Recorder
from engine.service.refusals import CONTENT_TYPE, Refusal
from engine.service.requests import BODY_SECONDS, MAX_BODY, Request, read_request
from engine.service.served import Document, Served
from engine.values import describe

SEARCH_AFTER, SEARCHES = 10_000, 3
"""So many new objects pass before Python looks for garbage among them, and so many such searches
before it looks at what they left. A request leaves none that it would find."""
QUIET_SECONDS = 0.25
"""So long nobody must have asked before something is built that nobody waits for: between two
requests of many it would be in the way of the next."""
LONG = 8 * 1024
"""A body of more bytes than this, some ten loans, is not tried quickly."""

_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "content-security-policy": CONTENT_POLICY,
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
_log = logging.getLogger(LOGGER)


def make_app(packs: Collection[str], record: str | None = None) -> ASGIApp:
    """The application for some packs; ``record`` names the file of its audit trail.

    Raises ``InputError`` for a pack that can't be used or a file that can't be written.
    """
    service = Service(Served(packs), None if record is None else Trail(record))
    return Guarded(service.routes(), service.metrics)


class Service:
    """The answers at each address."""

    def __init__(self, served: Served, trail: Trail | None) -> None:
        self.served = served
        self.metrics = Metrics()
        self._crew = Crew()
        self._trail = trail
        self._recorder: Recorder | None = None
        self._info = {
            name: {"engine": __version__, **pack_data(each.rulebase)}
            for name, each in served.deciders.items()
        }

    def routes(self) -> Router:
        """What answers at which address."""
        return Router(
            routes=[
                Route("/v1/decide", self.decide, methods=["POST"]),
                Route("/v1/possible", self.possible, methods=["POST"]),
                Route("/v1/explain", self.explain, methods=["POST"]),
                Route("/v1/packs", self.packs),
                Route("/v1/packs/{name}", self.pack),
                Route("/openapi.json", self.openapi),
                Route("/maps", self.maps),
                Route("/healthz", self.health),
                Route("/metrics", self.tell_metrics),
                *(Route(path, _sender(file)) for path, file in page_files().items()),
            ],
            redirect_slashes=False,
            lifespan=self.lifespan,
        )

    @asynccontextmanager
    async def lifespan(self, app: Router) -> AsyncIterator[None]:
        """Get ready before the first request, and finish what is begun after the last."""
        await asyncio.to_thread(self.served.warm_up)
        if self._trail is not None:
            self._recorder = Recorder(self._trail)
        _log.info("ready", extra={"data": {"engine": __version__, "packs": list(self._info)}})
        stop = threading.Event()
        building = asyncio.create_task(asyncio.to_thread(self.served.build_on, self._idle, stop))
        with searched_young(SEARCH_AFTER, SEARCHES):  # what packs hold never becomes garbage
            yield
        stop.set()
        await building
        self._crew.close()
        if self._recorder is not None:
            self._recorder.close()
        _log.info("stopped")

    def _idle(self) -> bool:
        return self.metrics.quiet_seconds >= QUIET_SECONDS

    # ---- decisions ----

    async def decide(self, call: Call) -> Response:
        """``POST /v1/decide``."""
        keys = ("facts", "loans", "only", "strict")
        return await self._answered(call, keys, self._decided)

    async def possible(self, call: Call) -> Response:
        """``POST /v1/possible``."""
        keys = ("facts", "only", "strict", "unknown")
        return await self._answered(call, keys, self._possible, ask_for_place, ASKED_SECONDS)

    async def explain(self, call: Call) -> Response:
        """``POST /v1/explain``."""
        return await self._answered(call, ("facts", "only", "strict"), self._explained)

    def _decided(self, decider: Decider, request: Request, until: float) -> Reply:
        return decided(decider, __version__, request, until, self._recorder is not None)

    def _possible(self, decider: Decider, request: Request, until: float) -> Reply:
        return possible(decider, __version__, request, until)

    def _explained(self, decider: Decider, request: Request, until: float) -> Reply:
        view = self.served.view(decider)
        recorded = self._recorder is not None
        return explained(decider, view, __version__, request, until, recorded)

    async def _answered(
        self,
        call: Call,
        keys: Collection[str],
        answer: Callable[[Decider, Request, float], Reply],
        otherwise: Callable[[Decider, Request], Reply | None] = lambda decider, request: None,
        seconds: float = SLOW_SECONDS,
    ) -> Response:
        """What ``answer`` makes of a request; where that takes longer than ``seconds``, what
        ``otherwise`` makes of it, or a refusal."""
        decider = self.served.find(_pack(call))
        rulebase = decider.rulebase
        body = await _body(call)
        request = Request()

        def read() -> None:
            nonlocal request
            request = read_request(body, rulebase, keys)

        def work(until: float) -> Reply:
            if kind is None:
                read()
            return answer(self.served.decider_for(rulebase, request), request, until)

        kind = None
        if len(body) <= LONG:
            read()
            kind = (call.scope["path"], *_kind(rulebase, request))
        small = request.places_known(rulebase)
        try:
            reply = await self._crew.run(work, kind, small=small, seconds=seconds)
        except Refusal as refusal:
            instead = otherwise(decider, request) if refusal.kind == "too-slow" else None
            if instead is None:
                raise
            reply = instead
        if self._recorder is not None and reply.records:
            await self._recorder.keep(reply.records)
            self.metrics.count("recourse_recorded_total", len(reply.records))
        name = rulebase.name
        self.metrics.count("recourse_decisions_total", reply.decided, pack=name)
        if reply.refused:
            self.metrics.count("recourse_refused_loans_total", reply.refused, pack=name)
        call.state.loans = reply.decided + reply.refused
        headers = {"cache-control": "no-store"}
        return Response(reply.body, media_type="application/json", headers=headers)

    # ---- documents ----

    async def packs(self, call: Call) -> Response:
        """``GET /v1/packs``."""
        return _sent(call, self.served.packs)

    async def pack(self, call: Call) -> Response:
        """``GET /v1/packs/{name}``."""
        return _sent(call, self.served.pack(call.path_params["name"]))

    async def openapi(self, call: Call) -> Response:
        """``GET /openapi.json``."""
        return _sent(call, self.served.openapi(_pack(call)))

    async def maps(self, call: Call) -> Response:
        """``GET /maps``: what the page shows of the overviews."""
        name = _pack(call)
        return _sent(call, await self._crew.run(lambda until: self.served.maps(name)))

    async def health(self, call: Call) -> Response:
        """``GET /healthz``."""
        return JSONResponse({"status": "ok", "engine": __version__})

    async def tell_metrics(self, call: Call) -> Response:
        """``GET /metrics``."""
        return Response(self.metrics.text(self._info), media_type="text/plain; version=0.0.4")


# ---- what comes in and what goes out ----------------------------------------------------------


def _pack(call: Call) -> str | None:
    """The pack that an address names. Raises ``Refusal`` where it says something else: with
    ``pack`` misspelt, the rules of another pack would answer."""
    strange = [key for key in call.query_params if key != "pack"]
    if strange:
        detail = f"an address takes `?pack=` and nothing else; it has {describe(strange[0])}"
        raise Refusal("bad-request", detail)
    return call.query_params.get("pack")


async def _body(call: Call) -> bytes:
    """The body of a request, within the bounds. Raises ``Refusal``."""
    kind, _, more = call.headers.get("content-type", "").partition(";")
    charset = more.replace(" ", "").lower().removeprefix("charset=")
    if kind.strip().lower() != "application/json" or charset not in ("", "utf-8", '"utf-8"'):
        raise Refusal(
            "unsupported-content", "send JSON in UTF-8, with content-type application/json"
        )
    if call.headers.get("content-encoding", "identity").lower() != "identity":
        raise Refusal("unsupported-content", "send the body as it is, not compressed")
    length = call.headers.get("content-length", "")
    if length.isdecimal() and (len(length) > 12 or int(length) > MAX_BODY):
        raise _too_big()
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for part in call.stream():
                size += len(part)
                if size > MAX_BODY:
                    raise _too_big()
                parts.append(part)
    except TimeoutError:
        detail = f"it has to be here within {BODY_SECONDS:g} seconds"
        raise Refusal("slow-body", detail, headers={"connection": "close"}) from None
    return b"".join(parts)


def _too_big() -> Refusal:
    detail = f"at most {MAX_BODY // 1024} KiB are read"
    return Refusal("body-too-big", detail, headers={"connection": "close"})


def _kind(rulebase: Rulebase, request: Request) -> tuple[Hashable, ...]:
    """What the diagrams hang on that a request needs."""
    facts = (rulebase.jurisdiction_fact, rulebase.section_fact)
    loans = {tuple(str(loan.data.get(name))[:40] for name in facts) for loan in request.loans}
    return rulebase.name, frozenset(loans), request.only, request.strict


def _sent(call: Call, document: Document) -> Response:
    headers = {"etag": document.tag, "cache-control": "no-cache"}
    known = call.headers.get("if-none-match", "")
    tags = [tag.strip().removeprefix("W/") for tag in known.split(",")]
    if document.tag in tags or known.strip() == "*":
        return Response(status_code=304, headers=headers)
    return Response(document.body, media_type=document.kind, headers=headers)


def _sender(document: Document) -> Callable[[Call], Awaitable[Response]]:
    async def send(call: Call) -> Response:
        return _sent(call, document)

    return send


class Guarded:
    """The outermost layer: every request ends with an answer or a refusal, is counted, timed and
    logged, whatever happens within."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or take part in the beginning and the end of the service."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = uuid.uuid4().hex[:16]
        status = 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                more = {**_HEADERS, "x-request-id": request_id}
                message["headers"] += [(k.encode(), v.encode()) for k, v in more.items()]
            await send(message)

        scope["app"] = self  # asks the router to raise, rather than to answer, what it can't route
        started = time.perf_counter()
        self._metrics.began()
        told: dict[str, Any] = {}
        try:
            await self._app(scope, receive, watched)
        except ClientDisconnect:
            status = status or 499
        except Exception as error:
            refusal = _refusal(error, told)
            told["problem"] = refusal.kind
            told |= (
                {"codes": sorted({p.code for p in refusal.problems})} if refusal.problems else {}
            )
            if status == 0:
                headers = {"cache-control": "no-store", **refusal.headers}
                response = Response(
                    refusal.body, refusal.status, headers=headers, media_type=CONTENT_TYPE
                )
                await response(scope, receive, watched)
        finally:
            self._metrics.ended()
            seconds = time.perf_counter() - started
            self._note(scope, request_id, status, seconds, told)

    def _note(
        self, scope: Scope, request_id: str, status: int, seconds: float, told: Mapping[str, Any]
    ) -> None:
        route = _route(scope)
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._metrics.count(
            "recourse_requests_total", route=route, method=method, status=str(status)
        )
        self._metrics.took(route, seconds)
        data = {
            "id": request_id,
            "method": method,
            "route": route,
            "status": status,
            "ms": round(seconds * 1000, 2),
            **told,
        }
        if loans := scope.get("state", {}).get("loans"):
            data["loans"] = loans
        _log.log(logging.ERROR if status >= 500 else logging.INFO, "request", extra={"data": data})


_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}


def _route(scope: Scope) -> str:
    """The address as the routes write it: what was asked for may be anything, and is not logged."""
    route = scope.get("route")
    return route.path if isinstance(route, Route) else "none"


def _refusal(error: Exception, told: dict[str, Any]) -> Refusal:
    """What to answer where a request failed; ``told`` gains what the log needs to know of it."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, HTTPException) and error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "")
        return Refusal("method-not-allowed", f"it takes {allowed}", headers={"allow": allowed})
    if isinstance(error, HTTPException):
        return Refusal("not-found", "`/openapi.json` lists every address")
    told["error"] = failure(error)
    if isinstance(error, Disagreement):
        return Refusal("evaluators-disagree", "this is a fault of the engine; please report it")
    return Refusal("internal-error", "this is a fault of the service; please report it")
