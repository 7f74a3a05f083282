# SPDX-License-Identifier: Apache-2.0
"""What the test of arm64's big and LITTLE CPUs says of where workers ran."""

import runpy

from absl import flags
from absl.testing import absltest, parameterized

from ktstr.after.finished import Finished
from tests.support import runs

_SCENARIOS = flags.DEFINE_string("scenarios", None, "The test's own file.", required=True)


class OnLargeCpusTest(parameterized.TestCase):
    @parameterized.parameters(
        ({0: 60, 2: 40}, []),
        ({0: 30, 1: 30, 3: 40}, []),
        ({0: 40, 2: 60}, ["worker 0 ran 40% of its time on the large CPUs [0, 1]; expected 50%"]),
        ({}, ["worker 0 was seen on no CPU: it did not run"]),
        ({0: 0}, ["worker 0 was seen on no CPU: it did not run"]),
    )
    def test_where_workers_ran(self, ran_on: dict[int, int], messages: list[str]) -> None:
        workers = (runs.worker(index=0, ran_on=ran_on),)
        run = Finished("misfit", "1n2l2c1t-bl", 1, "", (), (), workers)
        found = runpy.run_path(_SCENARIOS.value)["on_large_cpus"](run)
        self.assertLen(found, len(messages))
        for each, words in zip(found, messages, strict=True):
            self.assertStartsWith(each, words)


if __name__ == "__main__":
    absltest.main()
