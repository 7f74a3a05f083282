# SPDX-License-Identifier: Apache-2.0
"""A guest that is held again and again."""

from __future__ import annotations

from unittest import mock

from absl.testing import absltest

from ktstr.introspect.asking import part
from ktstr.introspect.asking.call import Call
from ktstr.introspect.asking.part import Answering
from ktstr.introspect.plugin.hold import Held
from ktstr.introspect.plugin.part import Looked


class AnsweringTest(absltest.TestCase):
    def test_pages_are_looked_up_anew_at_each_hold(self) -> None:
        entry = mock.Mock()
        entry.call.return_value = Call(0x5000, 8, 0x6000, 8)
        answering = Answering(mock.Mock(), entry)
        held = mock.create_autospec(Held, instance=True, pid=1, registers={"cr3": 0})
        with (
            mock.patch.object(part, "memory_of"),
            mock.patch.object(part, "kernel_tables"),
            mock.patch.object(part, "reply_to", lambda _, __, look: look() and b"reply"),
            mock.patch.object(part, "PagedMemory") as paged,
        ):
            answering.held(held)
            paged.return_value.forget.assert_not_called()
            paged.assert_called_with(mock.ANY, mock.ANY, stands=True)
            answering.held(held)
        paged.return_value.forget.assert_called_once_with()
        made = answering.made(Looked())
        assert made is not None
        self.assertEqual((made.answered, made.problem), (2, ""))


if __name__ == "__main__":
    absltest.main()
