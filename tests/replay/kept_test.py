# SPDX-License-Identifier: Apache-2.0
"""The result of a test's last run spares the run to its end, where it is of this very run."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast
from unittest import mock

from absl.testing import absltest, parameterized

from ktstr.execute.layer import write_test_layer
from ktstr.introspect.instant.place import Place
from ktstr.machine.prepared.starts import Start, guest_start
from ktstr.record.identity import FileDigest, Identity
from ktstr.result import result_pb2
from ktstr.result.write import to_bytes
from ktstr.runner.replay import kept as keeping
from ktstr.runner.replay import replay as replaying
from ktstr.runner.replay.arguments import Look, Replay, instant
from ktstr.runner.replay.kept import kept
from ktstr.runner.replay.known import Known
from ktstr.runner.replay.player import Player
from tests.support import results

_OTHER = FileDigest("other", "f" * 64)
_S = 1_000_000_000


class KeptTest(parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.workspace = Path(self.create_tempdir().full_path)
        run = results.passed()
        layer = self.workspace / "test.cpio"
        write_test_layer(run.plan, guest_start(True, run.plan.seed, run.plan.test), (), layer)
        own = hashlib.sha256(layer.read_bytes()).hexdigest()
        self.run_record = replace(run, own_layer=own)
        self.result = results.result(self.run_record)
        self.template = self.result.host.start.template
        self.outputs = self.workspace / "bazel-testlogs/pkg/some_test/test.outputs"
        self.outputs.mkdir(parents=True)

    def leave(self, result: result_pb2.Result, *, packed: bool = False) -> None:
        name = f"{self.run_record.plan.test}/result.pb"
        if packed:
            with zipfile.ZipFile(self.outputs / "outputs.zip", "w") as archive:
                archive.writestr(name, to_bytes(result))
            return
        (self.outputs / name).parent.mkdir()
        (self.outputs / name).write_bytes(to_bytes(result))

    def kept(
        self, label: str = "//pkg:some_test.replay", identity: Identity | None = None
    ) -> result_pb2.Result | None:
        """What there is for a player of the run."""
        template = mock.Mock(digest=self.template) if self.template else None
        session = mock.Mock(outputs=self.workspace)
        session.target.label, session.sources.all = label, ()
        session.machine.templates.start.return_value = Start("", template)
        case = mock.Mock()
        case.name = self.run_record.plan.test
        player = cast(Player, mock.Mock(session=session, case=case))
        with mock.patch.object(keeping, "plan_of", return_value=self.run_record.plan):
            return kept(player, identity or results.identity(), self.workspace)

    @parameterized.parameters(False, True)
    def test_the_result_of_this_run(self, packed: bool) -> None:
        self.assertIsNone(self.kept())
        self.leave(self.result, packed=packed)
        self.assertEqual(self.kept(), self.result)
        self.assertIsNone(self.kept("//pkg:other_test.replay"))

    @parameterized.parameters("qemu", "initramfs", "seed", "machine", "kernel", "scheduler")
    def test_a_result_of_another_run(self, what: str) -> None:
        self.leave(self.result)
        mine = results.identity()
        assert mine.scheduler is not None
        others = {
            "qemu": replace(mine, qemu=_OTHER),
            "initramfs": replace(mine, initramfs=(*mine.initramfs, _OTHER)),
            "seed": replace(mine, seed=mine.seed + 1),
            "machine": replace(mine, machine="other"),
            "kernel": replace(mine, kernel=replace(mine.kernel, vmlinux=_OTHER)),
            "scheduler": replace(mine, scheduler=replace(mine.scheduler, layer=_OTHER)),
        }
        self.assertIsNone(self.kept(identity=others[what]))

    def test_another_start_or_another_plan(self) -> None:
        self.leave(self.result)
        self.run_record = replace(
            self.run_record, plan=replace(self.run_record.plan, duration_s=99.0)
        )
        self.assertIsNone(self.kept())
        self.setUp()
        self.leave(self.result)
        self.template = "another"
        self.assertIsNone(self.kept())

    def test_what_is_damaged_is_none(self) -> None:
        self.leave(self.result)
        (self.outputs / self.run_record.plan.test / "result.pb").write_bytes(b"damaged")
        (self.outputs / "outputs.zip").write_bytes(b"damaged")
        self.assertIsNone(self.kept())

    def test_its_times_are_those_of_the_run_itself(self) -> None:
        known = Known.of_result(self.result)
        assert known is not None
        end = self.run_record.end
        assert end is not None
        self.assertEqual((known.name, known.verdict), (self.run_record.plan.test, "PASS"))
        self.assertEqual(known.end_ns, end.at_ns)
        moments = [each.at_ns for each in self.result.timeline.moments]
        phases = [each.start_ns for each in self.result.timeline.phases]
        self.assertEqual(known.begin_ns, min(moments + phases))
        # a guest that was ended has no end that it told
        del self.result.timeline.moments[:]
        self.assertIsNone(Known.of_result(self.result))

    def known(
        self, at: str, look: Look, result: Callable[[], result_pb2.Result | None]
    ) -> tuple[Known | None, mock.Mock]:
        player = mock.create_autospec(Player, instance=True, title="one")
        wanted = Replay(Path("main"), when=instant(at), look=look)
        return replaying._known(player, wanted, result), player.whole

    def test_whoever_says_a_time_waits_for_no_run_that_is_known(self) -> None:
        known, whole = self.known("1.5s", Look.PRINT, lambda: self.result)
        self.assertEqual(known, Known.of_result(self.result))
        whole.assert_not_called()
        known, whole = self.known("guest:1.5s", Look.PRINT, lambda: self.fail())
        self.assertIsNone(known)
        whole.assert_not_called()
        wanted = Replay(Path("main"), function="schedule", when=instant("guest:1.5s"))
        place = replaying._unplayed(wanted)
        self.assertEqual(place, Place("schedule", 1, 3 * _S // 2, words="schedule, guest:1.5s"))

    def test_what_no_result_knows_is_played(self) -> None:
        for at, look in (
            ("1.5s", Look.PRINT),
            ("guest:1.5s", Look.GDB),
        ):
            _, whole = self.known(at, look, lambda: None)
            whole.assert_called_once_with(decisions=False)
        _, whole = self.known("event:7", Look.PRINT, lambda: self.fail())
        whole.assert_called_once_with(decisions=True)


if __name__ == "__main__":
    absltest.main()
