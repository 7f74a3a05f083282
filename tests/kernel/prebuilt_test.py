# SPDX-License-Identifier: Apache-2.0
"""A prebuilt kernel is completed from what it holds, or refused with what it lacks."""

from __future__ import annotations

import gzip
import os
import struct
import unittest
from pathlib import Path

from absl.testing import absltest

from tools.kernel.prebuilt import (
    PrebuiltError,
    check_needed,
    embedded_config,
    release_of,
    unpack_bzimage,
)

# Files of the kernel_image, and what was made of its bzImage alone; runfiles paths.
_BUILT, _COMPLETED = (os.environ.get(name, "").split() for name in ("BUILT", "COMPLETED"))

_NEEDED = "CONFIG_PVH=y\nCONFIG_SMP=y\n"


def _bzimage(payload: bytes) -> bytes:
    """A bzImage with one setup sector and this payload."""
    image = bytearray(1024)
    image[0x1F1] = 1
    image[0x202:0x206] = b"HdrS"
    struct.pack_into("<II", image, 0x248, 16, len(payload))
    return bytes(image) + bytes(16) + payload


class PartsTest(absltest.TestCase):
    def test_a_bzimage_holds_an_elf_file(self) -> None:
        vmlinux = b"\x7fELF and more"
        self.assertEqual(unpack_bzimage(_bzimage(gzip.compress(vmlinux))), vmlinux)

    def test_what_is_no_bzimage_is_told(self) -> None:
        with self.assertRaisesRegex(PrebuiltError, "it has no boot header"):
            unpack_bzimage(b"\x7fELF" + bytes(2000))
        with self.assertRaisesRegex(PrebuiltError, "packed in an unknown way: 6e6f"):
            unpack_bzimage(_bzimage(b"nothing"))
        with self.assertRaisesRegex(PrebuiltError, "it is no ELF"):
            unpack_bzimage(_bzimage(gzip.compress(b"text")))
        with self.assertRaisesRegex(PrebuiltError, "does not unpack: "):
            unpack_bzimage(_bzimage(b"\x1f\x8b broken"))

    def test_a_part_of_a_bzimage_is_told(self) -> None:
        whole = _bzimage(gzip.compress(b"\x7fELF and more"))
        with self.assertRaisesRegex(PrebuiltError, "it has no boot header"):
            unpack_bzimage(whole[:0x240])
        with self.assertRaisesRegex(PrebuiltError, "ends at byte .* a part of it is missing"):
            unpack_bzimage(whole[:-1])

    def test_the_configuration_inside(self) -> None:
        text = "CONFIG_PVH=y\n"
        inside = b"...IKCFG_ST" + gzip.compress(text.encode()) + b"IKCFG_ED..."
        self.assertEqual(embedded_config(inside), text)
        with self.assertRaisesRegex(PrebuiltError, "give its .config"):
            embedded_config(b"...")

    def test_the_release(self) -> None:
        self.assertEqual(release_of(b"\0Linux version 6.14.2-x (me@here)"), "6.14.2-x")
        with self.assertRaisesRegex(PrebuiltError, "is no kernel"):
            release_of(b"\x7fELF")

    def test_what_a_guest_needs_is_built_in(self) -> None:
        check_needed("n.config", _NEEDED, _NEEDED)
        with self.assertRaisesRegex(
            PrebuiltError, r"it needs:\n  CONFIG_PVH=y \(n.config:1\), it is m$"
        ):
            check_needed("n.config", _NEEDED, "CONFIG_PVH=m\nCONFIG_SMP=y\n")
        with self.assertRaisesRegex(PrebuiltError, "it is not set"):
            check_needed("n.config", _NEEDED, "CONFIG_SMP=y\n")


class WholeTest(absltest.TestCase):
    """What comes out of Linux 6.12's bzImage is what was built beside it."""

    def setUp(self) -> None:
        super().setUp()
        if not _BUILT:
            raise unittest.SkipTest("no kernel is given")
        self.built = {Path(path).name: Path(path) for path in _BUILT}
        self.completed = {Path(path).name: Path(path) for path in _COMPLETED}

    def test_configuration_release_and_types(self) -> None:
        for name in ("config", "release", "vmlinux.h"):
            with self.subTest(name):
                self.assertEqual(self.completed[name].read_bytes(), self.built[name].read_bytes())

    def test_symbols_are_missing_and_said_to_be(self) -> None:
        self.assertEqual(self.completed["System.map"].read_bytes(), b"")
        info = self.completed["build_info.json"].read_text(encoding="utf-8")
        self.assertIn("vmlinux has no symbols", info)


if __name__ == "__main__":
    absltest.main()
