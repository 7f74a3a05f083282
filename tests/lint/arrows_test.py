# SPDX-License-Identifier: Apache-2.0
"""The lint on arrows finds imports that go up, however they are written, and circles of rooms."""

from absl.testing import absltest, parameterized

from tools.lint import arrows
from tools.lint.rooms import ROOMS


class ArrowsTest(parameterized.TestCase):
    @parameterized.parameters(
        ("ktstr/report/text.py", "from ktstr.judge.judge import judge"),
        ("ktstr/report/text.py", "from ktstr.judge import judge"),
        ("ktstr/report/text.py", "from ktstr import judge"),
        ("ktstr/report/text.py", "import ktstr.judge.judge"),
        ("ktstr/report/text.py", "def f():\n    from ktstr.record.run import RunRecord"),
        ("ktstr/report/html/page.py", "from ktstr.result.make.whole import result_of"),
        ("ktstr/report/text.py", "from ktstr.result import make"),
        ("ktstr/record/read.py", "from ktstr.vm.save import save"),
        ("ktstr/console/classify.py", "from ktstr.model.errors import InfraError"),
        ("ktstr/guest/agent.py", "from ktstr.console.classify import classify"),
        ("ktstr/vm/rundir.py", "from tools.initramfs import layer"),
        ("ktstr/report/text.py", "from ..judge import judge"),
        ("ktstr/report/text.py", "from .. import judge"),
        ("ktstr/record/read.py", "from ktstr.judge.workers.scope import Scope"),
        ("ktstr/judge/judge.py", "from ktstr.result import result_pb2"),
        ("ktstr/vm/vm.py", "from ktstr.machine.machine import TargetMachine"),
        ("ktstr/vm/vm.py", "from ktstr.execute import execute"),
        ("ktstr/vm/kvm/probe.py", "from runfiles import Runfiles"),
        ("ktstr/machine/machine.py", "from ktstr.machine.prepared.starts import Start"),
        ("ktstr/result/write.py", "from ktstr.result.make.whole import result_of"),
        ("ktstr/machine/load.py", "from ktstr.runner.bazel import BazelTest"),
        ("ktstr/machine/prepared/machine.py", "from ktstr.execute.follow import run_guest"),
        ("ktstr/machine/prepared/machine.py", "import runfiles"),
        ("ktstr/execute/execute.py", "from ktstr.runner.bazel import BazelTest"),
        ("ktstr/execute/execute.py", "from ktstr.result.make.whole import result_of"),
        ("ktstr/record/run.py", "from ktstr.execute.outcome import Outcome"),
        ("ktstr/store/entry.py", "from ktstr.vm.qemu import QemuTree"),
        ("ktstr/judge/workers/phases.py", "from ktstr.judge.checks.share import portions"),
        ("ktstr/judge/workers/phases.py", "from ktstr.judge.checks import share"),
        ("ktstr/judge/run/completeness.py", "from ktstr.judge import judgement"),
        ("ktstr/judge/run/deep/down.py", "import ktstr.judge.checks.gaps"),
        ("ktstr/judge/checks/__init__.py", "from ktstr.judge.verdict.evidence import claims"),
        ("ktstr/judge/scheduler.py", "from ktstr.judge.run.payloads import payloads"),
        ("ktstr/guest/agent.py", "from ktstr.vm.qmp import Qmp"),
        ("ktstr/model/plan.py", "from ktstr.record.run import RunRecord"),
        ("ktstr/metric.py", "from ktstr.guest.function.context import Context"),
        ("ktstr/report/advice.py", "from ktstr import Scenario"),
        ("ktstr/vm/vm.py", "import ktstr"),
    )
    def test_an_arrow_up_is_found(self, name: str, text: str) -> None:
        (finding,) = arrows.check(name, f"import sys\n{text}\n")
        self.assertStartsWith(finding, f"{name}:{2 + text.count(chr(10))}: ktstr")

    @parameterized.parameters(
        ("ktstr/report/text.py", "from ktstr.result import result_pb2"),
        ("ktstr/scenarios/catalogue/basic.py", "from ktstr import Scenario"),
        ("ktstr/report/text.py", "from ktstr.model.verdict.checks import Kind"),
        ("ktstr/record/run.py", "from ktstr.model.plan import Plan"),
        ("ktstr/result/make/whole.py", "from ktstr.judge.judge import judge"),
        ("ktstr/execute/execute.py", "from ktstr.judge.judge import judge"),
        ("ktstr/execute/execute.py", "from ktstr.machine.prepared.machine import PreparedMachine"),
        ("ktstr/machine/prepared/machine.py", "from ktstr.machine.prepared.starts import Start"),
        ("ktstr/machine/prepared/disks.py", "from ktstr.machine.target_disks import TargetDisks"),
        ("ktstr/runner/files.py", "from runfiles import Runfiles"),
        ("tests/report/text_test.py", "from ktstr.judge.judge import judge"),
        ("ktstr/scenarios/canned.py", "from ktstr import Work"),
        ("ktstr/__init__.py", "from ktstr.api import scenario"),
        ("ktstr/judge/run/completeness.py", "from ktstr.judge.run.payloads import payloads"),
        ("ktstr/judge/run/completeness.py", "from ktstr.judge.scheduler import never_ran"),
        ("ktstr/judge/checks/all.py", "from ktstr.judge.checks import gaps"),
        ("ktstr/judge/judge.py", "from ktstr.judge.verdict.evidence import claims"),
        ("ktstr/judge/__init__.py", "from ktstr.model.verdict.checks import Kind"),
    )
    def test_other_arrows_are_not(self, name: str, text: str) -> None:
        self.assertEmpty(list(arrows.check(name, f"{text}\n")))

    @parameterized.parameters(
        ("ktstr/reporting.py", "no room reporting"),
        ("ktstr/cellar/wine.py", "no room cellar"),
    )
    def test_a_house_without_a_room_is_found(self, name: str, text: str) -> None:
        (finding,) = arrows.check(name, "import sys\n")
        self.assertIn(text, finding)

    def test_a_room_without_arrows_is_found(self) -> None:
        (finding,) = arrows.check("ktstr/judge/attic/chest.py", "import sys\n")
        self.assertIn("no room attic", finding)


