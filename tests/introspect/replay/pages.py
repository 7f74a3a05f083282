# SPDX-License-Identifier: Apache-2.0
"""What tests ask of the pages of failures that came again."""

from typing import Any

from absl.testing import absltest


class PagesTest(absltest.TestCase):
    """Pages as result.json has them."""

    def functions(self, page: dict[str, Any]) -> list[str]:
        """Names of functions on the stack."""
        return [frame.partition("+")[0] for frame in page["stack"]]

    def call(self, page: dict[str, Any], function: str) -> dict[str, Any]:
        """The last call of a function."""
        found = [each for each in page["calls"] if each["function"].startswith(function)]
        self.assertNotEmpty(found, [each["function"] for each in page["calls"]])
        last: dict[str, Any] = found[-1]
        return last

    def waits_in(self, page: dict[str, Any], queue: str) -> None:
        """The last that became of the task is that it came into a queue, and ran no more."""
        queued, gone = (each["event"] for each in page["events"][-2:])
        self.assertStartsWith(queued, f"goes into {queue}, then ")
        self.assertStartsWith(gone, "stops running, in state R; then ")
