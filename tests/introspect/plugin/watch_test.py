# SPDX-License-Identifier: Apache-2.0
"""Which watches there are, and what two of them have in common as bytes."""

from collections.abc import Callable
from dataclasses import replace

from absl.testing import absltest, parameterized
from hypothesis import given
from hypothesis import strategies as st

from ktstr.introspect.plugin import encode as encoding
from ktstr.introspect.plugin.encode import encode
from ktstr.introspect.plugin.watch import EACH_CPU, Period, Probe, Read, Watch, When
from ktstr.model.errors import UsageError
from tests.introspect.plugin import streams

_PROBE = Probe("tick", streams.TEXT, streams.TEXT + 1)
_NUMBER = Probe("number", streams.TEXT, streams.TEXT + 4, changes=True, phases=(1, 2))
_READ = Read("rdi", (0,), 8)
_BIG = Read(EACH_CPU, (0,), 1 << 16)


class WatchTest(parameterized.TestCase):
    @given(st.data())
    def test_equal_watches_give_equal_bytes(self, data: st.DataObject) -> None:
        watch = data.draw(streams.watches())
        found = encode(watch)
        self.assertEqual(found, encode(replace(watch, probes=tuple(watch.probes))))
        self.assertEqual(encoding.HEADER.unpack_from(found)[2], len(found))
        self.assertNotEqual(found, encode(replace(watch, failures=watch.failures + 1)))

    def test_probes_share_reads_and_periods(self) -> None:
        one = replace(_PROBE, reads=(_READ,), period=Period(_READ, 4_000_000))
        other = replace(one, name="other")
        watch = Watch(1, streams.KERNEL, (one, other))
        self.assertLen(watch.periods(), 1)
        alone = len(encode(Watch(1, streams.KERNEL, (one,))))
        self.assertEqual(len(encode(watch)) - alone, 56)

    @parameterized.parameters(
        (lambda: Read("ax", (0,), 8), "a read is based on 'ax'; that is one of rax, rbx"),
        (lambda: Read("", (), 8), "a read of a number is one of now, began, spent, took, rax"),
        (lambda: Read("rdi", (), 4), "without offsets, of 8 bytes; not Read"),
        (lambda: Read("now", (0,), 8), "without offsets, of 8 bytes; not Read"),
        (lambda: Read("rdi", (0,) * 7, 8), "a read has 1 to 6 offsets, not 7"),
        (lambda: Read("rdi", (0,), 0), "a read has 1 to 65536 bytes, not 0"),
        (lambda: Read("rdi", (0,), 8, times=0), "a read is done 1 to 4096 times, not 0"),
        (
            lambda: Read("", (0, 8), 8, times=9),
            "the 9 pointers of a read lie at its offset 1; that is to be one behind a pointer, and "
            "not the last of 2",
        ),
        (lambda: Read("cpu*", (0,), 8), "a read of what a pointer has for each CPU follows one"),
        (lambda: Period(Read("rdi", (0,), 4), 1), "a period is told by one u64"),
        (lambda: Period(Read("rdi", (), 8), 1), "a period is told by one u64"),
        (lambda: Period(Read(EACH_CPU, (0,), 8), 1), "a period is told by one u64"),
        (lambda: Probe("p", 4096, 5000), "which is no part of the kernel"),
        (lambda: Probe("p", streams.TEXT, streams.TEXT), "which is no part of the kernel"),
        (lambda: replace(_PROBE, begins=True), "probe tick begins at no number: its `period` says"),
        (lambda: replace(_PROBE, reads=(_READ,) * 65), "probe tick has 65 reads, of 64 at most"),
        (
            lambda: replace(_PROBE, phases=(2, 1)),
            "probe tick looks in phases 2 to 1, after 0 times; there are phases 0 to 65535",
        ),
        (lambda: replace(_PROBE, skip=-1), "looks in phases 0 to 65535, after -1 times"),
        (lambda: replace(_PROBE, marks=True), "probe tick tells phases: its first read is of 8"),
        (lambda: replace(_PROBE, area=0), "which is no part of the kernel"),
        (
            lambda: replace(_NUMBER, end=_NUMBER.address + 9),
            "0xffffffff81000009.*, which is none of the kernel's of 8 bytes at most",
        ),
        (lambda: replace(_NUMBER, address=8, end=16), "which is none of the kernel's of 8 bytes"),
        (
            lambda: replace(_NUMBER, phases=(0, 1)),
            "probe number stands at a number: it has no function, and looks in phases from 1 on",
        ),
        (lambda: replace(_NUMBER, when=When.RETURN), "probe number stands at a number: it has no"),
        (
            lambda: Watch(2, streams.KERNEL, (replace(_NUMBER, area=2),)),
            "probe number stands at a number of CPU 2; there are 2",
        ),
        (lambda: Watch(0, streams.KERNEL), "the plugin watches 1 to 256 CPUs, not 0"),
        (lambda: Watch(1, streams.KERNEL, (_PROBE, _PROBE)), "more than one probe named tick"),
        (
            lambda: Watch(1, streams.KERNEL, (replace(_PROBE, predicates=(1,)),), (b"",)),
            r"probe tick evaluates predicates \(1,\); the watch has 1",
        ),
        (
            lambda: Watch(
                1, streams.KERNEL, tuple(replace(_PROBE, name=f"{i}") for i in range(513))
            ),
            "a watch has 513 probes, of 512 at most",
        ),
        (
            lambda: Watch(1, streams.KERNEL, (), (b"",) * 1025),
            "a watch has 1025 predicates, of 1024 at most",
        ),
        (
            lambda: replace(_PROBE, reads=(Read("rdi", (0,), 8),), learns=True),
            "probe tick learns or forgets functions: it stands at a function's entry",
        ),
        (
            lambda: Watch(256, streams.KERNEL, (replace(_PROBE, reads=(_BIG,)),)),
            "a record of probe tick may have 2097152 bytes of reads, and has 16777216",
        ),
    )
    def test_what_there_is_no_room_for(self, make: Callable[[], object], message: str) -> None:
        with self.assertRaisesRegex(UsageError, message):
            make()


if __name__ == "__main__":
    absltest.main()
