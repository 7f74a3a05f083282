# SPDX-License-Identifier: Apache-2.0
"""Figures of rt-app's tasks: means over turns, and the worst."""

from __future__ import annotations

import dataclasses

from absl.testing import absltest

from ktstr.judge.statistics.figure_table import OF_A_CGROUP
from ktstr.judge.statistics.rt_app import rt_app_figures
from ktstr.judge.statistics.run import run_statistics
from ktstr.model.facts import WorkerFacts
from ktstr.model.verdict.figures import RT_APP
from tests.support import runs

_TURNS = {
    "turns": 4,
    "run_ns": 8_000_000,
    "c_run_ns": 4_000_000,
    "period_ns": 40_000_000,
    "c_period_ns": 20_000_000,
}
_TIMED = {"timers": 2, "slack_ns": 1_000_000, "slack_min_ns": -500_000, "slack_missed": 1}
_WOKEN = {"wakes": 1, "wu_lat_ns": 70_000, "wu_lat_max_ns": 70_000}


def _worker(*told: dict[str, int]) -> WorkerFacts:
    own = {name: value for each in told for name, value in each.items()}
    return dataclasses.replace(runs.worker(), own=own)


class RtAppTest(absltest.TestCase):
    def test_nothing_of_other_work(self) -> None:
        self.assertEqual(rt_app_figures([runs.worker()]), {})
        self.assertEqual(rt_app_figures([_worker({"turns": 0})]), {})

    def test_means_are_by_turn_not_by_task(self) -> None:
        short = {name: value // 4 for name, value in _TURNS.items()} | {"run_ns": 4_500_000}
        found = rt_app_figures([_worker(_TURNS), _worker(short)])
        self.assertEqual((found["run_us"], found["c_run_us"]), (2500.0, 1000.0))
        self.assertEqual((found["period_us"], found["c_period_us"]), (10000.0, 5000.0))

    def test_without_a_timer_there_is_no_slack(self) -> None:
        self.assertNoCommonElements(rt_app_figures([_worker(_TURNS)]), [*RT_APP[4:]])

    def test_slack_and_latency_of_those_with_timers(self) -> None:
        late = _TIMED | {"slack_min_ns": -900_000, "slack_missed": 2}
        found = rt_app_figures([_worker(_TURNS, _TIMED, _WOKEN), _worker(_TURNS, late)])
        self.assertEqual((found["slack_us"], found["slack_min_us"]), (500.0, -900.0))
        self.assertEqual(found["slack_missed"], 3.0)
        self.assertEqual((found["wu_lat_us"], found["wu_lat_max_us"]), (70.0, 70.0))

    def test_what_workers_of_other_types_count_under_these_names_is_no_part(self) -> None:
        other = _worker({"turns": 5, "timers": 1, "wakes": 3})
        self.assertEqual(rt_app_figures([other]), {})
        own = _worker(_TURNS, _TIMED, _WOKEN)
        self.assertEqual(rt_app_figures([own, other]), rt_app_figures([own]))

    def test_each_is_a_figure_of_the_cgroup(self) -> None:
        told = _worker(_TURNS, _TIMED, _WOKEN)
        (stats,) = run_statistics(runs.good_run(workers=(told,))).cgroups
        found = {name: OF_A_CGROUP[name].of(stats) for name in RT_APP}
        self.assertEqual(found, rt_app_figures([told]))
        (stats,) = run_statistics(runs.good_run()).cgroups
        self.assertEqual({OF_A_CGROUP[name].of(stats) for name in RT_APP}, {None})


if __name__ == "__main__":
    absltest.main()
