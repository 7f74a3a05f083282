# SPDX-License-Identifier: Apache-2.0
"""The grammar of quantities: what is formatted by it reads back, and nothing is half understood."""

from __future__ import annotations

import math
import re

from absl.testing import absltest, parameterized
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ktstr.model.output.quantity import Quantity, leading_quantity, parse_quantity

# of docs/quantities.md: a spelling, its base unit, and how many of these it is
_UNITS = {
    "s": ("s", 1.0),
    "sec": ("s", 1.0),
    "seconds": ("s", 1.0),
    "ms": ("s", 1e-3),
    "msec": ("s", 1e-3),
    "milliseconds": ("s", 1e-3),
    "us": ("s", 1e-6),
    "usecs": ("s", 1e-6),
    "\u00b5s": ("s", 1e-6),
    "\u03bcs": ("s", 1e-6),
    "ns": ("s", 1e-9),
    "nsec": ("s", 1e-9),
    "min": ("s", 60.0),
    "hours": ("s", 3600.0),
    "B": ("B", 1.0),
    "bytes": ("B", 1.0),
    "kB": ("B", 1e3),
    "KB": ("B", 1e3),
    "MB": ("B", 1e6),
    "MBytes": ("B", 1e6),
    "KiB": ("B", 1024.0),
    "GiB": ("B", 1024.0**3),
    "mebibytes": ("B", 1024.0**2),
    "Mbit": ("bit", 1e6),
    "MBps": ("B/s", 1e6),
    "GHz": ("Hz", 1e9),
    "mJ": ("J", 1e-3),
    "%": ("%", 1.0),
    "k": ("", 1e3),
    "M": ("", 1e6),
    "Gi": ("", 1024.0**3),
    "kops": ("ops", 1e3),
    "Mpps": ("pps", 1e6),
    "Kitems": ("items", 1e3),
    "MIPS": ("IPS", 1e6),
    "migrations": ("migrations", 1.0),
}
_RATES = {"": ("", 1.0), "/s": ("/s", 1.0), "/sec": ("/s", 1.0), "/ms": ("/s", 1e-3)}
_RATES |= {"/op": ("/op", 1.0), "/min": ("/s", 60.0), " per second": ("/s", 1.0)}
# without those so small that floats lose digits
_FINITE = st.floats(-1e12, 1e12).filter(lambda value: not 0 < abs(value) < 1e-200)


def _digits(value: float, style: str) -> str:
    if style == "grouped":
        return f"{value:,.3f}"
    if style == "exponent":
        return f"{value:.16e}"
    return repr(value) if style == "plain" else f"{value:+.17g}"


class ReadTest(parameterized.TestCase):
    @parameterized.parameters(
        ("5 Threads", 5.0, "Threads"),
        ("12.5k", 12_500.0, ""),
        ("3MiB", 3.0 * 1024**2, "B"),
        ("1.2 GB/s", 1.2e9, "B/s"),
        ("7Ki", 7_168.0, ""),
        ("250us", 250e-6, "s"),
        ("250\u00b5s", 250e-6, "s"),
        ("2min", 120.0, "s"),
        ("-1e3", -1_000.0, ""),
        (".5%", 0.5, "%"),
        ("99.5 %", 99.5, "%"),
        ("3pages", 3.0, "pages"),
        ("1,234,567", 1_234_567.0, ""),
        ("14,224,144.06", 14_224_144.06, ""),
        ("1,234 ms", 1.234, "s"),
        ("0.017 [sec]", 0.017, "s"),
        ("17.1 usecs/op", 17.1e-6, "s/op"),
        ("5(ms)", 5e-3, "s"),
        ("[us] 5", 5e-6, "s"),
        ("7.5 [#/sec] (mean)", 7.5, "/s"),
        ("68         (177 samples)", 68.0, ""),
        ("85.3 (without initial connection time)", 85.3, ""),
        ("1.10 GBytes", 1.1e9, "B"),
        ("943 Mbits/sec", 943e6, "bit/s"),
        ("5 ops/ms", 5_000.0, "ops/s"),
        ("00.50", 0.5, ""),
        ("5.", 5.0, ""),
    )
    def test_read(self, text: str, value: float, unit: str) -> None:
        found = parse_quantity(text)
        assert found is not None
        self.assertAlmostEqual(found.value, value, delta=abs(value) * 1e-12)
        self.assertEqual(found.unit, unit)

    @parameterized.parameters(
        *("", "x", "info", "nanos", "k", "--1", "- 5", "~5", "<5", "true", "1 2", "1 234"),
        *("0x10", "0xff", "0755", "1f", "3ab", "1e5f", "1e", "1e999", "1e-999", "5\u0665"),
        *("1_0", "1,5", "1,23", "1,2345", "0,123", "1'234", "1\u2019234", "1.234,56", "1,2,3"),
        *("1.2.3", "6.12-rc1", "12:34:56", "2026-01-01", "12 Jan", "3-5", "3..5", "3/5", "5+3"),
        *("127.0.0.1", "5 \u00b1 2", "1m30s", "1h2m", "95th", "2x4", "5 x 3", "\u22125"),
        *("5m", "5 u", "5E", "5 d", "5 mb", "5 gb/s", "5 MS", "5 Msec", "5 USEC", "5 S", "5 mhz"),
        *("5 (in ms)", "5 (ms avg)", "5 (k ops)", "5 (min)", "5 [1000/s]", "5 (/1000)", "5 per ms"),
        *("5 mln", "5 tenths", "5 lakh", "5 (crores)", "5 to"),
        *("5 Kblobs/s", "5 kblobs per s", "5 Go/s", "5 Ko", "5 \u043c\u0441", "5\u4e07", "5 mus"),
        *("5 million", "5 thousands", "5 (in thousands)", "5 (x1000)", "5 (MS)", "5 (10^3)"),
        *("5 Mtexels", "5 KFOO", "5 ks", "5 ops/m", "5 threads running", "5" + " " * 300 + "x"),
    )
    def test_refused(self, text: str) -> None:
        self.assertIsNone(parse_quantity(text))

    @parameterized.parameters(
        *("5 (3.2 per min)", "5 (177 samples)", "5 (in 10 s)", "5 (min of 3)", "5 (per sec)"),
        *("5 (group A)", "5 [#/sec] (mean, across all requests)", "5 (3/min)"),
    )
    def test_remarks_that_change_nothing(self, text: str) -> None:
        found = parse_quantity(text)
        assert found is not None
        self.assertEqual(found.value, 5.0)

    def test_what_follows_is_given_back(self) -> None:
        self.assertEqual(leading_quantity("5 ms and more"), (Quantity(5e-3, "s"), " and more"))
        rest = " " + "x" * 500
        self.assertEqual(leading_quantity("5 ms" + rest), (Quantity(5e-3, "s"), rest))


