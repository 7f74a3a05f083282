# SPDX-License-Identifier: Apache-2.0
"""What the ledger says of limits, freezing, waits and schedulers; and what `run` makes of parts."""

from absl.testing import absltest, parameterized

from ktstr.model.errors import UsageError
from ktstr.model.machine.cpuset import Exact
from ktstr.model.machine.disk import Disk, Filesystem
from ktstr.model.machine.topology import Topology, TopologyView
from ktstr.model.plan import SchedulerPlan
from ktstr.model.scenario.conditions import (
    Condition,
    CpuTime,
    EventSeen,
    GlobalValue,
    Iterations,
    WorkDone,
)
from ktstr.model.scenario.given import Part, scenario_of
from ktstr.model.scenario.limits import Limits
from ktstr.model.scenario.scenario import (
    FULL,
    AddCgroupDef,
    AttachScheduler,
    Backdrop,
    CaptureProcs,
    CgroupDef,
    DetachScheduler,
    Fixed,
    Freeze,
    Loop,
    MoveAllTasks,
    Op,
    RemoveCgroup,
    ReplaceScheduler,
    RestartScheduler,
    Scenario,
    SetCpuset,
    SetKnob,
    SetLimits,
    Spawn,
    Step,
    StopCgroup,
    SwapCpusets,
    Thaw,
    Until,
    WaitFor,
    defs,
)
from ktstr.model.validation.validate import check_scenario
from ktstr.model.verdict.checks import Checks
from ktstr.model.work.work import Work

VIEW = TopologyView.of(Topology.parse("2n2l2c1t"))
OWN = SchedulerPlan("own", ("/s/own",), "own_ops", control=True)
OTHER = SchedulerPlan("other", ("/s/other",), "other_ops", control=False)
DISK = Disk(0, "disk0", "s", Filesystem.RAW, 1 << 20, False, "")
A, B = CgroupDef("a"), CgroupDef("b")
EMPTY = CgroupDef("e", works=None)
BOTH = Backdrop((A, B, EMPTY))


def ops(*each: Op) -> Scenario:
    return Scenario((Step(ops=each),), BOTH)


def until(condition: Condition, timeout: float = 1.0) -> Scenario:
    return Scenario((Step(hold=Until(condition, timeout)),), BOTH)


def nested(*each: Op) -> Scenario:
    parent = CgroupDef("p", Exact(frozenset({0, 1})), works=None)
    return Scenario((Step(ops=each),), Backdrop((parent, CgroupDef("p/c", Exact(frozenset({1}))))))


def limited(limits: Limits, name: str = "x") -> Scenario:
    return defs(CgroupDef(name, limits=limits))


