# SPDX-License-Identifier: Apache-2.0
"""Scenarios that the guest could not play are refused before a boot, with the place and the way."""

from absl.testing import absltest, parameterized
from hypothesis import given

from ktstr.model.errors import UsageError
from ktstr.model.machine.cpuset import Exact, Llc
from ktstr.model.machine.topology import Topology, TopologyView
from ktstr.model.payload import Payload
from ktstr.model.plan import SchedulerPlan
from ktstr.model.scenario.limits import Limits
from ktstr.model.scenario.scenario import (
    FULL,
    AddCgroup,
    Backdrop,
    CgroupDef,
    ClearCpuset,
    Fixed,
    Frac,
    HoldSpec,
    KillPayload,
    Loop,
    MoveAllTasks,
    Op,
    RemoveCgroup,
    ReplaceScheduler,
    RunPayload,
    Scenario,
    SetAffinity,
    SetCpuset,
    SetKnob,
    Spawn,
    SpawnHost,
    Step,
    StopCgroup,
    SwapCpusets,
    WaitPayload,
    defs,
)
from ktstr.model.validation.cgroup_name import check_name
from ktstr.model.validation.ledger import MAX_WORKERS
from ktstr.model.validation.validate import check_scenario
from ktstr.model.work.teams import PipeIo
from ktstr.model.work.work import ExactCpus, Work
from tests.model.strategies import scenarios

VIEW = TopologyView.of(Topology.parse("1n2l2c1t"))
OWN = SchedulerPlan("own", ("/s/own",), "own", control=True)
OTHER = SchedulerPlan("other", ("/s/other",), "other", control=False)
EMPTY = CgroupDef("e", works=None)
PAYLOADS = (
    Payload("fio", "/p/fio", known_flags=("--rw", "-j")),
    Payload("stress", "/p/stress"),
)


def step(*ops: Op, setup: tuple[CgroupDef, ...] = (), hold: HoldSpec = FULL) -> Scenario:
    return Scenario((Step(setup=setup, ops=ops, hold=hold),))


def over(backdrop: Backdrop, *ops: Op) -> Scenario:
    return Scenario((Step(ops=ops),), backdrop)


def exact(*cpus: int) -> Exact:
    return Exact(frozenset(cpus))


