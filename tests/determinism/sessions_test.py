# SPDX-License-Identifier: Apache-2.0
"""`probed` in several sessions: each goes on where the record of those before it ends."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

from absl.testing import absltest, flagsaver

from ktstr.model.errors import UsageError
from tests.determinism import probed

_CONFIG = "a.config.json"


@contextlib.contextmanager
def _prepared(*_: object, **__: object) -> Iterator[object]:
    yield object()


class SessionsTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.record = Path(self.create_tempdir().full_path) / "guests.jsonl"
        self.said: dict[str, str] = {}
        self.ran: list[str] = []

    def session(self, *, inputs: str = "inputs", **others: object) -> tuple[int, str]:
        """Its exit status, and what it printed."""

        def ran(_: object, kind: str) -> tuple[str, object]:
            self.ran.append(kind)
            return self.said.get(kind, "digest"), object()

        others = {"record": str(self.record), "start": "cold", "kinds": ["off", "all"], **others}
        self.ran = []
        with (
            mock.patch.object(probed, "prepared", _prepared),
            mock.patch.object(probed, "_ran", ran),
            mock.patch.object(probed, "_made_of", lambda _: ""),
            mock.patch.object(probed, "_inputs", lambda *_: inputs),
            flagsaver.flagsaver(**others),
            contextlib.redirect_stdout(io.StringIO()) as out,
        ):
            return probed.main(["probed", _CONFIG]), out.getvalue()

    def test_kinds_of_two_sessions_add_up(self) -> None:
        self.assertEqual(self.session(guests=3, kinds=["off"])[0], 0)
        self.assertEqual(self.session(guests=3, kinds=["all"])[0], 0)
        status, text = self.session(guests=3, sum=True)
        self.assertEqual((status, self.ran), (0, []))
        self.assertIn("6 guests of inputs inputs said 1 thing(s)", text)

    def test_a_session_goes_on_where_another_ended(self) -> None:
        self.session(guests=2)
        self.assertEqual(self.ran, ["off"] * 2 + ["all"] * 2)
        self.session(guests=5)
        self.assertEqual(self.ran, ["off"] * 3 + ["all"] * 3)

    def test_with_other_inputs_it_begins_anew(self) -> None:
        self.session(guests=2)
        self.session(guests=2, inputs="newer")
        self.assertEqual(self.ran, ["off"] * 2 + ["all"] * 2)

    def test_what_differs_from_an_earlier_session_fails(self) -> None:
        self.session(guests=1, kinds=["off"])
        self.said["all"] = "other"
        self.assertEqual(self.session(guests=1, kinds=["all"])[0], 1)
        self.assertEqual(self.session(guests=1, sum=True)[0], 1)

    def test_a_sum_of_too_few_fails_and_says_what_lacks(self) -> None:
        self.session(guests=2)
        status, text = self.session(guests=50, sum=True)
        self.assertEqual(status, 1)
        self.assertIn(f"{_CONFIG}, cold lacks guests: off 2 of 50, all 2 of 50", text)

    def test_what_cannot_be_asked_for(self) -> None:
        with self.assertRaisesRegex(UsageError, "--kinds=of: it takes some of off, idle"):
            self.session(kinds=["of"])
        with self.assertRaisesRegex(UsageError, "name its file with --record"):
            self.session(record=None, sum=True)


if __name__ == "__main__":
    absltest.main()
