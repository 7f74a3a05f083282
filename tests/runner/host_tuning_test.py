# SPDX-License-Identifier: Apache-2.0
"""Notes say how a machine is set up, and nothing where its kernel does not tell."""

from __future__ import annotations

from pathlib import Path

from absl.testing import absltest

from ktstr.runner.host.tuning import tuning_notes


class TuningTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.sysfs = Path(self.create_tempdir().full_path)

    def write(self, name: str, text: str) -> None:
        path = self.sysfs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")

    def test_all_of_it(self) -> None:
        self.write("devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance")
        self.write("kernel/mm/transparent_hugepage/enabled", "always [madvise] never")
        self.write("devices/system/cpu/vulnerabilities/one", "Mitigation: something")
        self.write("devices/system/cpu/vulnerabilities/two", "Not affected")
        self.assertEqual(
            tuning_notes(self.sysfs),
            {
                "cpu governor": "performance",
                "mitigations": "all",
                "transparent hugepages": "madvise",
            },
        )
        self.write("devices/system/cpu/vulnerabilities/two", "Vulnerable: no microcode")
        self.assertEqual(tuning_notes(self.sysfs)["mitigations"], "vulnerable: two")

    def test_nothing_of_it(self) -> None:
        self.assertEqual(tuning_notes(self.sysfs), {})


if __name__ == "__main__":
    absltest.main()
