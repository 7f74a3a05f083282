# SPDX-License-Identifier: Apache-2.0
"""Kills parts of a farm at random moments while a test runs on it, and looks at what becomes of it.

    tools/bazel run //tests/farm:kills -- [--kills N] [--seed S] [--gap FROM TO] [TARGET]

The test runs here first, for reference, and then on a farm of its own again and again until N
parts are killed with SIGKILL: workers with all below them, their caches, the server, its cache, its
database. Each verdict and each result but for its `host` is held against the reference. Prints what
was killed and what became of the runs; ends with 1 when a verdict was wrong, or a result lost or
doubled.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.farm.runs import Compared, Run, compared, facts_of
from tests.farm.trial import WORKERS, Farm
from tests.support.nested import Ended, started

_TARGET = "//sched/fifo:hotplug_test"
_PARTS = (*WORKERS, *(f"{worker}.cache" for worker in WORKERS), "server", "cache", "database")
_DEADLINE_S = 3600.0
# As --config=remote has it: results would not be the same with and without.
_ALIKE = ("--//rules:kvm=no", "--nocache_test_results", "--noshow_progress")
# What the farm has not got shall not be built on it, a kernel least of all.
_NOTHING_AGAIN = "--experimental_remote_cache_eviction_retries=0"


@dataclass
class Killer:
    """Kills parts until it is told to stop or `most` are dead: `killed` counts them, by part."""

    farm: Farm
    most: int
    gap_s: tuple[float, float]
    draws: random.Random
    killed: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._kill)

    def __enter__(self) -> Killer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    @property
    def done(self) -> bool:
        """Whether all are killed, or it has come to grief, which its traceback tells."""
        return not self._thread.is_alive()

    def _kill(self) -> None:
        began = time.monotonic()
        while self.killed.total() < self.most:
            if self._over.wait(self.draws.uniform(*self.gap_s)):
                return
            part = self.draws.choice(_PARTS)
            # One that has not come back yet cannot be killed; another moment will do.
            if self.farm.tree(part):
                self.farm.kill(part)
                self.killed[part] += 1
                print(f"{time.monotonic() - began:6.1f} s: killed {part}", flush=True)


def main(argv: Sequence[str]) -> int:
    """Returns 1 when a verdict was wrong, or a result lost or doubled."""
    parser = argparse.ArgumentParser(
        prog="kills", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--gap", type=float, nargs=2, default=(5.0, 25.0), metavar="SECONDS")
    parser.add_argument("--keepalive", type=int, default=10, metavar="SECONDS")
    parser.add_argument("target", nargs="?", default=_TARGET)
    args = parser.parse_args(argv)
    scratch = Path(tempfile.mkdtemp(prefix="ktstr-kills-"))
    try:
        # With all that it is made of here, as the farm misses what only a disk cache has.
        reference = _run(scratch, args.target, "--remote_download_outputs=all")
        if reference.why or not reference.facts:
            why = reference.why or "no results"
            print(f"the reference has no verdict: {why}", file=sys.stderr)
            return 1
        print(f"reference: {reference.verdicts}, {len(reference.facts)} results", flush=True)
        with Farm(f"--keepalive={args.keepalive}") as farm:
            remote = ("--config=farm", f"--remote_executor=grpc://127.0.0.1:{farm.port}")
            # What is uploaded once is no part of what is tried.
            before = compared(_run(scratch, args.target, *remote, _NOTHING_AGAIN), reference)
            if before != Compared():
                print(f"already without kills: {before}", file=sys.stderr)
                return 1
            found = list[Compared]()
            killer = Killer(farm, args.kills, tuple(args.gap), random.Random(args.seed))
            with killer:
                while not killer.done:
                    run = _run(scratch, args.target, *remote)
                    found.append(compared(run, reference))
                    print(f"run {len(found)}: {run.verdicts} {found[-1]}", flush=True)
        return _tell(killer.killed, found) or int(killer.killed.total() < args.kills)
    finally:
        shutil.rmtree(scratch)


def _run(scratch: Path, target: str, *flags: str) -> Run:
    workspace = Path(os.environ["BUILD_WORKSPACE_DIRECTORY"])
    package, _, name = target.removeprefix("//").partition(":")
    logs = workspace / "bazel-testlogs" / package / name
    events = scratch / "events.json"
    events.unlink(missing_ok=True)
    line = [str(workspace / "tools/bazel"), "test", f"--build_event_json_file={events}"]
    line += [*_ALIKE, *flags, target]
    ended = started(line, workspace, scratch / "run", events, {}).wait(_DEADLINE_S)
    if not ended.built.verdicts:
        return Run((), why=_last_words(ended))
    # Bazel removes what an earlier run has left before it runs the test.
    return Run(ended.built.verdicts, facts_of(logs))


def _last_words(ended: Ended) -> str:
    lines = [line for line in ended.stderr.splitlines() if line.startswith("ERROR")]
    return f"exit code {ended.code}: {lines[0] if lines else ended.stderr[-400:]}"


def _tell(killed: Counter[str], found: Sequence[Compared]) -> int:
    for part in _PARTS:
        print(f"{part:15} killed {killed[part]} times")
    wrong, lost, doubled = (
        [problem for each in found for problem in getattr(each, kind)]
        for kind in ("wrong", "lost", "doubled")
    )
    print("| kills | runs | wrong verdicts | lost results | doubled results |")
    print("|---|---|---|---|---|")
    print(f"| {killed.total()} | {len(found)} | {len(wrong)} | {len(lost)} | {len(doubled)} |")
    for problem in [*wrong, *lost, *doubled]:
        print(problem)
    return int(bool(wrong or lost or doubled))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
