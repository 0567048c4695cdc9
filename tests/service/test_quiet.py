"""What is built ahead is built while nobody waits."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

import pytest

from engine.service.app import QUIET_SECONDS
from engine.service.metrics import Metrics
from engine.service.served import Served


def test_it_is_quiet_once_nobody_has_asked_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("engine.service.metrics.time.monotonic", lambda: now)
    metrics = Metrics()
    assert metrics.quiet_seconds > QUIET_SECONDS, "nobody has asked yet"
    metrics.began()
    metrics.began()
    metrics.ended()
    now += 10
    assert metrics.quiet_seconds == 0 and metrics.in_flight == 1
    metrics.ended()
    now += QUIET_SECONDS / 2
    assert 0 < metrics.quiet_seconds < QUIET_SECONDS
    now += QUIET_SECONDS
    assert metrics.quiet_seconds > QUIET_SECONDS


@pytest.mark.parametrize("quiet", [True, False])
def test_nothing_is_built_ahead_while_somebody_waits(
    monkeypatch: pytest.MonkeyPatch, quiet: bool
) -> None:
    built: list[Any] = []

    def build(steps: Iterable[Any], end: float = 0) -> None:
        built.extend(steps)

    served, stop = Served(["primer"]), threading.Event()
    monkeypatch.setattr(served, "_build", build)
    timer = threading.Timer(0.2, stop.set)
    timer.start()
    served.build_on(lambda: quiet, stop)
    assert bool(built) == quiet
    timer.join()
