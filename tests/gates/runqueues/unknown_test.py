# SPDX-License-Identifier: Apache-2.0
"""A check whose figure this kernel does not tell is inconclusive, and names what lacks."""

from __future__ import annotations

from pathlib import Path

from absl.testing import absltest

from tests.support.running import Running

_TARGET = "_main/tests/gates/runqueues/unknown"
_EVENTS = {
    "fallbacks": "SCX_EV_SELECT_CPU_FALLBACK",
    "kept_tasks": "SCX_EV_DISPATCH_KEEP_LAST",
    "error_events": "SCX_EV_DISPATCH_LOCAL_DSQ_OFFLINE",
}


class UnknownTest(absltest.TestCase):
    def test_what_lacks_is_named(self) -> None:
        running = Running(_TARGET, Path(self.create_tempdir().full_path))
        self.addCleanup(running.close)
        ended = running.wait()
        for test, event in _EVENTS.items():
            with self.subTest(test):
                found = ended.result(test)
                self.assertEqual(found["verdict"], "INCONCLUSIVE", ended.text)
                self.assertEqual(
                    found["details"][0]["message"],
                    f"this kernel does not tell {event}: it has no scx_event_stats.{event}",
                )


if __name__ == "__main__":
    absltest.main()
