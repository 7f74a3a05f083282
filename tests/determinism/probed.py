# SPDX-License-Identifier: Apache-2.0
"""A guest that is looked into runs as one that is not: all that both say is the same to the byte.

    tools/bazel run //tests/determinism:probed -- [--guests=50] [CONFIG...]

A CONFIG is the NAME.config.json of a target, as a runfiles path; without one all six are run,
cloned and cold: EEVDF and fifo on 1, 4 and 8 vCPUs. Compared is every byte at the frames port and
on the console, of guests without QEMU's plugin for probes, with one that never finds its place,
with hot probes, with those and a guest that is held now and again, and with all that ktstr itself
looks at.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from absl import app, flags

from ktstr.execute.outcome import Outcome
from ktstr.introspect.plugin.part import Looked
from tests.introspect.plugin.looker import Looker
from tests.support.prepared import Prepared, prepared

_GUESTS = flags.DEFINE_integer("guests", 50, "Guests of each kind and target.", lower_bound=1)
_CONFIGS = [
    f"_main/tests/determinism/{scheduler}_{cpus}_subject.config.json"
    for scheduler in ("eevdf", "fifo")
    for cpus in (1, 4, 8)
]
_LEAST_HITS = 2000
# how a guest is looked into, and by whom
KINDS: dict[str, Callable[[], tuple[Looker, ...] | None]] = {
    "off": lambda: (),
    "idle": lambda: (Looker(functions=("panic",), ticks=()),),
    "hot": lambda: (Looker(),),
    "held": lambda: (Looker(holds=300),),
    "all": lambda: None,
}


def said(target: Prepared, kind: str) -> str:
    """Digest of all that one guest of a target with one case said, which was looked into so.

    Raises:
      SystemExit: it did not come to its end, or was not looked into as it should be.
    """
    (case,), looks = target.cases, KINDS[kind]()
    outcomes: list[Outcome] = []
    replace(target.session, looks=looks).run((case,), outcomes.append)
    if outcomes[0].run.end is None:
        raise SystemExit(f"no guest that came to its end: {outcomes[0].judgement}")
    for look in looks or ():
        _check(look, kind)
    probes = outcomes[0].run.probes
    if (kind != "off") != bool(probes and probes.watched and not probes.problem):
        raise SystemExit(f"{kind}: {probes}")
    return hashlib.sha256(target.said(case.name)).hexdigest()


def _check(look: Looker, kind: str) -> None:
    (looked,) = look.looked or (Looked(problem=" ".join(look.refused)),)
    hits = sum(count.hits for count in looked.probes.values())
    # a guest on one CPU has the fewest: some 10,000
    wrong = hits > 0 if kind == "idle" else hits < _LEAST_HITS
    if looked.problem or not looked.probes or wrong or (kind == "held") != bool(look.held):
        raise SystemExit(f"{kind}: {looked.problem}, {looked.probes}, {len(look.held)} holds")


def main(argv: Sequence[str]) -> int:
    """Prints a line for each target; returns 1 where two guests differed."""
    differing = 0
    count = _GUESTS.value
    for config in argv[1:] or _CONFIGS:
        for fresh in (False, True):
            with prepared(config, lambda _: count * len(KINDS), fresh=fresh) as target:
                found = {kind: Counter(said(target, kind) for _ in range(count)) for kind in KINDS}
            digests = set[str]().union(*found.values())
            differing += len(digests) > 1
            how = "cold" if fresh else "cloned"
            print(f"{config}, {how}: {count} guests of each kind said {len(digests)} thing(s):")
            for kind, each in found.items():
                print(f"  {kind}: {', '.join(f'{n} x {d[:12]}' for d, n in each.most_common())}")
            print(flush=True)
    return int(differing > 0)


if __name__ == "__main__":
    app.run(main)
