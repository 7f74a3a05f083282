# SPDX-License-Identifier: Apache-2.0
"""`ktstr verifier`: schedulers by kernels."""

from __future__ import annotations

import json
from pathlib import Path

from absl.testing import absltest

from ktstr.result import result_pb2
from tests.support.commanding import Said, ktstr
from tests.support.saved_results import made, save

_LOG = """\
libbpf: prog 'bad_init': -- BEGIN PROG LOAD LOG --
; table[now]++; @ bad.bpf.c:15
11: (0f) r1 += r0
math between map_value pointer and register with unbounded min value is not allowed
processed 9 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
-- END PROG LOAD LOG --
"""


def _measured(scheduler: str, release: str, *programs: dict[str, int | str]) -> result_pb2.Result:
    result = made(f"{scheduler}_{release}", scheduler=f"//my:{scheduler}")
    result.identity.kernel.release = release
    life = result.bpf.lives.add(life=1, scheduler=scheduler)
    for each in programs:
        life.programs.add(**each)
    return result


def _full(name: str, insns: int) -> dict[str, int | str]:
    kept = {"total_states": 12, "peak_states": 9, "max_states_per_insn": 3, "stack_bytes": 64}
    return {"name": name, "verified_insns": insns, **kept}


class VerifierTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.top = Path(self.create_tempdir().full_path)
        (self.top / "MODULE.bazel").touch()
        self.logs = self.top / "bazel-testlogs"
        self.logs.mkdir()

    def _ktstr(self, *arguments: str) -> Said:
        environ = {"KTSTR_HISTORY": str(self.top / "history.sqlite"), "HOME": str(self.top)}
        return ktstr("verifier", *arguments, here=self.top, environ=environ)

    def _keep(self, *results: result_pb2.Result) -> None:
        for each in results:
            save(each, self.logs)

    def test_the_grid(self) -> None:
        self._keep(
            _measured("mine", "6.12.1", _full("mine_exit", 35), _full("mine_enqueue", 700)),
            _measured("mine", "7.2.0", _full("mine_enqueue", 900)),
            _measured("own", "7.2.0", {"name": "own_init", "verified_insns": 11}),
        )
        said = self._ktstr()
        self.assertEqual((said.code, said.err), (0, ""))
        self.assertEqual(
            said.out.splitlines(),
            [
                "scheduler  insns on 6.12.1  insns on 7.2.0",
                "mine       700              900",
                "own        -                11",
                "",
                "on 6.12.1, the largest of each scheduler's programs:",
                "scheduler  insns  states  peak  per insn  stack  program",
                "mine       700    12      9     3         64     mine_enqueue",
                "",
                "on 7.2.0, the largest of each scheduler's programs:",
                "scheduler  insns  states  peak  per insn  stack  program",
                "mine       900    12      9     3         64     mine_enqueue",
                "own        11     n/a     n/a   n/a       n/a    own_init",
                "",
                "n/a: loaded by the scheduler's own user space, which shows no log of it",
            ],
        )
        data = json.loads(self._ktstr("--json").out)
        self.assertEqual([each["insns"] for each in data], [700, 900, 11])

    def test_of_the_history(self) -> None:
        self._keep(_measured("mine", "6.12.1", _full("mine_exit", 35)))
        environ = {"KTSTR_HISTORY": str(self.top / "history.sqlite"), "HOME": str(self.top)}
        said = ktstr("import", self.logs, here=self.top, environ=environ)
        self.assertEqual(said.code, 0, said.err)
        self.assertIn("mine       35", self._ktstr("--run=last").out)

    def test_a_history_that_does_not_tell_is_no_pass(self) -> None:
        self._keep(_measured("mine", "6.12.1", _full("mine_exit", 35)))
        environ = {"KTSTR_HISTORY": str(self.top / "history.sqlite"), "HOME": str(self.top)}
        ktstr("import", self.logs, "--figures_only", here=self.top, environ=environ)
        said = self._ktstr("--run=last")
        self.assertEqual(said.code, 3)
        self.assertIn("the whole result was not kept", said.err)
        said = self._ktstr(str(self.logs), "--run=last")
        self.assertEqual((said.code, said.out), (3, ""))
        self.assertIn("verifier: name a PLACE, or --run of the history", said.err)

    def test_what_is_refused(self) -> None:
        bad = made("bad", scheduler="//my:bad")
        bad.verdict = result_pb2.FAIL
        bad.details.add(kind=result_pb2.SCHEDULER_NOT_LOADED, verdict=result_pb2.FAIL)
        bad.logs.add(source="scheduler", text=_LOG)
        self._keep(bad)
        said = self._ktstr()
        self.assertEqual(said.code, 1)
        self.assertIn("bad        refused", said.out)
        self.assertIn("is refused: bad_init: math between map_value", said.out)
        self.assertIn("; at bad.bpf.c:15: table[now]++;", said.out)

    def test_nothing_known(self) -> None:
        self._keep(made("one"))
        said = self._ktstr()
        self.assertEqual(said.code, 2)
        self.assertIn("no result tells of the verifier: run an scx_verify_test", said.err)


if __name__ == "__main__":
    absltest.main()
