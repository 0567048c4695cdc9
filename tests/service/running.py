"""A service as its users meet it: a process of its own, on a free port of this machine."""

from __future__ import annotations

import http.client
import json
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.test_cli import ROOT, environment

JSON = {"content-type": "application/json"}


@dataclass
class Answer:
    """A response that has been read."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def data(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass
class Running:
    """A service that runs."""

    process: subprocess.Popen[bytes]
    port: int
    log_path: str
    stopped: int | None = field(default=None)

    @property
    def address(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | str | object = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """One request on a connection of its own; a body that is no text is sent as JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            sent = body if isinstance(body, bytes | str) or body is None else json.dumps(body)
            connection.request(method, path, sent, JSON if headers is None else headers)
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, names, response.read())
        finally:
            connection.close()

    def post(self, path: str, body: bytes | str | object) -> Answer:
        """A POST of JSON."""
        return self.ask("POST", path, body)

    def gauge(self, name: str) -> float:
        """One of the service's own metrics."""
        text = self.ask("GET", "/metrics").body.decode()
        found = re.search(rf"^{name} (\S+)$", text, re.M)
        assert found is not None
        return float(found[1])

    def log(self) -> list[dict[str, Any]]:
        """What it has logged so far, line by line."""
        with open(self.log_path, encoding="utf-8") as file:  # noqa: PTH123
            return [json.loads(line) for line in file if line.startswith("{")]

    def logged(self, request: str) -> dict[str, Any]:
        """What it logs of one request, which may be after the answer is here."""
        until = time.monotonic() + 10
        while time.monotonic() < until:
            found = [line for line in self.log() if line.get("id") == request]
            if found:
                (line,) = found
                return line
            time.sleep(0.02)
        raise TimeoutError(f"request {request} is not in the log")

    def stop(self, with_: signal.Signals = signal.SIGTERM) -> int:
        """Tell it to stop, and return its exit code."""
        if self.stopped is None:
            self.process.send_signal(with_)
            self.stopped = self.process.wait(timeout=60)
        return self.stopped


@contextmanager
def service(*arguments: str) -> Iterator[Running]:
    """`recourse serve` with some arguments. Skips the test where it is not installed."""
    pytest.importorskip("uvicorn", reason="needs the extra `serve`")
    with tempfile.NamedTemporaryFile("rb", suffix=".log") as log:
        with open(log.name, "wb") as stderr:  # noqa: PTH123
            process = subprocess.Popen(
                [sys.executable, "-m", "cli", "serve", "--port", "0", *arguments],
                cwd=ROOT,
                env=environment(),
                stderr=stderr,
            )
        running = Running(process, 0, log.name)
        try:
            running.port = _port(process, log.name)
            yield running
        finally:
            running.stop(signal.SIGTERM)


def _port(process: subprocess.Popen[bytes], log: str) -> int:
    """Wait until the service says where it is and that it is ready."""
    for _ in range(600):
        with open(log, encoding="utf-8") as file:  # noqa: PTH123
            text = file.read()
        found = re.search(r"serving at http://\S+:(\d+)", text)
        if found and '"event": "ready"' in text:
            return int(found[1])
        try:
            process.wait(timeout=0.1)
        except subprocess.TimeoutExpired:
            continue
        raise AssertionError(f"the service ended with {process.returncode}: {text}")
    raise AssertionError(f"the service is not ready: {text}")


def wait_until(holds: Callable[[], bool], seconds: float = 60) -> None:
    """Come back once something holds; it is an error if it takes longer than some seconds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.2)
