# SPDX-License-Identifier: Apache-2.0
"""scx-loader on the host: it opens objects and checks settings without loading anything."""

from __future__ import annotations

import subprocess
from pathlib import Path

from absl import flags
from absl.testing import absltest, parameterized

_LOADER = flags.DEFINE_string("loader", None, "scx-loader.", required=True)
_OBJECT = flags.DEFINE_string("object", None, "The object of //sched/faulty.", required=True)
_LINKED = flags.DEFINE_string("linked", None, "The object of //tests/lives:linked.", required=True)


def _load(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [_LOADER.value, *arguments], capture_output=True, text=True, check=False, timeout=60
    )


def _set(*settings: str) -> subprocess.CompletedProcess[str]:
    arguments = [part for setting in settings for part in ("--set", setting)]
    return _load(_OBJECT.value, *arguments, "--check", "faulty")


class SettingsTest(parameterized.TestCase):
    @parameterized.parameters(
        "stall_after_ns=18446744073709551615",
        "stall_after_ns=0x10",
        "starve_pid=-2147483648",
        "starve_comm=fifteen.letters",
        "starve_comm=",
        "scatter=true",
        "scatter=0",
        "fail_verify=1",
        "ops.timeout_ms=4294967295",
        "ops.flags=0",
        "ops.name=faulty",
    )
    def test_takes(self, setting: str) -> None:
        result = _set(setting)
        self.assertEqual((result.returncode, result.stderr), (0, ""))

    @parameterized.parameters(
        ("stall_after_ns=-1", "the number does not fit"),
        ("stall_after_ns=18446744073709551616", "the number does not fit"),
        ("starve_pid=2147483648", "the number does not fit"),
        ("starve_pid=-2147483649", "the number does not fit"),
        ("delay_ns=", "it takes an integer"),
        ("delay_ns=5s", "it takes an integer"),
        ("scatter=yes", "it takes true or false"),
        ("starve_comm=sixteen.letters.", "the text is too long"),
        ("ops.timeout_ms=4294967296", "the number does not fit"),
        ("ops.dispatch=0", "it is no integer, boolean or text"),
        ("table=0", "it is no integer, boolean or text"),
    )
    def test_refuses_value(self, setting: str, problem: str) -> None:
        name, _, value = setting.partition("=")
        result = _set(setting)
        self.assertEqual(result.returncode, 1)
        self.assertEqual(
            result.stderr, f'scx-loader: --set: cannot set {name} to "{value}": {problem}\n'
        )

    @parameterized.parameters("stall_after_s=1", "ops.timeout=1", "ops.=1")
    def test_names_the_variables_there_are(self, setting: str) -> None:
        result = _set(setting)
        self.assertEqual(result.returncode, 1)
        name = setting.partition("=")[0]
        self.assertStartsWith(
            result.stderr, f"scx-loader: --set: no variable {name}; there are ops.MEMBER and "
        )
        self.assertIn(" stall_after_ns ", result.stderr)

    @parameterized.parameters("slice_ns", "=1")
    def test_refuses_what_is_no_setting(self, setting: str) -> None:
        result = _set(setting)
        self.assertEqual(result.returncode, 1)
        self.assertEqual(result.stderr, f"scx-loader: --set {setting}: not NAME=VALUE\n")


class ResizableTest(parameterized.TestCase):
    """Settings of an object as the kernel's ecosystem writes it, linked of two sources."""

    def _set(self, setting: str) -> subprocess.CompletedProcess[str]:
        return _load(_LINKED.value, "--set", setting, "--check", "linked")

    @parameterized.parameters(
        "nr_cpus=possible_cpus",
        "turns_of_cpu[]=1",
        "turns_of_cpu[]=300",
        "turns_of_cpu[]=possible_cpus",
        "turns=7",
        "last_weight=1",
    )
    def test_takes(self, setting: str) -> None:
        result = self._set(setting)
        self.assertEqual((result.returncode, result.stderr), (0, ""))

    @parameterized.parameters(
        ("turns_of_cpu[]=0", "a length is a number from 1 to 65536, or possible_cpus"),
        ("turns_of_cpu[]=65537", "a length is a number from 1 to 65536, or possible_cpus"),
        ("turns_of_cpu[]=many", "a length is a number from 1 to 65536, or possible_cpus"),
        ("nr_cpus[]=2", "it is no RESIZABLE_ARRAY"),
        ("nothing[]=2", "it is no RESIZABLE_ARRAY"),
        ("nr_cpus=possible", "it takes an integer"),
    )
    def test_refuses(self, setting: str, problem: str) -> None:
        name, _, value = setting.partition("=")
        result = self._set(setting)
        self.assertEqual(result.returncode, 1)
        self.assertEqual(
            result.stderr, f'scx-loader: --set: cannot set {name} to "{value}": {problem}\n'
        )


