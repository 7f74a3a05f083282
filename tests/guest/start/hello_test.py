# SPDX-License-Identifier: Apache-2.0
"""The hand-written hello is what the model's frames and records say it is."""

from __future__ import annotations

import ast
import dataclasses
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

from absl.testing import absltest
from hypothesis import given
from hypothesis import strategies as st

import ktstr.guest
from ktstr.guest.start import hello as first
from ktstr.model.codec import decode, encode
from ktstr.model.facts import PROTOCOL, Hello
from ktstr.model.machine.cpulist import parse_cpulist
from ktstr.model.wire.frames import Frame, FrameReader, FrameType, encode_frame

_TEXTS = st.text(st.characters(exclude_categories=["Cs"], max_codepoint=0xFFFF))


class HelloTest(absltest.TestCase):
    def test_what_the_kernel_did_not_know_is_with_the_first_process(self) -> None:
        found = first.unknown_arguments("/init\0quick\0", "HOME=/\0TERM=linux\0nohz_full=1-3\0")
        self.assertEqual(found, ["quick", "nohz_full=1-3"])
        self.assertEqual(first.unknown_arguments("/init", "HOME=/\0TERM=linux"), [])

    def test_hello_of_this_machine_decodes(self) -> None:
        (item,) = FrameReader().feed(first.hello_frame(first.hello_body(b"plan")))
        assert isinstance(item, Frame)
        self.assertEqual((item.type, item.seq), (FrameType.HELLO, 0))
        hello = decode(Hello, item.body)
        self.assertEqual(hello.protocol, PROTOCOL)
        self.assertEqual(hello.kernel_release, os.uname().release)
        self.assertEqual(hello.plan_digest, hashlib.sha256(b"plan").hexdigest())
        self.assertGreater(hello.memory_kb, 0)
        online = parse_cpulist(hello.online)
        self.assertEqual(frozenset().union(*map(parse_cpulist, hello.cores)), online)

    def test_no_plan_has_no_digest(self) -> None:
        self.assertEqual(first.hello_body(b"")["plan_digest"], "")

    @given(_TEXTS, st.lists(_TEXTS))
    def test_bytes_are_those_of_the_model(self, cmdline: str, llcs: list[str]) -> None:
        body = first.hello_body(b"")
        body.update(cmdline=cmdline, llcs=llcs)
        record = dataclasses.replace(
            decode(Hello, {**body, "llcs": []}), cmdline=cmdline, llcs=tuple(llcs)
        )
        expected = encode_frame(FrameType.HELLO, 0, encode(record))
        (ours,) = FrameReader().feed(first.hello_frame(body))
        (theirs,) = FrameReader().feed(expected)
        self.assertEqual(ours, theirs)
        self.assertEqual(json.loads(json.dumps(encode(record))), theirs.body)  # type: ignore[union-attr]

    def test_little_is_imported_for_it(self) -> None:
        script = (
            "import sys\n"
            "from ktstr.guest.start.hello import hello_body, hello_frame\n"
            "hello_frame(hello_body(b'plan'))\n"
            "print(*sorted(m for m in sys.modules if m.split('.')[0] in sys.argv[1:]))\n"
        )
        heavy = ("ktstr", "dataclasses", "importlib", "json", "re", "enum", "typing", "inspect")
        run = subprocess.run(
            [sys.executable, "-S", "-c", script, *heavy],
            capture_output=True,
            text=True,
            check=True,
        )
        rooms = ["ktstr", "ktstr.guest", "ktstr.guest.start", "ktstr.guest.system"]
        files = ["ktstr.guest.start.hello", "ktstr.guest.system.sysfs"]
        self.assertEqual(run.stdout.split(), sorted(rooms + files))

    def test_the_program_imports_no_more(self) -> None:
        tree = ast.parse(Path(ktstr.guest.__path__[0], "boot.py").read_text(encoding="utf-8"))
        ours = {each.module for each in tree.body if isinstance(each, ast.ImportFrom)}
        wanted = {"__future__", "ktstr.guest.start.hello", "ktstr.guest.system.sysfs"}
        self.assertEqual(ours, wanted)


if __name__ == "__main__":
    absltest.main()