class HouseTest(absltest.TestCase):
    def test_a_circle_is_found_with_its_places(self) -> None:
        texts = {
            "ktstr/judge/run/a.py": "from ktstr.judge.checks.b import b",
            "ktstr/judge/checks/b.py": "import sys\nfrom ktstr.judge.blame import c",
            "ktstr/judge/blame/c.py": "def f():\n    import ktstr.judge.run.d",
        }
        (finding,) = _circles(texts)
        self.assertEqual(
            finding,
            "ktstr.judge: a circle of rooms: run -> checks -> blame -> run "
            "(ktstr/judge/run/a.py:1, ktstr/judge/checks/b.py:2, ktstr/judge/blame/c.py:2)",
        )

    def test_imports_inside_a_room_and_down_are_no_circle(self) -> None:
        texts = {
            "ktstr/judge/run/a.py": "from ktstr.judge.run.b import b",
            "ktstr/judge/run/b.py": "from ktstr.judge.run.a import a",
            "ktstr/judge/blame/c.py": "from ktstr.judge.run.a import a",
            "ktstr/report/text.py": "from ktstr.judge.blame.c import c",
        }
        self.assertEmpty(_circles(texts))

    def test_the_table_has_no_circle(self) -> None:
        for house, rooms in ROOMS.items():
            texts = {
                f"{house}.{room}.file".replace(".", "/"): "\n".join(
                    f"import {house}.{each}" for each in targets
                )
                for room, targets in rooms.items()
            }
            self.assertEmpty(list(arrows.check_house(house, texts)), house)

    def test_an_arrow_that_nobody_takes_is_found(self) -> None:
        findings = list(arrows.check_house("ktstr.judge", {}))
        self.assertIn(
            "ktstr.judge.scheduler may import lives and does not; see tools/lint/rooms.py",
            findings,
        )


def _circles(texts: dict[str, str]) -> list[str]:
    return [each for each in arrows.check_house("ktstr.judge", texts) if "a circle" in each]


if __name__ == "__main__":
    absltest.main()