class LedgerTest(parameterized.TestCase):
    def check(self, scenario: Scenario, own: SchedulerPlan | None = OWN) -> None:
        check_scenario(scenario, VIEW, 2, own, disks=(DISK,), staged=(OTHER,))

    @parameterized.named_parameters(
        ("limits", limited(Limits(weight=5, io_weight=9, mems=(0, 1)))),
        (
            "limits_below_limits",
            defs(
                CgroupDef("e", works=None, limits=Limits(mems=(1,))),
                CgroupDef("e/x", limits=Limits(mems=(1,))),
            ),
        ),
        ("limits_change", ops(SetLimits("a", Limits(quota=0.5)), SetLimits("e", Limits(weight=1)))),
        ("freeze_and_thaw", ops(Freeze("a"), Thaw("a"), Freeze("a"))),
        ("freeze_in_rounds", Scenario((Step(ops=(Freeze("a"), Thaw("a")), hold=Loop(0.1)),), BOTH)),
        ("workers_that_end_thaw", ops(Freeze("a"), StopCgroup("a"), Freeze("a"))),
        (
            "workers_of_a_step_that_end_thaw",
            Scenario((Step(ops=(Spawn("e", Work()), Freeze("e"))), Step(ops=(Freeze("e"),))), BOTH),
        ),
        (
            "frozen_in_one_step_thawed_in_the_next",
            Scenario((Step(ops=(Freeze("a"),)), Step(ops=(Thaw("a"),))), BOTH),
        ),
        (
            "nested_cpusets_within_each_other",
            nested(SetCpuset("p/c", Exact(frozenset({0}))), SetCpuset("p", Exact(frozenset({0})))),
        ),
        ("definition", ops(AddCgroupDef(CgroupDef("x")), CaptureProcs("x"), Freeze("x"))),
        (
            "removed_and_made_again",
            ops(RemoveCgroup("a"), AddCgroupDef(CgroupDef("a")), MoveAllTasks("a", "b")),
        ),
        ("wait_for_workers", ops(WaitFor(Iterations("a", 1), 1.0), WaitFor(WorkDone("b", 1), 1.0))),
        ("wait_for_time", ops(WaitFor(CpuTime("e", 0.1), 1.0))),
        ("wait_for_events", until(EventSeen("op"))),
        ("wait_for_a_variable", until(GlobalValue("nr", ">=", 1))),
        (
            "hold_for_what_the_step_makes",
            Scenario((Step((CgroupDef("x"),), hold=Until(Iterations("x", 1), 1.0)),)),
        ),
        (
            "schedulers_come_and_go",
            ops(
                RestartScheduler(),
                ReplaceScheduler("other"),
                DetachScheduler(),
                AttachScheduler(),
                SetKnob("x", 1),
            ),
        ),
        (
            "detached_for_the_next_step",
            Scenario((Step(ops=(DetachScheduler(),)), Step(ops=(AttachScheduler("other"),)))),
        ),
    )
    def test_taken(self, scenario: Scenario) -> None:
        self.check(scenario)

    @parameterized.named_parameters(
        ("range", limited(Limits(weight=0)), "step 0: cgroup 'x': weight 0 is not within 1 to 10"),
        ("changed", ops(SetLimits("a", Limits(pids_max=0))), "SetLimits: pids_max 0 is not within"),
        ("unknown", ops(SetLimits("x", Limits())), "SetLimits: 'x' does not exist at this point"),
        ("no_such_node", limited(Limits(mems=(0, 2))), "the NUMA nodes 0,2; the machine has 0-1"),
        (
            "node_of_the_parent",
            defs(
                CgroupDef("e", works=None, limits=Limits(mems=(1,))),
                CgroupDef("e/x", limits=Limits(mems=(0,))),
            ),
            "mems names the NUMA nodes 0, and 'e' above it has only 1",
        ),
        (
            "node_taken_from_above",
            Scenario(
                (Step(ops=(SetLimits("e", Limits(mems=(1,))),)),),
                Backdrop(
                    (
                        CgroupDef("e", works=None),
                        CgroupDef("e/x", limits=Limits(mems=(0,))),
                    )
                ),
            ),
            "mems names the NUMA nodes 1, and 'e/x' below it has 0; change 'e/x' first",
        ),
        (
            "nested_cpusets_narrowed_from_above",
            nested(SetCpuset("p", Exact(frozenset({0})))),
            "SetCpuset: then 'p/c' has CPUs 1, and what is above it only 0; change 'p/c' first",
        ),
        (
            "nested_cpusets_exchanged",
            nested(SwapCpusets("p", "p/c")),
            "SwapCpusets: then 'p/c' has CPUs 0-1, and what is above it only 1",
        ),
        (
            "a_loop_that_has_no_round",
            Scenario((Step(), Step(ops=(Freeze("a"), Thaw("a")), hold=Loop(0.1))), BOTH),
            "step 1: Loop.* the steps before hold for all of it; give them smaller fractions",
        ),
        ("the_kernel_s_name", defs(CgroupDef("cpu.max")), "begins like the kernel's own files"),
        ("a_long_name", defs(CgroupDef("x" * 256)), "is longer than 255 bytes"),
        ("knob_of_two_lines", ops(SetKnob("a\nb", 1)), "SetKnob: 'a.*b' is no name of a variable"),
        ("frozen_twice", ops(Freeze("a"), Freeze("a")), "Freeze: 'a' is frozen already"),
        ("never_frozen", ops(Thaw("a")), "Thaw: 'a' is not frozen at this point"),
        (
            "thawed_by_its_end",
            ops(Freeze("a"), StopCgroup("a"), Thaw("a")),
            "Thaw: 'a' is not frozen",
        ),
        ("no_procs", ops(CaptureProcs("x")), "CaptureProcs: 'x' does not exist"),
        ("defined_twice", ops(AddCgroupDef(A)), "AddCgroupDef: 'a' exists already"),
        ("no_worker", until(Iterations("e", 1)), "step 0: Until: .*no worker is in 'e' at this"),
        (
            "no_worker_any_more",
            ops(StopCgroup("a"), WaitFor(WorkDone("a", 1), 1.0)),
            "WaitFor: .*no worker is in 'a'",
        ),
        ("no_cgroup", until(CpuTime("x", 1.0)), "Until: 'x' does not exist"),
        ("nothing_to_wait_for", until(Iterations("a", 0)), "0 is no amount above 0 to wait for"),
        ("nan", until(CpuTime("a", float("nan"))), "nan is no amount"),
        ("no_end", until(EventSeen("op"), float("inf")), "timeout is inf; it must be finite"),
        ("no_event", until(EventSeen("")), "the event has no name"),
        ("no_relation", until(GlobalValue("nr", "=", 1)), "a variable's name and one of ==, !="),
        (
            "variable_of_nobody",
            ops(DetachScheduler(), WaitFor(GlobalValue("nr", "==", 1), 1.0)),
            "'nr' is a variable of the scheduler, and at this point none is attached",
        ),
        (
            "variable_without_the_loader",
            ops(ReplaceScheduler("other"), SetKnob("nr", 1)),
            "at this point 'other' takes no knobs",
        ),
        ("attached_twice", ops(AttachScheduler("other")), "'own' is attached at this point; use R"),
        ("detached_twice", ops(DetachScheduler(), DetachScheduler()), "no scheduler is attached"),
        (
            "nobody_to_restart",
            ops(DetachScheduler(), RestartScheduler()),
            "RestartScheduler: no scheduler is",
        ),
        (
            "unknown_scheduler",
            ops(ReplaceScheduler("fifo")),
            "'fifo' is none of this target's: other, own; see `staged_schedulers`",
        ),
        (
            "attached_in_each_round",
            Scenario((Step(ops=(ReplaceScheduler("own"), DetachScheduler()), hold=Loop(0.1)),)),
            "step 0, second round: ReplaceScheduler: no scheduler is attached",
        ),
    )
    def test_refused(self, scenario: Scenario, message: str) -> None:
        with self.assertRaisesRegex(UsageError, message):
            self.check(scenario)

    def test_a_target_without_a_scheduler(self) -> None:
        self.check(ops(AttachScheduler("other")), own=None)
        with self.assertRaisesRegex(UsageError, "no scheduler of its own; name one of its `staged"):
            self.check(ops(AttachScheduler()), own=None)

    def test_what_an_earlier_run_left_attached(self) -> None:
        for attached, scenario in (
            ("", ops(AttachScheduler())),
            ("other", ops(DetachScheduler(), AttachScheduler("own"))),
            ("own", ops(SetKnob("x", 1))),
        ):
            check_scenario(scenario, VIEW, 2, OWN, staged=(OTHER,), attached=attached)
        with self.assertRaisesRegex(UsageError, "'other' is attached"):
            check_scenario(ops(AttachScheduler()), VIEW, 2, OWN, staged=(OTHER,), attached="other")

    def test_io_is_weighed_on_disks(self) -> None:
        with self.assertRaisesRegex(UsageError, "io_weight has no effect: the target has no disk"):
            check_scenario(limited(Limits(io_weight=5)), VIEW, 2)


