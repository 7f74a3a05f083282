# SPDX-License-Identifier: Apache-2.0
"""What it costs to look into guests: the same guests with and without, in one run.

    tools/bazel run //tests/benchmarks:both -- [--rounds=3]
    tools/bazel run //tests/benchmarks:invariants -- [--rounds=3]
    tools/bazel run //tests/benchmarks:monitor -- [--rounds=3]

All are clones in virtual time, of which each says the same to the byte with and without.  CPU
seconds of QEMU and of ourselves are medians, in turns; the ratio is with over without.  kB/s are
what the monitor's series add to a result for each second of the guest's.  Returns 1 where one of
these is above what all that looks into guests may take, or where guests differ.
"""

import hashlib
import resource
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from absl import app, flags

from ktstr.execute.outcome import Outcome
from ktstr.introspect.invariants.part import Invariants
from ktstr.introspect.monitor.part import Monitor
from ktstr.introspect.plugin.part import Part
from ktstr.record.run import RunRecord
from ktstr.result import result_pb2
from ktstr.result.make.monitor_part import add_monitor
from ktstr.runner.cases.case import Case
from tests.support.prepared import Prepared, prepared

_ROUNDS = flags.DEFINE_integer("rounds", 3, "Guests of each kind.", lower_bound=1)

_PARTS: Mapping[str, tuple[Part, ...]] = {
    "invariants": (Invariants(),),
    "monitor": (Monitor(),),
    "both": (Monitor(), Invariants()),
}
_PART = flags.DEFINE_enum("part", "invariants", list(_PARTS), "Who looks.")

_PROMISED, _PROMISED_BYTES = 1.15, 60_000


@dataclass(frozen=True)
class _Guest:
    """What one guest took, and came to.

    looks: at invariants, or samples of runqueues.  failed: invariants that did not hold.  bytes_s:
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
            kept &= same and ratio <= _PROMISED and first.looks > 0
            kept &= first.bytes_s <= _PROMISED_BYTES
    return int(not kept)


def _cpu(guests: list[_Guest]) -> float:
    return statistics.median(guest.cpu_s for guest in guests)


def _compared(config: str) -> Iterator[tuple[str, list[_Guest], list[_Guest]]]:
    """Each scenario of a target: its name, its guests that are looked into and those that are not.

    The first of all is left out: it compiles the library, and QEMU is not yet in the host's cache.
    """
    with prepared(config, lambda cases: cases * 2 * (_ROUNDS.value + 1)) as target:
        for case in target.cases:
            looked, alone = [], []
            for number in range(_ROUNDS.value + 1):
                pair = _guest(target, case, _PARTS[_PART.value]), _guest(target, case, ())
                if number:
                    looked.append(pair[0])
                    alone.append(pair[1])
            yield f"{target.target.label.rpartition(':')[2]} {case.name}", looked, alone


def _guest(target: Prepared, case: Case, looks: Sequence[Part]) -> _Guest:
    outcomes: list[Outcome] = []
    before = _seconds()
    replace(target.session, looks=looks).run((case,), outcomes.append)
    cpu_s, run = _seconds() - before, outcomes[0].run
    if run.end is None:
        raise SystemExit(f"{case.name} did not come to its end: {outcomes[0].judgement}")
    digest = hashlib.sha256(target.said(case.name))
    found = run.invariants
    failed = sum(each.failed for each in found.counted) if found else 0
    count = found.looks if found else len(run.monitor.at_ns) if run.monitor else 0
    return _Guest(cpu_s, digest.hexdigest(), count, failed, _bytes_s(run))


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