class ValidateTest(parameterized.TestCase):
    def check(self, scenario: Scenario, own: SchedulerPlan | None = OWN) -> None:
        check_scenario(scenario, VIEW, 2, own, PAYLOADS, staged=(OTHER,))

    @given(scenarios())
    def test_any_scenario_is_taken_or_refused_by_its_author_s_error(
        self, scenario: Scenario
    ) -> None:
        try:
            self.check(scenario)
        except UsageError as error:
            self.assertRegex(str(error), "^(Backdrop|step [0-9]+|the scenario has no step)")

    @parameterized.named_parameters(
        ("simplest", defs(CgroupDef())),
        ("names_again_in_each_step", Scenario((Step((CgroupDef(),)), Step((CgroupDef(),))))),
        ("children_of_an_empty_one", defs(EMPTY, CgroupDef("e/a"), CgroupDef("e/b"))),
        ("child_cpuset", defs(CgroupDef("e", Llc(0), None), CgroupDef("e/a", exact(1)))),
        (
            "workers_leave_before_children_come",
            over(
                Backdrop((CgroupDef("a"),)), StopCgroup("a"), AddCgroup("a/b"), Spawn("a/b", Work())
            ),
        ),
        (
            "everything",
            over(
                Backdrop((CgroupDef("a", Llc(0)), CgroupDef("b")), (SpawnHost(Work()),)),
                SwapCpusets("a", "b"),
                ClearCpuset("b"),
                SetCpuset("b", Llc(1)),
                MoveAllTasks("a", "b"),
                SetAffinity("b", ExactCpus(frozenset({2}))),
                SetKnob("stall_after_ms", 10),
                RemoveCgroup("a"),
                AddCgroup("a"),
                Spawn("a", Work(PipeIo(), workers=2)),
            ),
        ),
        (
            "payloads",
            Scenario(
                (
                    Step(
                        setup=(EMPTY,),
                        ops=(
                            WaitPayload("stress"),
                            RunPayload("stress", cgroup="/b"),
                            RunPayload("fio", ("--rw=read", "-j2", "-1", "--", "--x"), timeout=1.0),
                            KillPayload("fio"),
                            RunPayload("fio", cgroup="b"),
                            RunPayload("fio"),
                            KillPayload("fio"),
                            WaitPayload("fio", timeout=2.0),
                            WaitPayload("stress"),
                        ),
                        hold=Fixed(1.0),
                    ),
                    Step(ops=(RunPayload("fio"), RunPayload("stress")), hold=Fixed(1.0)),
                    Step(ops=(RunPayload("fio"), KillPayload("fio")), hold=Loop(0.1)),
                ),
                Backdrop((CgroupDef("b"),), (RunPayload("stress"),)),
            ),
        ),
        ("loop", step(SetCpuset("e", Llc(0)), setup=(EMPTY,), hold=Loop(0.1))),
    )
    def test_what_the_guest_can_play_is_taken(self, scenario: Scenario) -> None:
        self.check(scenario)

    @parameterized.named_parameters(
        ("no_step", Scenario(()), "no step; give at least one Step or use defs"),
        ("twice", defs(EMPTY, EMPTY), "step 0: cgroup 'e': 'e' exists already"),
        ("no_parent", defs(CgroupDef("p/c")), "'p' does not exist at this point; .*: none"),
        ("busy_parent", defs(CgroupDef("p"), CgroupDef("p/c")), "parent 'p' has workers: .*leaves"),
        ("ops_before_setup", step(Spawn("e", Work()), setup=(EMPTY,)), "Spawn: 'e' does not exist"),
        (
            "spawn_above_children",
            over(Backdrop((EMPTY, CgroupDef("e/a"))), Spawn("e", Work())),
            "step 0: Spawn: 'e' has the child 'e/a': cgroup v2",
        ),
        (
            "remove_above_children",
            over(Backdrop((EMPTY, CgroupDef("e/a"))), RemoveCgroup("e")),
            "RemoveCgroup: 'e' has the child 'e/a'; remove that first",
        ),
        (
            "move_above_children",
            over(Backdrop((EMPTY, CgroupDef("e/a"), CgroupDef("x"))), MoveAllTasks("x", "e")),
            "MoveAllTasks: 'e' has the child",
        ),
        (
            "move_into_what_goes",
            over(Backdrop((CgroupDef("a"),)), AddCgroup("b"), MoveAllTasks("a", "b")),
            "'a' belongs to the Backdrop and outlives 'b'",
        ),
        (
            "gone_with_its_step",
            Scenario((Step((CgroupDef("a"),)), Step(ops=(StopCgroup("a"),)))),
            "step 1: StopCgroup: 'a' does not exist",
        ),
        (
            "removed",
            over(Backdrop((CgroupDef("a"),)), RemoveCgroup("a"), StopCgroup("a")),
            "StopCgroup: 'a' does not exist",
        ),
        (
            "loop_adds_twice",
            step(AddCgroup("a"), hold=Loop(0.1)),
            "step 0, second round: AddCgroup: 'a' exists already",
        ),
        ("loop_of_nothing", step(hold=Loop(0.1)), "repeats the step's ops, and it has none"),
        ("hold", step(hold=Fixed(0.0)), r"step 0: Fixed\(seconds=0.0\): must be finite and above"),
        ("nan", step(hold=Frac(float("nan"))), "must be finite and above 0"),
        ("cpuset", defs(CgroupDef("a", Llc(2))), "step 0: cgroup 'a': .*2 LLCs, numbered from 0"),
        (
            "wider_than_its_parent",
            defs(CgroupDef("e", exact(0, 1), None), CgroupDef("e/a", exact(1, 2))),
            "means CPUs 1-2, but its parent 'e' has only 0-1",
        ),
        (
            "weight",
            defs(CgroupDef("a", limits=Limits(weight=0))),
            "weight 0 is not within 1 to 10000",
        ),
        (
            "affinity",
            defs(CgroupDef("a", Llc(0), (Work(affinity=ExactCpus(frozenset({3}))),))),
            r"ExactCpus\(3\) names none of the CPUs 0-1",
        ),
        (
            "affinity_of_the_host",
            step(SpawnHost(Work(affinity=ExactCpus(frozenset({9}))))),
            "SpawnHost: .*none of the CPUs 0-3",
        ),
        ("pairs", defs(CgroupDef("a", works=(Work(PipeIo(), workers=1),))), "whole groups of 2"),
        (
            "too_many",
            defs(CgroupDef("a", works=(Work(workers=MAX_WORKERS), Work(workers=1)))),
            f"more than {MAX_WORKERS} workers",
        ),
        (
            "unknown_payload",
            step(RunPayload("fo")),
            "step 0: RunPayload: payload 'fo' is none of .*: fio, st",
        ),
        (
            "unknown_to_wait_for",
            step(WaitPayload("fo")),
            "WaitPayload: payload 'fo' is none of this",
        ),
        (
            "payload_in_no_cgroup",
            step(RunPayload("fio", cgroup="x")),
            "RunPayload: 'x' does not exist",
        ),
        (
            "payload_above",
            step(RunPayload("fio", cgroup="a/../..")),
            "RunPayload: cgroup name .*holds an",
        ),
        (
            "payload_in_all",
            step(RunPayload("fio", cgroup="/")),
            "RunPayload: cgroup name '/' is empty or",
        ),
        ("payload_nul", step(RunPayload("fio", cgroup="a\0")), "RunPayload: cgroup name .*a NUL"),
        (
            "payload_option",
            step(RunPayload("fio", ("--wr=1",))),
            "option '--wr' is not among its known",
        ),
        (
            "payload_time",
            step(RunPayload("fio", timeout=0.0)),
            "RunPayload: timeout is 0.0; it must be",
        ),
        (
            "payload_twice",
            step(RunPayload("fio"), RunPayload("fio")),
            "step 0: RunPayload: 'fio' runs already; use WaitPayload or KillPayload before",
        ),
        (
            "loop_starts_twice",
            step(RunPayload("fio"), hold=Loop(0.1)),
            "step 0, second round: RunPayload: 'fio' runs already",
        ),
        (
            "over_the_backdrops",
            over(Backdrop(ops=(RunPayload("fio"),)), RunPayload("fio")),
            "step 0: RunPayload: 'fio' runs already",
        ),
        (
            "ended_with_its_step",
            Scenario((Step(ops=(RunPayload("fio"),)), Step(ops=(WaitPayload("fio"),)))),
            "step 1: WaitPayload: payload 'fio' does not run at this point; running: none",
        ),
        (
            "killed_twice",
            over(Backdrop(ops=(RunPayload("fio"),)), KillPayload("fio"), KillPayload("fio")),
            "KillPayload: payload 'fio' does not run",
        ),
        (
            "wait_for_no_time",
            step(RunPayload("fio"), WaitPayload("fio", timeout=float("inf"))),
            "WaitPayload: timeout is inf; it must be finite",
        ),
        (
            "which_of_two",
            over(
                Backdrop((CgroupDef("a"), CgroupDef("b"))),
                RunPayload("fio", cgroup="a"),
                RunPayload("fio", cgroup="b"),
                KillPayload("fio"),
            ),
            "runs more than once: 'fio' in cgroup 'a', 'fio' in cgroup 'b'; say which by",
        ),
        (
            "cgroup_from_under_a_payload",
            over(Backdrop((CgroupDef("a"),)), RunPayload("fio", cgroup="a"), RemoveCgroup("a")),
            "RemoveCgroup: payload 'fio' in cgroup 'a' runs there; use WaitPayload or KillPayload",
        ),
        (
            "cgroup_below_a_payload",
            over(Backdrop((EMPTY,)), RunPayload("fio", cgroup="e"), AddCgroup("e/c")),
            "AddCgroup: payload 'fio' in cgroup 'e' runs in its parent: cgroup v2 keeps",
        ),
        (
            "payload_above_children",
            over(Backdrop((EMPTY, CgroupDef("e/a"))), RunPayload("fio", cgroup="e")),
            "RunPayload: 'e' has the child 'e/a': cgroup v2",
        ),
        (
            "backdrop",
            over(Backdrop(ops=(SetAffinity("x", ExactCpus(frozenset({0}))),))),
            "Backdrop: SetAffinity: 'x' does not exist",
        ),
    )
    def test_what_the_guest_cannot_play_is_refused(self, scenario: Scenario, message: str) -> None:
        with self.assertRaisesRegex(UsageError, message):
            self.check(scenario)

    def test_knobs_need_a_scheduler_that_has_some(self) -> None:
        with self.assertRaisesRegex(UsageError, "SetKnob: 'x' is a variable .* none is attached"):
            self.check(step(SetKnob("x", 1)), None)
        with self.assertRaisesRegex(UsageError, "step 1: SetKnob: .* 'other' takes no knobs"):
            self.check(
                Scenario((Step(ops=(ReplaceScheduler("other"),)), Step(ops=(SetKnob("x", 1),))))
            )

    @parameterized.parameters("", "/a", "a/", "a//b", ".", "a/..", "a\0", "a\nb")
    def test_names_that_are_no_paths(self, name: str) -> None:
        with self.assertRaisesRegex(UsageError, "cgroup name"):
            check_name(name)

    @parameterized.parameters(CgroupDef, AddCgroup)
    def test_total_is_no_cgroup(self, kind: type) -> None:
        words = "cgroup name 'total': figures of all workers together go by that name"
        with self.assertRaisesRegex(UsageError, words):
            self.check(step(kind("total")))
        check_name("subtotal")

    @parameterized.parameters("kubelet.slice:cri-containerd:7f3a", "a b", "k=v", "0:x", "\u00e4")
    def test_names_as_others_make_them(self, name: str) -> None:
        check_name(name)


if __name__ == "__main__":
    absltest.main()
