# SPDX-License-Identifier: Apache-2.0
"""The runner knows its own files, from sources as from its archive, in any workspace."""

from pathlib import Path

from absl.testing import absltest, parameterized

from ktstr.runner.files import RunfilesTree, repository_of


class FilesTest(parameterized.TestCase):
    @parameterized.parameters(
        ("/r/_main/ktstr/runner/files.py", "_main"),
        ("/r/_main/ktstr/runner/modules.zip/ktstr/runner/files.py", "_main"),
        (
            "/ktstr/runner/x.runfiles/ktstr~/ktstr/runner/modules.zip/ktstr/runner/files.py",
            "ktstr~",
        ),
        ("/ktstr/runner/x.runfiles/ktstr+/ktstr/runner/files.py", "ktstr+"),
    )
    def test_its_repository_is_the_one_that_it_lies_in(self, file: str, repository: str) -> None:
        self.assertEqual(repository_of(Path(file)), repository)

    def test_the_probes_guest_is_there(self) -> None:
        self.assertEqual(RunfilesTree().probe_guest().name, "probe.elf")


if __name__ == "__main__":
    absltest.main()
