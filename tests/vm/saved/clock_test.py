# SPDX-License-Identifier: Apache-2.0
"""The clock of a saved guest: the same whether it jumped, and fired a timer, before the stop."""

import struct

from absl.testing import absltest, parameterized

from ktstr.vm.saved import clock
from ktstr.vm.saved.template import TemplateError

# Sections of what QEMU 10.0.13 saved of one guest with 2 CPUs, the second parked, at a boot after
# which the clock did not jump.
_TIMER = bytes.fromhex(
    "04000000000574696d6572000000000000000200000000000000000000000000000000000000000000000005"
    "0c74696d65722f69636f756e7400000001000000000000000000000000259441767e00000000"
)
_PARKED_NS = 630473078 << 3
_FIRST_CPU = bytes.fromhex(
    "04000000030a6370755f636f6d6d6f6e00000000000000010000000100000000040000000403637075000000"
    "000000000cffff88800f8000007fffffffffffffff00000000000000370000000000000000ffffffff82403e"
    "90ffffffff824091800000000000000001000000000000125c040000000604617069630000000000000003fe"
    "e00900000010000001ff000f0000000000000000000000000000000000000000000000000000000000000000"
    "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "0000000000000000000000000000000000000000000000ec00010000000100000001070000000400000000fe"
    "00000000000000fb010000000000000300000004035c2d1e000000012b8535e000000001614807d000000001"
    "614807d0"
)
_SECOND_COMMON = bytes.fromhex("04000000070a6370755f636f6d6d6f6e00000001000000010000000000000000")
_SECOND_CPU = bytes.fromhex(
    "040000000803637075000000010000000c000000002ca20ba800000000000008f40000000000000001000000"
    "012e3cf5c400007ffc3b591580000000000000000164656b726170535400007f134db13000"
)
_SECOND_APIC = bytes.fromhex(
    "040000000904617069630000000100000003fee00800010110000001ff000f00000000000000000000000000"
    "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "000000000000000000000000000000000000000000000000000000000000000000000000000000000000ec00"
    "010000000100000001070000010400000000fe00000000000000fb0000000000000003000000040003cb8b00"
    "0000012c78f0b8000000012cb5a978000000012cb5a978"
)
_STOOD = _TIMER + _FIRST_CPU + _SECOND_COMMON + _SECOND_CPU + _SECOND_APIC
# What two other boots of that guest left: how far the clock jumped, to the second CPU's timer.
_JUMP_NS = 1285576
_DUE_NS = _PARKED_NS + _JUMP_NS
_BIAS = _TIMER.index(b"timer/icount") + len(b"timer/icount") + 4


def _altered(data: bytes, at: int, kind: str, value: int) -> bytes:
    altered = bytearray(data)
    struct.pack_into(kind, altered, at, value)
    return bytes(altered)


_JUMPED_TIMER = _altered(_TIMER, _BIAS, ">q", _JUMP_NS)
_FIRED_COMMON = _SECOND_COMMON[:-4] + struct.pack(">I", 2)
_FIRED_APIC = _altered(_SECOND_APIC[:-8] + b"\xff" * 8, 18 + 77 + 28, ">I", 1 << 236 % 32)
_JUMPED = _JUMPED_TIMER + _FIRST_CPU + _SECOND_COMMON + _SECOND_CPU + _SECOND_APIC
_FIRED = _JUMPED_TIMER + _FIRST_CPU + _FIRED_COMMON + _SECOND_CPU + _FIRED_APIC


