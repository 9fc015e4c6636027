"""Turns between robots: whoever asks seldom isn't kept waiting by whoever asks often. Asyncio only; Ray isn't known."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from annexe_ros.core.errors import BusyError


class FairQueue:
    """Lets ``slots`` queries work at a time; the others wait, and robots take turns.

    Args:
        slots: queries that may work at a time.
        capacity: queries of all robots that may wait.
        per_robot: queries of one robot that may wait.

    Belongs to one event loop.
    """

    def __init__(self, slots: int, capacity: int, per_robot: int) -> None:
        self._free, self._capacity, self._per_robot = slots, capacity, per_robot
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @property
    def waiting(self) -> int:
        """How many queries wait."""
        return sum(map(len, self._waiting.values()))

    @asynccontextmanager
    async def turn(self, robot: str) -> AsyncIterator[None]:
        """Wait for a turn and hold a slot; raises ``BusyError`` where too many wait already."""
        await self._admit(robot)
        try:
            yield
        finally:
            self._free += 1
            self._hand_out()

    async def _admit(self, robot: str) -> None:
        line = self._waiting.get(robot, ())
        if self._free and not self._waiting:
            self._free -= 1
            return
        if len(line) >= self._per_robot or self.waiting >= self._capacity:
            raise BusyError(self.waiting)
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(robot, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            self._withdraw(robot, turn)
            raise

    def _withdraw(self, robot: str, turn: asyncio.Future[None]) -> None:
        """Forget a query whose caller is gone; a slot that it was just given goes to the next."""
        if turn.done() and not turn.cancelled():
            self._free += 1
            self._hand_out()
        elif turn in (line := self._waiting.get(robot, deque())):
            line.remove(turn)
            if not line:
                del self._waiting[robot]

    def _hand_out(self) -> None:
        """Give free slots to the robots in turn: who was served goes to the end of the round."""
        while self._free and self._waiting:
            robot, line = self._waiting.popitem(last=False)
            turn = line.popleft()
            if line:
                self._waiting[robot] = line
            if not turn.done():
                self._free -= 1
                turn.set_result(None)
