"""Who does the deciding: where work is done, in which order, and what is refused."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

import pytest

pytest.importorskip("starlette", reason="needs the extra `serve`")

from engine.evaluation.reach import TooSlow
from engine.service import crew
from engine.service.crew import Crew
from engine.service.refusals import Refusal


def where(until: float) -> str:
    return threading.current_thread().name


def waits(for_: threading.Event) -> Callable[[float], str]:
    def work(until: float) -> str:
        assert for_.wait(30)
        return threading.current_thread().name

    return work


def impatient(until: float) -> str:
    """Work that takes longer than a quick try may."""
    if until - time.monotonic() < 1:
        raise TooSlow
    return threading.current_thread().name


def test_the_first_of_a_kind_is_done_by_a_thread_and_the_rest_on_the_spot() -> None:
    async def main() -> list[str]:
        busy = Crew()
        return [await busy.run(where, kind) for kind in ("a", "a", "b", "b")]

    first, second, third, fourth = asyncio.run(main())
    assert first.startswith("first") and third.startswith("first")
    assert second == fourth == threading.main_thread().name


def test_who_builds_holds_up_nobody() -> None:
    async def main() -> None:
        busy = Crew()
        await busy.run(where, "a")
        built = threading.Event()
        small = asyncio.create_task(busy.run(waits(built), "new"))
        large = asyncio.create_task(busy.run(waits(built), "large", small=False))
        await asyncio.sleep(0.05)
        assert await busy.run(where, "a") == threading.main_thread().name
        assert (await busy.run(where, "b", small=False)).startswith("slow")
        built.set()
        assert (await small).startswith("first")
        assert (await large).startswith("slow")
        assert await busy.run(where, "large", small=False) == threading.main_thread().name

    asyncio.run(main())


def test_what_takes_long_goes_on_in_a_thread() -> None:
    async def main() -> None:
        busy = Crew()
        await busy.run(where, "a")
        assert (await busy.run(impatient, "a")).startswith("slow")
        with pytest.raises(Refusal) as refused:
            await busy.run(impatient, "a", seconds=0.5)
        assert refused.value.kind == "too-slow" and "0.5 seconds" in refused.value.detail

    asyncio.run(main())


def test_who_waits_longest_is_next() -> None:
    done: list[int] = []

    def noting(number: int) -> Callable[[float], None]:
        return lambda until: done.append(number)

    async def main() -> None:
        busy = Crew()
        await busy.run(where, "a")
        await asyncio.gather(*(busy.run(noting(number), "a") for number in range(50)))

    asyncio.run(main())
    assert done == list(range(50))


@pytest.mark.parametrize(("kind", "small"), [("a", True), ("a", False), (None, True)])
def test_what_is_not_begun_in_time_is_refused(
    kind: str | None, small: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew, "WAIT_SECONDS", 0.2)
    done: list[str] = []

    async def main() -> None:
        busy, end = Crew(), threading.Event()
        lanes = 1 if kind and small else 2
        begun = [asyncio.create_task(busy.run(waits(end), kind, small=small)) for _ in range(lanes)]
        await asyncio.sleep(0.05)
        started = time.monotonic()
        with pytest.raises(Refusal) as refused:
            await busy.run(lambda until: done.append("never"), kind, small=small)
        assert refused.value.kind == "busy" and refused.value.headers == {"retry-after": "1"}
        assert 0.2 <= time.monotonic() - started < 2
        end.set()
        assert len(await asyncio.gather(*begun)) == lanes
        assert await busy.run(where, kind, small=small)

    asyncio.run(main())
    assert done == []


def test_on_the_spot_too_nobody_waits_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "WAIT_SECONDS", 0.2)

    def long(until: float) -> str:
        time.sleep(0.05)
        return "done"

    async def main() -> list[str | BaseException]:
        busy = Crew()
        await busy.run(where, "a")
        many = [busy.run(long, "a") for _ in range(40)]
        return await asyncio.gather(*many, return_exceptions=True)

    started = time.monotonic()
    results = asyncio.run(main())
    served = [each for each in results if each == "done"]
    assert served == results[: len(served)]  # in the order in which they came
    assert {each.kind for each in results[len(served) :] if isinstance(each, Refusal)} == {"busy"}
    assert 1 <= len(served) < 40
    assert time.monotonic() - started < 1.5


def test_work_that_fails_leaves_nothing_behind() -> None:
    def fails(until: float) -> None:
        raise KeyError

    async def main() -> None:
        busy = Crew()
        for kind in ("a", "a", None):
            with pytest.raises(KeyError):
                await busy.run(fails, kind)
        assert await busy.run(where, "a") == threading.main_thread().name

    asyncio.run(main())


def test_only_so_many_kinds_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "MAX_KINDS", 2)

    async def main() -> list[str]:
        busy = Crew()
        for kind in "abc":
            await busy.run(where, kind)
        return [await busy.run(where, kind) for kind in "ca"]

    again, forgotten = asyncio.run(main())
    assert again == threading.main_thread().name
    assert forgotten.startswith("first")
