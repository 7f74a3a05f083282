# SPDX-License-Identifier: Apache-2.0
"""The in-tree payloads' own patterns, on what the real programs have printed (tests/golden)."""

from __future__ import annotations

import json
from pathlib import Path

from absl import flags
from absl.testing import absltest

from ktstr.model.codec import decode
from ktstr.model.metrics import extract_metrics
from ktstr.model.payload import OutputFormat, Payload

_DECLARED = flags.DEFINE_multi_string("declared", [], "JSON of a payload.")
_PRINTED = flags.DEFINE_multi_string("printed", [], "What it has printed, NAME.txt.")

_EXPECTED = {
    "cyclictest": {
        "file_version": 1.0,
        "num_threads": 1.0,
        "resolution_in_ns": 0.0,
        "return_code": 0.0,
        "sysinfo.realtime": 0.0,
        "thread.0.avg": 57.04,
        "thread.0.cpu": -1.0,
        "thread.0.cycles": 100.0,
        "thread.0.max": 131.0,
        "thread.0.min": 47.0,
        "thread.0.node": 0.0,
    },
    "hackbench": {"time": 0.166},
    "perf_sched_messaging": {"total_time": 0.588},
    "perf_sched_pipe": {"total_time": 0.109, "time_per_op": 54.513e-6, "ops_per_s": 18344.0},
    "sysbench_cpu": {
        "events": 800.0,
        "events_per_s": 790.17,
        "events_stddev": 42.0,
        "latency_avg": 2.49,
        "latency_max": 162.12,
        "latency_p95": 14.73,
        "total_time": 1.0119,
    },
    "sysbench_threads": {
        "events": 160.0,
        "events_stddev": 0.0,
        "latency_avg": 12.67,
        "latency_max": 133.05,
        "latency_p95": 24.83,
        "total_time": 1.0143,
    },
}


class ExtractorsTest(absltest.TestCase):
    def test_metrics_of_real_outputs(self) -> None:
        printed = {
            Path(each).stem: Path(each).read_text(encoding="utf-8") for each in _PRINTED.value
        }
        self.assertEqual(printed.keys(), _EXPECTED.keys())
        declared = [json.loads(Path(each).read_text(encoding="utf-8")) for each in _DECLARED.value]
        payloads = {each.name: each for each in (decode(Payload, tree) for tree in declared)}
        self.assertEqual(payloads.keys(), _EXPECTED.keys())
        for name, payload in payloads.items():
            with self.subTest(name):
                found = extract_metrics(payload, printed[name], "")
                self.assertEqual({m.name: m.value for m in found.metrics}, _EXPECTED[name])
                self.assertEqual(found.notes, ())
                # every metric that the payload hints at is there, and says what it is in
                hints = {hint.name for hint in payload.metrics}
                self.assertContainsSubset(hints, _EXPECTED[name])
                if payload.output is not OutputFormat.JSON:
                    # of JSON all numbers are taken, of which few are worth a hint
                    self.assertEqual(hints, _EXPECTED[name].keys())


if __name__ == "__main__":
    absltest.main()
