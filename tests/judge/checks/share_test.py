# SPDX-License-Identifier: Apache-2.0
"""Shares by weight, quota and cpuset."""

from __future__ import annotations

from dataclasses import replace

from absl.testing import absltest

from ktstr.judge.checks import share
from ktstr.judge.workers.by_tasks import weighs_by_tasks
from ktstr.judge.workers.scope import Scope
from ktstr.judge.workers.subjects import worker_name
from ktstr.model.facts import CgroupFacts
from ktstr.model.verdict.checks import Verdict
from tests.support import runs
from tests.support.runs import S


class ShareTest(absltest.TestCase):
    def _scope(self, *cpu_ns: int, weights: tuple[int, ...] = (100, 300), quota: str = "") -> Scope:
        workers = [
            runs.worker(cgroup=f"cg_{i}", index=k, cpu_ns=ns // 2)
            for i, ns in enumerate(cpu_ns)
            for k in range(2)
        ]
        cgroups = tuple(
            CgroupFacts(f"cg_{i}", 0, "", "0-1", weight, limits_in_force={"cpu.max": quota})
            for i, weight in enumerate(weights)
        )
        return runs.scope(*workers, cgroups=cgroups)

    def test_shares_by_weight_are_right(self) -> None:
        self.assertEmpty(share.MAX_ERROR.judge(self._scope(S // 2, S + S // 2), 0.1))
        light, heavy = share.portions(self._scope(S // 2, S + S // 2))
        self.assertEqual((light.promised, heavy.promised), (0.5, 1.5))

    def test_equal_shares_of_unequal_weights_are_not(self) -> None:
        twice, less = share.MAX_ERROR.judge(self._scope(S, S), 30)
        self.assertIn("cgroup cg_0 got 1.000 CPUs where its weight promises 0.500", twice.message)
        self.assertEqual(less.subject, "cg_1")

    def test_a_quota_caps_the_promise(self) -> None:
        scope = self._scope(S // 4, S // 4, quota="25000 100000")
        self.assertEmpty(share.MAX_ERROR.judge(scope, 0.1))

    def test_different_cpusets_are_filled_each(self) -> None:
        pinned = runs.worker(cgroup="cg_0", cpuset="0", cpu_ns=S)
        free = [runs.worker(cgroup="cg_1", index=k, cpu_ns=S // 2) for k in range(2)]
        cgroups = (CgroupFacts("cg_0", 0, "0", "0", 100), CgroupFacts("cg_1", 0, "", "0-1", 100))
        scope = runs.scope(pinned, *free, cgroups=cgroups)
        self.assertEmpty(share.MAX_ERROR.judge(scope, 0.1))

    def test_what_eevdf_weighs_by_tasks_as_well_is_open(self) -> None:
        one = runs.worker(cgroup="cg_0", cpu_ns=S // 4)
        three = [runs.worker(cgroup="cg_1", index=k, cpu_ns=S // 4) for k in range(3)]
        cgroups = tuple(CgroupFacts(f"cg_{i}", 0, "", "0-1", 100) for i in range(2))
        scope = runs.scope(one, *three, cgroups=cgroups)
        self.assertLen(share.portions(scope), 2)
        new = replace(scope, by_tasks=True)
        self.assertEmpty(share.portions(new))
        (detail,) = share.MAX_ERROR.judge(new, 5)
        self.assertIs(detail.verdict, Verdict.INCONCLUSIVE)
        self.assertIn("cg_0, cg_1", detail.subject)
        scheduled = replace(new, not_eevdfs=frozenset({worker_name(one)}))
        self.assertLen(share.portions(scheduled), 2)
        alike = replace(self._scope(S // 2, S + S // 2), by_tasks=True)
        self.assertLen(share.portions(alike), 2)

    def test_from_which_kernel_on(self) -> None:
        found = [weighs_by_tasks(each) for each in ("6.12.107", "7.2.12", "7.3.4-x", "8.0", "?")]
        self.assertEqual(found, [False, False, True, True, False])

    def test_nothing_to_compare_is_told(self) -> None:
        for scope in (self._scope(S), self._scope(S, S, weights=(100,))):
            (detail,) = share.MAX_ERROR.judge(scope, 5)
            self.assertIs(detail.verdict, Verdict.INCONCLUSIVE)


if __name__ == "__main__":
    absltest.main()
