# SPDX-License-Identifier: Apache-2.0
"""Where the memory of a saved guest is inflated, with a store and with none that can be used."""

import errno
import os
from dataclasses import replace
from pathlib import Path
from unittest import mock

from absl.testing import absltest

from ktstr.machine.prepared.inflated import Inflated, inflate
from ktstr.store.store import Store
from ktstr.vm.artifact import Artifact, read_artifact, write_artifact
from ktstr.vm.save import SavedTemplate
from ktstr.vm.saved import ram
from ktstr.vm.saved.template import Template, TemplateError

_SIZE = 1 << 20
_FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class InflatedTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.root = Path(self.create_tempdir().full_path)
        self.store = self.root / "store"
        self.artifact = self.make_artifact()

    def make_artifact(self) -> Artifact:
        """The artifact of a guest with a page that is not zero in each of two nodes."""
        for name in ("state", "console"):
            (self.root / name).write_bytes(name.encode())
        fds = [os.memfd_create("node") for _ in range(2)]
        for node, fd in enumerate(fds):
            os.truncate(fd, _SIZE)
            os.pwrite(fd, f"node {node}".encode(), node * ram.PAGE)
        template = Template("d", "m", self.root / "state", ("", ""), self.root / "console")
        saved = SavedTemplate(template, tuple(fds), b"", 0.0)
        write_artifact(saved, self.root / "artifact")
        saved.close()
        return read_artifact(self.root / "artifact")

    def check(self, inflated: Inflated) -> None:
        self.addCleanup(inflated.close)
        for node, path in enumerate(inflated.memory):
            expected = bytes(node * ram.PAGE) + f"node {node}".encode()
            self.assertEqual(Path(path).read_bytes(), expected.ljust(_SIZE, b"\0"))

    def check_memory_files(self, *words: str) -> None:
        """They are used instead of a store, and gone with it; the refusal has the words."""
        before = os.listdir("/proc/self/fd")
        inflated = inflate(self.artifact, self.store)
        self.check(inflated)
        self.assertEqual(inflated.words, "its memory inflated for this run")
        for word in words:
            self.assertIn(word, inflated.refusal)
        self.assertLen(inflated.fds, 2)
        inflated.close()
        self.assertEqual(os.listdir("/proc/self/fd"), before)

    def test_once_for_all_in_the_store(self) -> None:
        first = inflate(self.artifact, self.store)
        with mock.patch.object(ram, "inflate") as again:
            second = inflate(self.artifact, self.store)
        again.assert_not_called()
        self.assertEqual(first.memory, second.memory)
        self.assertIn("store", first.words)
        self.assertEqual(first.refusal, "")
        self.check(first)
        self.check(second)

    def test_a_full_disk(self) -> None:
        whole = ram.inflate

        def full(path: Path, fd: int) -> None:
            if os.readlink(f"/proc/self/fd/{fd}").startswith(str(self.store)):
                os.truncate(fd, _SIZE)
                with mock.patch.object(os, "pwrite", side_effect=_FULL):
                    whole(path, fd)
            whole(path, fd)

        with mock.patch.object(ram, "inflate", side_effect=full):
            self.check_memory_files("No space left on device")
        store = Store(self.store)
        self.assertEmpty(list(store.staging.directory.iterdir()))
        self.assertEmpty(list(store.entries.iterdir()))

    def test_memory_is_full_too(self) -> None:
        before = os.listdir("/proc/self/fd")
        with (
            mock.patch.object(os, "pwrite", side_effect=_FULL),
            self.assertRaisesRegex(TemplateError, "cannot inflate the saved RAM .*No space left"),
        ):
            inflate(self.artifact, self.store)
        self.assertEqual(os.listdir("/proc/self/fd"), before)

    def test_a_store_of_another_user(self) -> None:
        Store(self.store)
        own = os.geteuid()
        with mock.patch.object(os, "geteuid", return_value=own + 1):
            self.check_memory_files(f"{self.store} belongs to user {own}, this is user {own + 1}")

    def test_a_store_without_locks(self) -> None:
        unsupported = OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))
        with mock.patch("fcntl.flock", side_effect=unsupported):
            self.check_memory_files("does not support it", "No locks available")

    def test_a_damaged_artifact_is_inflated_nowhere(self) -> None:
        damaged = replace(self.artifact, files=self.artifact.files | {"ram1.zst": "0" * 64})
        with self.assertRaisesRegex(TemplateError, "ram1.zst was altered"):
            inflate(damaged, self.store)
        self.assertEmpty(list(Store(self.store).entries.iterdir()))

    def test_a_manifest_with_sizes_that_cannot_be(self) -> None:
        for sizes in ((4097, _SIZE), (0, 0), (-_SIZE, _SIZE), (1 << 60, _SIZE)):
            with self.assertRaisesRegex(TemplateError, "the manifest says"):
                inflate(replace(self.artifact, sizes=sizes), self.store)


if __name__ == "__main__":
    absltest.main()
