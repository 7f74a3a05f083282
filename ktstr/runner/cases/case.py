# SPDX-License-Identifier: Apache-2.0
"""What is known of a test function before it runs: the records that discovery hands over."""

from __future__ import annotations

from dataclasses import dataclass

from ktstr.execute.source import Source
from ktstr.model.machine.numa import NumaLayout
from ktstr.model.plan import SAMPLE_MS
from ktstr.model.scenario.inside import Snapshot
from ktstr.model.scenario.scenario import Scenario
from ktstr.model.verdict.checks import Checks, ExpectFail
from ktstr.model.verdict.claims import SeriesClaim, StatClaim


@dataclass(frozen=True)
class Case:
    """One test function.

    `source` is the path below the guest's /ktstr/src, `line` that of the function.  `scenario` is
    what a @ktstr.scenario returned; None for a function of the guest, and where `error` says why
    the call gave no scenario (`file:line: what happened`), or `skip` why there was no call.
    `decisions`, `op_costs` and `snapshots` are looked at from outside, so that no plan says them.
    `after` is the name of the function that looks at the finished run, empty where there is none.
    """

    name: str
    source: str
    line: int
    in_guest: bool
    duration_s: float
    workers_per_cgroup: int
    checks: Checks
    expect_fail: ExpectFail | None
    timeout_s: float
    scheduler_args: tuple[str, ...]
    scenario: Scenario | None
    error: str = ""
    skip: str = ""
    trace: bool = False
    claims: tuple[StatClaim | SeriesClaim, ...] = ()
    sample_ms: float = SAMPLE_MS
    decisions: bool = False
    op_costs: bool = False
    snapshots: tuple[Snapshot, ...] = ()
    after: str = ""


@dataclass(frozen=True)
class Discovery:
    """`names` of all tests of a target in order of source and line; `cases` are the selected."""

    names: tuple[str, ...]
    cases: tuple[Case, ...]


@dataclass(frozen=True)
class DiscoveryRequest:
    """What the child process is asked: which files, which of their tests, for which machine."""

    sources: tuple[Source, ...]
    import_roots: tuple[str, ...]
    pattern: str
    shard_index: int
    shard_total: int
    topology: str
    numa: NumaLayout | None = None
    seed: int = 1
