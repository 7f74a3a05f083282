# SPDX-License-Identifier: Apache-2.0
"""The names of the language that tests are written in; `ktstr` has them all."""

from ktstr import metric
from ktstr.api import scenario, test
from ktstr.model.machine.cpuset import Disjoint, Exact, Llc, Numa, Overlap, Range
from ktstr.model.machine.needs import Needs
from ktstr.model.machine.topology import TopologyView
from ktstr.model.scenario.comparison import compare
from ktstr.model.scenario.conditions import (
    CpuTime,
    EventSeen,
    GlobalValue,
    Iterations,
    OnTimeout,
    WorkDone,
)
from ktstr.model.scenario.inside import (
    Changed,
    Entered,
    KernelValue,
    MapValue,
    SetKernel,
    SetMap,
    Snapshot,
)
from ktstr.model.scenario.limits import Limits
from ktstr.model.scenario.relative import EEVDF, better_than, not_worse_than
from ktstr.model.scenario.scenario import (
    FULL,
    AddCgroup,
    AddCgroupDef,
    AttachScheduler,
    Backdrop,
    CaptureProcs,
    CgroupDef,
    ClearCpuset,
    DetachScheduler,
    Fixed,
    Frac,
    Freeze,
    KillPayload,
    Loop,
    MoveAllTasks,
    OfflineCpu,
    OnlineCpu,
    RemoveCgroup,
    ReplaceScheduler,
    RestartScheduler,
    RunPayload,
    Scenario,
    SetAffinity,
    SetCpuset,
    SetKnob,
    SetLimits,
    Spawn,
    SpawnHost,
    Step,
    StopCgroup,
    SwapCpusets,
    Thaw,
    Until,
    WaitFor,
    WaitPayload,
    defs,
)
from ktstr.model.seeds import stream
from ktstr.model.verdict.checks import Checks, ExpectFail
from ktstr.model.verdict.claims import Relation, StatClaim
from ktstr.model.verdict.kinds import Kind
from ktstr.model.verdict.relations import it, stat
from ktstr.model.verdict.series import series
from ktstr.model.work import teams, types
from ktstr.model.work.mem_policy import MemMode, MemPolicy
from ktstr.model.work.policy import Policy
from ktstr.model.work.teams import *  # noqa: F403
from ktstr.model.work.types import *  # noqa: F403
from ktstr.model.work.work import (
    CrossCgroup,
    Deadline,
    ExactCpus,
    Inherit,
    LlcAligned,
    Mode,
    RandomSubset,
    SingleCpu,
    SmtSiblingPair,
    Work,
)

# types of work say themselves which they are
__all__ = [
    "EEVDF",
    "FULL",
    "AddCgroup",
    "AddCgroupDef",
    "AttachScheduler",
    "Backdrop",
    "CaptureProcs",
    "CgroupDef",
    "Changed",
    "Checks",
    "ClearCpuset",
    "CpuTime",
    "CrossCgroup",
    "Deadline",
    "DetachScheduler",
    "Disjoint",
    "Entered",
    "EventSeen",
    "Exact",
    "ExactCpus",
    "ExpectFail",
    "Fixed",
    "Frac",
    "Freeze",
    "GlobalValue",
    "Inherit",
    "Iterations",
    "KernelValue",
    "KillPayload",
    "Kind",
    "Limits",
    "Llc",
    "LlcAligned",
    "Loop",
    "MapValue",
    "MemMode",
    "MemPolicy",
    "Mode",
    "MoveAllTasks",
    "Needs",
    "Numa",
    "OfflineCpu",
    "OnTimeout",
    "OnlineCpu",
    "Overlap",
    "Policy",
    "RandomSubset",
    "Range",
    "Relation",
    "RemoveCgroup",
    "ReplaceScheduler",
    "RestartScheduler",
    "RunPayload",
    "Scenario",
    "SetAffinity",
    "SetCpuset",
    "SetKernel",
    "SetKnob",
    "SetLimits",
    "SetMap",
    "SingleCpu",
    "SmtSiblingPair",
    "Snapshot",
    "Spawn",
    "SpawnHost",
    "StatClaim",
    "Step",
    "StopCgroup",
    "SwapCpusets",
    "Thaw",
    "TopologyView",
    "Until",
    "WaitFor",
    "WaitPayload",
    "Work",
    "WorkDone",
    "better_than",
    "compare",
    "defs",
    "it",
    "metric",
    "not_worse_than",
    "scenario",
    "series",
    "stat",
    "stream",
    "test",
]
__all__ += teams.__all__
__all__ += types.__all__
