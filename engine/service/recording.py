"""The service's audit trail: an answer is given only once its record is on the disk.

Requests that end at the same time share one wait for the disk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from engine.auditing import Trail
from engine.problems import InputError
from engine.service.refusals import Refusal


class Recorder:
    """Appends records to a trail, batch by batch."""

    def __init__(self, trail: Trail) -> None:
        self._trail = trail
        self._pool = ThreadPoolExecutor(1, "recorder")
        self._waiting: list[tuple[Sequence[str], asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def keep(self, records: Sequence[str]) -> None:
        """Return once the records are on the disk. Raises ``Refusal`` where they can't be."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        self._waiting.append((records, done))
        if self._writer is None:
            self._writer = loop.create_task(self._write())
        try:
            await done
        except InputError as error:
            # The person who asked need not know where the file is.
            reason = error.problems[0].message
            raise Refusal("not-recorded", f"the audit trail does not take it: {reason}") from None

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch, self._waiting = self._waiting, []
            lines = [line for records, _ in batch for line in records]
            failed: InputError | None = None
            try:
                await loop.run_in_executor(self._pool, self._trail.append, lines)
            except InputError as error:
                failed = error
            for _, done in batch:
                if done.cancelled():
                    continue
                if failed is None:
                    done.set_result(None)
                else:
                    done.set_exception(failed)
        self._writer = None

    def close(self) -> None:
        """Wait for what is being written, and close the file."""
        self._pool.shutdown()
        self._trail.close()
