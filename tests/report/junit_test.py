# SPDX-License-Identifier: Apache-2.0
"""JUnit files: one case per test, well-formed whatever a guest says."""

from xml.etree import ElementTree

from absl.testing import absltest, parameterized
from hypothesis import given

from ktstr.report.junit import Case, case_of, error_case, junit
from ktstr.result import result_pb2
from tests.support.result_strategies import TEXTS
from tests.support.results import RUNS, result

_TAGS = {"failure", "error", "skipped"}


def parsed(*cases: Case) -> ElementTree.Element:
    """The suite as an XML reader sees it."""
    (suite,) = ElementTree.fromstring(junit("//a:b", cases))
    return suite


class JunitTest(parameterized.TestCase):
    @parameterized.parameters(
        ("passed", None, None),
        ("expected", None, None),
        ("starved", "failure", "starved"),
        ("not_expected", "failure", "scheduler_ejected"),
        ("no_boot", "error", "hang"),
        ("contended", "error", "contended"),
        ("skipped", "skipped", None),
    )
    def test_the_verdict_is_the_mark(self, name: str, tag: str | None, kind: str | None) -> None:
        (case,) = parsed(case_of(result(RUNS[name]())))
        marks = [child for child in case if child.tag in _TAGS]
        self.assertEqual([mark.tag for mark in marks], [tag] if tag else [])
        self.assertEqual([mark.get("type") for mark in marks], [kind] if tag else [])
        self.assertEqual(case.get("name"), "pairs")
        self.assertEqual(case.get("time"), "2.500")

    def test_the_suite_counts(self) -> None:
        suite = parsed(*(case_of(result(run())) for run in RUNS.values()))
        for attribute, tag in (
            ("failures", "failure"),
            ("errors", "error"),
            ("skipped", "skipped"),
        ):
            self.assertEqual(suite.get(attribute), str(len(list(suite.iter(tag)))))
        self.assertEqual(suite.get("tests"), str(len(RUNS)))
        self.assertEqual(float(suite.get("time", "")), 2.5 * len(RUNS))

    def test_no_test_is_a_suite_too(self) -> None:
        self.assertEqual(parsed().get("tests"), "0")

    def test_what_could_not_be_run_is_an_error(self) -> None:
        (case,) = parsed(error_case("//a:b", "usage", "a.py:3: no"))
        (error,) = case
        self.assertEqual(
            (error.tag, error.get("type"), error.text), ("error", "usage", "a.py:3: no")
        )

    @given(TEXTS)
    def test_any_text_gives_xml(self, said: str) -> None:
        (case,) = parsed(Case(f"n{said}", result_pb2.FAIL, "stuck", said, f"<{said}>", 1.0))
        self.assertRegex(case[0].text or "", "(?s)^<.*>$")

    def test_what_xml_cannot_hold_is_shown(self) -> None:
        (case,) = parsed(Case("n", result_pb2.FAIL, "stuck", "\x00\ud800", "\x1b[1m]]>&", 1.0))
        self.assertEqual(case[0].get("message"), r"\x00\ud800")
        self.assertEqual(case[0].text, r"\x1b[1m]]>&")


if __name__ == "__main__":
    absltest.main()
