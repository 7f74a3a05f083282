# SPDX-License-Identifier: Apache-2.0
"""Versions are ordered as upstream released them; specifications mean one thing each."""

import json

from absl.testing import absltest, parameterized
from hypothesis import given
from hypothesis import strategies as st

from tools.kernel.source.releases import expand, needs_index, read_index, resolve
from tools.kernel.source.version import (
    Git,
    Range,
    SpecError,
    Tree,
    Version,
    label,
    parse_spec,
)

_NUMBERS = st.integers(min_value=0, max_value=30)
_RELEASES = st.builds(Version, _NUMBERS, _NUMBERS, _NUMBERS)
_CANDIDATES = st.builds(Version, _NUMBERS, _NUMBERS, st.none(), st.integers(1, 9))
_VERSIONS = st.one_of(_RELEASES, _CANDIDATES, st.builds(Version, _NUMBERS, _NUMBERS))
_SERIES = st.builds(Version, _NUMBERS, _NUMBERS)

_INDEX = json.dumps(
    {
        "latest_stable": {"version": "6.14.2"},
        "releases": [
            {"moniker": "mainline", "version": "6.15-rc3"},
            {"moniker": "stable", "version": "6.14.2"},
            {"moniker": "longterm", "version": "6.12.23"},
            {"moniker": "longterm", "version": "6.6.87"},
            {"moniker": "stable", "version": "6.16"},
            {"moniker": "linux-next", "version": "next-20250417"},
        ],
    }
)


class VersionTest(parameterized.TestCase):
    @given(_VERSIONS)
    def test_text_and_back(self, version: Version) -> None:
        self.assertEqual(Version.parse(str(version)), version)
        self.assertEqual(str(Version.parse(str(version))), str(version))

    @given(_VERSIONS, _VERSIONS, _VERSIONS)
    def test_the_order_is_total(self, a: Version, b: Version, c: Version) -> None:
        self.assertEqual((a < b) + (b < a) + (a == b), 1)
        if a <= b <= c:
            self.assertLessEqual(a, c)

    @given(_CANDIDATES)
    def test_a_candidate_comes_before_its_release_and_after_the_last(self, rc: Version) -> None:
        self.assertLess(rc, Version(rc.major, rc.minor))
        self.assertLess(rc, Version(rc.major, rc.minor, 0))
        if rc.minor:
            self.assertGreater(rc, Version(rc.major, rc.minor - 1, 99))

    def test_candidates_count_in_numbers(self) -> None:
        self.assertLess(Version.parse("6.15-rc2"), Version.parse("6.15-rc10"))
        self.assertLess(Version.parse("6.9"), Version.parse("6.10"))

    @parameterized.parameters("6", "6.x", "v6.14", "6.14.2.1", "6.14-rc", "6.14.2-rc1", " 6.14", "")
    def test_what_is_no_version_is_refused(self, text: str) -> None:
        with self.assertRaisesRegex(SpecError, "write e.g."):
            Version.parse(text)

    @parameterized.parameters(
        ("6.14.2", "linux-6.14.2.tar.xz"),
        ("6.14.0", "linux-6.14.tar.xz"),
        ("6.15-rc3", "linux-6.15-rc3.tar.gz"),
    )
    def test_archives_have_upstreams_names(self, text: str, name: str) -> None:
        (kernel,) = resolve([text], None)["kernels"]
        self.assertEqual(kernel["path_of_archive"].rpartition("/")[2], name)


class RangeTest(parameterized.TestCase):
    @given(_VERSIONS, _VERSIONS)
    def test_ends_belong_to_it_and_the_wrong_way_round_is_refused(
        self, a: Version, b: Version
    ) -> None:
        low, high = sorted((a, b))
        found = Range.parse(f"{low}..{high}")
        self.assertTrue(found.holds(low))
        self.assertTrue(found.holds(high))
        if low.series != high.series:
            with self.assertRaisesRegex(SpecError, "wrong way round"):
                Range.parse(f"{high}..{low}")

    @given(_SERIES, _RELEASES)
    def test_a_series_as_the_upper_end_is_meant_whole(self, high: Version, v: Version) -> None:
        found = Range(Version(0, 0), high)
        self.assertEqual(found.holds(v), v.series <= high.series)

    def test_a_patch_level_as_the_upper_end_is_the_end(self) -> None:
        found = Range.parse("6.12..6.14.2")
        self.assertTrue(found.holds(Version(6, 14, 2)))
        self.assertFalse(found.holds(Version(6, 14, 3)))
        self.assertFalse(found.holds(Version(6, 12, None, 7)))