class ClockTest(parameterized.TestCase):
    @parameterized.named_parameters(
        ("stood", _STOOD), ("jumped", _JUMPED), ("jumped_and_fired", _FIRED)
    )
    def test_one_state_whatever_came_before_the_stop(self, state: bytes) -> None:
        self.assertEqual(
            clock.as_parked(b"before" + state + b"after"), b"before" + _STOOD + b"after"
        )

    def test_other_interrupts_of_the_cpu_stay(self) -> None:
        at = len(_JUMPED_TIMER + _FIRST_CPU + _FIRED_COMMON) - 4
        more = _altered(_FIRED, at, ">I", 0x12)
        self.assertEqual(clock.as_parked(more), _altered(_STOOD, at, ">I", 0x10))

    def test_host_clock_is_all_that_goes_where_the_clock_stood(self) -> None:
        data = _TIMER.index(b"timer") + len(b"timer") + 8
        hosts = bytearray(_STOOD)
        hosts[data : data + 8] = b"\x03\xf7\x53\xe5\x29\0\0\1"
        hosts[data + 16 : data + 24] = b"\1\x87\x17\x7f\x4f\0\0\1"
        self.assertEqual(clock.as_parked(bytes(hosts)), _STOOD)

    def test_no_clock_or_two(self) -> None:
        rest = _FIRST_CPU + _SECOND_CPU
        for state in (rest, _TIMER + _TIMER + rest, _TIMER[:30]):
            with self.assertRaisesRegex(TemplateError, "sections of the kind 'timer'"):
                clock.as_parked(state)
        with self.assertRaisesRegex(TemplateError, "no virtual clock"):
            clock.as_parked(_TIMER.replace(b"icount", b"recount") + rest)

    def test_another_interrupt_that_is_pending_stays_a_request(self) -> None:
        at = _FIRED.index(_FIRED_APIC) + 18 + 77 + 28
        both = _altered(_FIRED, at, ">I", 1 << 236 % 32 | 1 << 251 % 32)
        parked = clock.as_parked(both)
        self.assertEqual(parked[at : at + 4], struct.pack(">I", 1 << 251 % 32))
        request = len(_TIMER + _FIRST_CPU + _SECOND_COMMON)
        self.assertEqual(parked[request - 4 : request], struct.pack(">I", 2))

    def test_cut_anywhere(self) -> None:
        for end in range(len(_FIRED)):
            try:
                clock.as_parked(_FIRED[:end])
            except TemplateError:
                continue
            # what is cut off is the APIC of a CPU whose timer has not fired in what is left
            self.assertGreaterEqual(end, len(_FIRED) - len(_FIRED_APIC))

    def test_no_cpu_runs(self) -> None:
        with self.assertRaisesRegex(TemplateError, "no CPU runs"):
            clock.as_parked(_TIMER + _SECOND_CPU)

    def test_nobody_is_parked(self) -> None:
        for rest in (b"", _FIRST_CPU, _SECOND_CPU[:-9]):
            with self.assertRaisesRegex(TemplateError, "none is parked"):
                clock.as_parked(_TIMER + rest)

    @parameterized.parameters(8, 34112)
    def test_jump_to_qemus_own_timer(self, jump_ns: int) -> None:
        self.assertEqual(clock.as_parked(_altered(_STOOD, _BIAS, ">q", jump_ns)), _STOOD)

    def test_jump_to_qemus_own_timer_behind_that_of_a_cpu(self) -> None:
        kick_ns = 5_100_000_000 - _PARKED_NS
        self.assertGreater(kick_ns, _JUMP_NS)
        self.assertEqual(clock.as_parked(_altered(_FIRED, _BIAS, ">q", kick_ns)), _STOOD)

    def test_a_timer_that_had_fired_before_stays_so(self) -> None:
        at = len(_TIMER + _FIRST_CPU + _SECOND_COMMON + _SECOND_CPU) - 16
        at += len(_SECOND_APIC)
        earlier = _altered(_altered(_JUMPED, at, ">q", _PARKED_NS - 8), at + 8, ">q", -1)
        earlier = _altered(earlier, _BIAS, ">q", 5_100_000_000 - _PARKED_NS)
        self.assertEqual(clock.as_parked(earlier)[at:], earlier[at:])

    def test_another_cpu_that_runs_is_refused(self) -> None:
        running = _FIRST_CPU.replace(struct.pack(">II", 1, 0), bytes(8), 1)
        self.assertNotEqual(running, _FIRST_CPU)
        state = _JUMPED.replace(_FIRST_CPU, running)
        self.assertEqual(clock.running_cpus(state), 2)
        with self.assertRaisesRegex(TemplateError, "another CPU had work: 2 CPUs ran, 0 had"):
            clock.as_parked(state)

    def test_another_cpu_that_is_about_to_run_is_refused(self) -> None:
        waiting = _FIRST_CPU.replace(struct.pack(">II", 1, 0), struct.pack(">II", 1, 2), 1)
        state = _STOOD.replace(_FIRST_CPU, waiting)
        with self.assertRaisesRegex(TemplateError, "another CPU had work: 1 CPUs ran, 1 had"):
            clock.as_parked(state)

    def test_another_cpu_that_has_run_is_refused(self) -> None:
        at = _BIAS + 8
        (count,) = struct.unpack_from(">q", _STOOD, at)
        state = _altered(_STOOD, at, ">q", count + 230)
        with self.assertRaisesRegex(TemplateError, "1 CPUs ran, 0 had .* went on for 1840 ns"):
            clock.as_parked(state)


if __name__ == "__main__":
    absltest.main()
