# SPDX-License-Identifier: Apache-2.0
"""JUnit files as others read them: the schemas of Surefire and Jenkins, and a reader of GitHub's.

GitLab reads the same: of testsuites, each testcase's name, classname, time, and whether there is a
failure, an error or a mark of a skip (its documentation, "Unit test reports").
"""

from __future__ import annotations

from pathlib import Path

import junitparser
import xmlschema
from absl.testing import absltest, parameterized

from ktstr.report.junit import case_of, error_case, junit
from ktstr.result import result_pb2
from tests.support.results import RUNS, result

_SCHEMA = xmlschema.XMLSchema(str(Path(__file__).with_name("junit.xsd")))
_CASES = {
    **{name: case_of(result(run())) for name, run in RUNS.items()},
    "abort": error_case("//a:b", "usage", "steady.py:3: NameError: name 'x'"),
    "no_cause": case_of(result_pb2.Result(verdict=result_pb2.FAIL)),
}


class JunitReadersTest(parameterized.TestCase):
    @parameterized.parameters(*_CASES)
    def test_the_schemas_allow_it(self, name: str) -> None:
        _SCHEMA.validate(junit("//a:b", [_CASES[name]]).decode())

    def test_the_schemas_allow_no_test_at_all(self) -> None:
        _SCHEMA.validate(junit("//a:b", []).decode())

    @parameterized.parameters(
        (' type="starved"', ""),
        ('time="2.500"', 'time="2.5 s"'),
        ("<testcase ", '<testcase file="a.py" '),
        (' skipped="0"', ""),
    )
    def test_the_schemas_refuse(self, right: str, wrong: str) -> None:
        text = junit("//a:b", [_CASES["starved"]]).decode()
        self.assertIn(right, text)
        with self.assertRaises(xmlschema.XMLSchemaValidationError):
            _SCHEMA.validate(text.replace(right, wrong))

    def test_a_reader_of_githubs_counts_as_we_do(self) -> None:
        path = Path(self.create_tempdir().full_path) / "test.xml"
        path.write_bytes(junit("//a:b", list(_CASES.values())))
        (suite,) = junitparser.JUnitXml.fromfile(str(path))
        seen = {junitparser.Failure: 0, junitparser.Error: 0, junitparser.Skipped: 0}
        for case in suite:
            for mark in case.result:
                seen[type(mark)] += 1
                self.assertNotEmpty(mark.message)
        self.assertEqual(list(seen.values()), [suite.failures, suite.errors, suite.skipped])
        self.assertEqual(suite.tests, len(_CASES))
        self.assertGreater(min(seen.values()), 0)


if __name__ == "__main__":
    absltest.main()
