# SPDX-License-Identifier: Apache-2.0
"""Lines of the forms that benchmarks print: what is a name, what its value, and what is neither."""

from __future__ import annotations

from absl.testing import absltest, parameterized
from hypothesis import given
from hypothesis import strategies as st

from ktstr.model.metrics import Extraction, extract_metrics
from ktstr.model.payload import OutputFormat, Payload
from tests.model.strategies import DOCUMENTS  # whose import sets hypothesis up


def found(text: str) -> Extraction:
    return extract_metrics(Payload("p", "/x", output=OutputFormat.KEY_VALUE), text, "")


def values(text: str) -> dict[str, float]:
    return {each.name: each.value for each in found(text).metrics}


class LineTest(parameterized.TestCase):
    @parameterized.parameters(
        # pgbench
        ("latency average = 0.412 ms", {"latency average": 0.412e-3}),
        ("tps = 2425.9 (without initial connection time)", {"tps": 2425.9}),
        ("number of failed transactions: 0 (0.000%)", {"number of failed transactions": 0.0}),
        # sysbench
        ("    total time:                10.0004s", {"total time": 10.0004}),
        ("         95th percentile:          1.25", {"95th percentile": 1.25}),
        # perf bench
        ("     Total time: 0.032 [sec]", {"Total time": 0.032}),
        # ab
        ("Requests per second:    7.50 [#/sec] (mean)", {"Requests per second": 7.5}),
        # fio's text
        (
            "    clat (usec): min=2, max=1034, avg= 9.12, stdev=12.34",
            {"min": 2.0, "max": 1034.0, "avg": 9.12, "stdev": 12.34},
        ),
        (
            "  read: IOPS=12.3k, BW=48.0MiB/s (50.3MB/s)(48.1MiB/1001msec)",
            {"IOPS": 12_300.0, "BW": 48.0 * 1024**2},
        ),
        # schbench
        ("\t* 99.0th: 74880      (54 samples)", {"99.0th": 74880.0}),
        ("\t*99.0th: 74880", {"99.0th": 74880.0}),
        # logs
        ("done: ops=1,234,567 reqs = 2,000", {"ops": 1_234_567.0, "reqs": 2_000.0}),
        ("[ 12.5] INFO: rate=5 MB/s, lost=3;late=250us x = 5", None),
        ("ops=5 done in 7 s", {"ops": 5.0}),
        ("a=1,b=2,99th=3", {"a": 1.0, "b": 2.0, "99th": 3.0}),
        ("a=1,234,b=2", {"a": 1_234.0, "b": 2.0}),
        ("avg = 1.28 ms max = 7 ms", {"avg": 1.28e-3, "max": 7e-3}),
        ("avg (ms) = 5 max (ms) = 7", {"avg (ms)": 5.0, "max (ms)": 7.0}),
        ("first run = 5; second run = 6", {"first run": 5.0, "second run": 6.0}),
        ("took=5s.", {"took": 5.0}),
        ('rate="5k" (ops=3)', {"rate": 5_000.0, "ops": 3.0}),
        ("sum=-5 diff=+3 e=1e3", {"sum": -5.0, "diff": 3.0, "e": 1_000.0}),
        ("a | x = 5 | y = 6 us", {"x": 5.0, "y": 6e-6}),
        # brackets
        ("Stats(min=1, max=9)", {"min": 1.0, "max": 9.0}),
        ("{ min = 1, max = 9 }", {"min": 1.0, "max": 9.0}),
        ("lat p99=5us(max=9us)", {"p99": 5e-6, "max": 9e-6}),
        ("f(x)=5 g(y, z)=6", {"f(x)": 5.0, "g(y, z)": 6.0}),
        ("[1K, 2K) = 5", {"[1K, 2K)": 5.0}),
        # colours
        ("\x1b[1mops\x1b[0m=\x1b[32m5\x1b[0m", {"ops": 5.0}),
        ("\x1b[32mops: 5 us\x1b[0m", {"ops": 5e-6}),
    )
    def test_read(self, line: str, want: dict[str, float] | None) -> None:
        want = want or {"rate": 5e6, "lost": 3.0, "late": 250e-6, "x": 5.0}
        seen = values(line + "\n")
        self.assertEqual(seen.keys(), want.keys())
        for name, value in want.items():
            self.assertAlmostEqual(seen[name], value, delta=abs(value) * 1e-12)
        self.assertEqual(found(line).notes, ())

    @parameterized.parameters(
        *("ops=1,23", "ops = 1_000", "ops: 1'000", "ops=1.234,56", "version: 1.2.3", "n=0x1f"),
        *("mode=0755", "date = 12 Jan 2026", "day: 2026-01-01", "t=12:34:56", "cpus=0-3"),
        *("cpus=0,2", "lat = 5m", "size=5mb", "ops: 5 million", "ops=5 million", "n = 3 of 7"),
        *("events (avg/stddev): 80.0/0.5", "lat = ~5 ms", "lat < 7: <1 ms", "x=5 (x1000)"),
        *("t=5 s 300 ms", "t: 5 s 300 ms", "t=5s300ms", "n=1 000 000", "x = 3 +/- 1"),
        *("x = 5, 6, 7", "x=1, 234", "x=5\t7", "x = 5 min, 7 avg, 9 max", "x: 5 (min)"),
        *("x = 5 per ms", "x=5 per ms", "x = 5 ops / ms", "x=5 to 7 ms", "x=5 or 6"),
    )
    def test_left_out_with_a_word(self, line: str) -> None:
        got = found(line + "\nfine=1\n")
        self.assertEqual({each.name: each.value for each in got.metrics}, {"fine": 1.0})
        self.assertRegex(got.notes[0], "left out, as no quantity that is understood: '")
        self.assertLen(got.notes, 1)

    @parameterized.parameters(
        *("12:30:11 INFO foo", "http://1.2.3.4", "http://a/?b=5&c=6", "x == 5", "x := 5", "x >= 5"),
        *("name: fio", "a=b=5", "=3", "ok=true", "state: on", "#### = ####", "a => 5"),
        *('ops{cpu="0"} 5', 'ops{cpu="0",mode="user"} 5 1395066363000'),
    )
    def test_no_number_and_no_word(self, line: str) -> None:
        self.assertEqual(found(line), Extraction())

    def test_a_remark_names_each_once(self) -> None:
        text = "".join(f"version{i % 12}: 1.2.{i}\n" for i in range(100))
        (note,) = found(text).notes
        self.assertEqual(note.count("'version"), 8)
        self.assertEndsWith(note, " and 4 more")

    def test_a_line_of_pairs_without_end(self) -> None:
        got = found(" ".join(f"n{i}={i}" for i in range(20_000)))
        self.assertLen(got.metrics, 10_000 - 1)
        self.assertIn("more than 10000 values in a line", got.notes[0])

    @given(st.text("ab1,.= :;|-+\t\n()[]%kmsu", max_size=60))
    def test_no_text_raises_and_no_name_is_empty(self, text: str) -> None:
        for metric in found(text).metrics:
            self.assertTrue(metric.name)

    @given(st.dictionaries(st.sampled_from("abcdefgh"), st.integers(-(10**9), 10**9), min_size=1))
    def test_pairs_read_back_in_every_form(self, tree: dict[str, int]) -> None:
        want = {name: float(value) for name, value in tree.items()}
        for form, between in (
            ("{n}={v}", " "),
            ("{n} = {v}", ", "),
            ("{n}={v:,}", ";"),
            ("{n} = {v:,} ops", " | "),
            ("{n}: {v}", "\n"),
            ("{n} = {v:,} (mean)", "\n"),
        ):
            text = between.join(form.format(n=name, v=value) for name, value in tree.items())
            self.assertEqual(values(text), want, text)

    @given(DOCUMENTS)
    def test_json_is_no_trouble(self, tree: object) -> None:
        found(repr(tree))


if __name__ == "__main__":
    absltest.main()
