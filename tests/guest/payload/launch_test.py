# SPDX-License-Identifier: Apache-2.0
"""The way from fork to exec: every failure of it is told at once and leaves nothing behind."""

from __future__ import annotations

import errno
import os
import signal
import struct
from collections.abc import Callable
from unittest import mock

from absl.testing import absltest, parameterized

from ktstr.guest.payload import process as process_module
from ktstr.guest.payload.launch import Command, launch, refusal
from ktstr.guest.payload.process import PayloadProcess
from ktstr.guest.payload.refusal import explain_refusal
from ktstr.guest.system.reactor import Reactor
from ktstr.model.errors import InfraError, UsageError
from tests.guest.payload_support import Guest, has_ended, nothing_left

TRUE = Command("/bin/true", ())


def nowhere(pid: int) -> None:
    """Leaves the child where it is."""


def passes_on(descriptor: int) -> bool:
    """Whether this process was given a descriptor that programs it executes get, too."""
    try:
        return os.get_inheritable(descriptor)
    except OSError:
        return False


def with_loader(path: str) -> bytes:
    """An ELF64 header with one segment: the name of a loader."""
    name = path.encode() + b"\0"
    header = b"\x7fELF\2\1\1" + bytes(9)
    header += struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 3, 4, 120, 0, 0, len(name), len(name), 1)
    return header + segment + name


class LaunchTest(parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.folder = self.create_tempdir().full_path
        self.enter_context(nothing_left())

    def run_to_end(
        self, command: Command, place: Callable[[int], None] = nowhere
    ) -> PayloadProcess:
        process = PayloadProcess(command, place, Reactor())
        process.await_execution()
        process.kill()
        process.settle()
        return process

    def test_it_is_placed_before_it_is_executed(self) -> None:
        seen = []
        self.run_to_end(TRUE, lambda pid: seen.append(os.readlink(f"/proc/{pid}/exe")))
        self.assertEqual(seen, [os.readlink("/proc/self/exe")])

    def test_the_group_is_there_when_it_is_placed(self) -> None:
        groups: dict[int, int] = {}
        process = self.run_to_end(TRUE, lambda pid: groups.update({pid: os.getpgid(pid)}))
        self.assertEqual(groups, {process.pid: process.pid})

    def test_without_a_group_of_its_own_it_stays_in_ours(self) -> None:
        groups = []
        command = Command("/bin/true", (), own_group=False)
        self.run_to_end(command, lambda pid: groups.append(os.getpgid(pid)))
        self.assertEqual(groups, [os.getpgid(0)])

    def test_a_refused_placement_ends_the_child(self) -> None:
        seen = []

        def refuse(pid: int) -> None:
            seen.append(pid)
            raise InfraError("no room in there")

        with self.assertRaisesRegex(InfraError, "no room in there"):
            launch(TRUE, refuse)
        self.assertTrue(has_ended(seen[0]))

    def test_a_child_that_dies_while_it_waits(self) -> None:
        def shoot(pid: int) -> None:
            os.kill(pid, signal.SIGKILL)
            self.assertTrue(has_ended(pid))

        with self.assertRaisesRegex(
            InfraError, "/bin/true ended before it was placed and told to .*: killed by SIGKILL"
        ):
            launch(TRUE, shoot)

    def test_a_child_that_is_reaped_by_somebody_else(self) -> None:
        def take(pid: int) -> None:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)

        with self.assertRaisesRegex(InfraError, "told to execute it: somebody else has reaped it"):
            launch(TRUE, take)

    def test_a_parent_that_dies_takes_the_waiting_child_along(self) -> None:
        read, write = os.pipe()

        def tell_and_die(pid: int) -> None:
            os.write(write, b"%d" % pid)
            os._exit(0)

        parent = os.fork()
        if parent == 0:
            try:
                launch(Command("/bin/sleep", ("3600",)), tell_and_die)
            finally:
                os._exit(1)
        os.close(write)
        with os.fdopen(read) as pipe:
            child = int(pipe.read())
        os.waitpid(parent, 0)
        self.assertTrue(has_ended(child))

    def test_a_child_that_never_gets_to_execute(self) -> None:
        with mock.patch.object(process_module, "EXECUTE_S", 0.01):
            process = self.run_to_end(TRUE, lambda pid: os.kill(pid, signal.SIGSTOP))
        self.assertRegex(process.notes[0], "not executed within 0.01 s of being told to")
        self.assertEqual(os.waitstatus_to_exitcode(process.status or 0), -signal.SIGKILL)

    def test_no_fork_and_no_descriptor(self) -> None:
        pair = os.pipe()
        refusal = OSError(errno.EMFILE, "no more of these")
        for function, effects in (("fork", refusal), ("pipe", [pair, refusal])):
            with (
                mock.patch.object(os, function, side_effect=effects),
                self.assertRaisesRegex(InfraError, "cannot start /bin/true: no more of these"),
            ):
                launch(TRUE, nowhere)
        for end in pair:
            with self.assertRaises(OSError):
                os.close(end)

    def test_missing_and_refusing_cgroups(self) -> None:
        guest = Guest(self.folder)
        os.makedirs(f"{self.folder}/ktstr/here/cgroup.procs")
        for cgroup, error, text in (
            ("gone", UsageError, "'sh': cgroup 'gone' does not exist; existing cgroups: here"),
            ("here", InfraError, "'sh': cannot be placed in cgroup 'here': cannot write .*direct"),
        ):
            builder = guest.bench.builder("sh").arg("true").in_cgroup(cgroup)
            for start in (builder.run, builder.spawn):
                with self.assertRaisesRegex(error, text):
                    start()
        ends = [(facts.index, facts.end.value, facts.exit_code) for facts in guest.sink.facts]
        self.assertEqual(ends, [(index, "not_started", -1) for index in range(4)])
        self.assertRegex(guest.sink.facts[0].error, "cgroup 'gone' does not exist")

    def test_the_program_gets_a_clean_start(self) -> None:
        status = "grep -E '^Sig(Blk|Ign)' /proc/self/status; ls /proc/self/fd | wc -l; echo $PATH"
        command = Command("/bin/sh", ("-c", status), path=("/first", "/second"))
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
        self.addCleanup(signal.pthread_sigmask, signal.SIG_UNBLOCK, [signal.SIGUSR1])
        process = PayloadProcess(command, nowhere, reactor := Reactor())
        process.await_execution()
        reactor.wait(1 << 62, lambda: process.ended)
        process.settle()
        lines = process.out.text().splitlines()
        self.assertEqual(lines[:2], ["SigBlk:\t" + 16 * "0", "SigIgn:\t" + 16 * "0"])
        others = [fd for fd in map(int, os.listdir("/proc/self/fd")) if fd > 2 and passes_on(fd)]
        # the three streams, and the directory that ls itself has open
        self.assertEqual(int(lines[2]), 4 + len(others))
        self.assertStartsWith(lines[3], "/first:/second:")

    def test_standard_streams_may_be_closed(self) -> None:
        """The pipes' own numbers are 0 to 2 then, in the way of the program's streams."""
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            for number in range(3):
                os.close(number)
            guest = Guest(self.folder)
            facts = guest.bench.builder("sh").arg("cat; echo out; echo err >&2").run().facts
            os.write(write, f"{facts.exit_code} {facts.stdout_tail} {facts.stderr_tail}".encode())
            os._exit(0)
        os.close(write)
        with os.fdopen(read) as pipe:
            self.assertEqual(pipe.read(), "0 out\n err\n")
        os.waitpid(pid, 0)


