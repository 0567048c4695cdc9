"""What the service counts, in the text form that Prometheus reads."""

from __future__ import annotations

import math
import os
import threading
import time
from bisect import bisect_left
from collections.abc import Iterator, Mapping

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""The upper ends of the histogram of times, in seconds."""
Labels = tuple[tuple[str, str], ...]

_HELP = {
    "recourse_requests_total": "Requests, by route and status.",
    "recourse_decisions_total": "Loans decided, by pack.",
    "recourse_refused_loans_total": "Loans of a list that could not be decided, by pack.",
    "recourse_recorded_total": "Records appended to the audit trail.",
}


class Metrics:
    """Counters and one histogram. Safe to use from several threads at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, Labels], int] = {}
        self._times: dict[str, list[int]] = {}
        self._seconds: dict[str, float] = {}
        self.in_flight = 0
        self._ended = -math.inf

    def began(self) -> None:
        """A request is being answered. (This and its end are told by one thread.)"""
        self.in_flight += 1

    def ended(self) -> None:
        """It is no more."""
        self.in_flight -= 1
        self._ended = time.monotonic()

    @property
    def quiet_seconds(self) -> float:
        """For how long no request was being answered."""
        return 0.0 if self.in_flight else time.monotonic() - self._ended

    def count(self, name: str, by: int = 1, **labels: str) -> None:
        """Count up."""
        key = (name, tuple(sorted(labels.items())))
        with self._lock:
            self._counts[key] = self._counts.get(key, 0) + by

    def took(self, route: str, seconds: float) -> None:
        """Add a request's time to the histogram of its route."""
        with self._lock:
            times = self._times.setdefault(route, [0] * (len(BUCKETS) + 1))
            times[bisect_left(BUCKETS, seconds)] += 1
            self._seconds[route] = self._seconds.get(route, 0.0) + seconds

    def text(self, info: Mapping[str, Mapping[str, str]]) -> str:
        """All of it; ``info`` holds gauges that are always 1, by name, with their labels."""
        with self._lock:
            return "\n".join(self._lines(info)) + "\n"

    def _lines(self, info: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
        for name in dict.fromkeys(name for name, _ in sorted(self._counts)):
            yield f"# HELP {name} {_HELP[name]}"
            yield f"# TYPE {name} counter"
            for (other, labels), number in sorted(self._counts.items()):
                if other == name:
                    yield f"{name}{_labels(dict(labels))} {number}"
        yield "# HELP recourse_request_seconds How long requests took, by route."
        yield "# TYPE recourse_request_seconds histogram"
        for route, times in sorted(self._times.items()):
            so_far = 0
            for end, number in zip((*map(str, BUCKETS), "+Inf"), times, strict=True):
                so_far += number
                up_to = _labels({"route": route, "le": end})
                yield f"recourse_request_seconds_bucket{up_to} {so_far}"
            yield f"recourse_request_seconds_sum{_labels({'route': route})} {self._seconds[route]}"
            yield f"recourse_request_seconds_count{_labels({'route': route})} {so_far}"
        yield "# HELP recourse_in_flight Requests being answered."
        yield "# TYPE recourse_in_flight gauge"
        yield f"recourse_in_flight {self.in_flight}"
        yield "# HELP process_cpu_seconds_total Processor time of this worker."
        yield "# TYPE process_cpu_seconds_total counter"
        yield f"process_cpu_seconds_total {time.process_time()}"
        if (memory := resident_bytes()) is not None:
            yield "# HELP process_resident_memory_bytes Memory of this worker."
            yield "# TYPE process_resident_memory_bytes gauge"
            yield f"process_resident_memory_bytes {memory}"
        yield "# HELP recourse_pack_info The packs served."
        yield "# TYPE recourse_pack_info gauge"
        for pack in info.values():
            yield f"recourse_pack_info{_labels(pack)} 1"


def resident_bytes() -> int | None:
    """The memory that this process holds; None where the system does not tell."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return None


def _labels(labels: Mapping[str, str]) -> str:
    def escaped(text: str) -> str:
        return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")

    inside = ",".join(f'{name}="{escaped(value)}"' for name, value in labels.items())
    return f"{{{inside}}}" if inside else ""
