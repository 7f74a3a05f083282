# SPDX-License-Identifier: Apache-2.0
"""Records: JSON lines, elements and blocks of text under the same names lose nothing."""

from __future__ import annotations

import json
from typing import Any

from absl.testing import absltest, parameterized
from hypothesis import given, settings
from hypothesis import strategies as st

from ktstr.model.metrics import Extraction, extract_metrics
from ktstr.model.payload import Exists, MetricHint, OutputFormat, Payload, Repeats

_EVENTS = [("context-switches", "412.000000"), ("cpu-migrations", "7"), ("page-faults", "66")]
_PERF = "# started on some day\n\n" + "".join(
    json.dumps({"counter-value": value, "unit": "", "event": event, "pcnt-running": 100.0}) + "\n"
    for event, value in _EVENTS
)
# the form of schbench's report: blocks under headings, the last of them without one
_SCHBENCH = """\
Wakeup Latencies percentiles (usec) runtime 5 (s) (300 total samples)
\t  50.0th: 11         (150 samples)
\t* 99.0th: 2300       (30 samples)
\t  min=1, max=8,125
Request Latencies percentiles (usec) runtime 5 (s) (200 total samples)
\t  50.0th: 5000       (90 samples)
\t* 99.0th: 7000       (10 samples)
\t  min=4100, max=90210
RPS percentiles (requests) runtime 5 (s) (6 total samples)
\t  50.0th: 40         (3 samples)
\t* 99.0th: 44         (1 samples)
\t  min=38, max=44
average rps: 40.25
"""
_WAKEUP = "Wakeup Latencies percentiles (usec)"


def found(text: str, output: OutputFormat, *wanted: str, **changes: Any) -> Extraction:
    payload = Payload("p", "/x", output=output, **changes)
    return extract_metrics(payload, text, "", [Exists(name) for name in wanted])


def values(text: str, output: OutputFormat, *wanted: str, **changes: Any) -> dict[str, float]:
    return {each.name: each.value for each in found(text, output, *wanted, **changes).metrics}


def of_json(text: str, *wanted: str, **changes: Any) -> dict[str, float]:
    return values(text, OutputFormat.JSON, *wanted, **changes)


def of_lines(text: str, **changes: Any) -> dict[str, float]:
    return values(text, OutputFormat.KEY_VALUE, **changes)


class JsonTest(parameterized.TestCase):
    def test_documents_that_share_a_name_are_numbered(self) -> None:
        text = '{"a":1,"b":2}\n{"a":3}\n{"c":4}\n'
        self.assertEqual(of_json(text), {"0.a": 1.0, "0.b": 2.0, "1.a": 3.0, "2.c": 4.0})

    def test_strings_are_read_in_every_record(self) -> None:
        seen = of_json(_PERF, "counter-value")
        self.assertEqual([seen[f"{n}.counter-value"] for n in range(3)], [412.0, 7.0, 66.0], seen)

    def test_a_key_names_documents(self) -> None:
        seen = of_json(_PERF, "counter-value", record_key=("event",))
        self.assertEqual(seen["context-switches.counter-value"], 412.0)
        self.assertEqual(seen["cpu-migrations.counter-value"], 7.0)
        self.assertLen(seen, 6)
        seen = of_json(_PERF, "page-faults.counter-value", record_key=("event",))
        self.assertEqual(seen["page-faults.counter-value"], 66.0)
        self.assertNotIn("cpu-migrations.counter-value", seen)

    def test_a_key_names_elements_of_arrays_at_any_depth(self) -> None:
        elements = [{"event": event, "counter-value": value} for event, value in _EVENTS]
        for tree, prefix in ((elements, ""), ({"x": {"y": elements}}, "x.y.")):
            seen = of_json(json.dumps(tree), "counter-value", record_key=("event",))
            self.assertEqual(seen[f"{prefix}cpu-migrations.counter-value"], 7.0)
            self.assertLen(seen, 3)
        seen = of_json('{"jobs":[{"read":{"iops":5},"jobname":"r"}]}', record_key=("jobname",))
        self.assertEqual(seen, {"jobs.r.read.iops": 5.0})

    def test_records_that_are_called_alike_are_numbered(self) -> None:
        lines = '{"e":"a","v":1}\n{"e":"a","v":2}\n{"e":"b","v":3}\n{"v":4}\n'
        want = {"a.0.v": 1.0, "a.1.v": 2.0, "b.v": 3.0, "v": 4.0}
        self.assertEqual(of_json(lines, record_key=("e",)), want)
        array = '[{"e":"a","v":1},{"e":"a","v":2},{"e":"b","v":3},{"v":4}]'
        want["3.v"] = want.pop("v")
        self.assertEqual(of_json(array, record_key=("e",)), want)

    def test_several_fields_make_a_key_together(self) -> None:
        text = '{"cpu":0,"e":"a","v":1}\n{"cpu":1,"e":"a","v":2}\n'
        seen = of_json(text, record_key=("e", "cpu"))
        self.assertEqual((seen["a.0.v"], seen["a.1.v"]), (1.0, 2.0))

    def test_the_last_of_several_reports_can_be_asked_for(self) -> None:
        got = found('{"a":1,"b":2}\n{"a":3}\n', OutputFormat.JSON, repeats=Repeats.LAST)
        self.assertEqual({each.name: each.value for each in got.metrics}, {"a": 3.0, "b": 2.0})
        self.assertRegex(got.notes[0], "stdout: 1 names .* 'a' first; the last value counts")

    @settings(deadline=None)
    @given(st.lists(st.integers(-(2**50), 2**50), min_size=2, max_size=30))
    def test_no_number_of_any_line_is_lost(self, numbers: list[int]) -> None:
        text = "".join(json.dumps({"k": f"n{i}", "v": n}) + "\n" for i, n in enumerate(numbers))
        want = {f"{i}.v": float(n) for i, n in enumerate(numbers)}
        self.assertEqual(of_json(text), want)
        array = json.dumps([{"k": f"n{i}", "v": n} for i, n in enumerate(numbers)])
        self.assertEqual(of_json(array), want)
        want = {f"n{i}.v": float(n) for i, n in enumerate(numbers)}
        self.assertEqual(of_json(text, record_key=("k",)), want)
        self.assertEqual(of_json(array, record_key=("k",)), want)


