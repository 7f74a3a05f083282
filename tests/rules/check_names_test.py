# SPDX-License-Identifier: Apache-2.0
"""The rules know the same checks as the harness: argv has theirs, as `switch=` and `limit=`."""

import dataclasses
import sys

from absl.testing import absltest

from ktstr.model.checks import SWITCHES, Checks


class CheckNamesTest(absltest.TestCase):
    def test_names(self) -> None:
        given = [argument.partition("=") for argument in sys.argv[1:]]
        switches = {name for kind, _, name in given if kind == "switch"}
        limits = {name for kind, _, name in given if kind == "limit"}
        self.assertEqual(switches, set(SWITCHES))
        fields = {field.name for field in dataclasses.fields(Checks)}
        self.assertEqual(limits, fields - switches)


if __name__ == "__main__":
    absltest.main(argv=sys.argv[:1])
