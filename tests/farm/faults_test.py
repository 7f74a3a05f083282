# SPDX-License-Identifier: Apache-2.0
"""What becomes of builds and tests when parts of a farm die, and blobs or connections are lost.

Bazel's reports of attempts and the files that tests leave show what is lost or doubled.
"""

import hashlib

from absl.testing import absltest

from tests.farm.case import RESULT, FarmCase
from tests.farm.workspace import DEADLINE_S
from tests.support.relay import Network, Relay

_READ = 'cat {package}/made.txt {package}/given.txt > "$TEST_UNDECLARED_OUTPUTS_DIR/result"\n'
_MAKE = '\ngenrule(name = "make", outs = ["made.txt"], cmd = "echo made in {package} > $@")\n'
# Enough bytes for several resets.
_NOISY = """\
i=0
while test $i -lt 20000; do echo "$i"; i=$((i + 1)); done > "$TEST_UNDECLARED_OUTPUTS_DIR/result"
"""
_NOISE = "".join(f"{i}\n" for i in range(20000))
_RESETS = 6
_NETWORK = Network(
    delay_s=0.02,
    bytes_per_s=2_000_000,
    reset_after=(4_000, 60_000),
    most_resets=_RESETS,
    seed=13,
)


class FaultsTest(FarmCase):
    def test_a_worker_killed_in_the_middle_of_a_test(self) -> None:
        label = self.work.add_test("worker", self.work.hold + RESULT)
        running = self.work.start(self.farm.port, "test", label)
        self.assert_done_elsewhere("worker/test")
        self.work.let_go("right")
        self.assert_one_result(running.wait(DEADLINE_S), label, "right\n")
        self.assertEqual((0, 0), self.work.drained())

    def test_a_server_that_is_started_again_while_a_test_runs(self) -> None:
        label = self.work.add_test("server", self.work.hold + RESULT)
        running = self.work.start(self.farm.port, "test", label)
        self.work.await_begun()
        self.farm.kill("server")
        self.farm.await_line("server: ended with status 137; started again")
        # Its worker may be given up for that long, and then another one has to do it, too.
        for _ in range(3):
            self.work.let_go("right")
        self.assert_one_result(running.wait(DEADLINE_S), label, "right\n")
        self.work.drained()

    def test_blobs_that_all_caches_have_lost(self) -> None:
        """An output that only the farm has is made again, an input is sent again."""
        label = self.work.add_test("lost", _READ.format(package="lost"), '"made.txt", "given.txt"')
        self.work.append("lost/BUILD.bazel", _MAKE.format(package="lost"))
        self.work.write("lost/given.txt", "given to lost\n")
        contents = ["made in lost\n", "given to lost\n"]
        ended = self.work.run(self.farm.port, "test", label)
        self.assert_one_result(ended, label, "".join(contents))
        made, given = (hashlib.sha256(each.encode()).hexdigest() for each in contents)
        for digests, again in (([made], 2), ([given], 1), ([made, given], 2)):
            # None of them is lost in vain: each was somewhere.
            self.assertEmpty(self.farm.lose(digests))
            self.work.append("lost/test.sh", "# and again\n")
            ended = self.work.run(self.farm.port, "test", label)
            self.assert_one_result(ended, label, "".join(contents))
            self.assertEqual(again, ended.built.runners.get("remote"), ended.stderr)

    def test_a_slow_network_that_loses_connections(self) -> None:
        labels = {self.work.add_test(f"network{i}", f"# {i}\n{_NOISY}") for i in range(4)}
        with Relay(self.farm.port, _NETWORK) as relay:
            ended = self.work.run(relay.port, "test", *labels)
            self.assertEqual(0, ended.code, ended.stderr)
            self.assertEqual(_RESETS, relay.resets, f"{relay.passed} bytes passed")
        self.assertCountEqual([(label, "PASSED") for label in labels], ended.built.verdicts)
        for i in range(4):
            self.assertEqual([_NOISE], self.work.results(f"network{i}"))


if __name__ == "__main__":
    absltest.main()
