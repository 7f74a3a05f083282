# SPDX-License-Identifier: Apache-2.0
"""Reading results: recorded ones, of two schemas, with all but what is read taken out."""

import shutil
from pathlib import Path

from absl.testing import absltest

from ktstr.model.errors import InfraError
from tests.benchmarks.compare.guests import Guest, phases_of, read_guests, readings_of

_RECORDED = Path(__file__).with_name("recorded")


class GuestsTest(absltest.TestCase):
    def test_medians_by_class(self) -> None:
        found = readings_of(read_guests(_RECORDED))
        self.assertEqual((found["ext_guests"], found["eevdf_guests"]), (3, 1))
        self.assertAlmostEqual(found["ext_guest_s"], 5.645428153002285)
        self.assertAlmostEqual(found["eevdf_guest_s"], 2.2201493669999763)

    def test_phases(self) -> None:
        found = phases_of(read_guests(_RECORDED))
        self.assertAlmostEqual(found["ext"]["scheduler and scenario set-up"], 2.659742734002066)
        self.assertAlmostEqual(found["eevdf"]["boot to the agent's hello"], 0.09602599799836753)

    def test_what_nobody_told_is_missing(self) -> None:
        self.assertEqual(readings_of([]), {})
        self.assertEqual(
            set(readings_of([Guest(True, {"total": 1.0})])), {"ext_guests", "ext_guest_s"}
        )
        self.assertEqual(readings_of([Guest(True, {"the test's body": 1.0})]), {})

    def test_a_guest_that_was_never_started_is_none(self) -> None:
        folder = Path(self.create_tempdir().full_path)
        (folder / "result.json").write_text('{"schema_version": 3, "host": {"cpus": 2}}')
        self.assertEqual(read_guests(folder), [])

    def test_a_broken_result(self) -> None:
        folder = Path(self.create_tempdir().full_path)
        shutil.copytree(_RECORDED / "sched", folder / "sched")
        broken = folder / "sched/result.json"
        for text in ("", "{", "[]", '{"host": {"wall": [{}]}}'):
            broken.write_text(text)
            with self.subTest(text), self.assertRaisesRegex(InfraError, "is no result of a test"):
                read_guests(folder)


if __name__ == "__main__":
    absltest.main()
