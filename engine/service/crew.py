"""Who does the deciding, so that no request stands long in the way of another.

A decision takes milliseconds, but with few facts known it may take seconds to find all that is
possible. So everything is tried where the network is listened to, one after the other, which spares
the way to a thread and back; it gives up soon. What gives up there, and what is known to be long,
is done by threads of its own.

The first work of its kind may have to build what all others of the kind then use, and can't give up
while it builds: a thread tries it. What is not begun within a bounded time is refused, so that
nobody waits for long only to be told so.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import TypeVar

from engine.evaluation.reach import TooSlow
from engine.garbage import unsearched
from engine.service.refusals import Refusal

T = TypeVar("T")
Work = Callable[[float], T]
"""Work that is told until when it may take, in seconds of ``time.monotonic``, and raises
``TooSlow`` where it takes longer."""

QUICK_SECONDS = 0.1
SLOW_SECONDS = 5.0
ASKED_SECONDS = 3.0
"""A person who is being asked does not wait longer than this for the next question."""
WAIT_SECONDS = 2.0
"""What is not begun after so long is refused: the service is busy."""
MAX_KINDS = 10_000
"""So many kinds of work are remembered."""


class Crew:
    """The quick tries, one at a time, and the threads for everything else."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()  # whoever waits longest is next
        self._begun: set[Hashable] = set()
        self._first = ThreadPoolExecutor(1, "first")
        self._slow = ThreadPoolExecutor(2, "slow")

    async def run(
        self,
        work: Work[T],
        kind: Hashable = None,
        *,
        small: bool = True,
        seconds: float = SLOW_SECONDS,
    ) -> T:
        """Do some work. Work of one ``kind`` uses the same things; where it is None, it is no use
        to try it quickly. ``small`` says that what the first of the kind builds is soon built.
        ``seconds`` is how long it may take where it is not done quickly.

        Raises ``Refusal``, also where it is not begun in time, and what the work raises.
        """
        try:
            if kind in self._begun:
                return await self._at_once(work)
            if kind is not None and small:
                return await self._building(self._first, work, kind, QUICK_SECONDS)
        except TooSlow:
            pass
        try:
            return await self._building(self._slow, work, kind, seconds)
        except TooSlow:
            detail = f"this was not done in {seconds:g} seconds: state more facts"
            raise Refusal("too-slow", f"{detail}, or ask for less with `only`") from None

    async def _at_once(self, work: Work[T]) -> T:
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._turn.acquire()
        except TimeoutError:
            raise _busy() from None
        try:
            await asyncio.sleep(0)  # the network is heard between any two
            return work(time.monotonic() + QUICK_SECONDS)
        finally:
            self._turn.release()

    async def _building(
        self, pool: ThreadPoolExecutor, work: Work[T], kind: Hashable, seconds: float
    ) -> T:
        """Work done by a thread within a time, counted from its beginning; what its kind needs is
        built then."""
        first = kind is not None and kind not in self._begun

        def done_here() -> T:
            with unsearched(for_good=True) if first else nullcontext():
                return work(time.monotonic() + seconds)

        waiting = pool.submit(done_here)
        done = asyncio.wrap_future(waiting)
        await asyncio.wait((done,), timeout=WAIT_SECONDS)
        if waiting.cancel():
            raise _busy()
        try:
            return await done
        finally:
            if kind is not None:
                if len(self._begun) >= MAX_KINDS:
                    self._begun.clear()
                self._begun.add(kind)

    def close(self) -> None:
        """Wait for the work that is being done."""
        for pool in (self._first, self._slow):
            pool.shutdown(cancel_futures=True)


def _busy() -> Refusal:
    return Refusal("busy", "try again in a moment", headers={"retry-after": "1"})
