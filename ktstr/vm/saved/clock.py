# SPDX-License-Identifier: Apache-2.0
"""The virtual clock in a saved guest's device state: put back to the store that parked the guest.

A vCPU that is about to stop looks idle, and if all are, QEMU's main loop may let the clock jump to
the next timer before it stops it (icount_start_warp_timer of accel/tcg/icount-common.c), that timer
may fire, and the clock jump again: how far it comes is chance. A machine has CPUs' timers, and QEMU
one that makes CPUs take turns, of which nothing is saved (rr_kick_vcpu_timer of
accel/tcg/tcg-accel-ops-rr.c). So what a jump changes is known, and undone: one boot is enough for
a state that does not tell of the host. What another CPU does until the stop cannot be undone: a
guest parks when all others are idle (ktstr/guest/system/bell.py). The layout is that of QEMU 10.0,
all big endian; a section (docs/devel/migration of QEMU) is a byte of its type, u32 its number, its
name (u8 length), u32 instance, u32 version, and what it holds.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from ktstr.model.wire.mailbox import PARKED
from ktstr.vm.command.accelerator import ICOUNT_SHIFT
from ktstr.vm.saved.template import TemplateError

_FULL = b"\x04"
# A section's type and number stand before its name, instance and version behind it.
_NUMBERED = 5
_Q = struct.Struct(">q")
_I = struct.Struct(">I")
# The instruction between the reading of the clock and the stop: the store.
_STORE_NS = 1 << ICOUNT_SHIFT
# softmmu/cpu-timers.c: ticks offset, 8 unused, clock offset; then timer/icount: bias, count.
_TIMER = b"\x05timer" + struct.pack(">II", 0, 2)
_ICOUNT = b"\x05\x0ctimer/icount" + struct.pack(">I", 1)
_HOST_CLOCK = (0, 16)
_TIMER_BYTES = 24
# hw/core/cpu-system.c: halted, interrupt_request; CPU_INTERRUPT_HARD of exec/cpu-common.h.
_CPU_COMMON = b"\x0acpu_common"
_REQUEST = 4
_HARD = 0x2
# target/i386/machine.c: RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI are the first.
_CPU = b"\x03cpu"
_REGISTERS = struct.Struct(">8Q")
# hw/intc/apic_common.c, version 3: where the pending interrupts, the timer's vector, the time that
# the timer is set for and the same, or -1 once it has fired, begin.
_APIC = b"\x04apic"
_IRR, _LVT_TIMER, _NEXT_TIME, _EXPIRY = 77, 109, 165, 173
_IRR_BYTES = 32
_VECTOR = 0xFF
_FIRED = -1


def as_parked(state: bytes) -> bytes:
    """The device state as it was at the guest's store to pvpanic, with nothing of the host's.

    The guest reads the time stamp counter with the instruction before the store, and has PARKED in
    RSI.  The two numbers of the host's clock are zeroed: nothing reads them in virtual time.

    Raises:
      TemplateError: a section is not there, no CPU is parked, or another had work then: how far it
        came until the stop is chance.
    """
    try:
        return _as_parked(state)
    except struct.error as error:
        raise TemplateError(f"saved device state: it is cut short: {error}") from None


def _as_parked(state: bytes) -> bytes:
    result = bytearray(state)
    timer = _timer(state)
    for at in _HOST_CLOCK:
        result[timer + at : timer + at + 8] = bytes(8)
    clock = _Clock.of(state, timer)
    jump_ns = clock.now_ns - _parked_ns(state)
    running = running_cpus(state)
    if not running:
        raise TemplateError("saved device state: no CPU runs, and the parked one was expected to")
    if jump_ns:
        _Q.pack_into(result, clock.at, clock.bias_ns - jump_ns)
        _set_timers(result, clock.now_ns - jump_ns, clock.now_ns)
    # without a jump the clock goes on by instructions alone
    waiting = _waiting_cpus(result)
    if running > 1 or waiting or clock.bias_ns < jump_ns:
        raise TemplateError(
            "saved device state: while the guest parked another CPU had work: "
            f"{running} CPUs ran, {waiting} had an interrupt to wake up for, and the clock went on "
            f"for {jump_ns} ns"
        )
    return bytes(result)


def running_cpus(state: bytes) -> int:
    """CPUs that are not halted, whoever is parked among them."""
    return sum(_I.unpack_from(state, at)[0] == 0 for at in _sections(state, _CPU_COMMON, 1))


def _waiting_cpus(state: bytes | bytearray) -> int:
    """CPUs that are halted, and have an interrupt to wake up for."""
    commons = [struct.unpack_from(">II", state, at) for at in _sections(state, _CPU_COMMON, 1)]
    return sum(bool(halted and request & _HARD) for halted, request in commons)


@dataclass(frozen=True)
class _Clock:
    """at: offset of the bias.  bias_ns: what jumps have added.  now_ns: virtual time."""

    at: int
    bias_ns: int
    now_ns: int

    @staticmethod
    def of(state: bytes, timer: int) -> _Clock:
        at = timer + _TIMER_BYTES + len(_ICOUNT)
        if not state.startswith(_ICOUNT, timer + _TIMER_BYTES) or len(state) < at + 16:
            raise TemplateError("saved device state: no virtual clock where it was expected")
        bias_ns, count = struct.unpack_from(">qq", state, at)
        return _Clock(at, bias_ns, bias_ns + (count << ICOUNT_SHIFT))


def _timer(state: bytes) -> int:
    """Offset of what the section "timer" holds."""
    found = state.count(_TIMER)
    at = state.find(_TIMER)
    whole = state[at - _NUMBERED : at - _NUMBERED + 1] == _FULL
    if found != 1 or not whole or len(state) < at + len(_TIMER) + _TIMER_BYTES:
        raise TemplateError(
            f"saved device state: {found} whole sections of the kind 'timer' in version 2, one was "
            f"expected; is this another QEMU?"
        )
    return at + len(_TIMER)


def _parked_ns(state: bytes) -> int:
    """Virtual time right behind the store of the parked CPU."""
    for at in _sections(state, _CPU, 12):
        registers = state[at : at + _REGISTERS.size]
        if len(registers) == _REGISTERS.size:
            rax, _, rdx, *_, rsi, _ = _REGISTERS.unpack(registers)
            if rsi == PARKED:
                return int(rdx << 32 | rax) + _STORE_NS
    raise TemplateError(f"saved device state: no CPU has {PARKED:#x} in RSI: none is parked")


def _set_timers(state: bytearray, parked_ns: int, now_ns: int) -> None:
    """Sets the CPUs' timers anew that have fired since the park."""
    for apic in _sections(state, _APIC, 3):
        next_ns, expiry_ns = struct.unpack_from(">qq", state, apic + _NEXT_TIME)
        if expiry_ns == _FIRED and parked_ns < next_ns <= now_ns:
            _Q.pack_into(state, apic + _EXPIRY, next_ns)
            vector = _I.unpack_from(state, apic + _LVT_TIMER)[0] & _VECTOR
            _clear(state, apic + _IRR + 4 * (vector // 32), 1 << vector % 32)
            # a CPU's own section is the last before that of its APIC
            cpus = [each for each in _sections(state, _CPU_COMMON, 1) if each < apic]
            if cpus and not any(state[apic + _IRR : apic + _IRR + _IRR_BYTES]):
                _clear(state, cpus[-1] + _REQUEST, _HARD)


def _clear(state: bytearray, at: int, bits: int) -> None:
    _I.pack_into(state, at, _I.unpack_from(state, at)[0] & ~bits)


def _sections(state: bytes | bytearray, name: bytes, version: int) -> Iterator[int]:
    """Offsets of what each section of a name holds, behind its instance and version."""
    at = state.find(name)
    while at >= 0:
        start = at + len(name) + 8
        whole = state[at - _NUMBERED : at - _NUMBERED + 1] == _FULL
        if whole and state[start - 4 : start] == _I.pack(version):
            yield start
        at = state.find(name, at + 1)
