# SPDX-License-Identifier: Apache-2.0
"""`ktstr perf-delta`: which sides it builds, how it runs them, when it stops, what it leaves."""

from __future__ import annotations

import fcntl
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from unittest import mock

from absl.testing import absltest, parameterized

from tests.support.commanding import Said, ktstr

_FAKE = Path(__file__).with_name("fake_bazel.py")
_PERF_DELTA = """
import os, sys
from ktstr.command.context import Context
from ktstr.command.main import main
sys.exit(main(sys.argv[1:], Context.of(os.environ)))
"""


class PerfDeltaTest(parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.top = Path(self.create_tempdir().full_path).resolve()
        self.work, self.log = self.top / "work", self.top / "log"
        (self.work / "tools").mkdir(parents=True)
        bazel = self.work / "tools/bazel"
        path = os.pathsep.join(filter(None, sys.path))
        bazel.write_text(
            f'#!/bin/sh\nPYTHONPATH="{path}" exec {sys.executable} -P {_FAKE} {self.log} "$@"\n'
        )
        bazel.chmod(0o755)
        (self.work / ".bazelrc").write_text("try-import %workspace%/user.bazelrc\n")
        (self.work / ".gitignore").write_text("user.bazelrc\nout\n")
        (self.work / "user.bazelrc").write_text("# mine\n")
        self.git("init", "--quiet", "--initial-branch=main")
        self.commit(speed="1.0", accel="virtual")

    def git(self, *words: str) -> str:
        who = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
        done = subprocess.run(
            ["git", *who, *words], cwd=self.work, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def commit(self, **files: str) -> None:
        self.write(**files)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message=x")

    def write(self, **files: str) -> None:
        for name, text in files.items():
            (self.work / name).write_text(text)

    def delta(self, *words: str) -> Said:
        environ = {"HOME": str(self.top), "XDG_CACHE_HOME": str(self.top / "cache")}
        return ktstr("perf-delta", *words, here=self.work, environ=environ)

    def ran(self, command: str) -> list[list[str]]:
        """Folder and words of each invocation of a command."""
        lines = map(json.loads, self.log.read_text().splitlines())
        return [line for line in lines if command in line]

    def assert_clean(self) -> None:
        """Only the folder that stays warm is left, and the user's tree is as it was."""
        self.assertLen(self.git("worktree", "list").splitlines(), 1)
        (folder,) = (self.top / "cache/ktstr/perf_delta").iterdir()
        self.assertNoCommonElements({"base", "new"}, {each.name for each in folder.iterdir()})


class SidesTest(PerfDeltaTest):
    def test_files_as_they_are_against_the_commit(self) -> None:
        self.write(speed="0.9")
        said = self.delta("//my:a", "--json")
        self.assertEqual(said.code, 1, said.err)
        data = json.loads(said.out)
        self.assertEqual(data["new"]["set"], "the files as they are")
        self.assertRegex(data["base"]["set"], r"^HEAD \([0-9a-f]{12}\)$")
        (finding,) = data["findings"]
        self.assertEqual(
            (finding["outcome"], finding["figure"], finding["base"], finding["new"]),
            ("worse", "cg_0.iterations", 1000, 900),
        )
        self.assertIn("both sides ran in virtual time, where one run is exact", data["notes"])
        base, new = self.ran("test")
        self.assertEqual(new[0], str(self.work))
        self.assertStartsWith(base[0], str(self.top / "cache/ktstr/perf_delta"))
        self.assertStartsWith(base[1], "--output_base=")
        self.assertEqual((self.work / "speed").read_text(), "0.9")
        self.assertLen(self.ran("shutdown"), 1)
        self.assert_clean()

    def test_a_clean_tree_is_compared_with_the_commit_before(self) -> None:
        self.commit(speed="1.1")
        said = self.delta("//my:a")
        self.assertEqual(said.code, 0, said.err)
        self.assertIn("base  HEAD~1 (", said.out)
        self.assertIn("1 better", said.out)

    def test_a_hook_of_git_may_start_it(self) -> None:
        self.commit(speed="1.1")
        self.write(speed="2")
        self.git("add", "speed")
        staged = self.git("status", "--porcelain")
        hook = {"GIT_DIR": f"{self.work}/.git", "GIT_INDEX_FILE": f"{self.work}/.git/index"}
        with mock.patch.dict(os.environ, hook):
            said = self.delta("//my:a", "--base=HEAD~1")
        self.assertIn("1000 -> 2000", said.out, said.err)
        self.assertEqual(self.git("status", "--porcelain"), staged)
        self.assert_clean()

    def test_two_commits_are_two_trees(self) -> None:
        self.git("tag", "v1")
        self.commit(speed="0.5")
        self.git("tag", "v2")
        self.write(speed="7")
        said = self.delta("//my:a", "--base=v1", "--new=v2")
        self.assertEqual(said.code, 1, said.err)
        self.assertIn("1000 -> 500, -50 %", said.out)
        self.assert_clean()

    def test_what_git_does_not_know_is_told_to_be_no_change(self) -> None:
        self.commit(speed="0.5")
        (self.work / "new.bpf.c").touch()
        said = self.delta("//my:a")
        self.assertIn("HEAD~1", said.out)
        self.assertIn("ktstr: git does not know new.bpf.c (1 such in all)", said.err)
        self.assertNotIn("does not know", self.delta("//my:a", "--base=HEAD").err)

    def test_the_workspace_may_lie_below_the_top(self) -> None:
        self.git("mv", "-k", "speed", "accel", ".bazelrc", "tools", "--", ".")
        below = self.work / "below"
        below.mkdir()
        for name in ("speed", "accel", "tools"):
            self.git("mv", name, f"below/{name}")
        (below / "MODULE.bazel").touch()
        self.commit()
        (below / "speed").write_text("2")
        environ = {"HOME": str(self.top), "XDG_CACHE_HOME": str(self.top / "cache")}
        said = ktstr("perf-delta", "//my:a", here=below, environ=environ)
        self.assertIn("1 better", said.out, said.err)

    def test_flags_set_sides_apart(self) -> None:
        said = self.delta("//my:a", "--base_flag=--my_speed=1", "--new_flag=--my_speed=0.5")
        self.assertEqual(said.code, 1, said.err)
        self.assertEqual([each[0] for each in self.ran("test")], [str(self.work)] * 2)
        self.assertIn("the files as they are --my_speed=0.5", said.out)

    def test_targets_run_in_one_invocation(self) -> None:
        said = self.delta("--base_target=//my:old", "--new_target=//my:fast")
        self.assertEqual(said.code, 0, said.err)
        self.assertIn("1000 -> 2000, +100 %", said.out)
        (only,) = self.ran("test")
        self.assertEqual(only[-4:], ["--", "//my:old", "//my:fast", "seed=None"])

    def test_settings_of_the_machine_come_along(self) -> None:
        seen = self.top / "seen"
        hook = f'#!/bin/sh\ncp user.bazelrc {seen}\nexec "$(dirname "$0")/real" "$@"\n'
        (self.work / "tools/bazel").rename(self.work / "tools/real")
        self.write(**{"tools/bazel": hook})
        (self.work / "tools/bazel").chmod(0o755)
        self.commit()
        self.commit(speed="2")
        self.delta("//my:a", "--base=HEAD~1", "--new=HEAD")
        self.assertEqual(seen.read_text(), "# mine\n")


class RoundsTest(PerfDeltaTest):
    def test_real_time_is_repeated_in_turns_until_it_is_decided(self) -> None:
        self.commit(accel="tcg")
        self.write(speed="0.8")
        said = self.delta("//my:a", "--figure=iterations", "--boots=10", "--json")
        self.assertEqual(said.code, 1, said.err)
        data = json.loads(said.out)
        self.assertEqual(data["base"]["results"], 5)
        self.assertIn("5 boots a side in real time", data["notes"][-1])
        self.assertIn("nothing is undecided", data["notes"][-1])
        folders = ["new" if each[0] == str(self.work) else "base" for each in self.ran("test")]
        self.assertEqual(folders, ["base", "new", "new", "base"] * 2 + ["base", "new"])
        words = [" ".join(each) for each in self.ran("test")]
        for number, each in enumerate(words[2:], 2):
            self.assertIn("--nocache_test_results", each)
            self.assertEndsWith(each, f" seed={number // 2 + 1}")

    def test_boots_are_the_budget(self) -> None:
        self.commit(accel="tcg")
        self.write(speed="0.99")  # less than the gate, by less than chance
        said = self.delta("//my:a", "--figure=iterations", "--boots=7")
        self.assertIn("7 boots a side in real time", said.out)
        self.assertIn("--boots=7 is reached", said.out)
        self.assertIn("chance has 0.025 in each of up to 2 looks", said.out)

    def test_time_is_a_budget_too(self) -> None:
        self.commit(accel="tcg")
        self.write(speed="0.99")
        minutes = itertools.count(0, 60)
        with mock.patch("ktstr.delta.rounds.time.monotonic", lambda: next(minutes)):
            said = self.delta("//my:a", "--figure=iterations", "--boots=100", "--minutes=9")
        self.assertIn("another round does not fit into --minutes=9", said.out)
        self.assertLess(len(self.ran("test")), 10)

    def test_boots_of_the_cache_do_not_count(self) -> None:
        self.commit(accel="tcg", cached="")
        self.write(speed="0.8")
        said = self.delta("//my:a", "--figure=iterations", "--json")
        self.assertEqual(said.code, 1, said.err)
        self.assertEqual(json.loads(said.out)["base"]["results"], 5)
        self.assertLen(self.ran("test"), 12)

    def test_results_are_kept_where_they_are_wanted(self) -> None:
        self.write(speed="0.9")
        self.delta("//my:a", "--history=kept.sqlite")
        said = ktstr("runs", "--history=kept.sqlite", here=self.work)
        self.assertIn("side=base", said.out)
        self.assertIn("side=new", said.out)


class RefusedTest(PerfDeltaTest):
    @parameterized.parameters(
        ((), "no TARGET is named"),
        (("//my:a", "--base=nope"), "there is no commit 'nope' in the repository of"),
        (("//my:a", "--base=HEAD", "--new=HEAD"), "so there is nothing to compare"),
        (("//my:a", "--base_target=//my:b"), "name TARGETs for both sides"),
        (("//my:nowhere", "--base=HEAD"), "base: there is no target //my:nowhere"),
        (("//my:library", "--base=HEAD"), "base: //my:library has no tests"),
        (("--base_target=//my:a", "--new_target=//my:nowhere"), "new: //my:nowhere: no such"),
        (("--base_target=//my:library", "--new_target=//my:a"), "base: //my:library has no tests"),
        (("//my:a", "--boots=0"), "are 1 at least"),
        (("//my:a", "--fail_on=x"), "--fail_on: 'x' is none of"),
    )
    def test_what_cannot_be_compared(self, words: tuple[str, ...], told: str) -> None:
        said = self.delta(*words)
        self.assertEqual((said.code, said.out), (3, ""))
        self.assertIn(told, said.err)
        if (self.top / "cache").exists():
            self.assert_clean()

    @parameterized.parameters("base", "new")
    def test_a_side_that_does_not_build_is_named(self, name: str) -> None:
        if name == "base":
            self.commit(broken="")
            self.git("rm", "--quiet", "broken")
        else:
            self.write(broken="", speed="2")
        said = self.delta("//my:a", "--base=HEAD")
        self.assertEqual(said.code, 3)
        self.assertIn(f"{name} does not build: Bazel ended with 1 (BUILD_FAILURE)", said.err)
        self.assertEmpty(self.ran("test"))
        self.assert_clean()

    def test_without_a_repository_there_are_no_commits(self) -> None:
        (self.work / ".git").rename(self.top / "gone")
        said = self.delta("//my:a")
        self.assertIn("is in no git repository, so there are no commits to compare", said.err)
        said = self.delta("//my:a", "--new_flag=--my_speed=2")
        self.assertIn("1 better", said.out)

    def test_a_folder_that_was_not_there(self) -> None:
        self.commit(speed="3")
        below = self.work / "later"
        (below / "tools").mkdir(parents=True)
        (below / "MODULE.bazel").touch()
        said = ktstr(
            "perf-delta", "//a", here=below, environ={"XDG_CACHE_HOME": str(self.top / "cache")}
        )
        self.assertIn("has no folder later, where the workspace is now", said.err)

    def test_two_at_once(self) -> None:
        self.delta("//my:a")
        (folder,) = (self.top / "cache/ktstr/perf_delta").iterdir()
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            said = self.delta("//my:a", "--base=HEAD")
        self.assertIn("another perf-delta runs in this workspace", said.err)

    @parameterized.parameters(signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    def test_a_signal_leaves_nothing(self, number: signal.Signals) -> None:
        self.commit(slow="")
        self.write(speed="2")
        environ = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "BUILD_WORKING_DIRECTORY": str(self.work),
            "XDG_CACHE_HOME": str(self.top / "cache"),
        }
        process = subprocess.Popen(
            [sys.executable, "-c", _PERF_DELTA, "perf-delta", "//my:a"],
            env=environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while not (self.top / "pid").exists():
            self.assertIsNone(process.poll())
            time.sleep(0.02)
        self.assertLen(self.git("worktree", "list").splitlines(), 2)
        process.send_signal(number)
        self.assertEqual(process.wait(), 128 + number)
        self.assertLen(self.ran("shutdown"), 1)
        self.assert_clean()

    def test_what_a_killed_one_left_is_removed(self) -> None:
        self.delta("//my:a")
        (folder,) = (self.top / "cache/ktstr/perf_delta").iterdir()
        self.git("worktree", "add", "--quiet", "--detach", str(folder / "base"))
        (folder / "base" / "speed").write_text("77")
        self.write(speed="2")
        said = self.delta("//my:a")
        self.assertIn("1000 -> 2000", said.out)
        self.assert_clean()

    def test_what_git_was_killed_at_is_made_again(self) -> None:
        self.delta("//my:a")
        (folder,) = (self.top / "cache/ktstr/perf_delta").iterdir()
        self.git("worktree", "add", "--quiet", "--detach", str(folder / "base"))
        self.git("worktree", "lock", "--reason=initializing", str(folder / "base"))
        shutil.rmtree(folder / "base")
        self.write(speed="2")
        said = self.delta("//my:a")
        self.assertIn("1000 -> 2000", said.out, said.err)
        self.assert_clean()


if __name__ == "__main__":
    absltest.main()
