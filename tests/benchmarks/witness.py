# SPDX-License-Identifier: Apache-2.0
"""What the witness costs: the same guests with and without it, in one run.

    tools/bazel run //tests/benchmarks:witness -- [--rounds=3]

All are clones in virtual time, so work done and guest time are exact; the host's seconds are
medians, in turns.  Prints the ratios, with over without, and what the witness says that it took; in
virtual time that holds the turns of other vCPUs, too, so nothing is made of it.  Returns 1 where a
witness takes more than 3 % of the work that a guest does, or of its time.
"""

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from unittest import mock

from absl import app, flags

from ktstr.execute.outcome import Outcome
from ktstr.model.plan import Plan
from ktstr.record.run import RunRecord
from ktstr.runner import session as sessions
from ktstr.runner.cases.case import Case
from ktstr.runner.cases.planning import plan_of
from tests.support.prepared import prepared

_ROUNDS = flags.DEFINE_integer("rounds", 3, "Guests of each kind.", lower_bound=1)

_PROMISED = 0.03
_NS = 1e9


@dataclass(frozen=True)
class _Guest:
    """What one guest came to; `cost`: the part of its time that the witness says it took."""

    units: int
    guest_s: float
    wall_s: float
    cost: float


def main(argv: Sequence[str]) -> int:
    """Prints a line for each target and scenario; returns 1 if a promise is not kept."""
    print(f"{'':34} {'work':>7} {'guest time':>10} {'wall time':>9} {'own account':>11}")
    kept = True
    for config in argv[1:]:
        for name, watched, alone in _compared(config):
            work = watched[0].units / alone[0].units if alone[0].units else 1.0
            time = watched[0].guest_s / alone[0].guest_s
            wall = _wall(watched) / _wall(alone)
            cost = watched[0].cost
            print(f"{name:34} {work:7.4f} {time:10.4f} {wall:9.2f} {cost:11.4f}", flush=True)
            kept &= work >= 1 - _PROMISED and time <= 1 + _PROMISED
    return int(not kept)


def _wall(guests: list[_Guest]) -> float:
    return statistics.median(guest.wall_s for guest in guests)


def _compared(config: str) -> Iterator[tuple[str, list[_Guest], list[_Guest]]]:
    """Each scenario of a target: its name, its guests with a witness and those without."""
    with prepared(config, lambda cases: cases * 2 * _ROUNDS.value) as target:
        for case in target.cases:
            rounds = [
                (
                    _guest(target.session, case, witness=True),
                    _guest(target.session, case, witness=False),
                )
                for _ in range(_ROUNDS.value)
            ]
            watched, alone = zip(*rounds, strict=True)
            label = target.target.label.rpartition(":")[2]
            yield f"{label} {case.name}", list(watched), list(alone)


def _guest(session: sessions.Session, case: Case, *, witness: bool) -> _Guest:
    def planned(*arguments: object) -> Plan:
        return replace(plan_of(*arguments), witness=witness)  # type: ignore[arg-type]

    outcomes: list[Outcome] = []
    with mock.patch.object(sessions, "plan_of", planned):
        session.run((case,), outcomes.append)
    run, wall_s = outcomes[0].run, outcomes[0].wall_s["total"]
    if run.end is None or not run.scenarios:
        raise SystemExit(f"{case.name} did not come to its end: {outcomes[0].judgement}")
    units = sum(
        phase.work_units
        for worker in run.workers
        for phase in worker.phases
        if phase.step is not None
    )
    started_ns = run.scenarios[0].started_ns
    return _Guest(units, (run.end.at_ns - started_ns) / _NS, wall_s, _cost(run))


def _cost(run: RunRecord) -> float:
    facts = run.witness
    return 0.0 if facts is None else facts.cost_ns / (facts.ended_ns - facts.started_ns)


if __name__ == "__main__":
    app.run(main)
