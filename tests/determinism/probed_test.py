# SPDX-License-Identifier: Apache-2.0
"""On four vCPUs: a guest that is looked into says what one says that is not.

    probed_test.py CONFIG [cold]

What `probed` does with many guests, with one of each kind; held guests have the hot probes, too.
cold: of this QEMU no clone comes up (docs/limits.md), so that there is none to compare.
"""

import sys

from absl.testing import absltest, parameterized

from tests.determinism.probed import said
from tests.support.prepared import prepared


class ProbedTest(parameterized.TestCase):
    @parameterized.named_parameters(
        ("cloned", False, ("off", "idle", "held", "all")), ("cold", True, ("off", "held", "all"))
    )
    def test_all_kinds_say_the_same(self, fresh: bool, kinds: tuple[str, ...]) -> None:
        if _cold and not fresh:
            self.skipTest("no clone of this QEMU comes up")
        with prepared(_config, lambda _: len(kinds), fresh=fresh) as target:
            found = {kind: said(target, kind) for kind in kinds}
        self.assertEqual(found, dict.fromkeys(kinds, found["off"]))


if __name__ == "__main__":
    _config = sys.argv.pop(1)
    _cold = sys.argv[1:] == ["cold"]
    del sys.argv[1:]
    absltest.main()
