# SPDX-License-Identifier: Apache-2.0
"""The plan of one test: everything the guest needs, decided on the host before it boots."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from ktstr.model.codec import decode, encode
from ktstr.model.machine.disk import Disk
from ktstr.model.machine.numa import NumaLayout
from ktstr.model.machine.topology import Topology
from ktstr.model.payload import Payload
from ktstr.model.scenario.scenario import Scenario
from ktstr.model.verdict.checks import VERIFIER_CHECKS, Checks, ExpectFail
from ktstr.model.verdict.claims import SeriesClaim, StatClaim

PLAN_PATH = "/ktstr/plan.json"
# what is to be recorded (ktstr/sampler/recorder.c), where a failure is waited for once more
RECORDING_PATH = "/ktstr/recording"
SOURCES_DIR = "/ktstr/src"
DATA_DIR = "/ktstr/data"


@dataclass(frozen=True)
class SchedulerPlan:
    """The scheduler to start in the guest; `argv[0]` is a guest path under /scheduler.

    `ops` is the name expected in /sys/kernel/sched_ext/root/ops, or a pattern of it
    (`ktstr.model.ops_name`).  `control` says that it speaks the loader protocol of sched/loader on
    stdin and stdout.  `stats_socket` is where it tells its statistics (`ktstr.model.wire.stats`);
    empty: it is not asked.

    One that is in the kernel has no program: `enable` and `disable` are the shell commands that
    switch it on and off, `argv` and `ops` are empty.  `cgroup` is that of its process, below the
    mount; empty: the root.  `config` is the guest path of its configuration, empty where it has
    none; `config_text` is written there, unless a layer brings it.
    """

    name: str
    argv: tuple[str, ...]
    ops: str
    control: bool
    attach_timeout_s: float = 20.0
    stats_socket: str = ""
    enable: tuple[str, ...] = ()
    disable: tuple[str, ...] = ()
    cgroup: str = ""
    config: str = ""
    config_text: str = ""


@dataclass(frozen=True)
class GuestDeadlines:
    """Seconds of guest time that the agent allows: the host's own, outer ones are in ktstr.vm."""

    collect_s: float = 5.0
    start_s: float = 10.0
    test_s: float = 60.0
    detach_s: float = 5.0


# how far samples of the monitor are apart unless a test says so, but for a tick at the least
SAMPLE_MS = 4.0


@dataclass(frozen=True)
class Plan:
    """One test: what the guest does, and the thresholds the host will judge it by.

    Exactly one of `scenario` (data, interpreted by the agent) and `function` (a test function of
    `source`, run in the guest) is set, or `shell`: a terminal in the guest, or `command` for its
    shell.  `seed` feeds every random choice in the guest.  `payloads` are the
    target's, which ops and test functions name; `disks` those that the machine has; `numa`
    says what each node is where they differ.  `scheduler` runs from the beginning; `staged` are
    those that ops may bring in, by their names.  `check_layers` says which layer set each
    threshold: default, the scheduler's name, or test.
    `kargs` is what target and schedulers want on the kernel's command line, sysctls as such.
    `trace` asks for the sampler's measurements (`model.samples`).  `sample_ms` is how far samples
    of the monitor are apart at least.  `workers` are the names of the
    target's own work types.  `environment` holds variables that are set in the guest as they are on
    the host, for all that runs there.  `witness` is off only where its own
    cost is measured.  `workload_root` is the cgroup, below the mount, whose children are the test's
    cgroups, made before the scheduler starts; empty: the default, made with the first of them.
    `data` names the test's files below DATA_DIR.
    """

    test: str
    source: str
    topology: str
    duration_s: float
    workers_per_cgroup: int
    seed: int
    scheduler: SchedulerPlan | None
    scenario: Scenario | None
    function: str | None
    checks: Checks
    expect_fail: ExpectFail | None = None
    deadlines: GuestDeadlines = GuestDeadlines()
    shell: bool = False
    command: str = ""
    payloads: tuple[Payload, ...] = ()
    disks: tuple[Disk, ...] = ()
    staged: tuple[SchedulerPlan, ...] = ()
    params: dict[str, Any] = field(default_factory=dict)
    check_layers: dict[str, str] = field(default_factory=dict)
    claims: tuple[StatClaim | SeriesClaim, ...] = ()
    trace: bool = False
    numa: NumaLayout | None = None
    workers: tuple[str, ...] = ()
    kargs: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    witness: bool = True
    sample_ms: float = SAMPLE_MS
    workload_root: str = ""
    data: tuple[str, ...] = ()

    @property
    def machine(self) -> Topology:
        """The topology that was asked for.

        Raises:
            UsageError: there is no such machine.
        """
        return Topology.parse(self.topology, self.numa)

    @property
    def tells_programs(self) -> bool:
        """Whether a check asks for the figures of the scheduler's BPF programs."""
        steps = self.scenario.steps if self.scenario is not None else ()
        layers = (self.checks, *(step.checks for step in steps if step.checks is not None))
        asked = (getattr(layer, name) for layer in layers for name in VERIFIER_CHECKS)
        return any(limit is not None for limit in asked)

    def to_json(self) -> str:
        """Canonical text: the same plan, the same bytes."""
        return json.dumps(encode(self), sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """The plan that `to_json` wrote.

        Raises:
            UsageError: the text is no plan of this version; the path of the difference is named.
        """
        return decode(cls, json.loads(text))

    def digest(self) -> str:
        """SHA-256 of the canonical text, in hex; the agent's hello repeats it."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()
