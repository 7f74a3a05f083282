# SPDX-License-Identifier: Apache-2.0
"""Messages between processes, with a descriptor or without."""

import os

from absl.testing import absltest

from ktstr.runner.replay.ways import Way


class WaysTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.ours, self.theirs = Way.pair()
        self.addCleanup(self.ours.close)
        self.addCleanup(self.theirs.close)

    def test_what_was_said_is_heard(self) -> None:
        for message in ({"a": [1, 2]}, "x" * 100_000):
            pid = os.fork()
            if not pid:
                os._exit(not self.theirs.say(message))
            self.assertEqual(self.ours.hear(), (message, -1))
            self.assertEqual(os.waitpid(pid, 0)[1], 0)

    def test_a_descriptor_comes_with_it(self) -> None:
        read, write = os.pipe()
        self.assertTrue(self.ours.say("take it", write))
        message, fd = self.theirs.hear()
        os.close(write)
        self.assertEqual(message, "take it")
        os.write(fd, b"hello")
        os.close(fd)
        self.assertEqual(os.read(read, 99), b"hello")
        self.assertEqual(os.read(read, 99), b"")
        os.close(read)

    def test_whether_there_is_something_to_hear(self) -> None:
        self.assertFalse(self.ours.has_more())
        self.theirs.say("ready")
        self.assertTrue(self.ours.has_more())

    def test_an_end_that_is_gone(self) -> None:
        self.theirs.close()
        self.assertTrue(self.ours.has_more())
        self.assertEqual(self.ours.hear(), (None, -1))
        self.assertFalse(self.ours.say("anybody?"))


if __name__ == "__main__":
    absltest.main()
