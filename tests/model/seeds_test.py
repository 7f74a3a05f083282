# SPDX-License-Identifier: Apache-2.0
"""Streams follow from seed and purpose alone."""

from absl.testing import absltest
from hypothesis import given
from hypothesis import strategies as st

from ktstr.model.seeds import derived, stream
from tests.model import strategies  # noqa: F401 - registers the profile

_SEEDS = st.integers(0, 2**31 - 1)


class SeedsTest(absltest.TestCase):
    @given(_SEEDS, st.text(), st.text())
    def test_a_stream_does_not_depend_on_another_s_draws(self, seed: int, a: str, b: str) -> None:
        alone = stream(seed, a).sample(range(1000), 5)
        stream(seed, b).sample(range(1000), 7)
        self.assertEqual(stream(seed, a).sample(range(1000), 5), alone)

    def test_every_version_of_python_gives_the_same(self) -> None:
        # a change of these values changes what every recorded seed means
        self.assertEqual(
            stream(1, "affinity of w0.0.0").sample(range(100), 5), [91, 76, 39, 24, 72]
        )
        self.assertEqual(derived(1, "worker"), 6231902398563464006)

    def test_seeds_and_purposes_differ(self) -> None:
        found = {derived(seed, purpose) for seed in range(50) for purpose in ("a", "b", "1:a", "")}
        self.assertLen(found, 200)


if __name__ == "__main__":
    absltest.main()
