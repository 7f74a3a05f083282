# SPDX-License-Identifier: Apache-2.0
"""Walks through a guest's run: to an instant, and on from there as whoever looks says."""

from __future__ import annotations

import difflib
import os
import signal
from collections.abc import Callable

from ktstr.introspect.instant.place import Place, seconds
from ktstr.introspect.instant.stand import Stand
from ktstr.introspect.kernel.errors import UnknownName
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.plugin.hold import Held
from ktstr.introspect.plugin.part import Looked, Wanted
from ktstr.introspect.plugin.watch import Probe
from ktstr.model.errors import KtstrError, UsageError
from ktstr.model.plan import Plan

# host seconds that somebody looks at most: a day
_LONGEST_LOOK_S = 86_400.0
# A kernel that boots has no clock at first: it is looked for so often.
_NO_CLOCK_NS = 20_000_000
# The kernel's clock runs a little otherwise from tick to tick, so that the way to an instant is
# told anew when it is this near; whoever steps looks closely from there on.
_NEAR_NS = 1_000_000
# Names that are told where one is wrong.
_NEAR_NAMES = 3
_NEVER_NS = (1 << 64) - 1


class Walk:
    """Takes one guest to a place; `stood` is called there, and at all stands that it orders itself.

    It is a part of those that look into guests, and leaves nothing in the record. `stood` says
    whether the guest is to go on, or to which later place; if it is not to, or if `stood` raises,
    its QEMU is killed.

    Attributes:
      reached: whether the guest came to the place.  killed: whether it was ended.
      begins_ns: CLOCK_MONOTONIC where it first stood; None: there was no clock yet.
      raised: what went wrong where it stood.  problem: why nobody could look at it, in words.
    """

    name = "instant"

    def __init__(self, place: Place, stood: Callable[[Stand], Place | bool]) -> None:
        self._place, self._stood = place, stood
        self._kernel: Kernel | None = None
        self._address = place.address
        self._is_first, self._is_ordered = True, False
        self.reached = self.killed = False
        self.raised: KtstrError | None = None
        self.problem = ""
        self.begins_ns: int | None = None

    def look(self, kernel: Kernel, plan: Plan, cpus: int) -> Walk:
        """Raises UnknownName where the kernel has no such function."""
        del plan, cpus
        self._kernel = kernel
        if self._place.function:
            self._address = function_at(kernel, self._place.function)
        return self

    @property
    def wanted(self) -> Wanted:
        if self._kernel is None:
            return Wanted()
        start = self._kernel.symbol("_text")
        probe = Probe(self.name, start, start + 1, hold=True, walks=True)
        return Wanted((probe,), hold=self.held, hold_s=_LONGEST_LOOK_S)

    def made(self, looked: Looked) -> None:
        if not self.reached:
            self.problem = self.problem or looked.problem

    def without(self, why: str) -> None:
        self.problem = why

    def held(self, held: Held) -> None:
        """The guest stands, and goes on when this returns, if it is to."""
        assert self._kernel is not None
        goes_on = False
        try:
            stand = Stand.of(self._kernel, held)
            if self._is_first and stand.times:
                self.begins_ns = stand.at_ns
            if not self.reached and self._is_sent_on(stand):
                goes_on = True
                return
            self.reached = True
            following = self._stood(stand)
            if isinstance(following, Place):
                self._place, self.reached, self._is_ordered = following, False, False
                self._address = following.address
                stand.orders.clear()
                stand.orders.closely(False)
                self._is_sent_on(stand)
            goes_on = following is not False
        except KtstrError as error:
            self.raised = error
        finally:
            self._is_first = False
            if not goes_on:
                self.killed = True
                os.kill(held.pid, signal.SIGKILL)

    def _is_sent_on(self, stand: Stand) -> bool:
        """Whether the place is still to come; then it is ordered to stand there, or on the way.

        Raises:
          UsageError: the place is before all that runs.
        """
        place, orders = self._place, stand.orders
        if self._is_ordered:
            return False
        if self._is_first and self._address:
            # what has run once is not looked at any more, unless this was said before
            orders.stop_at(self._address, not_before_ns=_NEVER_NS)
        wanted = place.now_ns
        if wanted is None and place.at_ns is not None:
            if not stand.times:
                orders.until(stand.told.now_ns + _NO_CLOCK_NS)
                return True
            wanted = stand.times.now_ns(place.at_ns)
        if wanted is not None:
            if self._is_first and wanted < stand.told.now_ns:
                raise UsageError(f"the run begins at {seconds(stand.at_ns)}, behind {place}")
            if wanted - stand.told.now_ns > _NEAR_NS:
                orders.until(wanted - _NEAR_NS)
                return True
        self._is_ordered, wanted = True, max(0, wanted or 0)
        if place.closely:
            orders.closely(True)
        if self._address:
            orders.clear()
            orders.stop_at(self._address, skip=place.hit - 1, not_before_ns=wanted)
        else:
            orders.until(wanted, exact=place.exact)
        return True


def function_at(kernel: Kernel, name: str) -> int:
    """The first instruction of a function.

    Raises:
      UnknownName: this kernel has no place of that name; those near it are named.
    """
    try:
        return kernel.symbol(name)
    except UnknownName as error:
        known = [kernel.symbols[number] for number in kernel.symbols.defined()]
        code = sorted({each.name for each in known if each.is_function})
        parts = [each for each in code if each.startswith(f"{name}.")]
        near = parts or difflib.get_close_matches(name, code, _NEAR_NAMES)
        has = f"; it has {', '.join(near)}" if near else ""
        why = "what the compiler has inlined has no place of its own: name a function that calls it"
        message = f"{error}".partition(";")[0]
        raise UnknownName(name, f"{message}{has}; {why}") from None
