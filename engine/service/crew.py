"""Who does the deciding: threads beside the one that talks to the network.

A decision takes milliseconds, but with few facts known it may take seconds to find all that is
possible. So everything is tried in a quick lane, which gives up soon; what gives up there, and what
is known to be long, is done in a slow lane. A request that is long never stands in the way of those
that are not.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from engine.evaluation.reach import TooSlow
from engine.service.refusals import Refusal

T = TypeVar("T")
Work = Callable[[float], T]
"""Work that is told until when it may take, in seconds of ``time.monotonic``, and raises
``TooSlow`` where it takes longer."""

QUICK_SECONDS = 0.1
SLOW_SECONDS = 5.0
MAX_QUICK, MAX_SLOW = 200, 20
"""So many requests may be in a lane; the next is told that the service is busy."""


class Lane:
    """Threads of their own, with a bound on the work that waits for them."""

    def __init__(self, name: str, threads: int, most: int) -> None:
        self._pool = ThreadPoolExecutor(threads, name)
        self._most = most
        self.waiting = 0

    async def run(self, work: Work[T], seconds: float) -> T:
        """Do some work within a time, counted from its beginning. Raises ``Refusal`` where too much
        is waiting, and what the work raises."""
        if self.waiting >= self._most:
            raise Refusal("busy", "try again in a moment", headers={"retry-after": "1"})
        self.waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._pool, lambda: work(time.monotonic() + seconds))
        finally:
            self.waiting -= 1

    def close(self) -> None:
        """Wait for the work that is being done."""
        self._pool.shutdown(cancel_futures=True)


class Crew:
    """The two lanes."""

    def __init__(self) -> None:
        self._quick = Lane("quick", 1, MAX_QUICK)
        self._slow = Lane("slow", 2, MAX_SLOW)

    async def run(self, work: Work[T], *, long: bool = False) -> T:
        """Do some work; ``long`` says that it is no use to try it quickly. Raises ``Refusal``."""
        try:
            if not long:
                return await self._quick.run(work, QUICK_SECONDS)
        except TooSlow:
            pass
        try:
            return await self._slow.run(work, SLOW_SECONDS)
        except TooSlow:
            detail = f"this was not done in {SLOW_SECONDS:g} seconds: state more facts"
            raise Refusal("too-slow", f"{detail}, or ask for less with `only`") from None

    def close(self) -> None:
        """Wait for the work that is being done."""
        self._quick.close()
        self._slow.close()
