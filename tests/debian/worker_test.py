# SPDX-License-Identifier: Apache-2.0
"""A machine that cannot do an action is refused by the property it lacks."""

from pathlib import Path

from absl.testing import absltest, parameterized

from tools.root.worker import Machine, refusal, this_machine

_UNLIMITED_V1 = str(0x7FFFFFFFFFFFF000)


class RefusalTest(parameterized.TestCase):
    @parameterized.named_parameters(
        (
            "architecture",
            Machine("w", "aarch64", 9000, 9000),
            "is aarch64, and the Debian root's programs are x86_64",
        ),
        (
            "available",
            Machine("w", "x86_64", 2047, None),
            "has 2047 MiB of memory available (MemAvailable of /proc/meminfo), "
            "and the action takes 2048",
        ),
        (
            "limit",
            Machine("w", "x86_64", 9000, 1024),
            "lets it have 1024 MiB of memory (the limit of its control group), "
            "and the action takes 2048",
        ),
    )
    def test_what_is_lacking_is_named(self, machine: Machine, text: str) -> None:
        self.assertEqual(refusal(machine, 2048), text)

    @parameterized.parameters(
        Machine("w", "x86_64", 2048, 2048),
        Machine("w", "x86_64", None, None),
    )
    def test_what_is_enough_or_not_known_is_not_refused(self, machine: Machine) -> None:
        self.assertIsNone(refusal(machine, 2048))


class ThisMachineTest(parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.proc = Path(self.create_tempdir().full_path)
        self.cgroups = Path(self.create_tempdir().full_path)

    def found(self, membership: str, limits: dict[str, str]) -> int | None:
        (self.proc / "self").mkdir()
        (self.proc / "self/cgroup").write_text(membership)
        for path, text in limits.items():
            (self.cgroups / path).parent.mkdir(parents=True, exist_ok=True)
            (self.cgroups / path).write_text(text + "\n")
        return this_machine(self.proc, self.cgroups).limit_mib

    def test_memory_is_what_programs_can_have(self) -> None:
        text = "MemTotal:       24684516 kB\nMemFree: 1 kB\nMemAvailable:   22708224 kB\n"
        (self.proc / "meminfo").write_text(text)
        machine = this_machine(self.proc, self.cgroups)
        self.assertEqual((machine.available_mib, machine.limit_mib), (22176, None))

    def test_what_cannot_be_read_is_not_known(self) -> None:
        (self.proc / "meminfo").write_text("MemAvailable: many kB\n")
        machine = this_machine(self.proc, self.cgroups)
        self.assertEqual((machine.available_mib, machine.limit_mib), (None, None))

    @parameterized.named_parameters(
        ("own", {"a/memory.max": "max", "a/b/memory.max": "1073741824"}, 1024),
        ("above", {"a/memory.max": "2147483648", "a/b/memory.max": "max"}, 2048),
        ("smallest", {"a/memory.max": "2147483648", "a/b/memory.max": "3221225472"}, 2048),
        ("of_a_container", {"memory.max": "536870912"}, 512),
        ("none", {"a/b/memory.max": "max"}, None),
    )
    def test_second_version(self, limits: dict[str, str], mib: int | None) -> None:
        self.assertEqual(self.found("0::/a/b\n", limits), mib)

    @parameterized.named_parameters(
        ("own", {"memory/x/memory.limit_in_bytes": "1073741824"}, 1024),
        ("of_a_container", {"memory/memory.limit_in_bytes": "536870912"}, 512),
        ("another_controller", {"cpuset/x/memory.limit_in_bytes": "1"}, None),
    )
    def test_first_version(self, limits: dict[str, str], mib: int | None) -> None:
        membership = "12:cpuset:/x\n7:memory:/x\n1:name=systemd:/x\n0::/x\n"
        self.assertEqual(self.found(membership, limits), mib)

    def test_the_first_version_writes_no_limit_as_a_large_number(self) -> None:
        limits = {"memory/memory.limit_in_bytes": _UNLIMITED_V1}
        found = self.found("7:memory:/\n", limits)
        self.assertIsNone(refusal(Machine("w", "x86_64", None, found), 1 << 20))


if __name__ == "__main__":
    absltest.main()
