# SPDX-License-Identifier: Apache-2.0
"""Walks through a guest's run: to an instant, and on from there as whoever looks says."""

from __future__ import annotations

import difflib
import os
import signal
from collections.abc import Callable

from ktstr.introspect.instant.calls import ROOM, counted, counting
from ktstr.introspect.instant.place import Place, seconds
from ktstr.introspect.instant.programs import PREFIX, Loading
from ktstr.introspect.instant.stand import Stand
from ktstr.introspect.kernel.errors import UnknownName
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.plugin.hold import Held
from ktstr.introspect.plugin.orders import MOST_BREAKS, Orders, Word
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
# Beside the place where programs are loaded.
_MOST_PROGRAMS = MOST_BREAKS - 1
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
      missed: of one that did not come to a call, how many there were, in words; or why none.
    """

    name = "instant"

    def __init__(self, place: Place, stood: Callable[[Stand], Place | bool]) -> None:
        self._place, self._stood = place, stood
        self._kernel: Kernel | None = None
        self._stops = [place.address] if place.address else []
        self._loading: Loading | None = None
        self._is_first, self._is_ordered = True, False
        self._since_ns = 0
        self.reached = self.killed = False
        self.raised: KtstrError | None = None
        self.problem = self.missed = ""
        self.begins_ns: int | None = None

    def look(self, kernel: Kernel, plan: Plan, cpus: int) -> Walk:
        """Raises UnknownName where the kernel has no such function, or loads no programs."""
        del plan, cpus
        self._kernel, function = kernel, self._place.function
        if function:
            found = function_of_name(kernel, function)
            if isinstance(found, Loading):
                self._loading = found
            else:
                self._stops = [found]
        return self

    @property
    def wanted(self) -> Wanted:
        if self._kernel is None:
            return Wanted()
        start = self._kernel.symbol("_text")
        probes = [Probe(self.name, start, start + 1, hold=True, walks=True)]
        room = 0
        if self._place.function and self._place.hit > 1:
            probes += counting(self._kernel, self._stops, self._loading)
            room = ROOM
        return Wanted(tuple(probes), (), self.held, _LONGEST_LOOK_S, room, rows=True)

    def made(self, looked: Looked) -> None:
        if self.reached:
            return
        self.problem = self.problem or looked.problem
        if self._loading is not None and not self._stops:
            self.missed = self._loading.missing()
        elif self._place.function and self._place.hit > 1:
            self.missed = counted(looked, self._stops, self._since_ns)

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
            if not self.reached and (self._learns(stand) or self._is_sent_on(stand)):
                goes_on = True
                return
            self.reached = True
            following = self._stood(stand)
            if isinstance(following, Place):
                self._place, self.reached, self._is_ordered = following, False, False
                self._loading = None
                self._stops = [following.address] if following.address else []
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

    def _learns(self, stand: Stand) -> bool:
        """Whether it stands where a program is loaded, or was and is another now: it goes on."""
        loading, told = self._loading, stand.told
        if loading is None or told.why is not Word.BREAK:
            return False
        if told.where != loading.address:
            return told.where in self._stops and told.where not in loading.places
        address = loading.learn(stand)
        if address and address not in self._stops:
            if len(self._stops) == _MOST_PROGRAMS:
                raise UsageError(
                    f"{PREFIX}{loading.name} is loaded again and again, at more than "
                    f"{_MOST_PROGRAMS} places; say an earlier one, by --at or --hit"
                )
            self._stops.append(address)
            self._stop_at(stand.orders, address)
        return True

    def _stop_at_all(self, orders: Orders) -> None:
        if self._loading is not None:
            orders.stop_at(self._loading.address)
        for address in self._stops:
            self._stop_at(orders, address)

    def _stop_at(self, orders: Orders, address: int) -> None:
        if self._is_ordered:
            orders.stop_at(address, skip=self._place.hit - 1, not_before_ns=self._since_ns)
        else:
            # what has run once is not looked at any more, unless this was said before
            orders.stop_at(address, not_before_ns=_NEVER_NS)

    def _is_sent_on(self, stand: Stand) -> bool:
        """Whether the place is still to come; then it is ordered to stand there, or on the way.

        Raises:
          UsageError: the place is before all that runs.
        """
        place, orders = self._place, stand.orders
        if self._is_ordered:
            return False
        if self._is_first:
            self._stop_at_all(orders)
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
        self._is_ordered, self._since_ns = True, max(0, wanted or 0)
        if place.closely:
            orders.closely(True)
        if self._stops or self._loading is not None:
            orders.clear()
            self._stop_at_all(orders)
        else:
            orders.until(self._since_ns, exact=place.exact)
        return True


def function_of_name(kernel: Kernel, name: str) -> int | Loading:
    """The first instruction of a function; of programs of that name, who learns where they are.

    Raises:
      UnknownName: this kernel has no such function, or loads no programs.
    """
    return Loading(kernel, name) if name.startswith(PREFIX) else function_at(kernel, name)


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
        why = (
            "what the compiler has inlined has no place of its own: name a function that calls it; "
            "a BPF program's is bpf:NAME"
        )
        message = f"{error}".partition(";")[0]
        raise UnknownName(name, f"{message}{has}; {why}") from None
