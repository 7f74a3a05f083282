# SPDX-License-Identifier: Apache-2.0
"""Names of functions on a stack that the guest's kernel has unwound, without the recorder's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ktstr.introspect.kernel.kernel import Kernel

# What the recorder brings onto a stack: its programs, and the trampolines that start these.
_OWN = ("bpf:on_entry", "bpf:on_return", "bpf:on_probed_entry", "bpf:on_tick")
_TRAMPOLINE = "bpf_trampoline_"


def named(
    kernel: Kernel, addresses: Sequence[int], name_of: Callable[[int], str | None], innermost: str
) -> tuple[str, ...]:
    """As `name+0x12`, the innermost first: that is the function at which the stack was taken.

    name_of: names of code that is not the kernel's own.
    """
    text = range(kernel.symbol("_text"), kernel.symbol("_etext"))
    frames = [
        kernel.where(each) if each in text else name_of(each) or f"{each:#x}" for each in addresses
    ]
    starts = [i for i, frame in enumerate(frames) if _function(frame) == innermost]
    return tuple(_without_own(frames[starts[0] if starts else 0 :]))


def _without_own(frames: Sequence[str]) -> Iterator[str]:
    """A function that a trampoline calls has been called by who called the trampoline: once."""
    last = ""
    through = False
    for frame in frames:
        function = _function(frame)
        if function.startswith((_TRAMPOLINE, *_OWN)):
            through = True
            continue
        if not (through and function == last):
            yield frame
        last, through = function, False


def _function(frame: str) -> str:
    return frame.partition("+")[0]
