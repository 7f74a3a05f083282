# SPDX-License-Identifier: Apache-2.0
"""The rules know the same checks as the harness."""

import dataclasses

from absl import flags
from absl.testing import absltest

from ktstr.model.verdict.checks import SWITCHES, Checks

_SWITCHES = flags.DEFINE_list("switches", [], "SWITCHES of rules/checks.bzl.")
_LIMITS = flags.DEFINE_list("limits", [], "LIMITS of rules/checks.bzl.")


class CheckNamesTest(absltest.TestCase):
    def test_names(self) -> None:
        self.assertCountEqual(_SWITCHES.value, SWITCHES)
        fields = [field.name for field in dataclasses.fields(Checks)]
        self.assertCountEqual([*_SWITCHES.value, *_LIMITS.value], fields)


if __name__ == "__main__":
    absltest.main()
