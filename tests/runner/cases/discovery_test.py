# SPDX-License-Identifier: Apache-2.0
"""Discovery against real modules, well-behaved and otherwise, in its real child process."""

import os
import signal
import textwrap
import time
from pathlib import Path

import psutil
from absl.testing import absltest, parameterized

from ktstr.execute.source import Source
from ktstr.model.errors import InfraError, UsageError
from ktstr.runner.cases.case import Discovery, DiscoveryRequest
from ktstr.runner.cases.discovery import discover

HEAD = "import ktstr\n"
GOOD = HEAD + textwrap.dedent(
    """
    @ktstr.scenario(duration=0.5)
    def halves(machine):
        return ktstr.defs(ktstr.CgroupDef("a", cpuset=ktstr.Llc(len(machine.llcs) - 1)))

    @ktstr.test(timeout=9.0)
    def live(ctx):
        raise AssertionError("never runs on the host")
    """
)


class DiscoveryTest(parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self._read, self._write = os.pipe()
        self.addCleanup(os.close, self._read)
        self.addCleanup(os.close, self._write)

    def fileno(self) -> int:
        """Stands for the runner's termination: readable once something was written."""
        return self._read

    def discover(
        self,
        *texts: str,
        pattern: str = "",
        deadline_s: float = 20.0,
        roots: tuple[str, ...] = (),
        seed: int = 1,
    ) -> Discovery:
        sources = []
        for index, text in enumerate(texts):
            name = f"case{index}.py"
            path = self.create_tempfile(name, text).full_path
            sources.append(Source(path, f"pkg/{name}"))
        request = DiscoveryRequest(tuple(sources), roots, pattern, 0, 1, "1n2l2c1t", seed=seed)
        return discover(request, self, deadline_s)

    def refuse(self, message: str, *texts: str, **kwargs: float) -> str:
        with self.assertRaisesRegex(UsageError, message) as caught:
            self.discover(*texts, **kwargs)  # type: ignore[arg-type]
        return str(caught.exception)

    def test_finds_both_kinds_in_order(self) -> None:
        found = self.discover(GOOD)
        self.assertEqual(found.names, ("halves", "live"))
        halves, live = found.cases
        self.assertEqual((halves.source, halves.line, halves.in_guest), ("pkg/case0.py", 3, False))
        assert halves.scenario is not None
        self.assertEqual(halves.scenario.steps[0].setup[0].name, "a")
        self.assertEqual((live.in_guest, live.timeout_s, live.scenario), (True, 9.0, None))

    def test_the_filter_selects_and_all_names_stay_known(self) -> None:
        found = self.discover(GOOD, pattern="live")
        self.assertEqual(found.names, ("halves", "live"))
        self.assertEqual([case.name for case in found.cases], ["live"])

    def test_a_machine_that_is_too_small_is_not_shown_to_the_scenario(self) -> None:
        text = HEAD + (
            "@ktstr.scenario(needs=ktstr.Needs(nodes=2))\n"
            "def nodes(machine):\n    return ktstr.defs(ktstr.CgroupDef(cpuset=machine.nodes[1]))\n"
            "@ktstr.test(needs=ktstr.Needs(llcs=2))\ndef large_enough(ctx):\n    pass\n"
        )
        nodes, large_enough = self.discover(text).cases
        self.assertRegex(nodes.skip, r"^1n2l2c1t is too small: .*2 NUMA nodes")
        self.assertEqual((nodes.scenario, nodes.error, large_enough.skip), (None, "", ""))

    def test_a_scenario_that_draws_is_given_the_seed(self) -> None:
        text = HEAD + (
            "@ktstr.scenario()\ndef drawn(machine, seed):\n"
            "    draw = ktstr.stream(seed, 'names')\n"
            "    return ktstr.defs(ktstr.CgroupDef(f'cg_{draw.randrange(10**9)}'))\n"
        )
        names = []
        for seed in (5, 5, 6):
            scenario = self.discover(text, seed=seed).cases[0].scenario
            assert scenario is not None
            names.append(scenario.steps[0].setup[0].name)
        self.assertEqual(names[0], names[1])
        self.assertNotEqual(names[1], names[2])

    def test_imports_from_the_given_roots(self) -> None:
        root = self.create_tempdir()
        root.create_file("shared_work.py", "NAME = 'from_root'\n")
        text = HEAD + (
            "from shared_work import NAME\n@ktstr.scenario()\n"
            "def one(machine):\n    return ktstr.defs(ktstr.CgroupDef(NAME))\n"
        )
        found = self.discover(text, roots=(root.full_path,))
        assert found.cases[0].scenario is not None
        self.assertEqual(found.cases[0].scenario.steps[0].setup[0].name, "from_root")

    def named(self, *files: str, body: str = "") -> Discovery:
        """What is found in test files of these names, below a root that imports begin at."""
        root = Path(self.create_tempdir().full_path)
        sources = []
        for index, name in enumerate(files):
            (root / name).parent.mkdir(exist_ok=True)
            text = f"{HEAD}@ktstr.test()\ndef t{index}(ctx): ...\n{body}"
            (root / name).write_text(text, encoding="utf-8")
            sources.append(Source(str(root / name), name))
        request = DiscoveryRequest(tuple(sources), (str(root),), "", 0, 1, "1n1l1c1t")
        return discover(request, self, 20.0)

    def test_files_may_be_called_as_modules_of_others_are(self) -> None:
        body = (
            "from concurrent.futures import ThreadPoolExecutor\n"
            "with ThreadPoolExecutor(1) as pool: assert list(pool.map(abs, [-1])) == [1]\n"
            "import random, select, test; assert random.random and select.epoll\n"
            "assert ktstr.CgroupDef\n"
        )
        names = ["queue", "random", "select", "types", "ktstr", "conftest", "test", "json"]
        names += ["my-test", "my.test", "a test", "123"]
        for folder in ("", "pkg/", "test/"):
            files = tuple(f"{folder}{name}.py" for name in names)
            self.assertLen(self.named(*files, body=body).cases, len(names))

    def test_neighbours_can_be_imported_by_their_own_names_as_in_the_guest(self) -> None:
        root, text = self.create_tempdir(), "import near_it\n@ktstr.test()\ndef f(c): ...\n"
        root.create_file("pkg/near_it.py", "NAME = 'near'\n")
        path = root.create_file("pkg/case.py", HEAD + text).full_path
        request = DiscoveryRequest((Source(path, "pkg/case.py"),), (), "", 0, 1, "1n1l1c1t")
        self.assertEqual(discover(request, self, 20.0).names, ("f",))

    def test_says_which_file_the_library_hides(self) -> None:
        words = r"queue\.py:4: raised ImportError .*'queue' is the standard library's.*pkg/queue"
        with self.assertRaisesRegex(UsageError, words):
            self.named("pkg/queue.py", body="from queue import t0\n")

    @parameterized.parameters(
        ("def later(ctx):\n    from queue import t0\n", "5: 'queue' has no 't0'; 'queue' is"),
        ("def later(ctx):\n    import queue as q\n    q.t0()\n", "6: 'queue' has no 't0'; 'queue'"),
        ("def later(ctx):\n    import queue\n    queue.Queue()\n", ""),
        ("from queue import *\nfrom queue import Queue\n", ""),
        ("import queue\ndef later(queue):\n    queue.put(1)\n", ""),
        ("def later(ctx):\n    import queue\n    queue = queue.Queue()\n    queue.t0()\n", ""),
    )
    def test_what_a_function_would_miss_in_the_guest(self, body: str, words: str) -> None:
        if not words:
            self.assertEqual(self.named("pkg/queue.py", body=body).names, ("t0",))
            return
        with self.assertRaisesRegex(UsageError, f"^pkg/queue.py:{words}.* give that another name"):
            self.named("pkg/queue.py", body=body)

    def test_a_scenario_that_raises_spoils_only_itself(self) -> None:
        text = GOOD + "@ktstr.scenario()\ndef bad(machine):\n    raise KeyError('gone')\n"
        cases = {case.name: case for case in self.discover(text).cases}
        self.assertEqual(cases["halves"].error, "")
        self.assertRegex(cases["bad"].error, r"^pkg/case0\.py:12: raised KeyError .*'gone'")

    def test_work_in_python_must_be_in_the_file(self) -> None:
        text = HEAD + (
            "def spin(work):\n    pass\n"
            "@ktstr.scenario()\ndef there(machine):\n    return of(spin)\n"
            "@ktstr.scenario()\ndef gone(machine):\n    return of('climb')\n"
            "def of(function):\n"
            "    work = ktstr.Work(ktstr.PythonWork(function))\n"
            "    return ktstr.defs(ktstr.CgroupDef(works=(work,)))\n"
        )
        there, gone = self.discover(text).cases
        self.assertEqual(there.error, "")
        self.assertRegex(gone.error, r"case0\.py.*PythonWork\('climb'\): the test's file has no")

    def test_a_scenario_that_returns_something_else(self) -> None:
        text = HEAD + "@ktstr.scenario()\ndef nothing(machine):\n    pass\n"
        self.assertRegex(self.discover(text).cases[0].error, r"case0.py:2: .*returned NoneType")

    @parameterized.parameters(
        ("x = 1\nraise ValueError('why')\n", r"^pkg/case0\.py:2: raised ValueError .*why"),
        ("import sys\nsys.exit(5)\n", r"^pkg/case0\.py:2: called sys\.exit\(5\)"),
        ("import os\nos._exit(0)\n", r"^importing pkg/case0\.py ended .* status 0"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n", r"killed by SIGKILL"),
        ("import os\nos.kill(os.getpid(), 40)\n", r"ended .* \(killed by SIGRTMIN\+6\)"),
        ("def broken(:\n", r"^pkg/case0\.py:1: raised SyntaxError"),
        ("x = 1\n", r"no test in pkg/case0\.py; decorate"),
        ("import nowhere_to_be_found\n", r"^pkg/case0\.py:1: raised ModuleNotFoundError"),
        (
            "from ktstr import SetKernal\n",
            r"^pkg/case0\.py:1: raised ImportError .*\(did you mean 'SetKernel'\?\)",
        ),
    )
    def test_refuses_a_bad_module(self, text: str, message: str) -> None:
        self.refuse(message, text)

    def test_refuses_bad_values_at_the_authors_line(self) -> None:
        text = HEAD + "@ktstr.scenario(duration=-1)\ndef f(machine): ...\n"
        self.refuse(r"^pkg/case0\.py:2: test f: duration is -1", text)

    def test_samples_without_a_period(self) -> None:
        text = HEAD + "@ktstr.scenario(sample_ms=0)\ndef f(machine): ...\n"
        self.refuse(r"^pkg/case0\.py:2: test f: sample_ms is 0; it must be finite", text)

    def test_refuses_one_name_in_two_files(self) -> None:
        text = HEAD + "@ktstr.scenario()\ndef same(m): return ktstr.defs()\n"
        self.refuse(r"case1\.py:2: test same .* first at pkg/case0\.py:2", text, text)

    def test_refuses_one_name_twice_in_a_file(self) -> None:
        text = "@ktstr.scenario()\ndef same(m): return ktstr.defs()\n"
        self.refuse(r"case0\.py:5: test same .*line 3.* hides", HEAD + text + text)

    def test_names_the_line_of_an_endless_loop(self) -> None:
        before = time.monotonic()
        self.refuse(
            r"^pkg/case0\.py:2: importing .* did not end within 1 s",
            "x = 1\nwhile True: x += 1\n",
            deadline_s=1.0,
        )
        self.assertLess(time.monotonic() - before, 10)

    def test_one_that_dies_of_being_asked_for_its_stack(self) -> None:
        text = "import signal\nsignal.signal(signal.SIGUSR1, signal.SIG_DFL)\nwhile True: pass\n"
        self.refuse(r"did not end within 1\.5 s", text, deadline_s=1.5)

    def test_names_the_line_that_prints_without_end(self) -> None:
        message = self.refuse(
            r"^pkg/case0\.py:2: importing .* printed more than 1 MiB",
            "x = 'noise' * 100\nwhile True: print(x)\n",
        )
        self.assertLess(len(message), 3000)

    def test_shows_what_was_printed_before_a_failure(self) -> None:
        self.refuse(
            r"raised ValueError(?s:.*)at the end:\nlast words",
            "print('last words')\nraise ValueError\n",
        )

    def test_leaves_no_process_behind(self) -> None:
        pids = Path(self.create_tempfile("pids").full_path)
        text = GOOD + textwrap.dedent(
            f"""
            import os, time
            for leave in (False, True):
                pid = os.fork()
                if pid == 0:
                    if leave:
                        os.setsid()
                    time.sleep(600)
                open({str(pids)!r}, "a").write(f"{{pid}} ")
            """
        )
        self.assertLen(self.discover(text).cases, 2)
        for pid in map(int, pids.read_text().split()):
            self.assertFalse(psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie")

    def test_ends_when_the_runner_is_told_to(self) -> None:
        os.write(self._write, signal.SIGTERM.name.encode())
        with self.assertRaisesRegex(InfraError, "told to end"):
            self.discover("while True: pass\n")


if __name__ == "__main__":
    absltest.main()
