# SPDX-License-Identifier: Apache-2.0
"""The text report: one line first, bounded, safe for a terminal, and it says what to do."""

import dataclasses
import re

from absl.testing import absltest, parameterized
from hypothesis import given

from ktstr import metric
from ktstr.model.facts import LogChunk, Metric
from ktstr.model.payload import Stream
from ktstr.report.advice import PACKED, commands, outputs_directory
from ktstr.report.tables import duration, more_lines
from ktstr.report.text import headline, text_report
from ktstr.result import result_pb2
from ktstr.result.characters import printable
from tests.support import runs
from tests.support.result_strategies import TEXTS
from tests.support.results import RUNS, no_boot, panicked, passed, result, starved


class TextTest(parameterized.TestCase):
    @parameterized.parameters(*RUNS)
    def test_the_headline_stands_first_and_alone(self, name: str) -> None:
        made = result(RUNS[name]())
        first, _, rest = text_report(made).partition("\n")
        self.assertEqual(first, headline(made))
        self.assertRegex(first, "^[A-Z]+ //sched/fifo:pairs_1n1l2c1t::pairs")
        self.assertNotIn(first, rest)

    @parameterized.parameters(*RUNS)
    def test_what_is_not_well_ends_with_commands(self, name: str) -> None:
        made = result(RUNS[name]())
        text = text_report(made)
        well = made.verdict in (result_pb2.PASS, result_pb2.SKIP)
        command = "tools/bazel test //sched/fifo:pairs_1n1l2c1t --test_filter=pairs"
        self.assertEqual(command in text, not well)
        self.assertEqual("tools/bazel run //sched/fifo:pairs_1n1l2c1t.shell" in text, not well)

    def test_the_command_repeats_the_seed(self) -> None:
        made = result(starved())
        self.assertNotIn("rules:seed", text_report(made))
        made.identity.seed = 42
        self.assertIn("--test_filter=pairs --@ktstr//rules:seed=42  # only", text_report(made))

    @given(TEXTS)
    def test_a_guest_sends_nothing_to_the_terminal(self, said: str) -> None:
        run = dataclasses.replace(starved(), logs=(LogChunk("scheduler", said),))
        text = text_report(result(run))
        self.assertNoControl(text)
        self.assertNoControl(printable(said))

    def test_control_characters_are_shown(self) -> None:
        self.assertEqual(
            printable("a\x1b[0m\r\nb\tc\x00\x85\ufffe"), r"a\x1b[0m" "\nb\tc" r"\x00\x85\ufffe"
        )

    def test_marks_of_direction_are_shown(self) -> None:
        self.assertEqual(printable("a\u202egpj.\u2066b\u200f"), r"a\u202egpj.\u2066b\u200f")
        self.assertEqual(printable("a\u200bb\xad\U000e0041"), r"a\u200bb\xad\U000e0041")

    def test_a_damaged_series_of_the_monitor_is_told(self) -> None:
        made = result(RUNS["watched"]())
        for series in made.monitor.series:
            series.rows.packed = b"\x07damaged"
        self.assertIn("what the monitor saw cannot be read: no packed numbers", text_report(made))

    def test_a_flood_is_cut(self) -> None:
        logs = (LogChunk("scheduler", "y\n" * 100_000), LogChunk("agent", "x" * 1_000_000))
        text = text_report(result(dataclasses.replace(starved(), logs=logs)))
        self.assertLess(len(text), 10_000)
        self.assertIn("(99975 lines before)", text)
        self.assertIn("(1000000 characters)", text)

    def test_metrics_of_stderr_are_told_as_such(self) -> None:
        for stream, words in (
            (Stream.STDERR, "; 1 metric from stderr"),
            (Stream.STDOUT, "; 1 metric"),
        ):
            payload = runs.payload(metrics=(Metric("a", 1.0, stream),))
            text = text_report(result(runs.good_run(payloads=(payload,))))
            self.assertRegex(text, rf"fio.*{words}\n")

    def test_a_crowd_of_payloads_is_cut(self) -> None:
        metrics = tuple(Metric(f"m{i}", 1.0, Stream.STDOUT) for i in range(5_000))
        payload = runs.payload(metrics=metrics, exit_code=1, stderr_tail="x\n" * 5_000)
        payloads = tuple(dataclasses.replace(payload, index=i) for i in range(30))
        text = text_report(result(runs.good_run(payloads=payloads)))
        self.assertLess(text.count("\n"), 20 * 520 + 300)
        self.assertIn("and 4990 more metrics in result.json", text)
        self.assertIn("and 22 more runs of payloads in result.json", text)
        self.assertLess(len(text.partition("\n")[0]), 500)

    def test_a_crowd_of_remarks_is_cut(self) -> None:
        odd = runs.payload(notes=tuple(f"note {i}" for i in range(30)))
        self.assertIn(
            "and 20 more in result.json", text_report(result(runs.good_run(payloads=(odd,))))
        )

    def test_metrics_that_are_checked_are_all_shown(self) -> None:
        metrics = tuple(Metric(f"m{i}", 1.0, Stream.STDOUT) for i in range(100))
        checks = tuple(metric.Min(f"m{i}", 0) for i in range(60, 90))
        payload = runs.payload(metrics=metrics, checks=checks)
        text = text_report(result(runs.good_run(payloads=(payload,))))
        self.assertLen(re.findall(r"^ +m\d+ .*>= 0$", text, re.MULTILINE), 30)

    def test_a_crowd_of_failures_is_cut(self) -> None:
        idle = [runs.worker(index=i, work_units=0, cpu_ns=0) for i in range(100)]
        text = text_report(result(runs.good_run(workers=tuple(idle))))
        self.assertIn("and 80 more in result.json", text)

    def test_what_is_left_out_is_counted(self) -> None:
        self.assertEqual(more_lines(6, 5), ["and 1 more in result.json"])
        self.assertEmpty(more_lines(5, 5))
        self.assertEmpty(more_lines(0, 5))

    def test_the_files_to_read_follow_the_cause(self) -> None:
        self.assertIn("console.log has the whole kernel log", text_report(result(panicked())))
        self.assertIn("console.log has the kernel's last words", text_report(result(no_boot())))

    def test_a_passing_report_tells_what_it_rests_on(self) -> None:
        text = text_report(result(passed()))
        self.assertIn("scheduler fifo was attached as fifo to the end", text)
        self.assertNotIn("--- next ---", text)

    def test_patches_of_the_kernel_are_named(self) -> None:
        patched = result(passed())
        self.assertNotIn("patches", text_report(patched))
        for name in ("fixes/b.patch", "fixes/a.diff"):
            patched.identity.patches.add(name=f"_main/{name}", sha256="0123456789abcdef")
        patches = "_main/fixes/b.patch 0123456789ab, _main/fixes/a.diff 0123456789ab"
        self.assertIn(f"patches     {patches}\n", text_report(patched))

    @parameterized.parameters(
        ("//a/b:c", "bazel-testlogs/a/b/c/test.outputs/t"),
        ("//a/b", "bazel-testlogs/a/b/b/test.outputs/t"),
        ("//:c", "bazel-testlogs/c/test.outputs/t"),
        ("", "outputs of t"),
    )
    def test_where_the_outputs_are(self, label: str, where: str) -> None:
        identity = result_pb2.Identity(label=label, test="t")
        self.assertEqual(outputs_directory(result_pb2.Result(identity=identity)), where)

    def test_packed_outputs_are_named_with_the_command_that_unpacks_them(self) -> None:
        packed = result(panicked())
        packed.identity.label = "//a b:c"
        packed.host.notes.add(name=PACKED, text="why")
        text = text_report(packed)
        archive = "bazel-testlogs/a b/c/test.outputs/outputs.zip"
        self.assertIn(f"{packed.identity.test}/ in {archive}: console.log", text)
        self.assertIn(f"python3 -m zipfile -e '{archive}' /tmp/outputs  # ", text)
        packed.host.ClearField("notes")
        self.assertNotIn("zip", text_report(packed))

    def test_commands_can_be_pasted_whatever_a_target_is_called(self) -> None:
        identity = result_pb2.Identity(label="//a b:c=$1", test="t", bazel="bazel")
        test, shell = commands(result_pb2.Result(identity=identity))[:2]
        self.assertStartsWith(test, "bazel test '//a b:c=$1' --test_filter=t")
        self.assertStartsWith(shell, "bazel run '//a b:c=$1.shell' ")

    @parameterized.parameters(
        (0, "0 ns"), (999, "999 ns"), (4_100, "4.1 us"), (12e6, "12.0 ms"), (3.5e9, "3.50 s")
    )
    def test_durations_have_fitting_units(self, ns: float, text: str) -> None:
        self.assertEqual(duration(ns), text)

    def assertNoControl(self, text: str) -> None:
        found = [c for c in text if (ord(c) < 32 and c not in "\n\t") or 127 <= ord(c) < 160]
        self.assertEmpty(found)
        text.encode("utf-8")


if __name__ == "__main__":
    absltest.main()
