# SPDX-License-Identifier: Apache-2.0
"""A cache that several share: who only reads it, and what becomes of wrong bytes in it."""

import hashlib

from absl.testing import absltest

from tests.farm.case import FarmCase

_BUILD = """\
package(default_visibility = ["//visibility:public"])

genrule(name = "made", outs = ["made.txt"], cmd = "echo made in {package} > $@")
"""
_READ = 'cat {package}/made.txt > "$TEST_UNDECLARED_OUTPUTS_DIR/result"\n'
_HIT = "remote cache hit"


class CachesTest(FarmCase):
    def _packages(self, package: str) -> tuple[str, str, str]:
        """A test that reads what another package makes: its label, that one's, and the digest."""
        made = f"{package}/made"
        self.work.write(f"{made}/BUILD.bazel", _BUILD.format(package=made))
        label = self.work.add_test(package, _READ.format(package=made), f'"//{made}:made.txt"')
        digest = hashlib.sha256(f"made in {made}\n".encode()).hexdigest()
        return label, f"//{made}", digest

    def test_who_only_reads_leaves_nothing(self) -> None:
        label, _, _ = self._packages("reader")
        for flags, hits in ((["--config=readonly"], 0), ([], 0), (["--config=readonly"], 3)):
            ended = self.work.run_here(self.farm.port, "test", *flags, label)
            self.assertEqual(0, ended.code, ended.stderr)
            self.assertEqual(hits, ended.built.runners.get(_HIT, 0), ended.stderr)
            self.assertEqual(["made in reader/made\n"], self.work.results("reader"))

    def test_a_cached_verdict_brings_results_and_no_other_bytes(self) -> None:
        label, _, _ = self._packages("minimal")
        self.assertEqual(0, self.work.run_here(self.farm.port, "test", label).code)
        ended = self.work.run_here(self.farm.port, "test", "--remote_download_minimal", label)
        self.assertEqual(0, ended.code, ended.stderr)
        self.assertEqual({label: True}, ended.built.tests)
        self.assertEqual(["made in minimal/made\n"], self.work.results("minimal"))
        self.assertFalse((self.work.directory / "bazel-bin/minimal/made/made.txt").exists())

    def test_wrong_bytes_are_nobodys_output(self) -> None:
        """Bazel holds what it is sent against the digest, and makes it itself then."""
        _, made, digest = self._packages("output")
        self.assertEqual(0, self.work.run_here(self.farm.port, "build", made).code)
        self.farm.falsify(digest)
        ended = self.work.run_here(self.farm.port, "build", made)
        self.assertEqual(0, ended.code, ended.stderr)
        self.assertIn(f"Expected digest '{digest}", "".join(ended.built.warnings))
        text = (self.work.directory / "bazel-bin/output/made/made.txt").read_text(encoding="utf-8")
        self.assertEqual("made in output/made\n", text)

    def test_wrong_bytes_are_no_workers_input(self) -> None:
        """Workers do so, too, with what they fetch: no verdict, rather than a wrong one."""
        label, _, digest = self._packages("input")
        self.assertEqual(0, self.work.run(self.farm.port, "test", label).code)
        self.farm.falsify(digest)
        self.work.append("input/test.sh", "# and again\n")
        ended = self.work.run(self.farm.port, "test", "--remote_retries=1", label)
        self.assert_refused(ended, digest)


if __name__ == "__main__":
    absltest.main()