class PropertyTest(absltest.TestCase):
    @settings(deadline=None)
    @given(st.floats())
    def test_every_float_reads_back(self, value: float) -> None:
        self.assertEqual(repr(parse_quantity(repr(value))), repr(Quantity(value)))

    @settings(deadline=None)
    @given(
        _FINITE,
        st.sampled_from(["plain", "grouped", "exponent", "signed"]),
        st.sampled_from(sorted(_UNITS)),
        st.sampled_from(sorted(_RATES)),
        st.sampled_from(["{n} {u}", "{n}{u}", "{n} [{u}]", "{n} ({u})", "{n}\t{u} (mean)"]),
    )
    def test_what_is_formatted_reads_back(
        self, value: float, style: str, unit: str, rate: str, form: str
    ) -> None:
        assume(not (unit == "%" and "per" in rate))
        assume("per" not in rate or ("[{u}" not in form and "({u}" not in form))
        # a word in brackets that is no unit is a remark
        assume(unit != "migrations" or rate or ("[{u}" not in form and "({u}" not in form))
        # minutes, or the minimum
        assume((unit, rate, form) != ("min", "", "{n} ({u})"))
        number = _digits(value, style)
        base, times = _UNITS[unit]
        per, divided = _RATES[rate]
        found = parse_quantity(form.format(n=number, u=unit + rate))
        true = float(number.replace(",", "")) * times / divided
        assert found is not None, form.format(n=number, u=unit + rate)
        self.assertTrue(math.isclose(found.value, true, rel_tol=1e-12), (found, true))
        self.assertEqual(found.unit, base + per)

    @settings(deadline=None)
    @given(st.integers(0, 10**15), st.sampled_from(["ms", "us", "KiB", "MB/s", ""]))
    def test_thousands_say_what_no_separator_says(self, value: int, unit: str) -> None:
        self.assertEqual(parse_quantity(f"{value:,} {unit}"), parse_quantity(f"{value} {unit}"))

    @settings(deadline=None)
    @given(st.text("0123456789.,'_-+:/eExkKmMGiBsu% ()[]", max_size=16))
    def test_a_number_is_all_of_the_digits_or_none(self, text: str) -> None:
        found = parse_quantity(text)
        if found is None or not found.value:
            return
        powers = r"[eE][+-]?[0-9]+|\([^)]*\)|\[[^]]*\]"
        digits = "".join(re.findall("[0-9]", re.sub(powers, "", text)))
        # powers of ten change none of the significant digits; those of two, and minutes, do
        if not re.search("i|min|h", text):
            shown, want = (f"{abs(each):.13e}"[:15] for each in (found.value, float(digits)))
            self.assertEqual(shown, want)

    @settings(deadline=None)
    @given(_FINITE, st.text(max_size=12))
    def test_junk_behind_a_number_never_makes_another(self, value: float, junk: str) -> None:
        found = parse_quantity(f"{value!r}{junk}")
        if found is None or found.unit or not junk.strip():
            return
        prefix = re.match(r"\s*[\[(]?\s*([kKMGTPE]i?)\b", junk)
        scaled = prefix is not None or re.match(r"[eE0-9.]", junk) is not None
        self.assertTrue(scaled or found.value == value, (value, junk, found))

    @settings(deadline=None)
    @given(st.text())
    def test_no_text_raises(self, text: str) -> None:
        parse_quantity(text)


if __name__ == "__main__":
    absltest.main()
