# SPDX-License-Identifier: Apache-2.0
"""Guests whose memory is anything: every question ends, with a value or with an error of ours."""

from __future__ import annotations

import dataclasses
import os
import random
from pathlib import Path
from unittest import mock

from absl.testing import absltest, parameterized

from ktstr.introspect.asking import maps
from ktstr.introspect.asking.bounded import BoundedMemory
from ktstr.introspect.asking.maps import Maps
from ktstr.introspect.asking.state import GuestState
from ktstr.introspect.debugger.maps import Map, map_at
from ktstr.introspect.debugger.objects import Btfs
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.memory.memory import MemoryFault
from ktstr.introspect.snapshot.view import View
from ktstr.model.errors import KtstrError
from ktstr.model.wire.asking import ReadKernel, ReadMap, WriteKernel, WriteMap

_FILES = {Path(name).name: Path(name) for name in os.environ["KERNEL"].split()}
_SEEDS = 25
_START, _SIZE = 0xFFFF_8880_0000_0000, 1 << 16
_KINDS = (
    *("ARRAY", "PERCPU_ARRAY", "HASH", "LRU_HASH", "PERCPU_HASH", "TASK_STORAGE", "STRUCT_OPS"),
    *("ARENA", "RINGBUF"),
)


class _Corrupt:
    """Words that lead to each other, in circles as well, and now and then out of all memory.

    image: whether the kernel's image is as its file has it, or the same words.
    """

    def __init__(self, kernel: Kernel, chance: random.Random, image: bool) -> None:
        self._kernel, self._chance, self._image = kernel, chance, image
        self._data = b"".join(self._word().to_bytes(8, "little") for _ in range(_SIZE // 8))

    def read(self, address: int, size: int) -> bytes:
        if _START <= address <= _START + _SIZE - size:
            return self._data[address - _START : address - _START + size]
        if (address < _START + _SIZE and address >= 1 << 20) or size > _SIZE:
            raise MemoryFault("read", address, size, "nothing is mapped there")
        if self._image and (data := self._kernel.elf.read(address, size)) is not None:
            return data
        at = self._chance.randrange(_SIZE - size + 1) // 8 * 8
        return self._data[at : at + size]

    def write(self, address: int, data: bytes) -> None:
        self.read(address, len(data))

    def _word(self) -> int:
        place = _START + self._chance.randrange(_SIZE)
        return self._chance.choice(
            (place // 8 * 8, place // 64 * 64 | 2, place % 64, 0, self._chance.getrandbits(64))
        )


class FuzzTest(parameterized.TestCase):
    kernel: Kernel

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.kernel = Kernel.open(_FILES["vmlinux"], _FILES["vmlinux.index"])

    @parameterized.parameters(True, False)
    def test_every_question_ends(self, image: bool) -> None:
        for seed in range(_SEEDS):
            memory = BoundedMemory(_Corrupt(self.kernel, random.Random(seed), image))
            guest = GuestState(self.kernel, memory, lambda _: None)
            for ask in (
                lambda guest=guest: guest.read_kernel(ReadKernel("jiffies")),
                lambda guest=guest: guest.read_kernel(ReadKernel("runqueues.cfs", 1)),
                lambda guest=guest: guest.write_kernel(WriteKernel("runqueues.nr_running", 1, 0)),
                lambda guest=guest: guest.read_map(ReadMap(".bss", 0, "a")),
                lambda guest=guest: guest.take_snapshot("a"),
            ):
                with self.subTest(seed=seed):
                    try:
                        ask()
                    except KtstrError:
                        pass

    def test_maps_of_any_kind_type_and_size(self) -> None:
        for seed in range(5 * _SEEDS):
            chance = random.Random(seed)
            memory = BoundedMemory(_Corrupt(self.kernel, chance, bool(seed % 2)))

            def any_map(
                view: View, btfs: Btfs, address: int, chance: random.Random = chance
            ) -> Map:
                found = map_at(view, btfs, address)
                return dataclasses.replace(
                    found,
                    kind=chance.choice(_KINDS),
                    btf=self.kernel.btf,
                    value_type=chance.randrange(1, 1 << 17),
                    key_type=chance.randrange(1, 1 << 17),
                    key_size=chance.choice((found.key_size, 0, 1, 4)),
                    value_size=chance.choice((found.value_size, 0, 8, 4096, 1 << 40)),
                    entries=chance.choice((found.entries, 1, 1 << 31)),
                )

            place = _START + chance.randrange(_SIZE) // 8 * 8
            with (
                self.subTest(seed=seed),
                mock.patch.object(maps, "map_at", any_map),
                mock.patch.object(Maps, "_found", return_value=place),
            ):
                looked = Maps(self.kernel, memory)
                field = chance.choice(("", "a", "b.c", "[0]", "[3].x"))
                try:
                    looked.read(ReadMap("a", chance.choice((0, 1, 1 << 63)), field))
                    looked.write(WriteMap("a", 0, field, 1, chance.choice((None, 0, 5))))
                except KtstrError:
                    pass


if __name__ == "__main__":
    absltest.main()
