# SPDX-License-Identifier: Apache-2.0
"""Consoles written after the kernel's own formats, and what the classifier finds in each."""

from absl.testing import absltest, parameterized

from ktstr.console.findings import ConsoleKind
from tests.console import golden

_CASES = {path.stem: golden.Case.read(path) for path in golden.paths()}


class GoldenTest(parameterized.TestCase):
    @parameterized.named_parameters(_CASES.items())
    def test_case(self, case: golden.Case) -> None:
        self.assertEqual(
            case.found(),
            case.expected,
            f"{case.about}; if the first is right: tools/bazel run //tests/console:update",
        )

    @parameterized.named_parameters(_CASES.items())
    def test_rewriting_what_is_right_changes_nothing(self, case: golden.Case) -> None:
        header = "\n".join((*case.about, *case.expected))
        self.assertEqual(case.text(), f"{header}\n\n{case.log}")

    def test_there_is_a_case_of_each_kind_and_many_without_a_finding(self) -> None:
        self.assertGreaterEqual(len(_CASES), 100)
        seen = {line.split()[1] for case in _CASES.values() for line in case.expected}
        self.assertEqual(seen, {kind.value for kind in ConsoleKind})
        self.assertGreater(sum(not case.expected for case in _CASES.values()), 12)


if __name__ == "__main__":
    absltest.main()