class ScenarioOfTest(parameterized.TestCase):
    def test_cgroups_make_one_step(self) -> None:
        self.assertEqual(scenario_of((A, B)), defs(A, B))
        self.assertEqual(scenario_of((A,)).steps[0].hold, FULL)
        self.assertEqual(scenario_of((A,), BOTH, Fixed(2.0)).steps[0], Step((A,), hold=Fixed(2.0)))

    def test_steps_and_scenarios_stay_as_they_are(self) -> None:
        steps = (Step((A,), name="one"), Step((B,)))
        self.assertEqual(scenario_of(steps), Scenario(steps))
        self.assertEqual(scenario_of((Scenario(steps, BOTH),)), Scenario(steps, BOTH))
        self.assertEqual(scenario_of((Scenario(steps),), BOTH), Scenario(steps, BOTH))

    def test_checks_go_under_those_of_the_steps(self) -> None:
        steps = (Step((A,)), Step((B,), checks=Checks(isolation=False)))
        made = scenario_of(steps, checks=Checks(isolation=True, max_gap_ms=5.0))
        self.assertEqual(made.steps[0].checks, Checks(isolation=True, max_gap_ms=5.0))
        self.assertEqual(made.steps[1].checks, Checks(isolation=False, max_gap_ms=5.0))

    @parameterized.parameters(
        ((), {}, "it was given nothing"),
        ((A, Step()), {}, "it was given CgroupDef, Step"),
        ((Scenario(()), Step()), {}, "or one Scenario; it was given Scenario, Step"),
        ((Step(),), {"hold": FULL}, "every Step has a hold of its own"),
        ((Scenario((Step(),), BOTH),), {"backdrop": BOTH}, "the Scenario has one of its own"),
    )
    def test_what_does_not_go_together(
        self, parts: tuple[Part, ...], rest: dict[str, Backdrop], message: str
    ) -> None:
        with self.assertRaisesRegex(UsageError, message):
            scenario_of(parts, **rest)  # type: ignore[arg-type]


if __name__ == "__main__":
    absltest.main()
