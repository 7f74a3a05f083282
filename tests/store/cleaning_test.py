# SPDX-License-Identifier: Apache-2.0
"""Cleaning removes the least recently used, skips what is in use, and says what it did."""

import os
from pathlib import Path

from absl.testing import absltest, parameterized
from hypothesis import given
from hypothesis import strategies as st

from ktstr.command.history import clean as command
from ktstr.model.errors import UsageError
from ktstr.store.cleaning import Occupant, clean, decide
from ktstr.store.directory import default_root
from ktstr.store.image import make_sparse
from ktstr.store.key import Key
from ktstr.store.obtain import obtain
from ktstr.store.store import Store
from tests.support.commanding import ktstr

_MIB = 1 << 20
_EVERYTHING = -1
_NO_LIMIT = 1 << 60


def key(number: int) -> Key:
    return Key("raw", number, "noversion")


@st.composite
def _found(draw: st.DrawFn) -> list[Occupant]:
    number = draw(st.integers(0, 8))
    found = []
    for index in range(number):
        taken, used = draw(st.integers(0, 100)), draw(st.integers(0, 5))
        own = draw(st.integers(0, 4)) > 0
        damage = draw(st.sampled_from(["", "", "image is missing"])) if own else ""
        one_key = key(index + 1) if own else None
        found.append(Occupant(f"entry{index}", one_key, taken, used, damage))
    return sorted(found, key=lambda one: (one.used_ns, one.name))


class DecideTest(absltest.TestCase):
    @given(_found(), st.integers(-1, 500), st.sets(st.integers(1, 9)))
    def test_no_more_goes_than_must_and_the_oldest_first(
        self, found: list[Occupant], limit: int, used: set[int]
    ) -> None:
        removed: list[Key] = []

        def remove(one: Key) -> bool:
            if one.capacity_mib in used:
                return False
            removed.append(one)
            return True

        fates = decide(found, limit, remove)
        self.assertEqual([fate.occupant for fate in fates], found)
        self.assertCountEqual([fate.occupant.key for fate in fates if fate.removed], removed)
        own = [(fate, fate.occupant.key) for fate in fates if fate.occupant.key is not None]
        left = sum(fate.occupant.taken for fate, _ in own if not fate.removed)
        free = [fate for fate, one in own if one.capacity_mib not in used]
        healthy = [fate for fate in free if not fate.occupant.damage]
        self.assertTrue(all(fate.removed for fate in free if fate.occupant.damage))
        # over the limit only where nothing more could go
        self.assertTrue(left <= limit or all(fate.removed for fate in healthy))
        # the last to go was still needed
        gone = [fate for fate in healthy if fate.removed]
        if gone:
            self.assertGreater(left + gone[-1].occupant.taken, limit)
            self.assertEqual(gone, healthy[: len(gone)])


