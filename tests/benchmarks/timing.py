"""Small helpers that the benchmarks share."""

from __future__ import annotations

import gc
import os
import platform
import statistics
import sys
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any


def seconds(function: Callable[[Any], Any], items: Sequence[Any]) -> tuple[float, list[Any]]:
    """The time that calling ``function`` on each item takes, and the results."""
    gc.collect()
    start = perf_counter()
    results = [function(item) for item in items]
    return perf_counter() - start, results


def each(function: Callable[[Any], Any], items: Sequence[Any]) -> list[float]:
    """The time of each single call, in milliseconds."""
    times = []
    for item in items:
        start = perf_counter()
        function(item)
        times.append((perf_counter() - start) * 1_000)
    return times


def percentile(times: Sequence[float], share: float) -> float:
    """The least time that is not exceeded by ``share`` of all."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def summary(times: Sequence[float]) -> str:
    """Median, 99th percentile and worst, in milliseconds."""
    return (
        f"median {statistics.median(times):.2f} ms, p99 {percentile(times, 0.99):.2f} ms, "
        f"worst {max(times):.2f} ms"
    )


def machine() -> str:
    """What the figures were measured on, in one line."""
    return (
        f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, "
        f"{os.cpu_count()} cores"
    )


def progress(text: str) -> None:
    """Say what is going on, on a terminal only."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
