# SPDX-License-Identifier: Apache-2.0
"""A monitor in a result: in both forms the same numbers, and damage is told, not followed."""

from __future__ import annotations

from absl.testing import absltest

from ktstr.model.errors import UsageError
from ktstr.model.verdict.checks import Checks
from ktstr.record.read_monitor import monitor_series
from ktstr.report.text import text_report
from ktstr.result import result_pb2
from ktstr.result.make.monitor_part import monitor_result
from ktstr.result.read import from_json
from ktstr.result.series import rows_of, to_packed, to_text
from ktstr.result.write import to_json
from tests.support.monitored import Value, run_of, series, spell, watched
from tests.support.results import result


class SeriesTest(absltest.TestCase):
    def test_a_series_comes_back_in_both_forms(self) -> None:
        seen = watched().monitor
        assert seen is not None
        message = monitor_result(seen)
        self.assertEqual(monitor_series(message), seen)
        to_text(message)
        self.assertEqual(monitor_series(message), seen)
        to_packed(message)
        self.assertEqual(message, monitor_result(seen))

    def test_json_is_for_people(self) -> None:
        text = to_json(result(watched()))
        self.assertIn('"text": "1*251; 2*75 12*76 2*100; 1*75 0*76 1*100; 1*251"', text)
        with self.assertRaisesRegex(UsageError, "no result in JSON"):
            from_json(text.replace("1*251; 2*75", "1*250; 2*75"))

    def test_summaries_are_of_gauges_and_counters_by_step(self) -> None:
        found = {each.quantity: each for each in result(watched()).monitor.summaries}
        tasks = found["nr_running"]
        self.assertEqual((list(tasks.least), list(tasks.most)), ([1, 2, 0, 1], [1, 12, 1, 1]))
        self.assertEqual((tasks.step, tasks.samples, list(tasks.of)), (0, 251, [0, 1, 2, 3]))
        self.assertAlmostEqual(tasks.mean[1], (175 * 2 + 76 * 12) / 251)
        self.assertNotIn("pid", found)

    def test_an_event_that_only_its_kernel_knows_is_summed_up(self) -> None:
        run = run_of(series({"SCX_EV_OF_TOMORROW": {None: lambda ms: ms // 100}}), Checks())
        (found,) = result(run).monitor.summaries
        self.assertEqual((found.quantity, list(found.of)), ("SCX_EV_OF_TOMORROW", []))
        self.assertEqual(found.most[0] - found.least[0], 10)

    def test_eight_busy_cpus_fit_into_what_a_second_may_take(self) -> None:
        # as uneven as a guest's: averages that move at each sample, clocks with their jitter
        def noisy(cpu: int, amplitude: int) -> Value:
            return lambda ms: (ms * 7919 + cpu * 104_729) * 2_654_435_761 % (1 << 32) % amplitude

        cpus = range(8)
        of = {
            "nr_running": 4,
            "pid": 12,
            "load_avg": 60,
            "util_avg": 40,
            "nr_switches": 9,
            "clock": 9_000,
            "zero_vruntime": 5_000_000,
            "avg_vruntime": 5_000_000,
            "lag": 3_000_000,
        }
        seen = series({name: {cpu: noisy(cpu, most) for cpu in cpus} for name, most in of.items()})
        self.assertLess(monitor_result(seen).ByteSize(), 60_000)

    def test_damaged_numbers_are_told(self) -> None:
        made = result(watched())
        made.monitor.at_ns.packed = b"\x00nonsense"
        self.assertIn("what the monitor saw cannot be read", text_report(made))
        with self.assertRaises(ValueError):
            monitor_series(made.monitor)

    def test_rows_of_another_number_are_refused(self) -> None:
        seen = monitor_result(series({"local_dsq": {0: spell(0, 5, 1), 1: 2}}))
        del seen.series[0].of[:]
        with self.assertRaisesRegex(ValueError, "2 rows of local_dsq are of 1 things"):
            monitor_series(seen)

    def test_no_numbers_are_no_rows(self) -> None:
        self.assertEqual(rows_of(result_pb2.Monitor.Numbers(), 5), ())


if __name__ == "__main__":
    absltest.main()
