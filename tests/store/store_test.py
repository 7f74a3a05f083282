# SPDX-License-Identifier: Apache-2.0
"""Entries are published at one stroke, found again, kept by their first publisher, and checked."""

import os
import shutil
from pathlib import Path

from absl.testing import absltest, parameterized

from ktstr.model.errors import InfraError
from ktstr.store.image import make_sparse
from ktstr.store.key import Key, parse_key
from ktstr.store.manifest import MANIFEST, damage
from ktstr.store.store import Store
from tests.store.children import Child, Signal

KEY = Key("btrfs", 1, "deadbeef")
OTHER = Key("raw", 1, "noversion")
_ROUNDS = 60


def put(content: bytes):  # type: ignore[no-untyped-def]
    """Fills an entry with one file, `image`."""

    def fill(staged: Path) -> None:
        (staged / "image").write_bytes(content)

    return fill


class StoreCase(parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.root = Path(self.create_tempdir().full_path, "store")
        self.store = Store(self.root)

    def content(self, key: Key = KEY) -> bytes | None:
        entry = self.store.lookup(key)
        if entry is None:
            return None
        with entry:
            return entry.file("image").read_bytes()

    def publish(self, content: bytes, key: Key = KEY) -> None:
        self.store.publish(key, put(content)).close()

    def staged(self) -> list[str]:
        return sorted(os.listdir(self.root / "staging"))


class PublishTest(StoreCase):
    def test_a_key_nobody_published_is_not_found(self) -> None:
        self.assertIsNone(self.store.lookup(KEY))

    def test_what_was_published_is_found(self) -> None:
        with self.store.publish(KEY, put(b"one")) as entry:
            self.assertEqual(entry.file("image").read_bytes(), b"one")
            self.assertEqual(entry.file("image"), self.root / "entries" / str(KEY) / "image")
            self.assertEqual(entry.file("image").stat().st_mode & 0o777, 0o444)
        self.assertEqual(self.content(), b"one")
        self.assertIsNone(self.store.lookup(OTHER))
        self.assertEmpty(self.staged())

    def test_a_file_that_an_entry_does_not_have(self) -> None:
        with (
            self.store.publish(KEY, put(b"one")) as entry,
            self.assertRaisesRegex(InfraError, "no file 'disk'; it has image"),
        ):
            entry.file("disk")

    def test_the_first_publisher_wins(self) -> None:
        self.publish(b"first")
        self.publish(b"second")
        self.assertEqual(self.content(), b"first")
        self.assertEmpty(self.staged())

    def test_a_published_file_is_moved_and_a_losers_is_unlinked(self) -> None:
        for content in (b"first", b"second"):
            source = self.root / "staging" / "elsewhere"
            source.write_bytes(content)
            self.store.publish_file(KEY, source, "image").close()
            self.assertFalse(source.exists())
        self.assertEqual(self.content(), b"first")

    def test_a_source_that_is_missing(self) -> None:
        with self.assertRaisesRegex(InfraError, "cannot publish .*nowhere: No such file"):
            self.store.publish_file(KEY, self.root / "nowhere", "image")

    @parameterized.named_parameters(
        ("nothing", lambda staged: None, "nothing to publish as btrfs-1m-deadbeef"),
        ("a_directory", lambda staged: (staged / "sub").mkdir(), "sub .*it is no plain file"),
        ("a_link", lambda staged: (staged / "l").symlink_to("/"), "l .*it is no plain file"),
        ("our_name", lambda staged: (staged / MANIFEST).touch(), "keeps a file of that name"),
        ("an_error", lambda staged: os.open(staged / "x", 0), "make btrfs-1m-deadbeef.*No such"),
    )
    def test_what_cannot_be_published(self, fill, text: str) -> None:  # type: ignore[no-untyped-def]
        with self.assertRaisesRegex(InfraError, text):
            self.store.publish(KEY, fill)
        self.assertIsNone(self.store.lookup(KEY))
        self.assertEmpty(self.staged())

    def test_an_exception_of_the_maker_leaves_nothing(self) -> None:
        def fill(staged: Path) -> None:
            (staged / "image").write_bytes(b"half")
            raise InfraError("mkfs failed")

        with self.assertRaisesRegex(InfraError, "mkfs failed"):
            self.store.publish(KEY, fill)
        self.assertEmpty(self.staged())

    def test_an_image_that_cannot_be_that_large_is_unlinked(self) -> None:
        path = self.root / "staging" / "image"
        for size in (2**63 - 1, 2**64):
            with self.assertRaisesRegex(
                InfraError, f"make an image of {size} bytes at .*too large"
            ):
                make_sparse(path, size)
            self.assertFalse(path.exists())

    def test_sparse_images_stay_sparse(self) -> None:
        size = 64 << 20
        with self.store.publish(OTHER, lambda staged: make_sparse(staged / "d", size)) as entry:
            found = entry.file("d").stat()
            self.assertEqual((found.st_size, found.st_blocks), (size, 0))


class DamageTest(StoreCase):
    """However an entry was damaged, it is not used, and the next publisher replaces it."""

    @parameterized.named_parameters(
        ("no_manifest", lambda entry: (entry / MANIFEST).unlink()),
        ("empty_manifest", lambda entry: (entry / MANIFEST).write_bytes(b"")),
        ("manifest_of_nothing", lambda entry: (entry / MANIFEST).write_bytes(b"[]")),
        ("half_a_manifest", lambda entry: os.truncate(entry / MANIFEST, 40)),
        ("image_gone", lambda entry: (entry / "image").unlink()),
        ("image_shorter", lambda entry: os.truncate(entry / "image", 2)),
        ("image_written_to", lambda entry: (entry / "image").write_bytes(b"ONE")),
        ("empty_directory", lambda entry: [path.unlink() for path in entry.iterdir()]),
    )
    def test_is_not_used_and_replaced(self, harm) -> None:  # type: ignore[no-untyped-def]
        self.publish(b"one")
        (self.root / "entries" / str(KEY) / "image").chmod(0o644)
        harm(self.root / "entries" / str(KEY))
        self.assertIsNone(self.store.lookup(KEY))
        self.publish(b"two")
        self.assertEqual(self.content(), b"two")
        self.assertEmpty(self.staged())

    def test_an_edited_manifest_is_noticed(self) -> None:
        self.publish(b"one")
        manifest = self.root / "entries" / str(KEY) / MANIFEST
        manifest.write_text(manifest.read_text().replace('"size": 3', '"size": 4'))
        self.assertIsNone(self.store.lookup(KEY))

    def test_an_entry_under_another_key_is_not_taken_for_it(self) -> None:
        self.publish(b"one")
        entries = self.root / "entries"
        shutil.copytree(entries / str(KEY), entries / str(OTHER))
        self.assertIsNone(self.store.lookup(OTHER))

    def test_a_file_in_an_entrys_place(self) -> None:
        (self.root / "entries" / str(KEY)).write_bytes(b"")
        self.assertIsNone(self.store.lookup(KEY))
        self.publish(b"one")
        self.assertEqual(self.content(), b"one")

    def test_contents_that_changed_behind_our_back(self) -> None:
        self.publish(b"one")
        image = self.root / "entries" / str(KEY) / "image"
        before = image.stat()
        image.chmod(0o644)
        image.write_bytes(b"ONE")
        os.utime(image, ns=(before.st_atime_ns, before.st_mtime_ns))
        entry = self.store.lookup(KEY)
        assert entry is not None
        with entry:
            self.assertEqual(
                damage(entry.directory, entry.manifest), "the content of image has changed"
            )

    def test_holes_do_not_matter_to_a_content(self) -> None:
        size = 5 << 20

        def sparse(staged: Path) -> None:
            make_sparse(staged / "image", size)
            with (staged / "image").open("r+b") as file:
                file.seek(3 << 20)
                file.write(b"data")

        def dense(staged: Path) -> None:
            content = bytearray(size)
            content[3 << 20 : (3 << 20) + 4] = b"data"
            (staged / "image").write_bytes(content)

        with self.store.publish(KEY, sparse) as one, self.store.publish(OTHER, dense) as two:
            digests = {entry.manifest.files["image"].digest for entry in (one, two)}
            self.assertLess(one.file("image").stat().st_blocks, two.file("image").stat().st_blocks)
        self.assertLen(digests, 1)


class RaceTest(StoreCase):
    def test_two_publishers_at_once_both_succeed(self) -> None:
        start = Signal()
        self.addCleanup(start.close)
        for number in range(_ROUNDS):
            key = Key("raw", number + 1, "noversion")

            def race(name: bytes, key: Key = key) -> None:
                store = Store(self.root)
                start.wait()
                with store.publish(key, put(name)) as entry:
                    assert entry.file("image").read_bytes() in (b"one", b"two")

            children = [Child(lambda: race(b"one")), Child(lambda: race(b"two"))]
            self.addCleanup(children[0].kill)
            self.addCleanup(children[1].kill)
            start.send()
            start.send()
            self.assertEqual([child.wait() for child in children], [0, 0])
            self.assertIn(self.content(key), (b"one", b"two"))
        self.assertEmpty(self.staged())
        self.assertLen([parse_key(name) for name in os.listdir(self.store.entries)], _ROUNDS)

    def test_publishers_and_a_cleaner_at_once(self) -> None:
        def publish(name: bytes) -> None:
            store = Store(self.root)
            for _ in range(_ROUNDS):
                with store.publish(KEY, put(name)) as entry:
                    assert entry.file("image").read_bytes() in (b"one", b"two")

        def remove() -> None:
            store = Store(self.root)
            for _ in range(_ROUNDS):
                with store.exclusively(KEY) as own:
                    assert own
                    store.remove(KEY)

        children = [Child(lambda: publish(b"one")), Child(lambda: publish(b"two")), Child(remove)]
        for child in children:
            self.addCleanup(child.kill)
        self.assertEqual([child.wait() for child in children], [0, 0, 0])
        self.assertEmpty(self.staged())


if __name__ == "__main__":
    absltest.main()
