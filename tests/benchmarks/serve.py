"""The service under load: whole decisions over loopback, as one worker gives them.

    python -m tests.benchmarks.serve [--pack NAME] [--seconds N] [--rate N] [--connections N] [--record]

First as fast as it goes, over some connections; then at a fixed rate, where the time of a request
counts from when it was due, so that none is forgiven for those before it. Memory is read from the
service's own metrics, before and after.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

from engine.reading.loans import Loan, read_loans
from tests.benchmarks.timing import machine, percentile
from tests.service.running import service

MEMORY, CPU = "process_resident_memory_bytes", "process_cpu_seconds_total"
MIB = 1024**2
EXAMPLES = Path(__file__).parents[2] / "examples"


@dataclass
class Measured:
    """What came of some requests: their times in milliseconds, and their statuses."""

    times: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    seconds: float = 0.0

    def __str__(self) -> str:
        shares = {"median": 0.5, "p99": 0.99, "p99.9": 0.999, "worst": 1.0}
        times = ", ".join(f"{n} {percentile(self.times, s):.1f} ms" for n, s in shares.items())
        rate = len(self.times) / self.seconds
        return f"{len(self.times):,} requests, {rate:,.0f}/s; {times}; {dict(self.statuses)}"


def bodies(pack: str, number: int) -> list[bytes]:
    """Requests for all decisions of loans like the examples: no two with the same amounts."""
    folder = EXAMPLES / pack if (EXAMPLES / pack).is_dir() else EXAMPLES
    found = [loan for path in sorted(folder.glob("*.yaml")) for loan in read_loans(str(path))]
    loans = [loan.data for loan in found if isinstance(loan, Loan)]
    chance = random.Random(20091001)
    made = []
    for index in range(number):
        facts: dict[str, Any] = dict(loans[index % len(loans)])
        for name, value in facts.items():
            if isinstance(value, int) and not isinstance(value, bool) and value > 5_000:
                facts[name] = value + chance.randrange(5_000)
        made.append(json.dumps({"facts": facts}, default=str).encode())
    return made


class Client:
    """One connection that is kept."""

    def __init__(self, port: int, path: str) -> None:
        self._port, self._path = port, path
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, body: bytes) -> int:
        """Send a body and read the answer; the status."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        head = (
            f"POST {self._path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        )
        writer.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", answer)
        assert length is not None
        await reader.readexactly(int(length[1]))
        return int(answer[9:12])

    def close(self) -> None:
        """Close the connection."""
        if self._streams is not None:
            self._streams[1].close()


async def at_full_speed(
    port: int, path: str, requests: list[bytes], connections: int, seconds: float
) -> Measured:
    """As many requests as get through, each connection sending one after the other."""
    measured = Measured()
    begin = perf_counter()

    async def one(number: int) -> None:
        client = Client(port, path)
        while perf_counter() - begin < seconds:
            number += connections
            started = perf_counter()
            status = await client.post(requests[number % len(requests)])
            measured.times.append((perf_counter() - started) * 1_000)
            measured.statuses[status] += 1
        client.close()

    await asyncio.gather(*map(one, range(connections)))
    measured.seconds = perf_counter() - begin
    return measured


async def at_a_rate(
    port: int, path: str, requests: list[bytes], rate: float, seconds: float
) -> Measured:
    """Requests at random moments, so many a second on average."""
    measured = Measured()
    chance = random.Random(7)
    idle = [Client(port, path) for _ in range(20)]
    begin = due = perf_counter()

    async def one(body: bytes, due: float) -> None:
        client = idle.pop() if idle else Client(port, path)
        status = await client.post(body)
        measured.times.append((perf_counter() - due) * 1_000)
        measured.statuses[status] += 1
        idle.append(client)

    async with asyncio.TaskGroup() as group:
        number = 0
        while due - begin < seconds:
            due += chance.expovariate(rate)
            await asyncio.sleep(max(0.0, due - perf_counter()))
            group.create_task(one(requests[number % len(requests)], due))
            number += 1
    measured.seconds = perf_counter() - begin
    for client in idle:
        client.close()
    return measured


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pack", default="us")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rate", type=float, default=300)
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--record", action="store_true", help="with an audit trail")
    options = parser.parse_args()
    print(machine())
    requests = bodies(options.pack, 2_000)
    path = f"/v1/decide?pack={options.pack}"
    with tempfile.TemporaryDirectory() as folder:
        more = ["--record", f"{folder}/trail.jsonl"] if options.record else []
        with service("--pack", options.pack, *more) as running:
            asyncio.run(at_full_speed(running.port, path, requests, 2, 1))
            before, cpu = running.gauge(MEMORY), running.gauge(CPU)
            full = asyncio.run(
                at_full_speed(running.port, path, requests, options.connections, options.seconds)
            )
            each = (running.gauge(CPU) - cpu) / len(full.times) * 1_000
            print(f"full speed, {options.connections} connections: {full}")
            print(
                f"processor time a request: {each:.2f} ms, so a core to itself: {1_000 / each:,.0f}/s"
            )
            fixed = asyncio.run(
                at_a_rate(running.port, path, requests, options.rate, options.seconds)
            )
            print(f"at {options.rate:g}/s: {fixed}")
            after = running.gauge(MEMORY)
            print(f"memory: {before / MIB:.1f} MiB before, {after / MIB:.1f} MiB after")
    return 0 if {*full.statuses, *fixed.statuses} == {200} else 1


if __name__ == "__main__":
    raise SystemExit(main())
