"""The service under load: whole decisions over loopback, as one worker gives them.

    python -m tests.benchmarks.serve [--pack NAME] [--seconds N] [--rate N] [--connections N]
                                     [--requests N] [--record]

First every loan once; then as fast as it goes, over some connections; then, with ``--requests``, so
many more at full speed, each another loan, to see whether memory grows; and at a fixed rate, where
the time of a request counts from when it was due, so that none is forgiven for those before it.
Memory and processor time are read from the service's own metrics.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, cast

import uvloop

from engine import load
from engine.analysis.case_files import read_cases
from engine.evaluation.facts import read_facts
from engine.model import Rulebase
from engine.problems import InputError
from engine.reading.loans import Loan, read_loans
from tests.benchmarks.timing import machine, percentile
from tests.service.running import Running, service

MEMORY, CPU = "process_resident_memory_bytes", "process_cpu_seconds_total"
MIB = 1024**2
EXAMPLES = Path(__file__).parents[2] / "examples"
MANY_FACTS = 10
"""A case that states as many facts is as good as a loan's file; fewer leave much open."""
MEMORY_EVERY = 10
"""So many times a long run reads the service's memory."""


@dataclass
class Measured:
    """What came of some requests: their times in milliseconds, their statuses, and a checksum of
    the answer to each loan; ``changed`` counts answers that differ from an earlier one."""

    times: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    answers: dict[int, int] = field(default_factory=dict)
    changed: int = 0
    seconds: float = 0.0

    def add(self, number: int, answer: Answer, started: float) -> None:
        """Count the answer to one loan."""
        self.times.append((perf_counter() - started) * 1_000)
        self.statuses[answer.status] += 1
        if answer.status == 200:
            self.changed += self.answers.setdefault(number, answer.checksum) != answer.checksum

    def __str__(self) -> str:
        shares = {"median": 0.5, "p99": 0.99, "p99.9": 0.999, "worst": 1.0}
        times = ", ".join(f"{n} {percentile(self.times, s):.1f} ms" for n, s in shares.items())
        rate = len(self.times) / self.seconds
        different = f"{len(set(self.answers.values())):,} answers to {len(self.answers):,} loans"
        told = f"{different}, {self.changed} changed; {dict(self.statuses)}"
        return f"{len(self.times):,} requests, {rate:,.0f}/s; {times}; {told}"


# ---- the loans --------------------------------------------------------------------------------


def bodies(pack: str, number: int, seed: int = 20091001) -> list[bytes]:
    """Requests for all decisions of loans like the examples, and like the cases that state nearly
    as much: no two with the same amounts, and others with another seed."""
    rulebase = load(pack).rulebase
    folder = EXAMPLES / pack if (EXAMPLES / pack).is_dir() else EXAMPLES
    found = [loan for path in sorted(folder.glob("*.yaml")) for loan in read_loans(str(path))]
    loans: list[Mapping[str, Any]] = [loan.data for loan in found if isinstance(loan, Loan)]
    chance = random.Random(seed)
    cases = [
        case.given
        for case in read_cases(rulebase)
        if len(case.given) >= MANY_FACTS and case.given.get(rulebase.jurisdiction_fact)
    ]
    loans += chance.sample(cases, min(len(cases), max(0, number - len(loans))))
    return [_body(_varied(rulebase, loans[n % len(loans)], chance)) for n in range(number)]


def _varied(
    rulebase: Rulebase, loan: Mapping[str, Any], chance: random.Random
) -> Mapping[str, Any]:
    """A loan with other amounts; as it is where the pack refuses them."""
    facts = dict(loan)
    for name, value in facts.items():
        if isinstance(value, int) and not isinstance(value, bool) and value > 5_000:
            facts[name] = value + chance.randrange(5_000)
    try:
        read_facts(rulebase, facts)
    except InputError:
        return loan
    return facts


def _body(facts: Mapping[str, Any]) -> bytes:
    return json.dumps({"facts": facts}, default=str).encode()


# ---- the clients ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered: the status, and a checksum of the body."""

    status: int
    checksum: int


class Client(asyncio.BufferedProtocol):
    """One connection that is kept. It reads no more of an answer than it must, as it takes its
    processor time from the service that it measures."""

    def __init__(self) -> None:
        self._buffer = bytearray(1024 * 1024)
        self._view = memoryview(self._buffer)
        self._filled = self._begin = self._end = 0
        self._answered: asyncio.Future[Answer] | None = None
        self._transport: asyncio.Transport | None = None

    @classmethod
    async def to(cls, port: int) -> Client:
        """A client that is connected."""
        _, made = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port)
        return made

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(ConnectionError("the service closed the connection"))

    async def post(self, request: bytes) -> Answer:
        """Send a whole request, and read the answer."""
        assert self._transport is not None
        self._filled = self._end = 0
        self._answered = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answered

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._view[self._filled :]

    def buffer_updated(self, nbytes: int) -> None:
        self._filled += nbytes
        if not self._end and (head := self._buffer.find(b"\r\n\r\n", 0, self._filled)) > 0:
            _, _, length = bytes(self._view[:head]).partition(b"\r\ncontent-length: ")
            self._begin = head + 4
            self._end = self._begin + int(length.split(b"\r", 1)[0])
        if self._end and self._filled == self._end:
            assert self._answered is not None
            checksum = zlib.crc32(self._view[self._begin : self._end])
            self._answered.set_result(Answer(int(self._buffer[9:12]), checksum))

    def close(self) -> None:
        """Close the connection."""
        assert self._transport is not None
        self._transport.close()


