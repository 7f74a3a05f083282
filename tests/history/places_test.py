# SPDX-License-Identifier: Apache-2.0
"""Archives that are damaged are named, and others are kept."""

from __future__ import annotations

import zipfile
from pathlib import Path

from absl.testing import absltest, parameterized

from ktstr.result.write import to_bytes
from tests.support.commanding import ktstr
from tests.support.saved_results import made, save


def _no_archive(file: Path) -> None:
    file.write_bytes(b"no archive")


def _cut(file: Path) -> None:
    content = _archive(file)
    file.write_bytes(content[: len(content) // 2])


def _overwritten(file: Path) -> None:
    content = bytearray(_archive(file))
    start = content.index(b"result.pb") + len(b"result.pb")
    content[start : start + 8] = b"\xff" * 8
    file.write_bytes(content)


def _archive(file: Path) -> bytes:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("one/result.pb", to_bytes(made("one")))
    return file.read_bytes()


class DamagedArchiveTest(parameterized.TestCase):
    @parameterized.parameters(_no_archive, _cut, _overwritten)
    def test_one_does_not_end_an_import(self, damage: object) -> None:
        top = Path(self.create_tempdir().full_path)
        logs = top / "testlogs"
        save(made("good"), logs)
        assert callable(damage)
        (logs / "a").mkdir()
        damage(logs / "a/outputs.zip")
        said = ktstr("import", logs, "--history=history.sqlite", here=top)
        self.assertEqual(said.code, 1, said.err)
        self.assertRegex(said.err, "cannot read .*a/outputs.zip")
        self.assertIn("1 results added, 0 known, 1 refused", said.err)


if __name__ == "__main__":
    absltest.main()
