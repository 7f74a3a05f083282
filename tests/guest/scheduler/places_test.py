# SPDX-License-Identifier: Apache-2.0
"""What a scheduler is to find when it starts; its cgroup is seen in real guests."""

from __future__ import annotations

import os

from absl.testing import absltest

from ktstr.guest.scheduler import places
from ktstr.model.errors import InfraError
from ktstr.model.plan import SchedulerPlan


def _plan(cgroup: str = "", config: str = "", text: str = "") -> SchedulerPlan:
    return SchedulerPlan(
        "own",
        ("/own", "-v"),
        "own",
        control=False,
        cgroup=cgroup,
        config=config,
        config_text=text,
    )


class PlacesTest(absltest.TestCase):
    def test_the_configuration_is_written_over_what_a_layer_brought(self) -> None:
        path = os.path.join(self.create_tempdir().full_path, "config", "cells.json")
        for text in ("{}", '{"sensitive": 2}'):
            places.settle(_plan(config=path, text=text))
            with open(path, encoding="utf-8") as file:
                self.assertEqual(file.read(), text)

    def test_what_a_layer_brings_alone_is_left(self) -> None:
        path = os.path.join(self.create_tempdir().full_path, "cells.json")
        places.settle(_plan(config=path))
        self.assertFalse(os.path.exists(path))

    def test_a_configuration_that_cannot_be_written_is_ours(self) -> None:
        with self.assertRaisesRegex(InfraError, "cannot write the configuration of scheduler own"):
            places.settle(_plan(config="/proc/none/config", text="{}"))

    def test_the_program_is_started_in_its_cgroup(self) -> None:
        self.assertEqual(places.command_of(_plan()), ("/own", "-v"))
        shell, *command = places.command_of(_plan(cgroup="/a/b"))
        self.assertEqual(shell, "/bin/busybox")
        self.assertEqual(command[-3:], ["/sys/fs/cgroup/a/b/cgroup.procs", "/own", "-v"])

    def test_the_cgroup_of_a_process_that_is_gone_is_not_known(self) -> None:
        self.assertEqual(places.cgroup_of(-1), "")


if __name__ == "__main__":
    absltest.main()
