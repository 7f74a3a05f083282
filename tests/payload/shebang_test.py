# SPDX-License-Identifier: Apache-2.0
"""A script's first line is read as the kernel reads it, and what it wants is looked for."""

from absl.testing import absltest, parameterized

from tools.payload.shebang import Shebang, problem, read

_GUEST = {"/bin/sh", "/usr/bin/python3.13", "/payloads/x/bin/tool"}


class ReadTest(parameterized.TestCase):
    @parameterized.named_parameters(
        ("plain", b"#!/bin/sh\necho\n", Shebang("/bin/sh", "")),
        ("argument", b"#!/bin/sh -e\n", Shebang("/bin/sh", "-e")),
        ("one_argument_only", b"#!/usr/bin/env -S a b\n", Shebang("/usr/bin/env", "-S a b")),
        ("blanks", b"#! \t/bin/sh\t-e \n", Shebang("/bin/sh", "-e")),
        ("no_end", b"#!/bin/sh", Shebang("/bin/sh", "")),
        ("nothing", b"#!\n", Shebang("", "")),
        ("cut_at_256_bytes", b"#!/" + b"x" * 300, Shebang("/" + "x" * 253, "")),
    )
    def test_first_line(self, head: bytes, expected: Shebang) -> None:
        self.assertEqual(read(head), expected)

    @parameterized.parameters(b"", b"#", b"\x7fELF", b" #!/bin/sh")
    def test_what_is_no_script(self, head: bytes) -> None:
        self.assertIsNone(read(head))


class ProblemTest(parameterized.TestCase):
    @parameterized.named_parameters(
        ("missing", Shebang("/bin/bash", ""), "wants the interpreter /bin/bash, which the guest"),
        ("relative", Shebang("sh", ""), "names its interpreter 'sh' by no absolute path"),
        ("nothing", Shebang("", ""), 'names no interpreter after "#!"'),
        ("dos", Shebang("/bin/sh\r", ""), "first line '/bin/sh\\r' with a carriage return"),
        ("no_env", Shebang("/usr/bin/env", "sh"), "wants the interpreter /usr/bin/env"),
    )
    def test_is_told(self, line: Shebang, message: str) -> None:
        self.assertIn(message, problem(line, _GUEST.__contains__, ()) or "")

    def test_there_is_none_where_the_interpreter_is(self) -> None:
        self.assertIsNone(problem(Shebang("/bin/sh", "-e"), _GUEST.__contains__, ()))

    def test_env_looks_in_the_payloads_path_and_in_the_guests(self) -> None:
        exists = (_GUEST | {"/usr/bin/env"}).__contains__
        for words in ("sh", "-S sh -e"):
            self.assertIsNone(problem(Shebang("/usr/bin/env", words), exists, ()))
        wanted = Shebang("/usr/bin/env", "tool")
        self.assertIsNone(problem(wanted, exists, ("/payloads/x/bin",)))
        self.assertIn("wants tool by way of /usr/bin/env", problem(wanted, exists, ()) or "")


if __name__ == "__main__":
    absltest.main()
