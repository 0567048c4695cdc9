"""The load that the benchmark makes is answered in full. No speed is asserted."""

from __future__ import annotations

import asyncio
import json
from functools import partial

from tests.benchmarks.serve import at_a_rate, at_full_speed, bodies
from tests.service.running import Running, wait_until


def is_answered(law: Running, path: str, loan: object) -> bool:
    return law.post(path, loan).status == 200


def test_every_request_of_the_benchmark_is_answered(law: Running) -> None:
    requests = bodies("us", 30)
    assert len({*requests}) == 30 and {*requests}.isdisjoint(bodies("us", 30, 2))
    path = "/v1/decide?pack=us"
    for loan in map(json.loads, requests):  # what they need is built: until then some are put off
        wait_until(partial(is_answered, law, path, loan))
    full = asyncio.run(at_full_speed(law.port, path, requests, 3, number=45))
    fixed = asyncio.run(at_a_rate(law.port, path, requests, 20, 1.0))
    for measured in (full, fixed):
        assert set(measured.statuses) == {200}
        assert len(measured.times) == measured.statuses[200] > 5
        assert measured.changed == 0
        assert f"{len(measured.times):,} requests" in str(measured)
    assert len(full.times) == 45
    assert len({*full.answers.values()}) == len(full.answers) == 30
