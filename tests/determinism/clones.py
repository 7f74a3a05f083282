# SPDX-License-Identifier: Apache-2.0
"""Many clones of one saved guest with one plan: all their facts are the same to the byte.

    tools/bazel run //tests/determinism:clones -- [--clones=100] [--busy=50] [CONFIG...]

A CONFIG is the NAME.config.json of a target, as a runfiles path; without one all nine are run:
EEVDF and fifo on 1, 4 and 8 vCPUs, idle CPUs, two nodes, and a test that asks what calls cost. The
last clones of each (--busy) run beside a load on every core. Compared is every byte that a guest
said at its frames port and on its console, and each number of instructions that was counted.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence

from absl import app, flags

from ktstr.execute.outcome import Outcome
from ktstr.host.start import StartKind
from ktstr.runner.cases.case import Case
from tests.support.load import load_on_every_core
from tests.support.prepared import Prepared, prepared

_CLONES = flags.DEFINE_integer("clones", 100, "Clones of each target.", lower_bound=2)
_BUSY = flags.DEFINE_integer("busy", 50, "So many of them run beside a load.", lower_bound=1)
_CONFIGS = [
    f"_main/tests/determinism/{name}_subject.config.json"
    for name in ("eevdf_1", "eevdf_4", "eevdf_8", "fifo_1", "fifo_4", "fifo_8", "idle", "numa")
] + ["_main/tests/introspect/costs/plain_subject.config.json"]


def main(argv: Sequence[str]) -> int:
    """Prints a line for each target; returns 1 where two clones differed."""
    differing = 0
    for config in argv[1:] or _CONFIGS:
        found = _said(config)
        differing += len(found) > 1
        counts = ", ".join(f"{count} x {digest[:12]}" for digest, count in found.most_common())
        print(f"{config}: {_CLONES.value} clones said {len(found)} thing(s): {counts}", flush=True)
    return int(differing > 0)


def _said(config: str) -> Counter[str]:
    """Digests of what the clones of a target said, with how many said it."""
    with prepared(config, lambda cases: _CLONES.value) as target:
        (case,) = target.cases
        idle = [_digest(target, case) for _ in range(_CLONES.value - _BUSY.value)]
        with load_on_every_core():
            busy = [_digest(target, case) for _ in range(_BUSY.value)]
    return Counter(idle + busy)


def _digest(target: Prepared, case: Case) -> str:
    """Digest of all that one clone said."""
    outcomes: list[Outcome] = []
    target.session.run((case,), outcomes.append)
    start = outcomes[0].run.start
    if start is None or start.kind is not StartKind.CLONED or outcomes[0].run.end is None:
        raise SystemExit(f"no clone that came to its end: {start}, {outcomes[0].judgement}")
    said = hashlib.sha256(target.said(case.name))
    said.update(repr(outcomes[0].run.op_costs).encode())
    return said.hexdigest()


if __name__ == "__main__":
    app.run(main)