class CleanTest(parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.root = Path(self.create_tempdir().full_path, "store")
        self.store = Store(self.root)

    def put(self, number: int, *, used: int, size: int = _MIB) -> None:
        def fill(staged: Path) -> None:
            (staged / "image").write_bytes(os.urandom(size))

        with self.store.publish(key(number), fill) as entry:
            os.utime(entry.directory / "used", (used, used))

    def clean(self, limit: int, *, verify: bool = False) -> dict[str, tuple[bool, str]]:
        fates = clean(self.store, limit, verify=verify).fates
        return {fate.occupant.name: (fate.removed, fate.reason) for fate in fates}

    def present(self) -> list[int]:
        return [number for number in range(1, 10) if self._has(number)]

    def _has(self, number: int) -> bool:
        return (self.store.entries / str(key(number))).exists()

    def test_the_least_recently_used_go(self) -> None:
        for number, used in ((1, 30), (2, 10), (3, 20), (4, 40)):
            self.put(number, used=used)
        self.clean(_NO_LIMIT)
        self.assertEqual(self.present(), [1, 2, 3, 4])
        fates = self.clean(5 * _MIB // 2)
        self.assertEqual(self.present(), [1, 4])
        self.assertEqual(list(fates), [str(key(number)) for number in (2, 3, 1, 4)])
        self.assertEqual(fates[str(key(2))], (True, "least recently used"))
        self.assertEqual(fates[str(key(4))], (False, "within the limit"))

    def test_looking_an_entry_up_is_using_it(self) -> None:
        self.put(1, used=10)
        self.put(2, used=20)
        entry = self.store.lookup(key(1))
        assert entry is not None
        entry.close()
        self.clean(3 * _MIB // 2)
        self.assertEqual(self.present(), [1])

    def test_entries_in_use_stay_and_others_go_instead(self) -> None:
        for number in (1, 2, 3):
            self.put(number, used=10 * number)
        entry = self.store.lookup(key(1))
        assert entry is not None
        with entry:
            os.utime(entry.directory / "used", (1, 1))
            fates = self.clean(3 * _MIB // 2)
            self.assertEqual(entry.file("image").stat().st_size, _MIB)
        self.assertEqual(fates[str(key(1))], (False, "in use"))
        self.assertEqual(self.present(), [1])
        self.clean(_EVERYTHING)
        self.assertEmpty(self.present())

    def test_allocated_blocks_count_not_sizes(self) -> None:
        with self.store.publish(key(1), lambda staged: make_sparse(staged / "image", 1 << 30)):
            pass
        (fate,) = clean(self.store, _MIB).fates
        self.assertFalse(fate.removed)
        self.assertLess(fate.occupant.taken, _MIB)

    def test_damaged_entries_go_whatever_the_limit(self) -> None:
        self.put(1, used=10)
        self.put(2, used=20)
        (self.store.entries / str(key(1)) / "image").unlink()
        fates = self.clean(_NO_LIMIT)
        self.assertEqual(fates[str(key(1))], (True, "image is missing"))
        self.assertEqual(self.present(), [2])

    def test_contents_are_read_if_asked(self) -> None:
        self.put(1, used=10)
        image = self.store.entries / str(key(1)) / "image"
        before = image.stat()
        image.chmod(0o644)
        with image.open("r+b") as file:
            file.write(b"changed")
        os.utime(image, ns=(before.st_atime_ns, before.st_mtime_ns))
        self.assertEqual(self.clean(_NO_LIMIT)[str(key(1))], (False, "within the limit"))
        self.assertEqual(
            self.clean(_NO_LIMIT, verify=True)[str(key(1))],
            (True, "the content of image has changed"),
        )

    def test_foreign_names_and_locks_stay(self) -> None:
        self.put(1, used=10)
        (self.store.entries / "notes").write_text("mine")
        fates = self.clean(_EVERYTHING)
        self.assertEqual(fates["notes"], (False, "not a name of this store"))
        self.assertTrue((self.store.entries / "notes").exists())
        self.assertTrue((self.root / "locks" / f"{key(1)}.lock").exists())
        self.assertEmpty(os.listdir(self.root / "staging"))

    def test_publishing_makes_room(self) -> None:
        def fill(staged: Path) -> None:
            (staged / "image").write_bytes(os.urandom(_MIB))

        for number in (1, 2, 3):
            obtain(self.store, key(number), fill, limit=5 * _MIB // 2).close()
        self.assertEqual(self.present(), [2, 3])

        def never(staged: Path) -> None:
            raise AssertionError("it is there already")

        obtain(self.store, key(3), never).close()


class CommandTest(parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.root = Path(self.create_tempdir().full_path, "store")

    def run_command(self, *arguments: str) -> tuple[int, str, str]:
        return ktstr("clean", f"--store={self.root}", *arguments, here=self.root.parent)

    def test_a_store_that_never_existed(self) -> None:
        self.assertEqual(
            self.run_command("--all"),
            (0, f"store {self.root}: there is none, so there is nothing to clean\n", ""),
        )
        self.assertFalse(self.root.exists())

    def test_what_went_and_stayed_is_told(self) -> None:
        store = Store(self.root)
        for number in (1, 2):
            store.publish(key(number), lambda staged: (staged / "image").touch()).close()
        debris = f"publish.{2**31 - 1}.1.1.0123456789abcdef"
        (self.root / "staging" / debris).touch()
        (self.root / "staging" / "mine").touch()
        entry = store.lookup(key(1))
        assert entry is not None
        with entry:
            status, out, _ = self.run_command("--all")
        self.assertEqual(status, 0)
        self.assertIn(f"removed debris {debris}: its process is gone\n", out)
        self.assertIn("kept staging mine: not a name of this store\n", out)
        self.assertRegex(out, r"kept raw-1m-noversion \(0.0 MiB\): in use\n")
        self.assertRegex(out, r"removed raw-2m-noversion \(0.0 MiB\): least recently used\n")

    @parameterized.parameters(
        ("0", 0), ("500MB", 500_000_000), ("10GiB", 10 << 30), ("1.5k", 1500), ("4096", 4096)
    )
    def test_limits(self, text: str, limit: int) -> None:
        self.assertEqual(command.parse_limit(text), limit)

    @parameterized.parameters("", "much", "-1", "0.5", "10s", "1e30", "nan", "inf")
    def test_what_is_no_limit(self, text: str) -> None:
        with self.assertRaisesRegex(UsageError, "--limit .* number of bytes"):
            command.parse_limit(text)

    def test_bad_use(self) -> None:
        status, out, err = self.run_command("--all", "--limit=1GiB")
        self.assertEqual((status, out), (3, ""))
        self.assertIn("--all and --limit exclude each other", err)

    def test_something_else_in_its_place(self) -> None:
        self.root.write_text("")
        status, _, err = self.run_command("--all")
        self.assertEqual(status, 3)
        self.assertIn(f"{self.root} is no directory", err)


class PlaceTest(absltest.TestCase):
    def test_it_is_in_the_users_cache(self) -> None:
        for environment, expected in (
            ({"XDG_CACHE_HOME": "/c", "HOME": "/h"}, "/c/ktstr/store"),
            ({"XDG_CACHE_HOME": "relative", "HOME": "/h"}, "/h/.cache/ktstr/store"),
            ({"XDG_CACHE_HOME": "", "HOME": "/h"}, "/h/.cache/ktstr/store"),
        ):
            self.assertEqual(default_root(environment), Path(expected))
        self.assertTrue(default_root({}).is_absolute())


if __name__ == "__main__":
    absltest.main()
