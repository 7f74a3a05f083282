# SPDX-License-Identifier: Apache-2.0
"""Every work type, as processes and as threads: it gets on, stops when told, says what it is."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable

from absl.testing import absltest, parameterized

from ktstr.model.work.kind import KINDS, WorkType
from ktstr.model.work.mem_policy import MemMode, MemPolicy
from ktstr.model.work.policy import Policy
from ktstr.model.work.teams import (
    AsymmetricWaker,
    CachePipe,
    CrossAffinityChurn,
    EpollStorm,
    FanOutCompute,
    FutexFanOut,
    FutexPingPong,
    IoConvoy,
    MutexContention,
    PipeIo,
    PreemptStorm,
    PriorityInversion,
    ProducerConsumerImbalance,
    RtApp,
    RtStarvation,
    Schbench,
    SignalStorm,
    SmtSiblingSpin,
    Taobench,
    ThunderingHerd,
    WakeChain,
)
from ktstr.model.work.types import (
    AffinityChurn,
    AluHot,
    Bursty,
    CachePressure,
    CacheYield,
    CgroupChurn,
    CpuSpin,
    CustomWork,
    Flavour,
    ForkExit,
    IdleChurn,
    IoFor,
    IoRandRead,
    IoSync,
    IoSyncWrite,
    IpcVariance,
    Mixed,
    NiceSweep,
    NumaMigrationChurn,
    NumaWorkingSetSweep,
    PageFaultChurn,
    PolicyChurn,
    PythonWork,
    Sequence,
    SleepFor,
    SpinFor,
    YieldFor,
    YieldHeavy,
)
from ktstr.model.work.work import Deadline, Mode, Work, check_work
from tests.worker.program import WORKER, program
from tests.worker.running import Run, nice_here

# the first of these never waits; the others do, and are woken; so are all of _ALL
_FOLLOWERS = (
    FutexFanOut(spin=64),
    FanOutCompute(footprint_kb=16, operations=2),
    AsymmetricWaker(),
    EpollStorm(),
    ThunderingHerd(waiters=3),
)
_ALL = (
    CachePipe(),
    WakeChain(),
    Schbench(threads=2, footprint_kb=16),
    Taobench(miss_pct=50),
    IdleChurn(),
    RtApp(),
    Sequence((SpinFor(50), SleepFor(50), YieldFor(50), IoFor(50))),
)
# who waits depends on how they meet
_SOME = (
    MutexContention(),
    PriorityInversion(hold=512),
    PriorityInversion(hold=512, inherit=True),
    ProducerConsumerImbalance(),
    ProducerConsumerImbalance(producers=1, consumers=3),
)
_NOBODY = (
    CachePressure(),
    CacheYield(size_kb=8, stride=8),
    ForkExit(),
    NiceSweep(),
    AffinityChurn(),
    CrossAffinityChurn(),
    PolicyChurn(),
    PageFaultChurn(region_kb=64, touches=16),
    *(AluHot(flavour) for flavour in Flavour),
    SmtSiblingSpin(),
    IpcVariance(phase_us=100, size_kb=64),
    SignalStorm(),
)
# they need rights or a machine that this host need not have: seen in a guest
_ELSEWHERE = {
    NumaMigrationChurn,
    NumaWorkingSetSweep,
    CgroupChurn,
    PreemptStorm,
    RtStarvation,
    IoSyncWrite,
    IoRandRead,
    IoConvoy,
}
_OTHERWISE = {PythonWork, CustomWork}


# these raise what they have lowered, which takes a right that a sandbox may not have
_RAISE = NiceSweep | PolicyChurn


def _allowed(action: Callable[[], object]) -> bool:
    """Whether the kernel lets this process do something; a child of its own tries."""
    pid = os.fork()
    if pid == 0:
        try:
            action()
            os._exit(0)
        except OSError:
            os._exit(1)
    return os.waitpid(pid, 0)[1] == 0


def _lower_and_raise() -> None:
    os.setpriority(os.PRIO_PROCESS, 0, 5)
    os.setpriority(os.PRIO_PROCESS, 0, 0)


def _become_nobody() -> None:
    os.setgroups([])
    os.setresgid(65533, 65533, 65533)
    os.setresuid(65534, 65534, 65534)


class TypesTest(parameterized.TestCase):
    def test_every_type_is_among_these_tests(self) -> None:
        here = {type(each) for each in (*_FOLLOWERS, *_ALL, *_SOME, *_NOBODY)}
        in_worker_test = {CpuSpin, YieldHeavy, Mixed, Bursty, PipeIo, FutexPingPong, IoSync}
        there = {*KINDS.values()}
        self.assertEqual(there - here - _ELSEWHERE - _OTHERWISE, in_worker_test)

    @parameterized.parameters(*_FOLLOWERS, *_ALL, *_SOME, *_NOBODY)
    def test_as_processes(self, kind: WorkType) -> None:
        self._check(Work(kind))

    @parameterized.parameters(*_FOLLOWERS, *_ALL, *_SOME, *_NOBODY)
    def test_as_threads(self, kind: WorkType) -> None:
        self._check(Work(kind, mode=Mode.THREAD))

    def _check(self, work: Work) -> None:
        check_work(work)
        if isinstance(work.type, _RAISE) and not _allowed(_lower_and_raise):
            self.skipTest("this host does not let a task raise its priority; seen in a guest")
        kind, size = work.type, work.type.group_size
        run = Run(work, size * 2)
        run.work(least=3)
        processes = 1 if work.mode is Mode.THREAD else size * 2
        self.assertLen(run.group.pids, processes)
        facts = run.end()
        self.assertLen(facts, size * 2)
        self.assertLen({each.pid for each in facts}, size * 2)
        for each in facts:
            self.assertTrue(each.completed, each.exit_info)
            self.assertEqual(each.errors, ())
            self.assertGreaterEqual(each.iterations, 3)
            self.assertEqual(each.cpu_hungry, kind.is_hungry(each.index))
            self.assertEqual(sum(each.wake.buckets.values()), each.wake.count)
            if kind in _NOBODY or (kind in _FOLLOWERS and each.index % size == 0):
                self.assertEqual(each.wake.count, 0, each)
        if kind in _ALL or kind in _FOLLOWERS:
            self.assertGreater(sum(each.wake.count for each in facts), 0)


class ParametersTest(parameterized.TestCase):
    """A worker takes its type's parameters, whose bounds the model has seen to, and no others."""

    @parameterized.parameters(
        (("WakeChain", "depth=4"), "WakeChain lacks its parameter spin"),
        (("Sequence",), "Sequence lacks its parameter phases"),
        (("CpuSpin", "spin=4"), "CpuSpin has no parameter spin; it has: none"),
        (
            ("WakeChain", "depth=4", "spin=1", "width=2"),
            "WakeChain has no parameter width; it has: depth, spin",
        ),
        (("WakeChain", "depth=4x", "spin=1"), "param.depth=4x is no number"),
        (("WakeChain", f"depth={1 << 63}", "spin=1"), f"param.depth={1 << 63} is no number"),
    )
    def test_what_is_refused(self, words: tuple[str, ...], complaint: str) -> None:
        kind, *given = words
        params = [f"param.{each}" for each in given]
        wired = ["start_fd=3", "report_fd=3", "shared_fd=3", "parent=1"]
        run = subprocess.run(
            [program(WORKER), f"type={kind}", *params, *wired],
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual(run.returncode, 1)
        self.assertEqual(run.stderr, f"ktstr-worker: {complaint}\n")


class ThreadsTest(absltest.TestCase):
    def test_each_has_its_own_name_policy_and_affinity(self) -> None:
        run = Run(Work(AluHot(), mode=Mode.THREAD, policy=Policy.BATCH, nice=3), 3)
        run.work()
        tids = [slot.tid for slot in run.group.slots()]
        names = []
        for tid in tids:
            with open(f"/proc/{run.group.pids[0]}/task/{tid}/comm", encoding="ascii") as file:
                names.append(file.read().strip())
        self.assertEqual(names, ["w7.3.0", "w7.3.1", "w7.3.2"])
        cpu = min(os.sched_getaffinity(0))
        run.group.bind([frozenset({cpu}), None, None], frozenset(os.sched_getaffinity(0)))
        self.assertEqual(os.sched_getaffinity(tids[0]), {cpu})
        self.assertEqual(os.sched_getaffinity(tids[1]), os.sched_getaffinity(0))
        facts = run.end()
        self.assertEqual([each.pid for each in facts], tids)
        for each in facts:
            self.assertStartsWith(
                each.effective, f"policy=batch rt_priority=0 nice={nice_here(3)} "
            )

    def test_threads_that_never_began_end(self) -> None:
        run = Run(Work(AluHot(), mode=Mode.THREAD), 2)
        facts = run.end()
        self.assertEqual([each.exit_info for each in facts], ["exit status 3"] * 2)


class IdentityTest(absltest.TestCase):
    def test_a_name_of_ones_own(self) -> None:
        run = Run(Work(AluHot(), comm="mysqld"), 1)
        run.work()
        with open(f"/proc/{run.group.pids[0]}/comm", encoding="ascii") as file:
            self.assertEqual(file.read().strip(), "mysqld")
        run.end()

    def test_a_user_of_ones_own(self) -> None:
        if not _allowed(_become_nobody):
            self.skipTest("this host lets nobody become another user; seen in a guest")
        run = Run(Work(AluHot(), uid=65534, gid=65533), 1)
        run.work()
        self.assertEqual(os.stat(f"/proc/{run.group.pids[0]}").st_uid, 65534)
        facts = run.end()[0]
        self.assertEqual(facts.errors, ())
        self.assertEndsWith(facts.effective, " uid=65534 gid=65533")
        self.assertEndsWith(facts.requested, " uid=65534 gid=65533")

    def test_a_refused_policy_is_told(self) -> None:
        # more than the whole period: refused whoever asks
        run = Run(Work(AluHot(), policy=Policy.DEADLINE, deadline=Deadline(2000, 1000, 1000)), 1)
        run.work()
        facts = run.end()[0]
        self.assertStartsWith(facts.errors[0], "policy deadline rt_priority 0 nice 0 refused: ")

    def test_a_memory_policy_in_force_is_told(self) -> None:
        run = Run(Work(AluHot(), mem_policy=MemPolicy(MemMode.INTERLEAVE, frozenset({0}))), 1)
        run.work()
        facts = run.end()[0]
        if not facts.errors:  # a host may have no say in that
            self.assertEndsWith(facts.effective, " memory=interleave:0")
        self.assertEndsWith(facts.requested, " memory=interleave:0")

    def test_memory_of_a_node_that_is_not_there_is_told(self) -> None:
        run = Run(Work(AluHot(), mem_policy=MemPolicy(MemMode.BIND, frozenset({63}))), 1)
        run.work()
        self.assertStartsWith(run.end()[0].errors[0], "memory policy bind:63 refused: ")


if __name__ == "__main__":
    absltest.main()
