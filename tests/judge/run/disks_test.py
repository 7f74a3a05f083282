# SPDX-License-Identifier: Apache-2.0
"""A disk that is not what was promised makes a run inconclusive, and says what it was instead."""

from __future__ import annotations

from typing import Any

from absl.testing import absltest, parameterized

from ktstr.judge.judge import judge
from ktstr.judge.judgement import Judgement
from ktstr.model.facts import Event
from ktstr.model.machine.disk import MAGIC, Filesystem
from ktstr.model.verdict.checks import Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.model.wire.events import EventName
from tests.support import runs


class DisksTest(parameterized.TestCase):
    def judged(self, **changes: Any) -> Judgement:
        facts = runs.disk_facts(**changes)
        return judge(runs.good_run(runs.plan(disks=(runs.disk(),)), disks=(facts,)))

    def test_as_promised(self) -> None:
        judged = self.judged()
        self.assertIs(judged.verdict, Verdict.PASS, judged.details)
        self.assertIn("disk data was there: btrfs, 256 MiB, at /mnt/data", judged.evidence)

    @parameterized.parameters(
        ({"error": "mount: Invalid argument (EINVAL)"}, "mount: Invalid argument"),
        ({"device": ""}, "the guest names no device with serial number 'ktstr-data'"),
        ({"device": "", "error": "no device after 5 s"}, "mnt/data): no device after 5 s"),
        ({"size_bytes": 1 << 20}, "/dev/vda has 1 MiB"),
        ({"size_bytes": 1000}, "/dev/vda has 1000 bytes"),
        ({"read_only": True}, "/dev/vda is read-only"),
        ({"mount_point": ""}, "/dev/vda is mounted at no place"),
        ({"mount_point": "/mnt/x"}, "/dev/vda is mounted at /mnt/x"),
        ({"magic": MAGIC[Filesystem.EXT4]}, "what is mounted there is ext4 (magic 0xef53)"),
        ({"magic": 0x1}, "an unknown file system (magic 0x1)"),
        ({"magic": 0}, "an unknown file system (magic 0x0)"),
    )
    def test_otherwise(self, changes: dict[str, Any], words: str) -> None:
        judged = self.judged(**changes)
        self.assertIs(judged.verdict, Verdict.INCONCLUSIVE)
        (detail,) = judged.details
        self.assertIs(detail.kind, Kind.INFRA)
        self.assertStartsWith(detail.message, "disk data (btrfs, 256 MiB, at /mnt/data): ")
        self.assertIn(words, detail.message)

    def test_one_that_is_not_to_be_mounted(self) -> None:
        raw = runs.disk(filesystem=Filesystem.RAW, mount_point="", read_only=True)
        facts = runs.disk_facts(mount_point="", magic=0, read_only=True)
        judged = judge(runs.good_run(runs.plan(disks=(raw,)), disks=(facts,)))
        self.assertIs(judged.verdict, Verdict.PASS, judged.details)
        self.assertIn("disk data was there: raw, 256 MiB, read-only, not mounted", judged.evidence)

    def test_one_that_is_kept_in_memory(self) -> None:
        of = runs.plan(disks=(runs.disk(in_memory=True),))
        judged = judge(runs.good_run(of, disks=(runs.disk_facts(),)))
        self.assertIs(judged.verdict, Verdict.PASS, judged.details)
        words = "disk data was there: btrfs, 256 MiB, in the guest's memory, at /mnt/data"
        self.assertIn(words, judged.evidence)

    def test_one_that_was_in_use_at_the_end_is_remarked(self) -> None:
        busy = Event(5, EventName.DISK_BUSY, None, "data: Device or resource busy")
        judged = judge(
            runs.good_run(
                runs.plan(disks=(runs.disk(),)), disks=(runs.disk_facts(),), events=(busy,)
            )
        )
        self.assertIs(judged.verdict, Verdict.PASS, judged.details)
        self.assertRegex(judged.remarks[0], "still in use .*: data: Device or resource busy")

    def test_one_that_was_not_told_of(self) -> None:
        judged = judge(runs.good_run(runs.plan(disks=(runs.disk(),))))
        self.assertIs(judged.verdict, Verdict.INCONCLUSIVE)
        self.assertIn("the guest reported nothing about it", judged.details[0].message)

    def test_a_guest_that_did_not_end_is_told_of_alone(self) -> None:
        run = runs.good_run(runs.plan(disks=(runs.disk(),)), end=None)
        self.assertNotIn("disk", " ".join(detail.message for detail in judge(run).details))

    def test_one_that_nobody_asked_for(self) -> None:
        judged = judge(runs.good_run(disks=(runs.disk_facts(),)))
        self.assertIs(judged.verdict, Verdict.INCONCLUSIVE)
        self.assertIn("a disk 'data', which the plan has not", judged.details[0].message)


if __name__ == "__main__":
    absltest.main()
