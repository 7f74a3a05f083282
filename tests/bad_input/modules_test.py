# SPDX-License-Identifier: Apache-2.0
"""What goes wrong before any guest is booted: an error that names the line, in text and JUnit."""

from pathlib import Path

from absl.testing import absltest

from tests.support.running import Running


class ModulesTest(absltest.TestCase):
    def directory(self) -> Path:
        return Path(self.create_tempdir().full_path)

    def test_a_module_that_cannot_be_imported(self) -> None:
        ended = Running("_main/tests/bad_input/import_raises", self.directory()).wait()
        self.assertEqual(ended.status, 3, ended.text)
        self.assertIn(
            "ERROR //tests/bad_input:import_raises: tests/bad_input/import_raises.py:4: raised "
            "RuntimeError while it was imported: this module has a bug",
            ended.text,
        )
        self.assertEqual(ended.cases(), {"//tests/bad_input:import_raises": "error"})

    def test_a_filter_that_matches_nothing(self) -> None:
        ended = Running(
            "_main/tests/bad_input/functions", self.directory(), test_filter="no_such"
        ).wait()
        self.assertEqual(ended.status, 3, ended.text)
        self.assertRegex(
            ended.text, "--test_filter=no_such matches no test; .*well_behaved, returns"
        )

    def test_a_configuration_of_another_version(self) -> None:
        ended = Running(
            "_main/tests/bad_input/functions",
            self.directory(),
            environ={"TEST_TIMEOUT": "soon"},
        ).wait()
        self.assertEqual(ended.status, 3, ended.text)
        self.assertIn("TEST_TIMEOUT is 'soon'", ended.text)

    def test_an_empty_shard_passes(self) -> None:
        shard = {"TEST_SHARD_INDEX": "98", "TEST_TOTAL_SHARDS": "99"}
        ended = Running("_main/tests/bad_input/functions", self.directory(), environ=shard).wait()
        self.assertEqual(ended.status, 0, ended.text)
        self.assertEqual(ended.cases(), {})


if __name__ == "__main__":
    absltest.main()
