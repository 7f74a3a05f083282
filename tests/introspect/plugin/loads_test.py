# SPDX-License-Identifier: Apache-2.0
"""The plugin takes each watch that there is, and refuses in words what is none."""

import ctypes
import os
import struct
import tempfile
from dataclasses import replace

from absl.testing import absltest
from hypothesis import given
from hypothesis import strategies as st

from ktstr.introspect.plugin.encode import HEADER, encode
from ktstr.introspect.plugin.watch import Probe, Read, Watch
from tests.introspect.plugin import streams

_WHY_BYTES = 160
# more than a struct watch of tools/qemu/probes/watch.h has
_WATCH_BYTES = 4096
_READ = Read("rdi", (0,), 8)


class LoadsTest(absltest.TestCase):
    library: ctypes.CDLL

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        # what of it calls QEMU is not called here, and not looked for
        path = os.path.abspath(os.environ["KTSTR_PROBES_LIBRARY"])
        cls.library = ctypes.CDLL(path, mode=os.RTLD_LAZY)
        cls.library.watch_load.restype = ctypes.c_bool

    def refused(self, data: bytes) -> str:
        """Why the plugin refuses a file; empty where it takes it."""
        why = ctypes.create_string_buffer(_WHY_BYTES)
        watch = ctypes.create_string_buffer(_WATCH_BYTES)
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            taken = self.library.watch_load(watch, file.name.encode(), why, _WHY_BYTES)
        self.assertEqual(taken, not why.value)
        return why.value.decode()

    @given(st.data())
    def test_it_takes_what_is_encoded(self, data: st.DataObject) -> None:
        self.assertEqual(self.refused(encode(_drawn(data))), "")

    def test_it_takes_blocks_of_programs_and_no_other_place_there(self) -> None:
        blocks = Probe("user", 0x401000, 0x402000, blocks=True)
        whole = encode(Watch(1, streams.KERNEL, (blocks,)))
        self.assertEqual(self.refused(whole), "")
        flags = whole.index(struct.pack("<I", 8192), HEADER.size)
        other = whole[:flags] + bytes(4) + whole[flags + 4 :]
        self.assertIn("a probe that cannot be set", self.refused(other))

    def test_reads_behind_their_table_are_not_looked_at(self) -> None:
        tick = Probe("tick", streams.TEXT, streams.TEXT + 1, reads=(_READ,), marks=True)
        data = bytearray(encode(Watch(1, streams.KERNEL, (tick,))))
        # of the only probe: its first read, and how many it has
        struct.pack_into("<HH", data, data.index(struct.pack("<HHH", 0, 1, 0xFFFF)), 0xFFFF, 1)
        self.assertIn("a probe that cannot be set", self.refused(bytes(data)))

    def test_more_probes_of_blocks_than_there_is_room_for(self) -> None:
        probes = [Probe(f"{at}", 0x401000 + at, 0x402000 + at, blocks=True) for at in range(9)]
        self.assertEqual(self.refused(encode(Watch(1, streams.KERNEL, tuple(probes[:8])))), "")
        self.assertEqual(
            self.refused(encode(Watch(1, streams.KERNEL, tuple(probes)))),
            "the watch has more probes of blocks than there is room for",
        )

    @given(st.data())
    def test_whatever_the_bytes_are_it_takes_them_or_says_why_not(
        self, data: st.DataObject
    ) -> None:
        whole = bytearray(encode(_drawn(data)))
        for _ in range(data.draw(st.integers(1, 4))):
            whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
        cut = bytes(whole[: data.draw(st.integers(0, len(whole)))])
        why = self.refused(cut)
        if len(cut) < len(whole):
            self.assertNotEmpty(why)

    def test_what_it_says(self) -> None:
        whole = encode(Watch(2, streams.KERNEL, (), (b"no program",)))
        self.assertEqual(self.refused(whole), "the watch has a predicate that is no program")
        self.assertEqual(self.refused(b""), "the watch is none: it lacks the header")
        self.assertEqual(
            self.refused(encode(Watch(2, streams.KERNEL)) + bytes(8)),
            "the watch has another size than its header says",
        )


def _drawn(data: st.DataObject) -> Watch:
    """A watch without predicates, whose programs are another test's."""
    watch = data.draw(streams.watches())
    probes = tuple(replace(probe, predicates=()) for probe in watch.probes)
    return replace(watch, probes=probes, predicates=())


if __name__ == "__main__":
    absltest.main()
