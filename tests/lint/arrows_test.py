# SPDX-License-Identifier: Apache-2.0
"""The lint on arrows finds imports that go up, however they are written, and no others."""

from absl.testing import absltest, parameterized

from tools.lint import arrows


class ArrowsTest(parameterized.TestCase):
    @parameterized.parameters(
        ("ktstr/report/text.py", "from ktstr.judge.judge import judge"),
        ("ktstr/report/text.py", "from ktstr.judge import judge"),
        ("ktstr/report/text.py", "from ktstr import judge"),
        ("ktstr/report/text.py", "import ktstr.judge.judge"),
        ("ktstr/report/text.py", "def f():\n    from ktstr.record.run import RunRecord"),
        ("ktstr/report/html/page.py", "from ktstr.result.make.whole import result_of"),
        ("ktstr/report/text.py", "from ktstr.result import make"),
        ("ktstr/record/read.py", "from ktstr.judge.measure import Scope"),
        ("ktstr/record/read.py", "from ktstr.vm.classifier import classify"),
        ("ktstr/report/text.py", "from ..judge import judge"),
        ("ktstr/report/text.py", "from .. import judge"),
        ("ktstr/judge/judge.py", "from ktstr.result import result_pb2"),
    )
    def test_an_arrow_up_is_found(self, name: str, text: str) -> None:
        (finding,) = arrows.check(name, f"import sys\n{text}\n")
        self.assertStartsWith(finding, f"{name}:{2 + text.count(chr(10))}: ktstr.")

    @parameterized.parameters(
        ("ktstr/report/text.py", "from ktstr.result import result_pb2"),
        ("ktstr/report/text.py", "from ktstr.model.checks import Kind"),
        ("ktstr/record/run.py", "from ktstr.model.plan import Plan"),
        ("ktstr/result/make/whole.py", "from ktstr.judge.judge import judge"),
        ("ktstr/runner/session.py", "from ktstr.judge.judge import judge"),
        ("tests/report/text_test.py", "from ktstr.judge.judge import judge"),
        ("ktstr/reporting.py", "from ktstr.judge.judge import judge"),
        ("ktstr/report/text.py", "from ktstr.judgement import judge"),
    )
    def test_other_arrows_are_not(self, name: str, text: str) -> None:
        self.assertEmpty(list(arrows.check(name, f"{text}\n")))


if __name__ == "__main__":
    absltest.main()