class RefusalTest(parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.folder = self.create_tempdir().full_path
        self.enter_context(nothing_left())

    def write(self, name: str, content: bytes, mode: int = 0o755) -> str:
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(content)
        os.chmod(path, mode)
        return path

    def error_of(self, program: str, *args: str) -> str:
        process = PayloadProcess(Command(program, args), nowhere, Reactor())
        process.await_execution()
        process.kill()
        process.settle()
        assert process.refused is not None
        self.assertIsInstance(process.refused, UsageError)
        return str(process.refused)

    def test_no_such_program(self) -> None:
        text = self.error_of("/no/such/program")
        self.assertRegex(text, "cannot execute /no/such/program: No such file or directory: the ")
        self.assertRegex(text, "guest has no /no/such/program; put it into the `files` of the pay")

    def test_an_end_that_is_seen_before_the_verdict_brings_it(self) -> None:
        reactor = Reactor()
        process = PayloadProcess(Command("/no/such/program", ()), nowhere, reactor)
        self.assertTrue(has_ended(process.pid))
        # poll may look at the verdict before it is written, and at the end after it has come
        reactor.forget(process._verdict)
        process.await_execution()
        self.assertIsNotNone(process.refused)
        process.settle()

    def test_a_link_to_nowhere(self) -> None:
        link = os.path.join(self.folder, "link")
        os.symlink("/no/such/target", link)
        self.assertRegex(self.error_of(link), "link is a link to /no/such/target, which the guest")

    def test_a_script_without_its_interpreter(self) -> None:
        for line, name in ((b"#!/no/python3 -u\n", "'/no/python3'"), (b"#! /no/sh\r\n", r"sh\\r'")):
            text = self.error_of(self.write("script", line))
            self.assertRegex(text, f"is there; it is a script for the interpreter .*{name}")
            self.assertRegex(text, "which the guest does not have; put it into the `files`")

    def test_a_script_whose_interpreter_lacks_its_own(self) -> None:
        inner = self.write("inner", b"#!/no/such/shell\n")
        text = self.error_of(self.write("outer", f"#!{inner}\n".encode()))
        self.assertRegex(text, f"{inner} is there; it is a script for .* '/no/such/shell'")

    def test_a_program_without_its_loader(self) -> None:
        text = self.error_of(self.write("program", with_loader("/no/ld-linux.so.2")))
        self.assertRegex(text, "it is a program for the ELF loader '/no/ld-linux.so.2', which the")

    def test_text_without_a_first_line(self) -> None:
        text = self.error_of(self.write("text", b"echo hello\n"))
        self.assertRegex(text, "Exec format error: it is neither an ELF program of this machine no")

    def test_what_is_not_executable(self) -> None:
        self.assertRegex(self.error_of(self.write("plain", b"", 0o644)), "its mode is 0644")
        self.assertRegex(self.error_of(self.folder), "is a directory")

    def test_too_many_arguments(self) -> None:
        self.assertRegex(self.error_of("/bin/true", "x" * (1 << 18)), "fewer or shorter arguments")

    def test_what_is_the_machines_fault_is_ours(self) -> None:
        error = refusal("/bin/x", b"execute\0%d" % errno.ENOMEM)
        self.assertIsInstance(error, InfraError)
        self.assertEqual(str(error), "cannot execute /bin/x: Cannot allocate memory")
        error = refusal("/bin/x", b"become an ordinary task\0%d" % errno.EPERM)
        self.assertIsInstance(error, InfraError)
        self.assertRegex(str(error), "for /bin/x could not become an ordinary task: Operation not")
        self.assertRegex(str(refusal("/bin/x", b"set itself up\0")), "it could not tell why")

    def test_a_program_that_came_only_now(self) -> None:
        self.assertRegex(explain_refusal("/bin/sh", errno.ENOENT), "was it made only now")


if __name__ == "__main__":
    absltest.main()
