# SPDX-License-Identifier: Apache-2.0
"""What becomes of actions whose worker dies, whose server hangs, or whose client goes away."""

from absl.testing import absltest

from tests.farm.case import RESULT, FarmCase
from tests.farm.workspace import DEADLINE_S

_INTERRUPTED = 8
_TREE = """\
def _impl(ctx):
    tree = ctx.actions.declare_directory(ctx.label.name)
    ctx.actions.run_shell(outputs = [tree], command = ctx.attr.command, arguments = [tree.path])
    return [DefaultInfo(files = depset([tree]))]

tree = rule(implementation = _impl, attrs = {"command": attr.string()})
"""
_BUILD = 'load(":tree.bzl", "tree")\n\ntree(name = "saved", command = """{command}""")\n'


class InterruptedTest(FarmCase):
    def test_nothing_is_left_of_half_an_output(self) -> None:
        """A directory, as a saved guest is: half of its files are written when the worker dies."""
        command = f"cd $1\necho half > first\necho $$ > pid.$$\n{self.work.hold}"
        command += 'rm pid.$$\necho "$word" > second\n'
        self.work.write("half/tree.bzl", _TREE)
        self.work.write("half/BUILD.bazel", _BUILD.format(command=command))
        running = self.work.start(self.farm.port, "build", "//half:saved")
        self.assert_done_elsewhere("half/saved")
        self.work.let_go("right")
        ended = running.wait(DEADLINE_S)
        self.assertEqual(0, ended.code, ended.stderr)
        saved = self.work.directory / "bazel-bin/half/saved"
        found = {path.name: path.read_text(encoding="utf-8") for path in saved.iterdir()}
        self.assertEqual({"first": "half\n", "second": "right\n"}, found)
        self.assertEqual((0, 0), self.work.drained())

    def test_a_server_that_hangs(self) -> None:
        """It is found by its silence, and started again; who waits for it knows nothing of that."""
        label = self.work.add_test("hanging", self.work.hold + RESULT)
        running = self.work.start(self.farm.port, "test", label)
        self.work.await_begun()
        self.farm.tree("server")[0].suspend()
        self.farm.await_line("server: no answer for 30 s; killed")
        self.farm.await_line("server: ended with status 137; started again")
        for _ in range(3):
            self.work.let_go("right")
        self.assert_one_result(running.wait(DEADLINE_S), label, "right\n")
        self.work.drained()

    def test_a_client_that_is_interrupted_and_comes_again(self) -> None:
        """The second call waits for what the first has begun."""
        label = self.work.add_test("client", self.work.hold + RESULT)
        running = self.work.start(self.farm.port, "test", label)
        self.work.await_begun()
        running.interrupt()
        ended = running.wait(DEADLINE_S)
        self.assertEqual((_INTERRUPTED, ()), (ended.code, ended.built.verdicts), ended.stderr)
        self.farm.holder("client/test")
        running = self.work.start(self.farm.port, "test", label)
        self.work.let_go("right")
        self.assert_one_result(running.wait(DEADLINE_S), label, "right\n")
        self.assertEqual((0, 0), self.work.drained())


if __name__ == "__main__":
    absltest.main()
