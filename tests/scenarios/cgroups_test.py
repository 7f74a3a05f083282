# SPDX-License-Identifier: Apache-2.0
"""Sets of cgroups have names, work and CPUs by their position."""

from absl.testing import absltest

from ktstr import Bursty, CgroupDef, CpuSpin, Exact, IoSync, Mixed, Work, YieldHeavy, scenarios


def _kinds(cgroup: CgroupDef) -> list[type]:
    return [type(work.type) for work in cgroup.works or ()]


class CgroupsTest(absltest.TestCase):
    def test_alike_ones_spin_unless_told_otherwise(self) -> None:
        one, two = scenarios.alike(2)
        self.assertEqual([one.name, two.name], ["cg_0", "cg_1"])
        self.assertEqual([one.works, two.works], [(Work(CpuSpin()),)] * 2)
        (other,) = scenarios.alike(1, Work(Mixed()), Work(IoSync()))
        self.assertEqual(_kinds(other), [Mixed, IoSync])

    def test_unlike_ones_have_one_work_each(self) -> None:
        cgroups = scenarios.unlike(Work(Mixed()), Work(IoSync()))
        self.assertEqual(
            [(cgroup.name, _kinds(cgroup)) for cgroup in cgroups],
            [("cg_0", [Mixed]), ("cg_1", [IoSync])],
        )

    def test_diverse_ones_begin_again_after_the_fifth(self) -> None:
        kinds = [kind for cgroup in scenarios.diverse(6) for kind in _kinds(cgroup)]
        self.assertEqual(kinds, [CpuSpin, Bursty, IoSync, Mixed, YieldHeavy, CpuSpin])

    def test_confined_ones_have_the_part_of_their_position(self) -> None:
        parts = (frozenset({0}), frozenset({1, 2}))
        confined = scenarios.confine(scenarios.alike(2), parts)
        self.assertEqual([cgroup.cpuset for cgroup in confined], [Exact(part) for part in parts])
        with self.assertRaises(ValueError):
            scenarios.confine(scenarios.alike(1), parts)

    def test_works_are_said_in_milliseconds(self) -> None:
        self.assertEqual(scenarios.spinners(3), Work(CpuSpin(), workers=3))
        self.assertEqual(
            scenarios.bursty(2, burst_ms=5, sleep_ms=7),
            Work(Bursty(burst_us=5_000, sleep_us=7_000), workers=2),
        )


if __name__ == "__main__":
    absltest.main()
