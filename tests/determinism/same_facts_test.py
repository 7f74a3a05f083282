# SPDX-License-Identifier: Apache-2.0
"""Runs one target on an idle host and beside a load on every core, and compares the results.

argv[1] is the launcher of the target, as a runfiles path; its one test is `busy`.
"""

import sys
from pathlib import Path

from absl.testing import absltest

from ktstr.result import result_pb2
from ktstr.result.write import to_bytes, to_json
from tests.support.load import load_on_every_core
from tests.support.running import Running

LAUNCHER = sys.argv.pop(1)


class SameFactsTest(absltest.TestCase):
    def facts(self) -> result_pb2.Result:
        """All of a run's result but its `host` part, which is known to be there."""
        running = Running(LAUNCHER, Path(self.create_tempdir().full_path))
        self.addCleanup(running.close)
        ended = running.wait(600)
        self.assertEqual(ended.status, 0, ended.text)
        result = result_pb2.Result.FromString((ended.outputs / "busy/result.pb").read_bytes())
        self.assertTrue(result.HasField("host"))
        self.assertNotEmpty(result.workers)
        # a subject has the one or the other
        self.assertTrue(result.payloads or result.disks)
        result.ClearField("host")
        return result

    def test_a_busy_host_changes_nothing(self) -> None:
        idle = self.facts()
        with load_on_every_core():
            busy = self.facts()
        # The text first: it shows what differs.
        self.assertMultiLineEqual(to_json(idle), to_json(busy))
        self.assertEqual(to_bytes(idle), to_bytes(busy))


if __name__ == "__main__":
    absltest.main()