class SpecTest(parameterized.TestCase):
    @parameterized.parameters(
        ("6.14.2", Version(6, 14, 2), "kernel_6_14_2"),
        ("6.15-rc3", Version(6, 15, None, 3), "kernel_6_15_rc3"),
        (
            "git+https://example.org/pub/tj/sched_ext.git#for-6.16",
            Git("https://example.org/pub/tj/sched_ext.git", "for-6.16"),
            "kernel_git_tj_sched_ext_for_6_16",
        ),
        ("git+git@example.org:a/b#v1", Git("git@example.org:a/b", "v1"), "kernel_git_a_b_v1"),
        ("./linux", Tree("./linux"), "kernel_path_linux_11474f"),
        ("../Linux-6.x/", Tree("../Linux-6.x/"), "kernel_path_linux_6_x_c867a1"),
    )
    def test_forms_and_labels(self, text: str, spec: Version | Git | Tree, name: str) -> None:
        self.assertEqual(parse_spec(text), spec)
        self.assertEqual(label(spec), name)

    def test_a_range(self) -> None:
        self.assertEqual(parse_spec("6.12..6.14"), Range(Version(6, 12), Version(6, 14)))

    @parameterized.parameters("git+https://example.org/x", "git+#v1", "git+https://example.org/x#")
    def test_a_git_revision_needs_url_and_ref(self, text: str) -> None:
        with self.assertRaisesRegex(SpecError, r"write git\+URL#REF"):
            parse_spec(text)

    @parameterized.parameters("linux", "latest", "6", "v6.14")
    def test_what_names_no_kernel_is_refused(self, text: str) -> None:
        with self.assertRaisesRegex(SpecError, "names no kernel; write a version"):
            parse_spec(text)

    def test_only_whole_commit_ids_cannot_move(self) -> None:
        self.assertTrue(Git("x", "0" * 40).is_commit)
        self.assertFalse(Git("x", "0" * 12).is_commit)
        self.assertFalse(Git("x", "v6.14").is_commit)


class IndexTest(parameterized.TestCase):
    def test_stable_and_longterm_count(self) -> None:
        found = [str(version) for version in read_index(_INDEX)]
        self.assertEqual(found, ["6.6.87", "6.12.23", "6.14.2", "6.16"])

    def test_a_range_lists_what_there_is_and_says_what_there_is_not(self) -> None:
        done = resolve(["6.12..6.14"], read_index(_INDEX))
        labels = [kernel["label"] for kernel in done["kernels"]]
        self.assertEqual(labels, ["kernel_6_12_23", "kernel_6_14_2"])
        (note,) = done["notes"]
        self.assertIn("lists no 6.13", note)

    def test_a_series_is_its_newest_release(self) -> None:
        versions, note = expand(Version(6, 14), [Version(6, 14, 1), Version(6, 14, 2)])
        self.assertEqual((versions, note), ([Version(6, 14, 2)], ""))

    def test_a_series_that_has_ended_is_no_release(self) -> None:
        with self.assertRaisesRegex(SpecError, "has none of this series .*whole version"):
            expand(Version(6, 13), read_index(_INDEX))

    def test_an_empty_range_is_refused(self) -> None:
        with self.assertRaisesRegex(SpecError, "has none between"):
            expand(Range.parse("7.0..7.4"), read_index(_INDEX))

    def test_whole_versions_need_no_index(self) -> None:
        self.assertFalse(needs_index(["6.14.2", "./linux", "6.15-rc3"]))
        self.assertTrue(needs_index(["6.14.2", "6.12..6.14"]))
        self.assertTrue(needs_index(["6.12"]))

    @parameterized.parameters("[]", "{}", '{"releases": [{"moniker": "stable"}]}', "no json")
    def test_another_form_is_told(self, text: str) -> None:
        with self.assertRaisesRegex(SpecError, "not of kernel.org's form"):
            read_index(text)


if __name__ == "__main__":
    absltest.main()
