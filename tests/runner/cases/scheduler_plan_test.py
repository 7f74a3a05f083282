# SPDX-License-Identifier: Apache-2.0
"""Where a scheduler looks, as its plan and its command line say it."""

import dataclasses

from absl.testing import absltest

from ktstr.machine.target import DataFiles
from ktstr.model.errors import UsageError
from ktstr.runner.cases.planning import plan_of, shell_plan
from tests.runner import samples
from tests.support import targets

_CELLS = dataclasses.replace(
    targets.SCHEDULER,
    control=False,
    argv=("/scheduler/cells/run", "--config={config}", "{data}/x", "{workload_root_cgroup}"),
    cgroup_parent="/sched",
    workload_root_cgroup="/cells",
    config="/scheduler/cells/config/config.json",
    config_text="{}",
    data="/scheduler/cells/data",
)


class SchedulerPlanTest(absltest.TestCase):
    def test_arguments_name_the_places(self) -> None:
        target = targets.target(
            scheduler=_CELLS,
            workload_root_cgroup="/cells",
            scheduler_args=("{cgroup_parent}", "{}"),
        )
        own = plan_of(samples.case(), target).scheduler
        assert own is not None
        self.assertEqual(
            own.argv,
            (
                "/scheduler/cells/run",
                "--config=/scheduler/cells/config/config.json",
                "/scheduler/cells/data/x",
                "/cells",
                "/sched",
                "{}",
            ),
        )
        self.assertEqual((own.cgroup, own.config_text), ("/sched", "{}"))

    def test_a_target_has_the_last_word(self) -> None:
        target = targets.target(
            scheduler=_CELLS, workload_root_cgroup="/mine", scheduler_config='{"a": 1}'
        )
        plan = plan_of(samples.case(), target)
        assert plan.scheduler is not None
        self.assertEqual(plan.workload_root, "/mine")
        self.assertEqual(plan.scheduler.argv[-1], "/mine")
        self.assertEqual(plan.scheduler.config_text, '{"a": 1}')
        self.assertEqual(shell_plan(target).workload_root, "/mine")

    def test_the_configuration_of_a_test_is_not_that_of_the_staged(self) -> None:
        staged = dataclasses.replace(_CELLS, name="other")
        target = targets.target(scheduler=_CELLS, staged=(staged,), scheduler_config="mine")
        (other,) = plan_of(samples.case(), target).staged
        self.assertEqual(other.config_text, "{}")

    def test_a_place_that_the_scheduler_lacks_is_refused(self) -> None:
        target = targets.target(scheduler=targets.SCHEDULER, scheduler_args=("{config}",))
        with self.assertRaisesRegex(UsageError, "no config or config_file to put there"):
            plan_of(samples.case(), target)

    def test_one_by_commands_takes_no_arguments(self) -> None:
        lazy = dataclasses.replace(
            targets.SCHEDULER, name="lazy", argv=(), ops="", control=False, enable=("a",)
        )
        own = plan_of(samples.case(), targets.target(scheduler=lazy)).scheduler
        assert own is not None
        self.assertEqual((own.enable, own.argv), (("a",), ()))
        with self.assertRaisesRegex(UsageError, "lazy is switched on by commands and takes no arg"):
            plan_of(samples.case(scheduler_args=("-v",)), targets.target(scheduler=lazy))

    def test_files_for_functions_are_named(self) -> None:
        data = DataFiles("_main/pkg/x.data.cpio", ("a.txt", "b/c"))
        self.assertEqual(plan_of(samples.case(), targets.target(data=data)).data, ("a.txt", "b/c"))


if __name__ == "__main__":
    absltest.main()
