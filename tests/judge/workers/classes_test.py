# SPDX-License-Identifier: Apache-2.0
"""Which class a worker ran under, by what it read itself and by samples of runqueues."""

from absl.testing import absltest, parameterized

from ktstr.judge.workers.classes import life_over, not_eevdfs, stays
from ktstr.model.facts import SchedulerFacts
from ktstr.model.wire.witness import RanUnder, SchedClass
from tests.support import runs
from tests.support.runs import MS, S


def _sampled(started_ns: int, ended_ns: int, **samples: int) -> RanUnder:
    return RanUnder(0, started_ns, ended_ns, "cg_0", 100, dict(samples))


def _life(attached_ns: int | None, ended_ns: int | None = None) -> SchedulerFacts:
    return runs.scheduler(attached_ns=attached_ns, ended_ns=ended_ns)


class StaysTest(parameterized.TestCase):
    def _classes(self, *samples: RanUnder, **changes: object) -> frozenset[str]:
        run = runs.good_run(workers=(runs.worker(**changes),), ran_under=samples)
        (stay,) = stays(run)
        return stay.classes

    def test_both_witnesses_count(self) -> None:
        phase = runs.phase(class_started=SchedClass.FAIR, class_ended=SchedClass.FAIR)
        found = self._classes(_sampled(S, S + S // 2, ext=4), phases=(phase,))
        self.assertEqual(found, {SchedClass.FAIR, SchedClass.EXT})

    def test_a_sample_of_another_time_does_not(self) -> None:
        self.assertEmpty(self._classes(_sampled(2 * S - 300 * MS, 3 * S, ext=4)))
        self.assertEqual(self._classes(_sampled(S + 100 * MS, 2 * S + 100 * MS, ext=4)), {"ext"})

    def test_the_agents_class_in_which_it_was_born_is_not_its_own(self) -> None:
        look = _sampled(S, 2 * S, realtime=1, fair=3)
        self.assertEqual(self._classes(look), {SchedClass.FAIR})
        fifo = "policy=fifo rt_priority=1 nice=0 affinity=inherited"
        self.assertEqual(self._classes(look, requested=fifo), {"realtime", "fair"})

    @parameterized.parameters(
        ({"bypass": 3, "ext": 0}, False),
        ({"bypass": 2, "ext": 0}, True),  # too few to show that there was nothing else
        ({"bypass": 9, "ext": 1}, True),
    )
    def test_bypass_alone_is_no_scheduler(self, samples: dict[str, int], ext: bool) -> None:
        phase = runs.phase(class_started=SchedClass.EXT, class_ended=SchedClass.EXT)
        worker = runs.worker(phases=(phase,))
        run = runs.good_run(workers=(worker,), ran_under=(_sampled(S, S + S // 2, **samples),))
        (stay,) = stays(run)
        self.assertIs(stay.ext, ext)

    def test_a_step_is_asked_for_by_its_number(self) -> None:
        phases = (runs.phase(step=0), runs.phase(step=1))
        run = runs.good_run(workers=(runs.worker(phases=phases),))
        self.assertEqual([stay.step for stay in stays(run)], [0, 1])
        self.assertEqual([stay.step for stay in stays(run, 1)], [1])


class LifeTest(absltest.TestCase):
    def test_lives_count_together_and_the_longest_is_named(self) -> None:
        short, long = _life(0, 2 * S), _life(3 * S, 7 * S)
        run = runs.good_run(schedulers=(short, long))
        self.assertIs(life_over(run, 0, 10 * S), long)

    def test_half_of_the_time_is_not_enough(self) -> None:
        self.assertIsNone(life_over(runs.good_run(schedulers=(_life(0, 5 * S),)), 0, 10 * S))

    def test_one_that_goes_on_counts_to_the_end_and_one_not_attached_never(self) -> None:
        going = _life(S)
        run = runs.good_run(schedulers=(_life(None), going))
        self.assertIs(life_over(run, 0, 10 * S), going)

    def test_whose_class_nobody_knows_may_have_been_the_schedulers(self) -> None:
        known = runs.worker(
            index=1,
            pid=101,
            phases=(runs.phase(class_started=SchedClass.FAIR, class_ended=SchedClass.FAIR),),
        )
        run = runs.good_run(workers=(runs.worker(), known), ran_under=(), schedulers=(_life(0),))
        (name,) = not_eevdfs(run)
        self.assertIn("0.0", name)


if __name__ == "__main__":
    absltest.main()
