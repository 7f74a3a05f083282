# SPDX-License-Identifier: Apache-2.0
"""What becomes of a test that asks in vain, and that two runs that ask are one run."""

from pathlib import Path

from absl.testing import absltest

from tests.support.running import Ended, Running

_HERE = "_main/tests/introspect/asking"


class UnheardTest(absltest.TestCase):
    def run_target(self, name: str, test: str) -> Ended:
        running = Running(
            f"{_HERE}/{name}",
            Path(self.create_tempdir().full_path),
            test_filter=test,
            timeout_s=240,
        )
        self.addCleanup(running.close)
        return running.wait()

    def test_where_nobody_looks_in_the_run_is_inconclusive(self) -> None:
        words = "nobody looks into this guest from outside"
        ended = self.run_target("unheard_tcg", "asks")
        self.assertEqual(ended.status, 2, ended.text)
        self.assertRegex(ended.text, f"asks could not be carried out: {words}")
        ended = self.run_target("unheard_tcg", "sets")
        self.assertEqual(ended.status, 2, ended.text)
        self.assertRegex(ended.text, rf"could not be carried out \(0 of 1.*SetKernel: {words}")
        (detail,) = (
            each for each in ended.result("sets")["details"] if "carried out" in each["message"]
        )
        self.assertEqual(detail["kind"], "NO_DATA")

    def test_a_name_that_there_is_not_is_named_with_what_is_near(self) -> None:
        for name, words in (
            (
                "sets_what_there_is_not",
                r"SetKernel: kernel \S+ has no symbol 'panic_timeouts' \(did you mean 'panic_time",
            ),
            (
                "waits_for_what_there_is_not",
                r"WaitFor: no BPF map 'timerz' \(did you mean 'timers'\?\); there are ",
            ),
        ):
            ended = self.run_target("unheard", name)
            self.assertEqual(ended.status, 3, ended.text)
            first = ended.result(name)["details"][0]
            self.assertEqual(first["kind"], "USAGE")
            self.assertRegex(first["message"], words)

    def test_two_runs_are_the_same(self) -> None:
        name = "a_map_is_waited_for_and_set"
        runs = [self.run_target("maps_vm_test", name) for _ in range(2)]
        for ended in runs:
            self.assertEqual(ended.status, 0, ended.text)
        one, other = ((ended.outputs / name / "frames.bin").read_bytes() for ended in runs)
        self.assertEqual(one, other)
        results = [ended.result(name) for ended in runs]
        for result in results:
            del result["host"]
        self.assertEqual(*results)
        self.assertLen(results[0]["bpf"]["set"], 2)


if __name__ == "__main__":
    absltest.main()
