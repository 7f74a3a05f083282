# SPDX-License-Identifier: Apache-2.0
"""What several parts want, as one watch, and what came of it, for each of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import accumulate

from ktstr.introspect.plugin.hold import CHANNEL_CLOSED, Held, HoldChannel
from ktstr.introspect.plugin.part import Looked, Wanted
from ktstr.introspect.plugin.records import (
    Failed,
    Record,
    Rows,
    Seen,
    State,
    Stream,
    StreamError,
    decode,
    rows,
    seen,
)
from ktstr.introspect.plugin.watch import KernelFacts, Watch

# Between a part's name and that of its probe.
_OF = "/"


@dataclass(frozen=True)
class Combined:
    """One watch of several parts, by their names."""

    wanted: Mapping[str, Wanted]
    watch: Watch

    @classmethod
    def of(cls, wanted: Mapping[str, Wanted], cpus: int, kernel: KernelFacts) -> Combined:
        """The watch of a guest with so many CPUs.

        Raises:
          UsageError: together they want more than there is room for.
        """
        first = _first_predicates(wanted)
        probes = [
            replace(
                probe,
                name=f"{name}{_OF}{probe.name}",
                predicates=tuple(first[name] + each for each in probe.predicates),
            )
            for name, part in wanted.items()
            for probe in part.probes
        ]
        predicates = tuple(each for part in wanted.values() for each in part.predicates)
        room = sum(part.room for part in wanted.values())
        watch = Watch(cpus, kernel, tuple(probes), predicates)
        hold_s = max((part.hold_s for part in wanted.values()), default=0.0)
        if hold_s > watch.hold_s:
            watch = replace(watch, hold_s=hold_s)
        if room:
            reserve = watch.most_bytes
            watch = replace(watch, most_bytes=reserve + room, reserve=reserve)
        return cls(wanted, watch)

    def looked(self, stream: Stream, *, let_go: bool = False) -> tuple[Seen, dict[str, Looked]]:
        """What the plugin says of the run, and what each part gets of what it wrote.

        let_go: the host let a guest go that was about to end, so that it closed the channel is no
        problem.
        """
        records: list[Record] = []
        of_rows = Rows(stream)
        problem = ""
        try:
            said = seen(self.watch, stream)
        except StreamError as error:
            problem = f"what QEMU's plugin wrote cannot be read: {error}"
            return Seen(State.ABSENT, problem), dict.fromkeys(self.wanted, Looked(problem=problem))
        try:
            wanted_rows = self._wanted_rows()
            records.extend(decode(self.watch, stream, wanted_rows))
            if wanted_rows:
                rows(self.watch, stream, wanted_rows, of_rows)
        except StreamError as error:
            problem = f"what QEMU's plugin wrote cannot be read to its end: {error}"
        if let_go and said.reason == CHANNEL_CLOSED:
            said = replace(said, reason="")
        problem = problem or _problem(said)
        said = replace(said, reason=problem)
        return said, {name: self._of(name, said, records, of_rows, problem) for name in self.wanted}

    def channel(self) -> HoldChannel | None:
        """The host's end for those who hold the guest; None where nobody does."""
        if not any(probe.hold for probe in self.watch.probes):
            return None
        patient = any(part.hold_s for part in self.wanted.values())
        return HoldChannel(self.watch, self._meanwhile, patient=patient)

    def _meanwhile(self, held: Held) -> None:
        part, name = self.probe(held.probe)
        hold = self.wanted[part].hold
        if hold is not None:
            hold(replace(held, probe=name))

    def probe(self, name: str) -> tuple[str, str]:
        """The part that a probe of the watch is of, and the name that it has there."""
        part, _, own = name.partition(_OF)
        return part, own

    def _wanted_rows(self) -> set[str]:
        """The probes, by their names in the watch, of parts that want rows."""
        wanting = [name for name, part in self.wanted.items() if part.rows]
        return {each.name for each in self.watch.probes if self.probe(each.name)[0] in wanting}

    def _of(
        self, name: str, said: Seen, records: list[Record], of_rows: Rows, problem: str
    ) -> Looked:
        first = _first_predicates(self.wanted)[name]
        mine = slice(first, first + len(self.wanted[name].predicates))
        return Looked(
            tuple(
                replace(
                    each,
                    probe=self.probe(each.probe)[1],
                    failed=tuple(Failed(one.predicate - first, one.terms) for one in each.failed),
                )
                for each in records
                if self.probe(each.probe)[0] == name
            ),
            {
                self.probe(probe)[1]: count
                for probe, count in said.probes.items()
                if self.probe(probe)[0] == name
            },
            said.predicates[mine],
            said.lost,
            of_rows.of(self._own_names(name)) if self.wanted[name].rows else (),
            problem,
        )

    def _own_names(self, name: str) -> dict[str, str]:
        """What a part calls its probes, by their names in the watch."""
        return {
            each.name: self.probe(each.name)[1]
            for each in self.watch.probes
            if self.probe(each.name)[0] == name
        }


def _first_predicates(wanted: Mapping[str, Wanted]) -> dict[str, int]:
    sizes = [len(part.predicates) for part in wanted.values()]
    return dict(zip(wanted, accumulate([0, *sizes]), strict=False))


def _problem(said: Seen) -> str:
    match said.state:
        case State.ABSENT:
            return "QEMU's plugin never began to watch; qemu.log may say why"
        case State.REFUSED:
            return f"QEMU's plugin refused what it was told: {said.reason}"
    lost = f"QEMU's plugin had no room for {said.lost} records" if said.lost else ""
    return "; ".join(filter(None, (said.reason, lost)))
