# SPDX-License-Identifier: Apache-2.0
"""An entry that each CPU has its own of."""

from __future__ import annotations

from unittest import mock

from absl.testing import absltest

from ktstr.introspect.asking.maps import Maps
from ktstr.introspect.debugger.maps import Map
from ktstr.introspect.debugger.value import Value
from ktstr.introspect.kernel.btf import Btf
from ktstr.model.wire.asking import ReadMap
from tests.support.btf import BtfWriter


class PerCpuTest(absltest.TestCase):
    def test_the_entry_is_looked_for_once(self) -> None:
        writer = BtfWriter()
        u64 = writer.integer("u64", 8)
        btf = Btf(writer.data())
        found = mock.create_autospec(Map, instance=True, per_cpu=True)
        found.addresses.return_value = [16, 32, 48]
        found.value_at.side_effect = lambda at: Value(btf, u64, at.to_bytes(8, "little"), at)
        with mock.patch.object(Maps, "_named", return_value=found):
            told = Maps(mock.Mock(), mock.Mock()).read(ReadMap("a", 7))
        self.assertEqual(told, [16, 32, 48])
        found.addresses.assert_called_once_with(7)


if __name__ == "__main__":
    absltest.main()
