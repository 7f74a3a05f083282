# SPDX-License-Identifier: Apache-2.0
"""What of the host's environment a guest is given."""

from absl.testing import absltest

from ktstr.runner.cases.planning import plan_of, shell_plan
from ktstr.runner.guest_env import guest_environment
from tests.runner import samples
from tests.support import targets


class GuestEnvironmentTest(absltest.TestCase):
    def test_what_the_target_names_and_nothing_else(self) -> None:
        target = targets.target(passed_env=("TEAM_TOKEN", "TEAM_PROFILE", "UNSET"))
        environ = {"TEAM_PROFILE": "nightly", "TEAM_TOKEN": "", "TEST_TMPDIR": "/tmp/x"}
        found = guest_environment(target, environ)
        self.assertEqual(found, {"TEAM_PROFILE": "nightly", "TEAM_TOKEN": ""})

    def test_a_guest_keeps_what_it_starts_with(self) -> None:
        names = ("HOME", "PATH", "TMPDIR", "LD_PRELOAD", "PYTHONPATH")
        target = targets.target(passed_env=names)
        self.assertEqual(guest_environment(target, dict.fromkeys(names, "/x")), {})

    def test_it_is_part_of_the_plan(self) -> None:
        target = targets.target(passed_env=("A",))
        plain = plan_of(samples.case(), target)
        told = plan_of(samples.case(), target, environment={"A": "1"})
        self.assertEqual((plain.environment, told.environment), ({}, {"A": "1"}))
        self.assertNotEqual(plain.digest(), told.digest())
        self.assertEqual(shell_plan(target, environment={"A": "1"}).environment, {"A": "1"})


if __name__ == "__main__":
    absltest.main()
