# SPDX-License-Identifier: Apache-2.0
"""What a patch is read as, and how one that is none is refused."""

from __future__ import annotations

from absl.testing import absltest, parameterized

from tools.kernel.patchfile import Change, PatchError, parse_patch

_LETTER = """\
From 0123 Mon Sep 17 00:00:00 2001
Subject: [PATCH] sched: Do less

What it was:

--- a
+++ b

---
 kernel/sched/a.c | 2 +-

diff --git a/kernel/sched/a.c b/kernel/sched/a.c
index 1234..5678 100644
--- a/kernel/sched/a.c
+++ b/kernel/sched/a.c
@@ -3,3 +3,4 @@ int before(void)
 one
--- two
+++ two
+++ more
 three
@@ -20 +21 @@
-last
\\ No newline at end of file
+end
diff --git a/kernel/old.c b/kernel/new.c
similarity index 100%
rename from kernel/old.c
rename to kernel/new.c
--
2.47.0
"""


class PatchFileTest(parameterized.TestCase):
    def test_a_letter_of_git(self) -> None:
        first, second = parse_patch("p", _LETTER)
        self.assertEqual(first.paths, ("kernel/sched/a.c",))
        self.assertEqual([hunk.start for hunk in first.hunks], [3, 20])
        self.assertEqual(first.hunks[0].before, ("one", "-- two", "three"))
        self.assertEqual(first.hunks[1].before, ("last",))
        self.assertEqual(second, Change("kernel/old.c", "kernel/new.c", ()))

    @parameterized.parameters("--- /dev/null", "--- linux.old/new.c\t1970-01-01 00:00:00")
    def test_a_file_that_was_not_there(self, old: str) -> None:
        (change,) = parse_patch("p", f"{old}\n+++ linux/new.c\n@@ -0,0 +1 @@\n+new\n")
        self.assertIsNone(change.old)
        self.assertEqual(change.new, "new.c")

    def test_a_file_that_is_no_more(self) -> None:
        (change,) = parse_patch("p", "--- a/old.c\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-old\n-\n")
        self.assertEqual((change.old, change.new), ("old.c", None))

    @parameterized.parameters(
        ("old mode 100644\nnew mode 100755", "x.sh", "x.sh"),
        ("new file mode 100644\nindex 0000000..e69de29", None, "x.sh"),
        ("deleted file mode 100644\nindex e69de29..0000000", "x.sh", None),
    )
    def test_what_git_says_without_hunks(self, said: str, old: str | None, new: str | None) -> None:
        text = f"diff --git a/x.sh b/x.sh\n{said}\n{_LETTER[_LETTER.index('diff --git') :]}"
        found = parse_patch("p", text)
        self.assertEqual(found[0], Change(old, new, ()))
        self.assertEqual(found[1:], parse_patch("p", _LETTER))

    def test_blanks_at_the_end_of_lines_may_be_gone(self) -> None:
        (change,) = parse_patch("p", "--- a/x\n+++ b/x\n@@ -1,2 +1,3 @@\n one\n\n+two\n")
        self.assertEqual(change.hunks[0].before, ("one", ""))

    @parameterized.parameters(
        ("", "patch p changes nothing"),
        ("just words\n", "patch p changes nothing"),
        ("--- a/x\n+++ b/x\n", "patch p changes nothing"),
        ("--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n one\n", "p:5: ends in the midst of hunk 1 of x"),
        ("--- a/x\n+++ b/x\n@@ -1,2 +1 @@\n one\ntwo\n", "p:5: has no line of hunk 1 of x here"),
        ("--- a/x\n+++ b/x\n@@ -1 +1,2 @@\n-a\n-b\n", "p:5: has more lines in hunk 1 of x than"),
        ("--- x\n+++ x\n@@ -1 +1 @@\n-a\n+b\n", "p:1: names a path without a folder: 'x'"),
        ("--- a/../x\n+++ b/../x\n@@ -1 +1 @@\n-a\n+b\n", "'../x', which is no path in a kernel"),
        ("--- /dev/null\n+++ /dev/null\n@@ -1 +1 @@\n-a\n+b\n", "changes /dev/null to /dev/null"),
        ("diff --git a/x b/x\nindex 1..2\nGIT binary patch\n", "p:3: is a binary patch"),
    )
    def test_what_is_no_patch_is_refused(self, text: str, words: str) -> None:
        with self.assertRaises(PatchError) as raised:
            parse_patch("p", text)
        self.assertIn(words, str(raised.exception))


if __name__ == "__main__":
    absltest.main()