def prepared(path: str, requests: Sequence[bytes]) -> list[bytes]:
    """Bodies as whole requests, ready to be sent."""
    head = f"POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
    return [f"{head}content-length: {len(body)}\r\n\r\n".encode() + body for body in requests]


async def at_full_speed(
    port: int,
    path: str,
    requests: Sequence[bytes],
    connections: int,
    seconds: float = float("inf"),
    number: int = sys.maxsize,
) -> Measured:
    """As many requests as get through in some time, or so many, each connection sending one after
    the other."""
    measured = Measured()
    ready = prepared(path, requests)
    begin = perf_counter()
    waiting = iter(range(number))

    async def one() -> None:
        client = await Client.to(port)
        for next_ in waiting:
            loan = next_ % len(ready)
            started = perf_counter()
            measured.add(loan, await client.post(ready[loan]), started)
            if perf_counter() - begin > seconds:
                break
        client.close()

    await asyncio.gather(*(one() for _ in range(connections)))
    measured.seconds = perf_counter() - begin
    return measured


async def at_a_rate(
    port: int, path: str, requests: Sequence[bytes], rate: float, seconds: float
) -> Measured:
    """Requests at random moments, so many a second on average."""
    measured = Measured()
    chance = random.Random(7)
    ready = prepared(path, requests)
    idle = [await Client.to(port) for _ in range(20)]
    begin = due = perf_counter()

    async def one(loan: int, due: float) -> None:
        client = idle.pop() if idle else await Client.to(port)
        measured.add(loan, await client.post(ready[loan]), due)
        idle.append(client)

    async with asyncio.TaskGroup() as group:
        number = 0
        while due - begin < seconds:
            due += chance.expovariate(rate)
            await asyncio.sleep(max(0.0, due - perf_counter()))
            group.create_task(one(number % len(ready), due))
            number += 1
    measured.seconds = perf_counter() - begin
    for client in idle:
        client.close()
    return measured


# ---- the figures ------------------------------------------------------------------------------


def told(running: Running, what: str, load: Any) -> Measured:
    """Make a load and print what came of it, with the processor time that a request took here and
    there."""
    cpu, own = running.gauge(CPU), process_time()
    measured: Measured = uvloop.run(load)
    number = len(measured.times)
    service_ms = (running.gauge(CPU) - cpu) / number * 1_000
    own_ms = (process_time() - own) / number * 1_000
    print(f"{what}: {measured}")
    print(
        f"    processor time a request: {service_ms:.2f} ms of the service, so a core to itself "
        f"gives {1_000 / service_ms:,.0f}/s; {own_ms:.2f} ms of the clients; "
        f"memory {running.gauge(MEMORY) / MIB:.1f} MiB",
        flush=True,
    )
    return measured


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pack", default="us")
    parser.add_argument("--loans", type=int, default=2_000, help="different ones")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rate", type=float, default=300)
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--requests", type=int, default=0, help="for a long run")
    parser.add_argument("--record", action="store_true", help="with an audit trail")
    options = parser.parse_args()
    print(machine())
    requests = bodies(options.pack, options.loans)
    path = f"/v1/decide?pack={options.pack}"
    with tempfile.TemporaryDirectory() as folder:
        more = ["--record", f"{folder}/trail.jsonl"] if options.record else []
        with service("--pack", options.pack, *more) as running:
            port, lines = running.port, options.connections

            def once(loans: Sequence[bytes]) -> Any:
                return at_full_speed(port, path, loans, lines, number=len(loans))

            full = at_full_speed(port, path, requests, lines, options.seconds)
            fixed = at_a_rate(port, path, requests, options.rate, options.seconds)
            loads = [
                told(running, "every loan once", once(requests)),
                told(running, f"full speed, {lines} connections", full),
            ]
            for part in range(1, MEMORY_EVERY + 1 if options.requests else 1):
                fresh = bodies(options.pack, options.requests // MEMORY_EVERY, part)
                loads.append(told(running, f"long run, {part} of {MEMORY_EVERY}", once(fresh)))
            loads.append(told(running, f"at {options.rate:g}/s", fixed))
    sound = all({*load.statuses} == {200} for load in loads)
    same = options.record or not any(load.changed for load in loads)  # a record tells the time
    return 0 if sound and same else 1


if __name__ == "__main__":
    raise SystemExit(main())
