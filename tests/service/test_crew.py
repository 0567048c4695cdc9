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


def test_while_something_is_built_nothing_is_done_on_the_spot() -> None:
    async def main() -> None:
        busy = Crew()
        await busy.run(where, "a")
        built = threading.Event()
        for kind in ("new", None):
            built.clear()
            building = asyncio.create_task(busy.run(waits(built), kind))
            await asyncio.sleep(0.05)
            quick = asyncio.create_task(busy.run(where, "a"))
            assert (await quick).startswith("beside")
            built.set()
            assert (await building).startswith("first" if kind else "slow")
        assert await busy.run(where, "a") == threading.main_thread().name

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


def test_so_many_may_wait_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "MAX_QUICK", 2)
    monkeypatch.setattr(crew, "MAX_SLOW", 2)

    async def main(kind: str | None) -> None:
        busy, end = Crew(), threading.Event()
        waiting = [asyncio.create_task(busy.run(waits(end), kind)) for _ in "ab"]
        await asyncio.sleep(0.05)
        with pytest.raises(Refusal) as refused:
            await busy.run(where, kind)
        assert refused.value.kind == "busy" and refused.value.headers == {"retry-after": "1"}
        end.set()
        assert len(await asyncio.gather(*waiting)) == 2
        await busy.run(where, kind)

    asyncio.run(main("a"))
    asyncio.run(main(None))


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
