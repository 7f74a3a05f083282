# SPDX-License-Identifier: Apache-2.0
"""What a suite offers now is taken only along the chain of digests, and each gap is named."""

import lzma
import pathlib

from absl.testing import absltest, parameterized

from tools.debian import release

_RELEASE = f"""Suite: stable
MD5Sum:
 {"0" * 32} 17 main/binary-amd64/Packages.xz
SHA256:
 {"a" * 64}     17 main/binary-amd64/Packages.gz
 {"b" * 64}     17 main/binary-amd64/Packages.xz
"""
_STANZA = """Package: {}
Version: 1.2-3
Filename: pool/main/{}.deb
SHA256: {}
Size: 700
Installed-Size: 3
"""
_INDEX = lzma.compress(
    "\n".join(_STANZA.format(name, name, name * 32) for name in ("ab", "cd")).encode()
)


class ReleaseTest(parameterized.TestCase):
    def test_the_index_has_the_digest_of_its_whole_name(self) -> None:
        name = "main/binary-amd64/Packages.xz"
        self.assertEqual(release.index_digest(_RELEASE, name), "b" * 64)

    @parameterized.parameters("binary-amd64/Packages.xz", "main/binary-arm64/Packages.xz")
    def test_an_index_that_the_release_does_not_name_is_refused(self, name: str) -> None:
        with self.assertRaisesRegex(release.ReleaseError, f"names no {name}"):
            release.index_digest(_RELEASE, name)

    def test_weaker_digests_are_none(self) -> None:
        weak = _RELEASE.partition("SHA256:")[0]
        with self.assertRaises(release.ReleaseError):
            release.index_digest(weak, "main/binary-amd64/Packages.xz")

    def test_a_package_is_an_entry_of_a_lock(self) -> None:
        self.assertEqual(
            release.find_package(_INDEX, "cd"),
            {
                "name": "cd",
                "version": "1.2-3",
                "path": "pool/main/cd.deb",
                "sha256": "cd" * 32,
                "size": 700,
                "installed_bytes": 3072,
            },
        )

    def test_a_package_that_is_gone_is_named(self) -> None:
        with self.assertRaisesRegex(release.ReleaseError, "no package c any more"):
            release.find_package(_INDEX, "c")

    def test_without_a_keyring_nothing_is_believed(self) -> None:
        nowhere = pathlib.Path(self.create_tempdir().full_path, "keyring.gpg")
        with self.assertRaisesRegex(release.ReleaseError, "debian-archive-keyring"):
            release.verified_release(nowhere, nowhere)


if __name__ == "__main__":
    absltest.main()