class BlockTest(parameterized.TestCase):
    def test_blocks_are_named_by_their_headings(self) -> None:
        seen = of_lines(_SCHBENCH)
        self.assertEqual(seen[f"{_WAKEUP}.max"], 8125.0)
        self.assertEqual(seen["Request Latencies percentiles (usec).99.0th"], 7000.0)
        self.assertEqual(seen["RPS percentiles (requests).min"], 38.0)
        self.assertEqual(seen["average rps"], 40.25)
        self.assertLen(seen, 13)

    def test_reports_while_it_runs(self) -> None:
        twice = _SCHBENCH + _SCHBENCH.replace("8,125", "9")
        seen = of_lines(twice)
        self.assertEqual((seen[f"{_WAKEUP}.0.max"], seen[f"{_WAKEUP}.1.max"]), (8125.0, 9.0))
        seen = of_lines(twice, repeats=Repeats.LAST)
        self.assertEqual(seen[f"{_WAKEUP}.max"], 9.0)

    @parameterized.parameters(
        ("[read]\niops=5\n[write]\niops=6\n", "read.iops", "write.iops"),
        ("Thread 0:\n  iops: 5\nThread 1:\n  iops: 6\n", "Thread 0.iops", "Thread 1.iops"),
        ("cpu: 0\n  iops: 5\ncpu: 1\n  iops: 6\n", "cpu 0.iops", "cpu 1.iops"),
        ("== A ==\n\niops: 5\n\n== B ==\n\niops: 6\n", "A.iops", "B.iops"),
        ("A (12 samples):\n iops: 5\nB (9 samples):\n iops: 6\n", "A.iops", "B.iops"),
        ("x (usec): iops=5, b=1\nx (msec): iops=6\n", "x (usec).iops", "x (msec).iops"),
        ("a\n  x\n    iops: 5\nb\n  x\n    iops: 6\n", "a.x.iops", "b.x.iops"),
        ("run\n iops: 5\nrun\n iops: 6\n", "run.0.iops", "run.1.iops"),
    )
    def test_headings(self, text: str, first: str, second: str) -> None:
        seen = of_lines(text)
        self.assertEqual((seen.get(first), seen.get(second)), (5.0, 6.0), seen)

    def test_names_that_are_in_one_block_only_stay_as_they_are(self) -> None:
        text = "General:\n  total time: 10.5s\n\nLatency (ms):\n  avg: 0.41\n"
        self.assertEqual(of_lines(text), {"total time": 10.5, "avg": 0.41})
        hints = (MetricHint("Latency (ms).avg"),)
        self.assertEqual(
            of_lines(text, metrics=hints), {"total time": 10.5, "Latency (ms).avg": 0.41}
        )

    @parameterized.parameters(
        ("cpu=0 ops=5\ncpu=1 ops=6\n",),
        ("ops=5 cpu=0\nops=6 cpu=1\n",),
        ("cpu: 0\nops: 5\n\ncpu: 1\nops: 6\n",),
        ("cpu=0 ops=5 cpu=1 ops=6\n",),
    )
    def test_a_key_begins_a_record(self, text: str) -> None:
        seen = of_lines(text, record_key=("cpu",))
        self.assertEqual((seen["0.ops"], seen["1.ops"]), (5.0, 6.0))

    def test_a_key_need_be_no_number(self) -> None:
        text = "cgroup: a.slice\nops = 5\ncgroup: b/c\nops = 6\n"
        seen = of_lines(text, record_key=("cgroup",))
        self.assertEqual(seen, {"a.slice.ops": 5.0, "b/c.ops": 6.0})


if __name__ == "__main__":
    absltest.main()
