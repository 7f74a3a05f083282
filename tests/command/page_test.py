# SPDX-License-Identifier: Apache-2.0
"""Pages that the program writes: of results, of comparisons, of trends."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path

from absl.testing import absltest

from ktstr.result import result_pb2
from ktstr.result.write import to_bytes
from tests.page.reading import Read, unpacked
from tests.support.commanding import Said, ktstr
from tests.support.saved_results import made, save


class PageTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.top = Path(self.create_tempdir().full_path)
        (self.top / "MODULE.bazel").touch()
        self.logs = self.top / "bazel-testlogs"
        self.out = self.top / "page.html"

    def run_ktstr(self, *arguments: str | Path) -> Said:
        environ = {"KTSTR_HISTORY": str(self.top / "history.sqlite"), "HOME": str(self.top)}
        return ktstr(*arguments, here=self.top, environ=environ)

    def read(self) -> Read:
        return Read(self.out.read_text(encoding="utf-8"))

    def test_one_result_has_a_page_of_its_own(self) -> None:
        save(made("alone"), self.logs)
        said = self.run_ktstr("page", "bazel-testlogs", "--out=page.html")
        self.assertEqual((said.code, said.err), (0, ""))
        self.assertRegex(said.out, r"page.html: 1 results, 0\.[0-9] MB")
        read = self.read()
        self.assertIn("//my:some_test::alone", read.text)
        self.assertFalse(read.named("table")[0].get("class"))
        self.run_ktstr("page", "bazel-testlogs", "--out=page.html", "--title=a night")
        self.assertIn("<title>a night</title>", self.out.read_text())

    def test_files_beside_it_are_linked_from_where_the_page_lies(self) -> None:
        folder = save(made("a test"), self.logs)
        results = [path.parent for path in folder.rglob("result.pb")]
        (results[0] / "console.log").touch()
        self.run_ktstr("page", "bazel-testlogs", "--out=page.html")
        links = [each["href"] or "" for each in self.read().named("a")]
        expected = (results[0] / "console.log").relative_to(self.top)
        self.assertIn(str(expected).replace(" ", "%20"), links)

    def test_several_are_listed_and_each_once(self) -> None:
        for test in ("one", "two"):
            save(made(test), self.logs)
        with zipfile.ZipFile(self.logs / "outputs.zip", "w") as archive:
            archive.writestr("one/result.pb", to_bytes(made("one")))
            archive.writestr("three/result.pb", to_bytes(made("three")))
        said = self.run_ktstr("page", "bazel-testlogs", "--out=page.html", "--json")
        self.assertEqual(said.code, 0, said.err)
        answer = json.loads(said.out)
        self.assertEqual(answer["results"], 3)
        self.assertEqual(answer["bytes"], self.out.stat().st_size)
        self.assertLen([each for each in self.read().named("tr") if "data-key" in each], 3)

    def test_results_of_the_history(self) -> None:
        save(made("old", verdict=result_pb2.FAIL), self.logs)
        save(made("new", accel="tcg"), self.logs)
        self.run_ktstr("import", "bazel-testlogs")
        said = self.run_ktstr("page", "--run=last", "--out=page.html")
        self.assertEqual(said.code, 0, said.err)
        (packs,) = self.read().data()
        self.assertLen(unpacked(packs), 2)
        self.run_ktstr("page", "--run=last", "--where=accel=tcg", "--out=page.html")
        self.assertIn("//my:some_test::new", self.read().text)

    def test_an_archive_may_have_the_trace_or_not(self) -> None:
        one = made("traced")
        one.decisions.events = 1
        one.timeline.phases.add(name="scenario", start_ns=1_000, end_ns=9_000_000)
        for lines in (None, '{"cpus":1,"tasks":{"7":"w0"}}\n', "{}\n"):
            with zipfile.ZipFile(self.top / "outputs.zip", "w") as archive:
                archive.writestr("traced/result.pb", to_bytes(one))
                if lines is not None:
                    archive.writestr("traced/trace.jsonl", lines)
            said = self.run_ktstr("page", "outputs.zip", "--out=page.html")
            self.assertEqual(said.code, 0, said.err)
            told = "The trace cannot be read" in self.read().text
            self.assertEqual(told, lines is None or lines == "{}\n")

    def test_what_is_no_file_is_written_to(self) -> None:
        save(made("one"), self.logs)
        self.out.symlink_to(os.devnull)
        said = self.run_ktstr("page", "bazel-testlogs", "--out=page.html")
        self.assertEqual(said.code, 0, said.err)
        self.assertTrue(self.out.is_char_device())
        self.out.unlink()
        self.out.symlink_to("there.html")
        self.run_ktstr("page", "bazel-testlogs", "--out=page.html")
        self.assertTrue(self.out.is_symlink())
        self.assertIn("//my:some_test::one", self.read().text)

    def test_mistakes_are_told_and_nothing_is_written(self) -> None:
        save(made("one"), self.logs)
        for arguments, words in (
            (("--out=page.html",), "name a PLACE, or --run of the history; one of them"),
            (("bazel-testlogs", "--run=last", "--out=page.html"), "one of them"),
            (
                ("bazel-testlogs", "--where=accel=tcg", "--out=page.html"),
                "--where is of the history",
            ),
            (("nowhere", "--out=page.html"), "there is no"),
            (
                ("bazel-testlogs", "--out=no/such/page.html"),
                "no/such/page.html: No such file or directory",
            ),
            (("bazel-testlogs",), "the following arguments are required: --out"),
        ):
            said = self.run_ktstr("page", *arguments)
            self.assertEqual(said.code, 3)
            self.assertIn(words, said.err)
        self.assertFalse(list(self.top.glob("*.html*")))

    def test_a_comparison(self) -> None:
        for wake in (40.0, 80.0):
            save(made("one", figures={"wake_p99_us": wake}), self.logs)
            self.run_ktstr("import", "bazel-testlogs", f"--commit=c{wake:.0f}")
        said = self.run_ktstr("compare", "last~1", "last", "--format=html")
        self.assertEqual(said.code, 1, said.err)
        read = Read(said.out)
        self.assertFalse(read.unbalanced)
        (data,) = read.data()
        (row,) = data["changes"]["rows"]
        self.assertEqual(
            (row["value"], row["outcome"], row["shape"]), (100.0, "worse", "triangle-up")
        )
        self.assertIn("40 -> 80 us, +100 %", read.text)

    def test_a_trend(self) -> None:
        for wake in (40.0, 40.0, 80.0):
            save(made("one", figures={"wake_p99_us": wake}), self.logs)
            self.run_ktstr("import", "bazel-testlogs", f"--commit=c{wake:.0f}", "--tag=of=test")
        save(made("two"), self.logs)
        self.run_ktstr("import", "bazel-testlogs")
        said = self.run_ktstr("trend", "wake_p99_us", "--format=html", "--limit=1")
        self.assertEqual((said.code, said.err), (0, ""))
        read = Read(said.out)
        (data,) = read.data()
        points = data["trend-0"]["points"]
        self.assertEqual([each["value"] for each in points][-1], 80.0)
        self.assertEqual([each["moved"] for each in points].count(True), 1)
        self.assertIn("1 more series are left out", read.text)


if __name__ == "__main__":
    absltest.main()