class CommandLineTest(parameterized.TestCase):
    @parameterized.parameters(
        ([], "no object file given"),
        (["--set"], "unexpected argument --set"),
        (["one.o", "two.o"], "unexpected argument two.o"),
        (["one.o", "--verbose"], "unexpected argument --verbose"),
    )
    def test_usage(self, arguments: list[str], problem: str) -> None:
        result = _load(*arguments)
        self.assertEqual(result.returncode, 1)
        self.assertStartsWith(result.stderr, f"scx-loader: {problem}\nusage: scx-loader OBJECT ")

    def test_missing_object(self) -> None:
        result = _load("/nowhere.bpf.o")
        self.assertEqual(result.returncode, 1)
        self.assertEqual(
            result.stderr, "scx-loader: cannot read /nowhere.bpf.o: No such file or directory\n"
        )

    def test_what_is_no_object(self) -> None:
        for content in (b"", b"text\n", Path(_LOADER.value).read_bytes()[:4096]):
            path = self.create_tempfile("no.bpf.o", content).full_path
            result = _load(path)
            self.assertEqual(result.returncode, 2, content[:8])
            self.assertIn(f"scx-loader: {path} is no BPF object: ", result.stderr)

    def test_other_ops(self) -> None:
        result = _load(_OBJECT.value, "--check", "fifo")
        self.assertEqual(result.returncode, 1)
        self.assertEqual(
            result.stderr, "scx-loader: no sched_ext_ops is named fifo; there are: faulty\n"
        )

    @parameterized.parameters("faulty", "f*", "*ulty", "f*l*y", "*")
    def test_a_pattern_of_the_ops(self, pattern: str) -> None:
        self.assertEqual(_load(_OBJECT.value, "--check", pattern).returncode, 0)

    @parameterized.parameters("x*", "faulty_*")
    def test_a_pattern_of_others(self, pattern: str) -> None:
        result = _load(_OBJECT.value, "--check", pattern)
        self.assertEqual(result.returncode, 1)
        self.assertIn(f"no sched_ext_ops is named {pattern}; there are: faulty\n", result.stderr)

    def test_check_sees_a_name_that_was_set(self) -> None:
        result = _load(_OBJECT.value, "--set", "ops.name=other", "--check", "other")
        self.assertEqual((result.returncode, result.stderr), (0, ""))


class WaitingTest(parameterized.TestCase):
    def _told(self, sent: bytes) -> tuple[int, bytes, bytes]:
        """Exit status and outputs of a loader that waits, and that gets `sent`."""
        result = subprocess.run(
            [_LOADER.value, "--wait"], input=sent, capture_output=True, check=False, timeout=60
        )
        return result.returncode, result.stdout, result.stderr

    def test_goes_on_with_what_it_is_told(self) -> None:
        words = b"".join(
            word.encode() + b"\0"
            for word in (_OBJECT.value, "--set", "starve_comm=a b", "--check", "f*")
        )
        self.assertEqual(self._told(b"%d\n" % len(words) + words), (0, b"ready\n", b""))

    def test_says_what_it_would_say_otherwise(self) -> None:
        words = _OBJECT.value.encode() + b"\0--check\0fifo\0"
        status, said, errors = self._told(b"%d\n" % len(words) + words + b"quit\n")
        self.assertEqual((status, said), (1, b"ready\n"))
        self.assertEqual(errors, b"scx-loader: no sched_ext_ops is named fifo; there are: faulty\n")

    def test_ends_with_its_input(self) -> None:
        self.assertEqual(self._told(b""), (0, b"ready\n", b""))

    @parameterized.parameters(b"0\n", b"5\nabc\0", b"3\nabc")
    def test_what_is_no_command_line(self, sent: bytes) -> None:
        size = sent.partition(b"\n")[0]
        problem = b"scx-loader: no command line came in %b bytes\n" % size
        self.assertEqual(self._told(sent), (1, b"ready\n", problem))


if __name__ == "__main__":
    absltest.main()
