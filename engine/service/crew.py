"""Who does the deciding, so that no request stands long in the way of another.

A decision takes milliseconds, but with few facts known it may take seconds to find all that is
possible. So everything is tried where the network is listened to, one after the other, which spares
the way to a thread and back; it gives up soon. What gives up there, and what is known to be long,
is done by threads of its own.

The first work of its kind may have to build what all others of the kind then use, and can't give up
while it builds. So a thread tries it, and as long as that is at it, another one tries the rest: who
builds may hold a lock, and the network must never wait for one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable
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
ASKED_SECONDS = 3.0
"""A person who is being asked does not wait longer than this for the next question."""
MAX_KINDS = 10_000
"""So many kinds of work are remembered."""
MAX_QUICK, MAX_SLOW = 200, 20
"""So many requests may wait for either; the next is told that the service is busy."""


class Crew:
    """The quick tries, one at a time, and the threads for everything else."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()  # whoever waits longest is next
        self._begun: set[Hashable] = set()
        self._first = ThreadPoolExecutor(1, "first")
        self._beside = ThreadPoolExecutor(1, "beside")
        self._pool = ThreadPoolExecutor(2, "slow")
        self._quick = self._building = self._slow = 0

    async def run(
        self, work: Work[T], kind: Hashable = None, *, seconds: float = SLOW_SECONDS
    ) -> T:
        """Do some work. Work of one ``kind`` uses the same things; where it is None, it is no use
        to try it quickly. ``seconds`` is how long it may take where it is not done quickly.

        Raises ``Refusal``, also where too much is waiting, and what the work raises.
        """
        try:
            if kind is not None:
                return await self._tried(work, kind)
        except TooSlow:
            pass
        try:
            return await self._done(work, kind, seconds)
        except TooSlow:
            detail = f"this was not done in {seconds:g} seconds: state more facts"
            raise Refusal("too-slow", f"{detail}, or ask for less with `only`") from None

    async def _tried(self, work: Work[T], kind: Hashable) -> T:
        _not_too_many(self._quick, MAX_QUICK)
        self._quick += 1
        try:
            if kind not in self._begun:
                return await self._built(work, kind)
            async with self._turn:
                await asyncio.sleep(0)  # the network is heard between any two
                if not self._building:
                    return work(time.monotonic() + QUICK_SECONDS)
            return await _in(self._beside, work, QUICK_SECONDS)
        finally:
            self._quick -= 1

    async def _built(self, work: Work[T], kind: Hashable) -> T:
        self._building += 1
        try:
            return await _in(self._first, work, QUICK_SECONDS)
        finally:
            self._building -= 1
            if len(self._begun) >= MAX_KINDS:
                self._begun.clear()
            self._begun.add(kind)

    async def _done(self, work: Work[T], kind: Hashable, seconds: float) -> T:
        _not_too_many(self._slow, MAX_SLOW)
        may_build = kind is None
        self._slow += 1
        self._building += may_build
        try:
            return await _in(self._pool, work, seconds)
        finally:
            self._slow -= 1
            self._building -= may_build

    def close(self) -> None:
        """Wait for the work that is being done."""
        for pool in (self._first, self._beside, self._pool):
            pool.shutdown(cancel_futures=True)


async def _in(pool: ThreadPoolExecutor, work: Work[T], seconds: float) -> T:
    """Work done by a thread within a time, counted from its beginning."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(pool, lambda: work(time.monotonic() + seconds))


def _not_too_many(waiting: int, most: int) -> None:
    if waiting >= most:
        raise Refusal("busy", "try again in a moment", headers={"retry-after": "1"})
