# SPDX-License-Identifier: Apache-2.0
"""Payloads as a test function has them: builders, results, handles, and what is left behind."""

from __future__ import annotations

import dataclasses
import gc
import io
import os
import signal
import time
from contextlib import redirect_stderr
from unittest import mock

from absl.testing import absltest, parameterized

from ktstr import metric
from ktstr.guest.function.payload_handle import PayloadBuilder, PayloadHandle, PayloadResult
from ktstr.guest.function.skipped import Skipped
from ktstr.guest.payload import process as process_module
from ktstr.guest.payload.capture import CAP, Capture
from ktstr.model.errors import UsageError
from ktstr.model.payload import OutputFormat, Payload, PayloadEnd, Stream
from tests.guest.payload_support import ANY, SHELL, Guest, has_ended, nothing_left

_JSON = Payload("json", "/bin/sh", default_args=("-c",), output=OutputFormat.JSON)
_CHECKED = dataclasses.replace(
    _JSON, name="checked", default_checks=(metric.Min("a", 3), metric.ExitCodeEq(0))
)
_FLAGS = Payload("flags", "/bin/echo", default_args=("-n",), known_flags=("-n", "--size"))
_SHARES = dataclasses.replace(SHELL, name="shares", uses_parent_pgrp=True)


class _Case(parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.enter_context(nothing_left())
        self.guest = Guest(
            self.create_tempdir().full_path, (*ANY, _JSON, _CHECKED, _FLAGS, _SHARES)
        )
        self.addCleanup(self.guest.bench.close)

    def shell(self, script: str, name: str = "sh") -> PayloadBuilder:
        return self.guest.bench.builder(name).arg(script)

    def run_shell(self, script: str, name: str = "sh") -> PayloadResult:
        return self.shell(script, name).run()

    def spawn_ready(self, script: str, name: str) -> PayloadHandle:
        """Spawns a script and waits until it has written to `{}`."""
        read, write = os.pipe()
        os.set_inheritable(write, True)
        handle = self.shell(script.format(write), name).spawn()
        os.close(write)
        self.assertNotEmpty(os.read(read, 1))
        os.close(read)
        return handle


class RunTest(_Case):
    def test_success(self) -> None:
        result = self.run_shell("echo out; echo err >&2")
        self.assertTrue(result.ok)
        facts = result.facts
        self.assertEqual(self.guest.sink.facts, [facts])
        self.assertEqual(facts.argv, ("/bin/sh", "-c", "echo out; echo err >&2"))
        self.assertEqual((facts.end, facts.exit_code, facts.signal), (PayloadEnd.EXITED, 0, ""))
        self.assertEqual((facts.stdout_tail, facts.stderr_tail), ("out\n", "err\n"))
        self.assertEqual((facts.stdout_bytes, facts.stderr_bytes), (4, 4))
        self.assertEqual((facts.notes, facts.left_behind, facts.error), ((), (), ""))
        self.assertLess(facts.started_ns, facts.ended_ns)

    def test_failure(self) -> None:
        result = self.run_shell("echo why >&2; exit 3")
        self.assertFalse(result.ok)
        self.assertRegex(result.failures[0], "exited with code 3; stderr:\nwhy")
        self.assertTrue(self.shell("exit 3").check(metric.ExitCodeEq(3)).run().ok)

    def test_one_that_skips_itself(self) -> None:
        skips = self.shell("echo '# SKIP no'; exit 4", "json").check(metric.ExitCodeSkip(4))
        result = skips.check(metric.Exists("a")).run()
        self.assertTrue(result.ok)
        self.assertEqual(result.skipped, "skipped itself with exit code 4: # SKIP no")
        with self.assertRaisesRegex(Skipped, "payload 'json' skipped itself with exit code 4"):
            result.metric("a")
        self.assertEqual(self.run_shell("true").skipped, "")

    def test_death_by_signal(self) -> None:
        facts = self.run_shell("kill -SEGV $$").facts
        self.assertEqual(
            (facts.end, facts.exit_code, facts.signal), (PayloadEnd.SIGNALLED, -1, "SIGSEGV")
        )
        facts = self.run_shell("kill -KILL $$").facts
        self.assertEqual((facts.end, facts.signal), (PayloadEnd.SIGNALLED, "SIGKILL"))
        self.assertTrue(self.shell("kill -40 $$").check(metric.ExitCodeEq(-1)).run().ok)

    def test_metrics_come_from_stdout_first(self) -> None:
        result = self.run_shell("""echo '{"a": 1}' >&2; echo '{"a": 2.5, "b": [1]}'""", "json")
        self.assertEqual(result.metric("a"), 2.5)
        self.assertEqual(result.metric("b.0"), 1)
        self.assertEqual({each.stream for each in result.facts.metrics}, {Stream.STDOUT})
        with self.assertRaisesRegex(UsageError, "no metric 'b.1'; of 2 the nearest: b.0"):
            result.metric("b.1")
        result = self.run_shell("""echo '{"a": 1}' >&2; echo none""", "json")
        self.assertEqual({each.stream for each in result.facts.metrics}, {Stream.STDERR})

    def test_checks_add_up_and_can_be_cleared(self) -> None:
        builder = self.shell("""echo '{"a": 2}'""", "checked")
        result = builder.check(metric.Max("a", 1)).run()
        self.assertLen(result.failures, 2)
        self.assertLen(result.facts.checks, 3)
        self.assertTrue(builder.clear_checks().check(metric.Max("a", 2)).run().ok)

    def test_a_builder_is_a_value(self) -> None:
        base = self.guest.bench.builder("sh")
        base.arg("exit 1")
        self.assertEqual(base.arg("exit 2").run().facts.exit_code, 2)
        self.assertEqual(base.clear_args().args("-c", "exit 4").run().facts.exit_code, 4)
        self.assertEqual([facts.index for facts in self.guest.sink.facts], [0, 1])

    @parameterized.parameters(
        ("", ".run.*: cgroup name '' is empty or means the parent"),
        ("/", "cgroup name '/' is empty or means the parent"),
        ("a/../b", "cgroup name 'a/../b' holds an empty part"),
        ("a\0b", "holds a NUL"),
        ("/none", "cgroup 'none' does not exist"),
    )
    def test_cgroup_names(self, name: str, message: str) -> None:
        with self.assertRaisesRegex(UsageError, message):
            self.shell("true").in_cgroup(name).run()

    def test_the_operation_is_named(self) -> None:
        builder = self.shell("true").in_cgroup("..")
        with self.assertRaisesRegex(UsageError, r"^payload 'sh'\.run\(\): cgroup name"):
            builder.run()
        with self.assertRaisesRegex(UsageError, r"^payload 'sh'\.spawn\(\): cgroup name"):
            builder.spawn()

    def test_unknown_payloads_and_options(self) -> None:
        with self.assertRaisesRegex(UsageError, "'fio' is none of this target's; .*: checked, fla"):
            self.guest.bench.builder("fio")
        flags = self.guest.bench.builder("flags")
        for word in ("--sise=3", "-x", "--size-"):
            option = word.partition("=")[0]
            with self.assertRaisesRegex(
                UsageError, f"option '{option}' is not among .*: --size, -n"
            ):
                flags.arg(word).run()
        for words in (["--size=3"], ["-n4"], ["-"], ["-5"], ["--", "--other"]):
            self.assertTrue(flags.args(*words).run().ok, words)
        with self.assertRaisesRegex(UsageError, "argument 5 is int, no text"):
            flags.arg(5).run()  # type: ignore[arg-type]
        with self.assertRaisesRegex(UsageError, "holds a NUL"):
            flags.arg("a\0b").run()


class OutputTest(_Case):
    def test_floods_of_both_streams(self) -> None:
        """More than a pipe holds, in turns that deadlock whoever reads one after the other."""
        script = (
            "import os\n"
            "for _ in range(300):\n"
            "    for stream in (1, 2):\n"
            "        os.write(stream, bytes([65 + stream]) * 65536)\n"
        )
        facts = self.guest.bench.builder("python").arg(script).run().facts
        size = 300 * 65536
        self.assertEqual((facts.stdout_bytes, facts.stderr_bytes), (size, size))
        self.assertTrue(facts.stdout_truncated and facts.stderr_truncated)
        words = f"{size} bytes were printed; the first {CAP} were searched"
        self.assertEqual(facts.notes, (f"stdout: {words}", f"stderr: {words}"))
        self.assertEqual((facts.stdout_tail[-3:], facts.stderr_tail[-3:]), ("BBB", "CCC"))
        self.assertGreater(size, CAP)

    def test_an_endless_flood_ends_in_time(self) -> None:
        facts = self.shell("yes & exec yes >&2").timeout(3.0).run().facts
        self.assertEqual(facts.end, PayloadEnd.TIMEOUT)
        self.assertGreater(min(facts.stdout_bytes, facts.stderr_bytes), 1 << 16)

    def test_exactly_the_cap_is_no_truncation(self) -> None:
        capture = Capture(cap=4, tail=4)
        capture.add(b"abcd")
        self.assertFalse(capture.truncated)
        capture.add(b"e")
        self.assertTrue(capture.truncated)
        self.assertEqual((capture.text(), capture.tail(), capture.total), ("abcd", "bcde", 5))

    def test_tails_begin_with_a_character(self) -> None:
        text = "aß€😀" * 5
        for size in range(1, 12):
            capture = Capture(tail=size)
            capture.add(text.encode())
            self.assertEndsWith(text, capture.tail())
            self.assertGreaterEqual(len(capture.tail().encode()), size - 3)

    def test_what_is_no_text_is_replaced(self) -> None:
        facts = self.run_shell(r"printf 'a\377b'").facts
        self.assertEqual((facts.stdout_tail, facts.stdout_bytes), ("a\ufffdb", 3))


class EndTest(_Case):
    def test_the_deadline_ends_the_whole_group(self) -> None:
        before = time.monotonic_ns()
        facts = self.shell("sleep 3600 & exec sleep 3600").timeout(0.2).run().facts
        self.assertGreaterEqual(time.monotonic_ns() - before, 200_000_000)
        self.assertEqual(
            (facts.end, facts.exit_code, facts.signal), (PayloadEnd.TIMEOUT, -1, "SIGKILL")
        )
        self.assertTrue(has_ended(facts.pid or 0))

    def test_what_ignores_sigterm_dies(self) -> None:
        script = "trap '' TERM INT HUP; while :; do sleep 3600; done"
        facts = self.shell(script).timeout(0.2).run().facts
        self.assertEqual(facts.end, PayloadEnd.TIMEOUT)

    def test_a_quick_one_is_not_late(self) -> None:
        facts = self.shell("true").timeout(3600).run().facts
        self.assertEqual(facts.end, PayloadEnd.EXITED)

    @parameterized.parameters(0, -1, float("nan"), float("inf"))
    def test_times_that_are_none(self, seconds: float) -> None:
        with self.assertRaisesRegex(UsageError, "must be finite and above 0"):
            self.shell("true").timeout(seconds).run()

    def test_one_that_forks_and_exits_takes_its_children_along(self) -> None:
        facts = self.run_shell("sleep 3600 & sleep 3601 & echo done").facts
        self.assertEqual((facts.end, facts.stdout_tail), (PayloadEnd.EXITED, "done\n"))
        self.assertLen(facts.left_behind, 2)  # by name, unless they had not come to execute yet

    def test_one_that_closes_its_outputs_and_lives(self) -> None:
        handle = self.shell("exec >&- 2>&-; exec sleep 3600").spawn()
        self.assertFalse(self.guest.reactor.wait(time.monotonic_ns() + 200_000_000, lambda: False))
        self.assertIsNone(handle.try_wait())
        self.assertEqual(handle.kill().facts.end, PayloadEnd.KILLED)

    def test_a_descendant_that_left_the_group_is_found_by_its_pipe(self) -> None:
        self.enter_context(mock.patch.object(process_module, "LINGER_S", 0.2))
        read, write = os.pipe()
        for end in (read, write):
            os.set_inheritable(end, True)
            self.addCleanup(os.close, end)
        away = f"echo $$; echo left >&{write}; exec sleep 3600"
        facts = self.run_shell(f"setsid sh -c '{away}' & read left <&{read}").facts
        self.assertEqual(facts.end, PayloadEnd.EXITED)
        self.assertEqual(facts.left_behind, ("sleep (sleep 3600)",))
        self.assertRegex(facts.notes[0], "outside the payload's process group, held its stdout and")
        self.assertTrue(has_ended(int(facts.stdout_tail)))

    def test_one_in_our_group_is_killed_alone(self) -> None:
        self.enter_context(mock.patch.object(process_module, "LINGER_S", 0.2))
        handle = self.spawn_ready("sleep 3600 & echo >&{}; exec sleep 3600", "shares")
        assert handle.pid is not None
        self.assertEqual(os.getpgid(handle.pid), os.getpgid(0))
        facts = handle.kill().facts
        self.assertEqual(facts.end, PayloadEnd.KILLED)
        # its child held the pipes, which is how it is found
        self.assertLen(facts.left_behind, 1)

    def test_one_that_somebody_else_reaps(self) -> None:
        handle = self.shell("exec sleep 3600").spawn()
        os.kill(handle.pid or 0, signal.SIGKILL)
        os.waitpid(handle.pid or 0, 0)
        result = handle.wait()
        self.assertFalse(result.ok)
        self.assertRegex(result.facts.error, "its exit status is lost: .* reaped it")

    def test_one_while_sigchld_is_ignored(self) -> None:
        before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        self.addCleanup(signal.signal, signal.SIGCHLD, before)
        self.assertRegex(self.run_shell("exit 5").facts.error, "its exit status is lost")


class HandleTest(_Case):
    def test_wait(self) -> None:
        handle = self.shell("echo x").spawn()
        self.assertEqual(self.guest.sink.facts, [])
        self.assertGreater(handle.pid or 0, 0)
        self.assertTrue(handle.wait().ok)
        self.assertIsNone(handle.pid)

    def test_try_wait_leaves_what_runs(self) -> None:
        read, write = os.pipe()
        os.set_inheritable(read, True)
        handle = self.shell(f"read line <&{read}; exit 7").spawn()
        os.close(read)
        self.assertIsNone(handle.try_wait())
        os.write(write, b"\n")
        os.close(write)
        self.assertTrue(has_ended(handle.pid or 0))
        result = handle.try_wait()
        assert result is not None
        self.assertEqual(result.facts.exit_code, 7)

    def test_kill_keeps_what_was_printed(self) -> None:
        script = """echo '{{"a": 9}}'; echo >&{}; exec sleep 3600"""
        handle = self.spawn_ready(script, "json")
        result = handle.kill()
        self.assertEqual(result.facts.end, PayloadEnd.KILLED)
        self.assertEqual(result.metric("a"), 9)
        self.assertTrue(result.ok)

    def test_kill_of_what_has_ended_gives_its_own_end(self) -> None:
        handle = self.shell("exit 3").spawn()
        self.assertTrue(has_ended(handle.pid or 0))
        facts = handle.kill().facts
        self.assertEqual((facts.end, facts.exit_code), (PayloadEnd.EXITED, 3))

    def test_a_handle_gives_one_result(self) -> None:
        for first in ("wait", "kill", "try_wait"):
            handle = self.shell("true").spawn()
            self.assertTrue(has_ended(handle.pid or 0))
            getattr(handle, first)()
            for second in ("wait", "kill", "try_wait"):
                with self.assertRaisesRegex(UsageError, rf"'sh' is used up: {first}\(\) gave its"):
                    getattr(handle, second)()

    def test_a_timeout_holds_in_the_background(self) -> None:
        late = self.shell("exec sleep 3600").timeout(0.1).spawn()
        facts = self.shell("sleep 1").run().facts
        self.assertEqual(facts.end, PayloadEnd.EXITED)
        early = late.wait().facts
        self.assertEqual(early.end, PayloadEnd.TIMEOUT)
        self.assertLess(early.ended_ns, facts.ended_ns)

    def test_indices_are_in_the_order_of_the_ends(self) -> None:
        first, second = self.shell("exit 1").spawn(), self.shell("exit 2").spawn()
        self.assertEqual(second.wait().facts.index, 0)
        self.assertEqual(first.wait().facts.index, 1)

    def test_a_handle_that_is_forgotten_ends_its_payload(self) -> None:
        handle = self.shell("echo '{}'; sleep 3600 & exec sleep 3600").spawn()
        pid = handle.pid or 0
        warned = io.StringIO()
        with redirect_stderr(warned):
            del handle
            gc.collect()
        self.assertTrue(has_ended(pid))
        (facts,) = self.guest.sink.facts
        self.assertEqual(facts.end, PayloadEnd.DROPPED)
        self.assertRegex(warned.getvalue(), "payload 'sh': the test function left its handle behin")

    def test_a_bench_that_closes_ends_what_is_left(self) -> None:
        handle = self.shell("exec sleep 3600").spawn()
        with redirect_stderr(io.StringIO()):
            self.guest.bench.close()
        self.assertTrue(has_ended(handle.pid or 0))
        (facts,) = self.guest.sink.facts
        self.assertIs(facts.end, PayloadEnd.DROPPED)
        self.assertRegex(facts.notes[0], "the test function left its handle behind: .*use wait")
        self.assertEqual(handle.wait().facts.end, PayloadEnd.DROPPED)
        self.assertLen(self.guest.sink.facts, 1)

    def test_a_forked_copy_ends_nothing(self) -> None:
        handle = self.shell("exec sleep 3600").spawn()
        copy = os.fork()
        if copy == 0:
            self.guest.bench.close()
            handle.__del__()
            os._exit(0)
        os.waitpid(copy, 0)
        self.assertIsNone(handle.try_wait())
        self.assertEqual(handle.kill().facts.signal, "SIGKILL")


if __name__ == "__main__":
    absltest.main()
