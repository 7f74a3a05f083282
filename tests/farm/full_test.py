# SPDX-License-Identifier: Apache-2.0
"""What becomes of builds and tests that need more than a farm's caches may hold.

There is no verdict then, and Bazel's exit code says that it is remote execution that failed.
"""

from absl.testing import absltest

from tests.farm.case import FarmCase
from tests.farm.trial import Farm

# 20 MiB for the server, 10 for each worker.
_CACHE = "--cache-gib=0.02"
_LARGE = 40_000_000
# Bazel's own are for servers that come again: here, one is enough to see that it is no use.
_RETRIES = "--remote_retries=1"
_WRITE = f"head -c {_LARGE} /dev/zero"


class FullTest(FarmCase):
    options = (_CACHE,)

    def test_an_output_that_no_worker_can_keep(self) -> None:
        self.work.write(
            "large/BUILD.bazel",
            f'genrule(name = "made", outs = ["made.bin"], cmd = "{_WRITE} > $@")\n',
        )
        ended = self.work.run(self.farm.port, "build", _RETRIES, "//large:made")
        self.assert_refused(ended, "Out of space error")

    def test_a_result_that_no_worker_can_keep(self) -> None:
        label = self.work.add_test("result", f'{_WRITE} > "$TEST_UNDECLARED_OUTPUTS_DIR/result"\n')
        ended = self.work.run(self.farm.port, "test", _RETRIES, label)
        self.assert_refused(ended, "Out of space error")
        self.assertEmpty(self.work.results("result"))

    def test_an_input_that_the_server_cannot_keep(self) -> None:
        label = self.work.add_test("input", "test -s input/given.txt\n", '"given.txt"')
        self.work.write("input/given.txt", _LARGE * "x")
        ended = self.work.run(self.farm.port, "test", _RETRIES, label)
        self.assert_refused(ended, "Error while uploading artifact with digest")
        log = (self.farm.state / "log/server.log").read_text(encoding="utf-8")
        self.assertIn("Blob size exceeds total storage allocation", log)

    def test_a_disk_with_nothing_to_spare_is_refused(self) -> None:
        with self.assertRaisesRegex(AssertionError, "64 MiB are free on the disk of "):
            self.enterContext(Farm(prepare='mount -t tmpfs -o size=64M tmpfs "$1"'))


if __name__ == "__main__":
    absltest.main()
