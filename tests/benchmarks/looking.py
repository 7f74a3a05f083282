# SPDX-License-Identifier: Apache-2.0
"""What it costs to look into guests: the same guests with and without, in one run.

    tools/bazel run //tests/benchmarks:both -- [--rounds=3]
    tools/bazel run //tests/benchmarks:invariants -- [--rounds=3]
    tools/bazel run //tests/benchmarks:monitor -- [--rounds=3]
    tools/bazel run //tests/benchmarks:decisions -- [--rounds=3]
    tools/bazel run //tests/benchmarks:op_costs -- [--rounds=3]
    tools/bazel run //tests/benchmarks:code -- [--rounds=3]

All are clones in virtual time, of which each says the same to the byte with and without.  CPU
seconds of QEMU and of ourselves are medians, in turns; the ratio is with over without.  The last
three are what a test asks for (`code` is its coverage): beside all that always look, and with the
files that they leave.  kB/s are what the monitor's series add to a result for each second of the
guest's.  Returns 1 where one of these is above what who looks may take, or where guests differ.
"""

import hashlib
import resource
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from absl import app, flags

from ktstr.execute.outcome import Outcome
from ktstr.execute.parts import asked_parts, parts
from ktstr.introspect.coverage.part import Sources
from ktstr.introspect.invariants.part import Invariants
from ktstr.introspect.monitor.part import Monitor
from ktstr.introspect.plugin.part import Part
from ktstr.record.run import RunRecord
from ktstr.result import result_pb2
from ktstr.result.make.monitor_part import add_monitor
from ktstr.runner.cases.case import Case
from ktstr.runner.coverage import sources_of, write_coverage
from ktstr.runner.files import RunfilesTree
from ktstr.runner.traces import write_trace
from tests.support.prepared import Prepared, prepared

_ROUNDS = flags.DEFINE_integer("rounds", 3, "Guests of each kind.", lower_bound=1)


@dataclass(frozen=True)
class _Look:
    """Who looks, and who does in the guests that it is compared with, too.

    parts: by where lines of the target's code come from.  promised: of CPU seconds, so many times
    as many.
    """

    parts: Callable[[Sources], tuple[Part, ...]]
    promised: float = 1.15
    others: Callable[[], tuple[Part, ...]] = tuple


_LOOKS: Mapping[str, _Look] = {
    "invariants": _Look(lambda _: (Invariants(),)),
    "monitor": _Look(lambda _: (Monitor(),)),
    "both": _Look(lambda _: (Monitor(), Invariants())),
    "decisions": _Look(lambda _: asked_parts(("decisions",)), 1.5, parts),
    "op_costs": _Look(lambda _: asked_parts(("op_costs",)), 1.5, parts),
    "code": _Look(lambda lines: asked_parts(("coverage",), lines), 2.0, parts),
}
_PART = flags.DEFINE_enum("part", "invariants", list(_LOOKS), "Who looks.")

_PROMISED_BYTES = 60_000


@dataclass(frozen=True)
class _Guest:
    """What one guest took, and came to.

    looks: decisions, calls, lines that were reached, looks at invariants, or samples of runqueues,
    the first of these that there are.  failed: invariants that did not hold.  bytes_s:
    of the monitor in the result, for each second that it looked.
    """

    cpu_s: float
    said: str
    looks: int
    failed: int
    bytes_s: float


def main(argv: Sequence[str]) -> int:
    """Prints a line for each target and scenario; returns 1 if a promise is not kept."""
    print(f"{'':34} {'CPU s':>7} {'ratio':>6} {'looks':>9} {'failed':>6} {'kB/s':>5} same")
    kept = True
    for config in argv[1:]:
        for name, looked, alone in _compared(config):
            ratio = _cpu(looked) / _cpu(alone)
            same = len({guest.said for guest in [*looked, *alone]}) == 1
            first = looked[0]
            print(
                f"{name:34} {_cpu(alone):7.2f} {ratio:6.3f} {first.looks:9} {first.failed:6} "
                f"{first.bytes_s / 1000:5.1f} {'yes' if same else 'no'}",
                flush=True,
            )
            kept &= same and ratio <= _LOOKS[_PART.value].promised and first.looks > 0
            kept &= first.bytes_s <= _PROMISED_BYTES
    return int(not kept)


def _cpu(guests: list[_Guest]) -> float:
    return statistics.median(guest.cpu_s for guest in guests)


def _compared(config: str) -> Iterator[tuple[str, list[_Guest], list[_Guest]]]:
    """Each scenario of a target: its name, its guests that are looked into and those that are not.

    The first of all is left out: it compiles the library, and QEMU is not yet in the host's cache.
    """
    look = _LOOKS[_PART.value]
    with prepared(config, lambda cases: cases * 2 * (_ROUNDS.value + 1)) as target:
        lines = sources_of(target.target, RunfilesTree().path)
        for case in target.cases:
            looked, alone = [], []
            for number in range(_ROUNDS.value + 1):
                others = look.others()
                pair = (
                    _guest(target, case, (*others, *look.parts(lines))),
                    _guest(target, case, others),
                )
                if number:
                    looked.append(pair[0])
                    alone.append(pair[1])
            yield f"{target.target.label.rpartition(':')[2]} {case.name}", looked, alone


def _guest(target: Prepared, case: Case, looks: Sequence[Part]) -> _Guest:
    outcomes: list[Outcome] = []
    before = _seconds()
    replace(target.session, looks=looks).run((case,), outcomes.append)
    run = outcomes[0].run
    write_trace(run.decisions, target.place)
    write_coverage(run.coverage, case.name, target.place, {})
    cpu_s = _seconds() - before
    if run.end is None:
        raise SystemExit(f"{case.name} did not come to its end: {outcomes[0].judgement}")
    digest = hashlib.sha256(target.said(case.name))
    found = run.invariants
    failed = sum(each.failed for each in found.counted) if found else 0
    return _Guest(cpu_s, digest.hexdigest(), _count(run), failed, _bytes_s(run))


def _count(run: RunRecord) -> int:
    """How much was seen by who looks."""
    if run.decisions is not None:
        return len(run.decisions.events)
    if run.op_costs is not None:
        return sum(each.count for each in run.op_costs.costs)
    if run.coverage is not None:
        return sum(each.reached_lines for each in run.coverage.files)
    if run.invariants is not None:
        return run.invariants.looks
    return len(run.monitor.at_ns) if run.monitor else 0


def _bytes_s(run: RunRecord) -> float:
    seen = run.monitor
    if seen is None or len(seen.at_ns) < 2:
        return 0.0
    result = result_pb2.Result()
    add_monitor(result, run)
    return result.ByteSize() * 1e9 / (seen.at_ns[-1] - seen.at_ns[0])


def _seconds() -> float:
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


if __name__ == "__main__":
    app.run(main)
