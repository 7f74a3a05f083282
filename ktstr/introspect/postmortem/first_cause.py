# SPDX-License-Identifier: Apache-2.0
"""Takes a snapshot where the kernel throws a scheduler out: of the instant, not of what came of it.

The guest stands at the kernel's function for it, before the first instruction, so that tasks are
still in the scheduler's queues. Which function that is goes by the kernel: scx_ops_exit_kind in
6.12, scx_vexit in 7.2 (kernel/sched/ext.c).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ktstr.introspect.kernel.errors import UnknownName
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.memory.memory import Memory
from ktstr.introspect.plugin.hold import Held
from ktstr.introspect.plugin.part import Looked, Wanted
from ktstr.introspect.plugin.watch import Probe
from ktstr.introspect.snapshot.names import exit_kind
from ktstr.introspect.snapshot.state import Snapshot
from ktstr.introspect.snapshot.view import View
from ktstr.model.exit_kind import ExitKind
from ktstr.model.plan import Plan

# Kinds below are wishes: to end, to be replaced. Others throw a scheduler out: for a CPU that comes
# or goes, by sysrq, or for an error.
FIRST_ERROR = min(each.number for each in ExitKind if not each.is_in_order)
# Of a guest whose scheduler is brought in again and again; and calls of the function that are held.
MOST_SNAPSHOTS, _MOST_HELD = 4, 256


# functions that end a scheduler, the later kernels' first
SITES = ("scx_vexit", "scx_ops_exit_kind")


@dataclass(frozen=True)
class ErrorSite:
    """The function that ends a scheduler, and the registers that hold its kind and its scheduler.

    scheduler: empty where there is one scheduler only, whose kind of end has a symbol.
    """

    function: str
    kind: str
    scheduler: str = ""

    @classmethod
    def of(cls, kernel: Kernel) -> ErrorSite:
        """Raises UnknownName for a kernel without sched_ext, or with a function not known here."""
        for site in (cls("scx_vexit", "rsi", "rdi"), cls("scx_ops_exit_kind", "rdi")):
            if kernel.has_symbol(site.function):
                return site
        raise UnknownName(
            "scx_vexit",
            f"kernel {kernel.release} has neither scx_vexit nor scx_ops_exit_kind, at which "
            f"schedulers are thrown out",
        )


@dataclass
class ErrorLook:
    """Looks at one guest; `site` is None for one without a scheduler, which is not held."""

    kernel: Kernel
    site: ErrorSite | None
    snapshots: list[Snapshot] = field(default_factory=list)

    @property
    def wanted(self) -> Wanted:
        """The function's first instruction."""
        if self.site is None:
            return Wanted()
        place = self.kernel.symbol_range(self.site.function)
        probe = Probe("error", place.start, place.stop, hold=True, limit=_MOST_HELD)
        return Wanted((probe,), hold=self.held)

    def made(self, looked: Looked) -> tuple[Snapshot, ...]:
        """The snapshots, in order."""
        return tuple(self.snapshots)

    def held(self, held: Held) -> None:
        """The guest stands, and goes on when this returns."""
        assert self.site is not None
        kind = held.registers[self.site.kind] & 0xFFFF_FFFF
        if kind < FIRST_ERROR or len(self.snapshots) >= MOST_SNAPSHOTS:
            return
        # late: few guests throw one out, and what takes snapshots is a tenth of all that tests load
        from ktstr.introspect.postmortem.held import taken_while_held

        name = f"the scheduler fails: {exit_kind(self.kernel, kind)}"
        found = taken_while_held(
            self.kernel, held, name, lambda memory: self._is_first(memory, held)
        )
        if found is not None:
            self.snapshots.append(found)

    def _is_first(self, memory: Memory, held: Held) -> bool:
        """Whether no end has been asked for yet: what comes after the first changes nothing.

        Raises:
          MemoryFault: the guest's memory cannot be read.
        """
        assert self.site is not None
        view = View(self.kernel, memory)
        if self.site.scheduler:
            scheduler = held.registers[self.site.scheduler]
            return view.number(scheduler, "scx_sched", "exit_kind.counter") == 0
        return view.u32(self.kernel.symbol("scx_exit_kind")) == 0


class ErrorPart:
    """Looks at the guests of all tests that have a scheduler."""

    name = "snapshots"

    def look(self, kernel: Kernel, plan: Plan, cpus: int) -> ErrorLook:
        """Raises UnknownName where the kernel lacks what is needed."""
        del cpus
        has_scheduler = plan.scheduler is not None or bool(plan.staged)
        return ErrorLook(kernel, ErrorSite.of(kernel) if has_scheduler else None)

    def without(self, why: str) -> tuple[Snapshot, ...]:
        """None were taken; why stands with what is known of the probes."""
        del why
        return ()
