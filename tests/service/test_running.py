"""The service as a process: hostile clients, its audit trail, how it begins and ends."""

from __future__ import annotations

import json
import signal
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine import load
from engine.analysis.replay import replay
from engine.service import crew
from engine.service.requests import BODY_SECONDS
from tests.service.running import Running, service, wait_until
from tests.test_cli import run

CAR = {"facts": {"loan_kind": "auto", "outstanding_debt": 14000}}
POST = b"POST /v1/decide HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"


def raw(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=30)


def everything(connection: socket.socket) -> bytes:
    """What a connection still gives until its end."""
    parts = []
    try:
        while part := connection.recv(65_536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def still_quick(running: Running, during: Callable[[], bytes]) -> tuple[bytes, float]:
    """What a client gets, and the longest that another had to wait meanwhile, in seconds."""
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(during)
        longest = 0.0
        for _ in range(10_000):
            started = time.perf_counter()
            assert running.post("/v1/decide", CAR).status == 200
            longest = max(longest, time.perf_counter() - started)
            if waiting.done():
                break
            time.sleep(0.05)
        return waiting.result(), longest


# ---- hostile clients --------------------------------------------------------------------------


def test_a_body_of_100_megabytes(primer: Running) -> None:
    def announced() -> bytes:
        with raw(primer.port) as connection:
            connection.sendall(POST + b"content-length: 104857600\r\n\r\n")
            return everything(connection)

    def in_chunks() -> bytes:
        with raw(primer.port) as connection:
            connection.sendall(POST + b"transfer-encoding: chunked\r\n\r\n")
            try:
                for _ in range(1_600):
                    connection.sendall(b"10000\r\n" + b" " * 65_536 + b"\r\n")
            except (BrokenPipeError, ConnectionResetError):
                pass
            return everything(connection)

    answer, longest = still_quick(primer, announced)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert longest < 3 * crew.SLOW_SECONDS
    before = primer.gauge("process_resident_memory_bytes")
    answer, longest = still_quick(primer, in_chunks)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 413 ")  # it may be cut off before it reads
    assert longest < 3 * crew.SLOW_SECONDS
    assert primer.gauge("process_resident_memory_bytes") - before < 20 * 1024**2


def test_clients_that_send_slowly_are_let_go(primer: Running) -> None:
    def slow(beginning: bytes, drop: bytes) -> bytes:
        with raw(primer.port) as connection:
            connection.sendall(beginning)
            ended = threading.Event()

            def drip() -> None:
                while not ended.wait(0.5):
                    try:
                        connection.sendall(drop)
                    except OSError:
                        return

            thread = threading.Thread(target=drip)
            thread.start()
            try:
                return everything(connection)
            finally:
                ended.set()
                thread.join()

    started = time.perf_counter()
    with ThreadPoolExecutor(3) as pool:
        body = pool.submit(slow, POST + b"content-length: 1000\r\n\r\n", b" ")
        head = pool.submit(slow, POST, b"x-a: b\r\n")
        nothing = pool.submit(slow, b"", b"")
        answer, longest = still_quick(primer, body.result)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"slow-body" in answer
    assert (head.result(), nothing.result()) == (b"", b"")
    assert longest < 3 * crew.SLOW_SECONDS
    assert time.perf_counter() - started < 2 * BODY_SECONDS


def test_a_client_that_does_not_read_is_let_go(primer: Running) -> None:
    body = json.dumps({"loans": [CAR["facts"]] * 100}).encode()
    request = POST + f"content-length: {len(body)}\r\n\r\n".encode() + body
    before = primer.gauge("recourse_in_flight")

    def at_rest() -> bool:
        """It works at nothing, and not only between two requests."""
        for _ in range(5):
            if primer.gauge("recourse_in_flight") > before:
                return False
            time.sleep(0.1)
        return True

    with raw(primer.port) as connection:
        connection.sendall(request * 20)  # more than the system keeps for a client
        wait_until(lambda: primer.gauge("recourse_in_flight") > before)
        wait_until(at_rest)
        answers = everything(connection)
    assert answers.startswith(b"HTTP/1.1 200 ")
    assert answers.count(b"HTTP/1.1 200 ") < 20


def test_headers_without_end(primer: Running) -> None:
    with raw(primer.port) as connection:
        connection.sendall(POST)
        line = b"x-a: " + b"b" * 1_000 + b"\r\n"
        sent, much = 0, 1024**2
        try:
            while sent < much:
                connection.sendall(line)
                sent += len(line)
                time.sleep(0.001)
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert sent < much


def test_what_is_no_http(primer: Running) -> None:
    for line in (b"\x16\x03\x01\x02\x00\x01\xfc\x03\x03\r\n\r\n", b"GET\r\n\r\n", b"\0" * 100):
        with raw(primer.port) as connection:
            connection.sendall(line)
            connection.shutdown(socket.SHUT_WR)
            assert everything(connection)[:12] in (b"HTTP/1.1 400", b"")
    assert not any("Traceback" in json.dumps(line) for line in primer.log())
    assert primer.ask("GET", "/healthz").status == 200


def test_a_loan_of_which_too_little_is_known(law: Running) -> None:
    with ThreadPoolExecutor(2) as pool:
        known = {"facts": {"property_state": "OH", "loan_kind": "mortgage"}, "only": ["one_action"]}
        wait_until(lambda: law.post("/v1/decide", known).status == 200)  # what it needs is built
        started = time.perf_counter()
        little = {"facts": {}, "strict": True, "only": ["recourse", "borrower_owes"]}
        open_ = [pool.submit(law.post, "/v1/decide", little) for _ in "ab"]
        longest = 0.0
        statuses = set[int]()
        while not all(each.done() for each in open_):
            begun = time.perf_counter()
            statuses.add(law.post("/v1/decide", known).status)
            longest = max(longest, time.perf_counter() - begun)
        assert 200 in statuses and statuses <= {200, 503}  # on a busy machine some are put off
        for each in open_:
            answer = each.result()
            assert (
                answer.status == 200
                or answer.data["title"] == "Too much is open to find all that is possible"
            )
    assert time.perf_counter() - started < 12 * crew.SLOW_SECONDS  # no stall, on any machine
    assert longest < 3 * crew.SLOW_SECONDS


# ---- the audit trail --------------------------------------------------------------------------


def test_no_answer_is_given_that_is_not_recorded(tmp_path: Path) -> None:
    trail = tmp_path / "trail.jsonl"
    given: list[str] = []
    with service("--pack", "primer", "--record", str(trail)) as running:

        def keep_asking(debt: int) -> None:
            for number in range(100_000):
                request = {"facts": {"loan_kind": "auto", "outstanding_debt": debt + number}}
                try:
                    answer = running.post("/v1/decide", request)
                except (OSError, ValueError):
                    return
                except Exception as error:  # the end of a connection, as http.client tells it
                    assert type(error).__module__ == "http.client"
                    return
                assert answer.status == 200
                given.append(answer.data["facts"]["outstanding_debt"])

        threads = [threading.Thread(target=keep_asking, args=(n * 100_000,)) for n in (1, 2, 3)]
        for thread in threads:
            thread.start()
        time.sleep(1.5)
        assert running.stop(signal.SIGKILL) == -signal.SIGKILL
        for thread in threads:
            thread.join()
    with service("--pack", "primer", "--record", str(trail)) as running:
        assert running.post("/v1/decide", CAR).status == 200
        assert running.post("/v1/explain", CAR).status == 200
        assert running.post("/v1/decide", {"loans": [{}, {"loan_kind": "boat"}]}).status == 200
        assert running.stop() == 0
    kept = set()
    for line in trail.read_text().splitlines():
        try:
            kept.add(json.loads(line)["facts"].get("outstanding_debt"))
        except json.JSONDecodeError:
            continue
    assert len(given) > 20
    assert set(given) <= kept
    with trail.open("rb") as file:
        result = replay(load("primer"), file)
    assert result.replayed == []
    assert len(result.faults) <= 1
    assert result.same >= len(given) + 3


def test_where_nothing_can_be_recorded_nothing_is_answered(tmp_path: Path) -> None:
    folder = tmp_path / "trails"
    folder.mkdir()
    with service("--pack", "primer", "--record", str(folder / "trail.jsonl")) as running:
        (folder / "trail.jsonl").unlink()
        folder.rmdir()
        answer = running.post("/v1/decide", CAR)
        assert (answer.status, answer.data["title"][:12]) == (503, "The decision")
        assert str(folder) not in answer.body.decode()
        assert running.post("/v1/possible", CAR).status == 200
        folder.mkdir()
        assert running.post("/v1/decide", CAR).status == 200
    assert len((folder / "trail.jsonl").read_text().splitlines()) == 1


# ---- beginning and end ------------------------------------------------------------------------


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_it_has_answered(how: signal.Signals) -> None:
    with service("--pack", "primer") as running, raw(running.port) as connection:
        connection.sendall(POST + b"content-length: 13\r\n\r\n")
        time.sleep(0.2)
        running.process.send_signal(how)
        time.sleep(0.2)
        connection.sendall(b'{"facts": {}}')
        assert everything(connection).startswith(b"HTTP/1.1 200 ")
        running.stopped = running.process.wait(timeout=30)
        assert running.stopped == 0
        assert running.log()[-1]["event"] == "stopped"


def test_several_workers_share_the_work_and_the_trail(tmp_path: Path) -> None:
    trail = tmp_path / "trail.jsonl"
    with service("--pack", "primer", "--workers", "2", "--record", str(trail)) as running:
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: running.post("/v1/decide", CAR).status, range(60)))
        assert answers == [200] * 60
        assert running.stop() == 0
    with trail.open("rb") as file:
        result = replay(load("primer"), file)
    assert (result.same, result.faults) == (60, [])


def test_what_is_wrong_is_told_before_it_begins(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run("serve", "--port", str(taken.getsockname()[1]))
    assert (done.returncode, done.stdout) == (2, "")
    assert "cannot-listen" in done.stderr
    done = run("serve", "--pack", "premier", "--port", "0")
    assert done.returncode == 2
    assert "did you mean `primer`?" in done.stderr
    done = run("serve", "--pack", "primer", "--port", "0", "--record", str(tmp_path))
    assert done.returncode == 2
    assert "cannot-write" in done.stderr
    assert "Traceback" not in done.stderr
