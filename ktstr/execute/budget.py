# SPDX-License-Identifier: Apache-2.0
"""The time that a run may still take."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Budget:
    """The time that is left before whoever limits us would kill us, less a reserve for the report.

    ends_at: monotonic seconds; None when nobody limits us.  patience_s: how much longer a guest may
    take, for what the host keeps it from running.
    """

    ends_at: float | None
    patience_s: float = 0.0

    RESERVE_S = 10.0

    @classmethod
    def start(cls, timeout_s: float | None) -> Budget:
        """The budget of a run that begins now; a fifth of a short timeout is reserved."""
        if timeout_s is None:
            return cls(None)
        return cls(time.monotonic() + timeout_s - min(cls.RESERVE_S, timeout_s / 5))

    def without(self, seconds: float) -> Budget:
        """The same, less what others are to have of it."""
        return self if self.ends_at is None else replace(self, ends_at=self.ends_at - seconds)

    def share(self, seconds: float) -> Budget:
        """So many seconds of it from now on, and what is left besides as patience."""
        left_s = self.left_s()
        mine_s = min(seconds, left_s)
        return Budget(time.monotonic() + mine_s, max(left_s - mine_s, 0.0))

    def left_s(self) -> float:
        """Seconds that are left; infinite without a limit, negative when it is over."""
        return float("inf") if self.ends_at is None else self.ends_at - time.monotonic()

    def most_s(self) -> float:
        """Seconds that are left with all patience, as whoever looks at a guest's end has them."""
        return self.left_s() + self.patience_s


UNLIMITED = Budget(None)
