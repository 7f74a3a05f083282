# SPDX-License-Identifier: Apache-2.0
"""Clones of raw images that share their blocks, from the host's store, where it can have them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ktstr.model.errors import InfraError
from ktstr.store.directory import default_root
from ktstr.store.entry import Entry
from ktstr.store.image import make_sparse
from ktstr.store.key import Key
from ktstr.store.obtain import obtain
from ktstr.store.reflink import clone_file, verify_reflink
from ktstr.store.store import NoStore, Store, open_store
from ktstr.vm.disk.clones import run_qemu_img
from ktstr.vm.disk.disks import DiskSpec
from ktstr.vm.qemu import QemuTree

_IMAGE = "image"


class Reflinks:
    """Gives each disk a raw clone; a template's raw image is made once and kept in the store.

    An image that is in use here stays in the store until `close`, or the end of this process.
    """

    def __init__(self, qemu: QemuTree, keys: Mapping[str, Key], root: Path | None = None) -> None:
        """`keys`: the templates' keys by the disks' names.  `root`: None is the default place."""
        self._qemu, self._keys, self._root = qemu, keys, root
        self._store: Store | None = None
        self._refusal = ""
        self._entries: dict[Key, Entry] = {}

    def clone(self, disk: DiskSpec) -> int:
        """A descriptor of the clone, which has no name.

        Raises:
            InfraError: the host has no store that could share blocks; the reason is in the message,
                and it is asked for once.
        """
        key = self._keys[disk.name]
        store = self._opened()
        if key not in self._entries:
            self._entries[key] = obtain(
                store, key, lambda staged: self._convert(disk, staged / _IMAGE)
            )
        # within the store: blocks are shared within one file system only
        return clone_file(self._entries[key].file(_IMAGE), store.root / "staging")

    def close(self) -> None:
        """Lets cleaning have the images; clones stay as they are."""
        for entry in self._entries.values():
            entry.close()
        self._entries.clear()

    def _opened(self) -> Store:
        if self._refusal:
            raise InfraError(self._refusal)
        if self._store is None:
            try:
                root = default_root() if self._root is None else self._root
                # first, for nothing is to be made where it would be of no use
                verify_reflink(root)
                found = open_store(root)
                if isinstance(found, NoStore):
                    raise InfraError(found.reason)
            except InfraError as error:
                self._refusal = str(error)
                raise
            self._store = found
        return self._store

    def _convert(self, disk: DiskSpec, path: Path) -> None:
        make_sparse(path, disk.size_bytes)
        # into the file as it is, which is all zeroes; qemu-img refuses one that is too small
        convert = ("convert", "-n", "--target-is-zero", "-O", "raw")
        arguments = (*convert, str(disk.template), str(path))
        run_qemu_img(self._qemu, arguments, pass_fds=(), what=f"disk {disk.name}")
