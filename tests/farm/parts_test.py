# SPDX-License-Identifier: Apache-2.0
"""What a farm is made of."""

import dataclasses
import json
import re
from pathlib import Path

from absl.testing import absltest

from tests.support.located import located
from tools.farm.parts import directories_of, files_of, parts_of, path_problem, room_problem
from tools.farm.server import MATCHED, configuration, database_url
from tools.farm.settings import Programs, Settings, properties_of

_PROGRAMS = Programs(Path("/root-of-farm"), Path("/site"), "/usr/bin/python3")
_SETTINGS = Settings(
    Path("/state"), port=5000, workers=2, jobs=3, keepalive_s=7, properties=("ISA=x86-64",)
)
_NAMESPACES = "ktstr-namespaces=yes"


class PartsTest(absltest.TestCase):
    def test_whoever_is_needed_starts_first(self) -> None:
        names = [part.name for part in parts_of(_PROGRAMS, _SETTINGS)]
        workers = ["worker0.cache", "worker0", "worker1.cache", "worker1"]
        self.assertEqual(["database", "cache", "server", *workers], names)

    def test_all_state_is_in_its_directory(self) -> None:
        for path in [*files_of(_PROGRAMS, _SETTINGS), *directories_of(_SETTINGS)]:
            self.assertTrue(path.is_relative_to("/state"), path)

    def test_a_worker_says_what_it_has_and_takes_so_many_actions(self) -> None:
        worker = parts_of(_PROGRAMS, _SETTINGS)[-1].command
        self.assertIn("--platform=ISA=x86-64", worker)
        self.assertIn("--concurrent-jobs=3", worker)
        self.assertIn("--bots-remote=http://127.0.0.1:5000", worker)

    def test_a_worker_says_every_class_that_it_can_hold(self) -> None:
        always = (_NAMESPACES,)
        self.assertEqual(always, properties_of(4095, 1))
        memory = ("ktstr-memory=4096", "ktstr-memory=16384")
        wanted = (*always, *memory, "ktstr-cpus=2", "ktstr-cpus=4")
        self.assertEqual(wanted, properties_of(20000, 7))
        for each in wanted:
            self.assertIn(each.partition("=")[0], MATCHED)

    def test_what_actions_ask_for_is_what_workers_say(self) -> None:
        asked = json.loads(located("_main/tests/rules/properties/asked_for.json").read_text())
        wanted = {f"{key}={value}" for each in asked for key, value in each.items()}
        self.assertEqual({*properties_of(1 << 20, 1 << 9), "ktstr-kvm=yes"}, wanted | {_NAMESPACES})
        for key in (each.partition("=")[0] for each in wanted):
            self.assertIn(key, MATCHED)

    def test_where_it_may_a_workers_cache_is_another_user_than_its_actions(self) -> None:
        for as_root in (False, True):
            settings = dataclasses.replace(_SETTINGS, as_root=as_root)
            for part in parts_of(_PROGRAMS, settings):
                another = as_root and part.name in ("worker0.cache", "worker1.cache")
                self.assertEqual(another, part.command[0] == "setpriv", part.name)

    def test_nothing_listens_but_on_loopback(self) -> None:
        database, cache, *_ = parts_of(_PROGRAMS, _SETTINGS)
        self.assertIn("listen_addresses=", database.command)
        self.assertIn("--bind=127.0.0.1:5001", cache.command)
        self.assertIn('address: "127.0.0.1:5000"', configuration(_SETTINGS, Path("/s")))

    def test_a_path_that_no_socket_fits_below_is_refused(self) -> None:
        self.assertIsNone(path_problem(_SETTINGS))
        most = 107 - len("/pg/socket/.s.PGSQL.5432")
        self.assertIsNone(path_problem(Settings(Path("/" + "a" * (most - 1)))))
        problem = path_problem(Settings(Path("/" + "a" * (most + 1)))) or ""
        self.assertIn("is too long by 2 bytes for the sockets below it", problem)

    def test_a_disk_that_caches_would_leave_alone_is_refused(self) -> None:
        self.assertIsNone(room_problem(_SETTINGS, 2049))
        problem = room_problem(_SETTINGS, 2048) or ""
        self.assertIn("2048 MiB are free on the disk of /state, and the caches leave ", problem)
        for part in parts_of(_PROGRAMS, _SETTINGS):
            if part.name.endswith("cache"):
                self.assertIn("--reserved=2048M", part.command)

    def test_a_workers_cache_has_half_of_the_servers(self) -> None:
        parts = {part.name: part.command for part in parts_of(_PROGRAMS, _SETTINGS)}
        self.assertIn("--quota-high=20480M", parts["cache"])
        self.assertIn("--quota-high=10240M", parts["worker0.cache"])

    def test_blanks_in_the_states_path_are_the_databases_too(self) -> None:
        self.assertIn("host=/a%20b%26/pg&user", database_url(Path("/a b&/pg")))

    def test_actions_inherit_little(self) -> None:
        for part in parts_of(_PROGRAMS, _SETTINGS)[3:]:
            self.assertEqual({"HOME", "LANG", "PATH"}, set(part.environment), part.name)

    def test_the_server_is_told_all(self) -> None:
        text = configuration(_SETTINGS, Path("/state/pg/socket"))
        self.assertIn("postgresql+psycopg2:///postgres?host=/state/pg/socket&user=farm", text)
        self.assertIn("bot-session-keepalive-timeout: 7\n", text)
        self.assertIn(f"match-property-keys: [{', '.join(MATCHED)}]", text)
        self.assertIsNone(re.search(r"\{\w+\}", text.replace("{minutes", "")), text)


if __name__ == "__main__":
    absltest.main()
