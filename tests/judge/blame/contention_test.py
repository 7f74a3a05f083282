# SPDX-License-Identifier: Apache-2.0
"""Time that the host took excuses what a clock found, and nothing else."""

from absl.testing import absltest, parameterized

from ktstr.console.findings import ConsoleKind
from ktstr.host.accel import Accel
from ktstr.host.sample import HostSample
from ktstr.judge.blame.contention import CLOCKED_SUBJECTS, Taken, excuse, taken
from ktstr.model.payload_checks import About
from ktstr.model.verdict.checks import Detail, Verdict
from ktstr.model.verdict.kinds import Kind
from tests.support import runs

_MS = 1_000_000


def _vcpu(number: int, *waits_ms: float) -> tuple[HostSample, ...]:
    """One sample a second, with what the vCPU has waited by then."""
    return tuple(
        HostSample(float(at), number, 0, int(wait * _MS)) for at, wait in enumerate(waits_ms)
    )


def _excused(detail: Detail, *samples: HostSample, accel: Accel = Accel.KVM) -> Detail:
    run = runs.good_run(accel=accel, host_samples=samples, scenario_host_s=None)
    (found,) = excuse(run, [detail], 100.0)
    return found


class TakenTest(absltest.TestCase):
    def test_the_worst_vcpu_counts_by_share_and_by_stretch(self) -> None:
        samples = _vcpu(0, 0, 300, 300, 300) + _vcpu(1, 0, 150, 300, 450)
        self.assertEqual(taken(samples, None), Taken(0.15, 300.0))

    def test_only_the_window_counts_with_the_samples_around_it(self) -> None:
        samples = _vcpu(0, 0, 500, 500, 510, 510, 900)
        self.assertEqual(taken(samples, (2.5, 3.5)), Taken(0.005, 10.0))

    def test_one_sample_is_no_data(self) -> None:
        self.assertIsNone(taken((), None))
        self.assertIsNone(taken(_vcpu(0, 7), None))

    def test_samples_need_no_order(self) -> None:
        samples = _vcpu(0, 0, 10, 30)
        self.assertEqual(taken(samples[::-1], None), taken(samples, None))


class ExcuseTest(parameterized.TestCase):
    _BUSY = _vcpu(0, 0, 60)
    _QUIET = _vcpu(0, 0, 1)

    @parameterized.parameters(
        Detail(Kind.STARVED, "it"),
        Detail(Kind.HANG, "it"),
        Detail(Kind.KERNEL_LOG, "it", subject=ConsoleKind.RCU_STALL.value),
        Detail(Kind.SCHEDULER_EJECTED, "it", subject="ERROR_STALL"),
        Detail(Kind.PAYLOAD, "it", subject=About.DEADLINE.value),
    )
    def test_what_a_clock_found_is_excused(self, detail: Detail) -> None:
        found = _excused(detail, *self._BUSY)
        self.assertEqual((found.kind, found.verdict), (Kind.CONTENDED, Verdict.INCONCLUSIVE))
        self.assertStartsWith(found.message, "it; but the host kept a vCPU waiting for 6%")

    @parameterized.parameters(
        Detail(Kind.ISOLATION, "it"),
        Detail(Kind.KERNEL_LOG, "it", subject=ConsoleKind.BUG.value),
        Detail(Kind.SCHEDULER_EJECTED, "it", subject="ERROR_BPF"),
        Detail(Kind.PAYLOAD, "it", subject=""),
        Detail(Kind.STARVED, "it", Verdict.INCONCLUSIVE),
    )
    def test_what_no_clock_found_is_not(self, detail: Detail) -> None:
        self.assertIs(_excused(detail, *self._BUSY), detail)

    def test_a_quiet_host_excuses_nothing(self) -> None:
        detail = Detail(Kind.STARVED, "it")
        self.assertIs(_excused(detail, *self._QUIET), detail)

    def test_without_samples_nobody_knows(self) -> None:
        self.assertIn("samples are missing", _excused(Detail(Kind.STARVED, "it")).message)

    def test_a_long_stretch_excuses_a_gap_alone(self) -> None:
        # 26 of 1000 ms: no large part of the window, but more than a quarter of the 100 ms allowed
        stretch = _vcpu(0, 0, 26)
        self.assertIs(_excused(Detail(Kind.STUCK, "it"), *stretch).kind, Kind.CONTENDED)
        self.assertIs(_excused(Detail(Kind.STARVED, "it"), *stretch).kind, Kind.STARVED)
        self.assertIs(_excused(Detail(Kind.STUCK, "it"), *_vcpu(0, 0, 25)).kind, Kind.STUCK)

    def test_in_virtual_time_the_hosts_pace_is_not_seen(self) -> None:
        detail = Detail(Kind.STARVED, "it")
        self.assertIs(_excused(detail, *self._BUSY, accel=Accel.VIRTUAL), detail)


def _busy(kind: Kind, subject: str) -> Detail:
    return _excused(Detail(kind, "found", Verdict.FAIL, subject), *_vcpu(0, 0, 60))


class KindsTest(parameterized.TestCase):
    def test_the_kinds_that_subjects_tell_of_have_their_subjects(self) -> None:
        told = {kind for kind in Kind if kind.is_timed_by_subject}
        self.assertEqual(set(CLOCKED_SUBJECTS), told)

    @parameterized.parameters(*(kind for kind in Kind if not kind.is_timed_by_subject))
    def test_a_busy_host_excuses_what_a_clock_found(self, kind: Kind) -> None:
        expected = Kind.CONTENDED if kind.is_timed else kind
        self.assertIs(_busy(kind, "cg_0").kind, expected)

    @parameterized.parameters(*((k, s) for k, some in CLOCKED_SUBJECTS.items() for s in some))
    def test_and_of_others_what_its_subject_says_was_timed(self, kind: Kind, subject: str) -> None:
        self.assertIs(_busy(kind, subject).kind, Kind.CONTENDED)
        self.assertIs(_busy(kind, "another").kind, kind)


if __name__ == "__main__":
    absltest.main()
