# SPDX-License-Identifier: Apache-2.0
"""tools/bazel runs the right Bazel, asks each candidate once, and never runs in a circle."""

import json
import os
import time

from absl.testing import absltest, parameterized

from tests.bazel.stubs import Machine

_NO_NETWORK = "echo 'ERROR: Error accessing registry: Unknown host' >&2; exit 37"


class ChoiceTest(parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.machine = Machine()

    def test_bazelisk_comes_first_and_gets_the_arguments_as_they_are(self) -> None:
        self.machine.bazel("bazelisk")
        self.machine.bazel("bazel")
        done = self.machine.run("test", "//a/...", "--x=a  b")
        self.assertEqual(done.stdout, "ran test //a/... --x=a  b\n")
        self.assertEqual(done.returncode, 0)
        self.assertEmpty(self.machine.calls("bazel"))
        # bazelisk must not delegate to tools/bazel again.
        self.assertEqual(self.machine.calls("bazelisk")[-1], "1|test //a/... --x=a  b")

    def test_bazelisk_that_delegates_back_makes_no_circle(self) -> None:
        real = self.machine.bazel("bazel-real")
        self.machine.program(
            "bazelisk",
            f'if [ -n "${{BAZELISK_SKIP_WRAPPER:-}}" ]; then exec {real} "$@"; fi\n'
            f'BAZEL_REAL={real} exec {self.machine.wrapper} "$@"',
        )
        self.assertEqual(self.machine.run("info").stdout, "ran info\n")

    def test_a_bazel_that_delegates_to_the_wrapper_is_run_through_bazel_real(self) -> None:
        # Bazel's own packages install such a script as `bazel`.
        real = self.machine.bazel("bazel-real")
        self.machine.program(
            "bazel",
            f'if [ -x tools/bazel ]; then BAZEL_REAL={real} exec tools/bazel "$@"; fi\n'
            f'exec {real} "$@"',
        )
        self.assertEqual(self.machine.run("info").stdout, "ran info\n")

    def test_the_wrapper_on_path_is_no_candidate(self) -> None:
        (self.machine.programs / "bazel").symlink_to(self.machine.wrapper)
        done = self.machine.run("info")
        self.assertIn("neither bazelisk nor bazel is on PATH", self.reason(done.stderr))

    def test_a_candidate_is_asked_once(self) -> None:
        self.machine.bazel("bazel")
        first, second = self.machine.run("info"), self.machine.run("info")
        self.assertIn("asking whether", first.stderr)
        self.assertEmpty(second.stderr)
        self.assertLen([c for c in self.machine.calls("bazel") if "mod graph" in c], 1)

    def test_a_changed_candidate_is_asked_again(self) -> None:
        self.machine.bazel("bazel")
        self.machine.run("info")
        self.machine.bazel("bazel", version="8.5.10")
        self.assertIn("Bazel 8.5.10", self.machine.run("info").stderr)

    @parameterized.parameters("4.2.3", "6.5.0", "7.3.2")
    def test_an_old_bazel_is_refused(self, version: str) -> None:
        self.machine.bazel("bazel", version=version)
        self.assertIn(
            f"is Bazel {version}, older than 7.4", self.reason(self.machine.run("info").stderr)
        )

    def test_a_bazel_without_registry_is_refused_with_its_own_words(self) -> None:
        self.machine.bazel("bazelisk", registry=_NO_NETWORK)
        reason = self.reason(self.machine.run("info").stderr)
        self.assertIn("does not reach Bazel's registry: ERROR: Error accessing registry", reason)

    def test_the_next_candidate_is_tried(self) -> None:
        self.machine.bazel("bazelisk", registry=_NO_NETWORK)
        self.machine.bazel("bazel")
        self.assertEqual(self.machine.run("info").stdout, "ran info\n")

    def test_a_refusal_holds_for_a_week(self) -> None:
        self.machine.bazel("bazel", version="6.0.0")
        self.machine.run("info")
        (kept,) = (self.machine.cache / "verdicts").iterdir()
        verdict = json.loads(kept.read_text(encoding="utf-8"))
        self.assertFalse(verdict["usable"])
        self.assertNotIn("asking whether", self.machine.run("info").stderr)
        verdict["time"] = time.time() - 8 * 24 * 3600
        kept.write_text(json.dumps(verdict), encoding="utf-8")
        self.assertIn("asking whether", self.machine.run("info").stderr)

    @parameterized.parameters("not there", "itself")
    def test_a_wrong_bazel_real_is_an_error(self, kind: str) -> None:
        value = str(self.machine.wrapper) if kind == "itself" else "/nowhere/bazel"
        done = self.machine.run("info", BAZEL_REAL=value)
        self.assertEqual(done.returncode, 36)
        self.assertStartsWith(done.stderr, f"tools/bazel: error: BAZEL_REAL is {value}, which is ")

    def test_no_python_is_an_error_that_says_so(self) -> None:
        os.unlink(self.machine.programs / "python3")
        done = self.machine.run("info")
        self.assertEqual(done.returncode, 36)
        self.assertIn("python3 is not on PATH", done.stderr)

    def test_the_rc_file_says_what_is_run_and_why(self) -> None:
        path = self.machine.bazel("bazel")
        self.machine.run("info")
        text = (self.machine.workspace / ".bazelrc.local").read_text(encoding="utf-8")
        self.assertIn(f"# Bazel: {path}\n# because: bazel at hand: {path} is Bazel 7.7.1", text)
        self.assertIn(f"common --disk_cache={self.machine.cache}/disk\n", text)
        self.assertNotIn("--registry", text)

    def test_a_workspace_that_does_not_import_the_rc_file_gets_none(self) -> None:
        self.machine.bazel("bazel")
        (self.machine.workspace / ".bazelrc").write_text("build --jobs=1\n", encoding="utf-8")
        self.machine.run("info")
        self.assertFalse((self.machine.workspace / ".bazelrc.local").exists())

    def reason(self, error: str) -> str:
        """The line that says why a private Bazel is prepared."""
        (line,) = [line for line in error.splitlines() if "preparing a private Bazel" in line]
        return line


if __name__ == "__main__":
    absltest.main()
