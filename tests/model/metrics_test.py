# SPDX-License-Identifier: Apache-2.0
"""Metrics in what payloads print, well-formed or not, and how much work a flood makes."""

from __future__ import annotations

import json
import math
import weakref
from collections.abc import Iterator
from typing import Any

from absl.testing import absltest, parameterized
from hypothesis import given
from hypothesis import strategies as st

from ktstr.model.codec import encode
from ktstr.model.metrics import Extraction, extract_from, extract_metrics
from ktstr.model.output.json_leaves import MAX_DEPTH, MAX_LEAVES, MAX_NAME, MAX_VALUES, documents
from ktstr.model.payload import Exists, MetricHint, OutputFormat, Payload, Stream
from ktstr.model.wire.frames import MAX_BODY, FrameType, encode_frame
from tests.model.strategies import DOCUMENTS


def payload(output: OutputFormat = OutputFormat.JSON, **changes: Any) -> Payload:
    return Payload("p", "/payloads/p/p", output=output, **changes)


def values(found: Extraction) -> dict[str, float]:
    return {metric.name: metric.value for metric in found.metrics}


def of_json(text: str, **changes: Any) -> dict[str, float]:
    return values(extract_metrics(payload(**changes), text, ""))


def leaves(tree: Any, path: str = "") -> dict[str, float]:
    """The same numbers by the standard library's tree: what the reader must come to."""
    if isinstance(tree, bool) or tree is None or isinstance(tree, str):
        return {}
    if isinstance(tree, int | float):
        return {path: float(tree)}
    items = tree.items() if isinstance(tree, dict) else enumerate(tree)
    found: dict[str, float] = {}
    for key, item in items:
        found |= leaves(item, f"{path}.{key}" if path else str(key))
    return found


class JsonTest(parameterized.TestCase):
    @given(DOCUMENTS, st.sampled_from([None, 2]), st.booleans())
    def test_a_document_gives_its_leaves(self, tree: Any, indent: int | None, ascii: bool) -> None:
        text = json.dumps(tree, indent=indent, ensure_ascii=ascii)
        self.assertEqual(of_json(text), leaves(tree))

    @given(DOCUMENTS, st.data())
    def test_what_is_cut_gives_nothing(self, tree: Any, data: st.DataObject) -> None:
        text = json.dumps({"x": tree, "y": [1]})
        end = data.draw(st.integers(0, len(text) - 1))
        self.assertEqual(of_json(text[:end]), {})

    @given(DOCUMENTS, st.text(), st.data())
    def test_junk_within_raises_nothing(self, tree: Any, junk: str, data: st.DataObject) -> None:
        text = json.dumps({"x": tree, "y": [1]})
        middle = data.draw(st.integers(0, len(text)))
        extract_metrics(payload(), text[:middle] + junk + text[middle:], junk)

    def test_paths(self) -> None:
        text = '{"jobs":[{"read":{"iops":12.5}},{"read":{"iops":3}}],"ok":true,"no":null}'
        self.assertEqual(of_json(text), {"jobs.0.read.iops": 12.5, "jobs.1.read.iops": 3.0})

    def test_dots_in_keys_stay(self) -> None:
        self.assertEqual(of_json('{"pct":{"99.9":7}}'), {"pct.99.9": 7.0})

    def test_a_document_amid_other_output(self) -> None:
        text = 'fio: [note] {not json} it took [12] rounds\n{"a": {"b": 1}}\ndone {\n'
        self.assertEqual(of_json(text), {"a.b": 1.0})

    def test_several_documents_join_where_no_name_is_in_two(self) -> None:
        self.assertEqual(of_json('{"a":1}\n{"b":2}\n'), {"a": 1.0, "b": 2.0})

    def test_an_array_of_numbers_counts_where_it_fills_its_lines(self) -> None:
        self.assertEqual(of_json("[1, 2]\n"), {"0": 1.0, "1": 2.0})
        self.assertEqual(of_json("  [\n1\n]  \r\nx"), {"0": 1.0})
        self.assertEqual(of_json("[1] starting\nsee [2]\n"), {})
        self.assertEqual(of_json('data: [{"a":1}] end'), {"0.a": 1.0})

    def test_a_document_that_breaks_off_gives_nothing_and_is_told_of(self) -> None:
        for text in ('{"a":1,"b":', '{"a":{"c":1},"b":tr', '{"a":1,"b":"half', '[{"a":1},'):
            found = extract_metrics(payload(), text, "")
            self.assertEqual(found.metrics, (), text)
            self.assertIn("ends inside a JSON document", found.notes[0])

    def test_a_document_that_breaks_is_told_of_with_the_place(self) -> None:
        text = '{"note": [1, 2 x]}\n{"jobs": [{"a": 1}, {"b": 2}], "c": 1,}\n{"d": 3}\n'
        found = extract_metrics(payload(), text, "")
        self.assertEqual(values(found), {"d": 3.0})
        self.assertEqual(
            found.notes,
            ("stdout: a JSON document breaks before '}\\n{\"d\": 3}\\n'; nothing of it was read",),
        )
        self.assertEqual(extract_metrics(payload(), "[info] {x} [1] [nan]ob\n", "").notes, ())

    def test_what_breaks_does_not_hide_what_follows(self) -> None:
        self.assertEqual(of_json('{"a": 1 oops {"b": 2}'), {"b": 2.0})
        self.assertEqual(of_json('{"a":1,}\n{"b":2}'), {"b": 2.0})
        self.assertEqual(of_json("{'a': 1}\n{\"b\":2}"), {"b": 2.0})

    def test_nesting_is_read_to_its_limit_and_named_beyond(self) -> None:
        deep = "[" * MAX_DEPTH + "7" + "]" * MAX_DEPTH
        self.assertEqual(of_json(deep), {".".join("0" * MAX_DEPTH): 7.0})
        found = extract_metrics(payload(), f'{{"a":1,"b":{deep}}}', "")
        self.assertEqual(values(found), {"a": 1.0})
        self.assertIn("nested deeper than 64 levels, not read below 'b.0.0.0", found.notes[0])

    def test_depth_beyond_any_recursion_limit(self) -> None:
        text = '{"a":1,"b":' + "[" * 100_000 + "1" + "]" * 100_000 + "}"
        self.assertEqual(of_json(text), {"a": 1.0})

    def test_numbers_that_are_none_survive(self) -> None:
        found = of_json('{"a":NaN,"b":-Infinity,"c":Infinity}')
        self.assertTrue(math.isnan(found["a"]))
        self.assertEqual([found[name] for name in "bc"], [-math.inf, math.inf])
        found = of_json('{"a":-nan,"b":[nan],"c":-inf,"d":inf}')
        self.assertTrue(math.isnan(found["a"]) and math.isnan(found["b.0"]))
        self.assertEqual((found["c"], found["d"]), (-math.inf, math.inf))

    def test_what_no_float_holds_is_left_out_with_a_word(self) -> None:
        text = '{"a":1e999,"b":-1e-999,"c":0.0e-999,"d":' + "1" * 5_000 + "}"
        found = extract_metrics(payload(), text, "")
        self.assertEqual(values(found), {"c": 0.0})
        words = (
            "stdout: left out, as no quantity that is understood: 'a' is '1e999', 'b' is '-1e-999'"
        )
        self.assertStartsWith(found.notes[0], words)

    def test_strings_are_numbers_only_when_named(self) -> None:
        text = '{"bw":"1.2GB/s","version":"3.38","sum":"n/a"}'
        self.assertEqual(of_json(text), {})
        self.assertEqual(of_json(text, metrics=(MetricHint("bw"),)), {"bw": 1.2e9})
        self.assertEqual(of_json(text, default_checks=(Exists("bw"),)), {"bw": 1.2e9})
        found = extract_metrics(payload(), text, "", (Exists("bw"), Exists("sum")))
        self.assertEqual(values(found), {"bw": 1.2e9})
        self.assertEqual(found.notes, ("stdout: metric 'sum' is the string 'n/a', no number",))

    def test_a_string_may_be_named_with_the_number_of_its_record(self) -> None:
        text = '{"event":"cs","v":"412"}\n{"event":"cs","v":"7 us"}\n'
        found = extract_metrics(payload(), text, "", (Exists("1.v"),))
        self.assertEqual(values(found), {"0.v": 412.0, "1.v": 7e-6})
        keyed = payload(record_key=("event",))
        found = extract_metrics(keyed, text, "", (Exists("cs.1.v"),))
        self.assertEqual(values(found), {"cs.0.v": 412.0, "cs.1.v": 7e-6})
        self.assertEqual(extract_metrics(keyed, text, "", (Exists("other.1.v"),)).metrics, ())

    def test_a_crowd_of_metrics_is_cut_but_never_those_named(self) -> None:
        text = json.dumps({f"m{i}": i for i in range(2 * MAX_LEAVES)})
        last = f"m{2 * MAX_LEAVES - 1}"
        found = extract_metrics(payload(), text, "", (Exists(last),))
        self.assertLen(found.metrics, MAX_LEAVES + 1)
        self.assertIn(last, values(found))
        self.assertRegex(found.notes[0], f"{MAX_LEAVES - 1} numbers were left out")

    def test_names_without_end_are_left_out(self) -> None:
        found = extract_metrics(payload(), '{"%s":1,"b":2}' % ("k" * 300), "")
        self.assertEqual(values(found), {"b": 2.0})
        self.assertIn("1 numbers were left out", found.notes[0])

    def test_all_that_is_kept_fits_into_a_frame(self) -> None:
        name = "\U0001f600" * (MAX_NAME - 10)
        text = json.dumps({f"{name}{i}": i for i in range(MAX_LEAVES)}, ensure_ascii=False)
        found = extract_metrics(payload(), text, "")
        self.assertGreater(len(found.metrics), 1_000)
        self.assertLess(len(encode_frame(FrameType.PAYLOAD, 0, encode(found.metrics))), MAX_BODY)
        self.assertIn("numbers were left out", found.notes[0])


class StreamTest(absltest.TestCase):
    def test_stderr_is_read_only_when_stdout_has_no_metric(self) -> None:
        found = extract_metrics(payload(), "no numbers: [x]", '{"a":1}')
        self.assertEqual([(m.name, m.stream) for m in found.metrics], [("a", Stream.STDERR)])
        found = extract_metrics(payload(), '{"b":2}', '{"a":1}')
        self.assertEqual([(m.name, m.stream) for m in found.metrics], [("b", Stream.STDOUT)])

    def test_a_document_does_not_span_the_streams(self) -> None:
        self.assertEqual(extract_metrics(payload(), '{"a":', "1}").metrics, ())

    def test_texts_are_made_only_to_be_read_and_one_at_a_time(self) -> None:
        class Text(str):
            """A str that can be referred to weakly."""

        made: list[weakref.ref[Text]] = []

        def texts() -> Iterator[tuple[Stream, str]]:
            for stream, text in ((Stream.STDOUT, "none"), (Stream.STDERR, '{"a":1}')):
                self.assertEqual([each() for each in made], [None] * len(made))
                kept = Text(text)
                made.append(weakref.ref(kept))
                pair = stream, kept
                del kept
                yield pair
                del pair

        extract_from(payload(OutputFormat.EXIT_CODE), texts())
        self.assertEmpty(made)
        self.assertEqual(values(extract_from(payload(), texts())), {"a": 1.0})
        self.assertLen(made, 2)

    def test_an_exit_code_has_no_metrics(self) -> None:
        found = extract_metrics(payload(OutputFormat.EXIT_CODE), '{"a":1}', "b=2")
        self.assertEqual(found, Extraction())


class KeyValueTest(absltest.TestCase):
    def of(self, text: str) -> dict[str, float]:
        return values(extract_metrics(payload(OutputFormat.KEY_VALUE), text, ""))

    def test_lines_and_pairs(self) -> None:
        text = """\
            events per second:  1234.56
            runtime: 10s
            iops=12.5k, bw=3MiB;lat=250us x = 5
            stats: a=1 b=two
        """
        want = {"events per second": 1234.56, "runtime": 10.0, "iops": 12_500.0}
        want |= {"bw": 3.0 * 1024**2, "lat": 250e-6, "x": 5.0, "a": 1.0}
        self.assertEqual(self.of(text), want)

    def test_what_only_looks_like_one(self) -> None:
        self.assertEqual(self.of("12:30:11 INFO foo\nhttp://1.2.3.4\nx == 5\nname: fio\n=3\n"), {})


class RegexTest(absltest.TestCase):
    def of(self, text: str, **patterns: str) -> Extraction:
        return extract_metrics(payload(OutputFormat.REGEX, patterns=patterns), text, "")

    def test_the_last_match_counts(self) -> None:
        text = "Max: 5us\nMax: 7us\nTime 0.5\n"
        found = self.of(text, max=r"^Max: (\S+)$", time=r"Time (.*)", none=r"(x)")
        self.assertEqual(values(found), {"max": 7e-6, "time": 0.5})

    def test_a_match_that_is_no_number_is_told_of(self) -> None:
        found = self.of("Time soon", time=r"Time (.*)")
        self.assertEqual(found.metrics, ())
        self.assertIn("the pattern of 'time' found 'soon', no number", found.notes[0])


class FloodTest(parameterized.TestCase):
    """16 MiB of whatever makes a reader begin again and again: bounded steps, and a note."""

    @parameterized.parameters("{", "[", "[1,", '{"a":', '["["', '{"a"x', '["\\x"', "[1] ", "[[],")
    def test_json(self, piece: str) -> None:
        text = piece * ((16 << 20) // len(piece))
        found = extract_metrics(payload(), text, "")
        self.assertEqual(found.metrics, ())
        if piece != "{":  # which no document can begin with
            self.assertIn(f"more than {MAX_VALUES} JSON values", found.notes[0])

    def test_each_character_is_passed_once(self) -> None:
        # every bracket starts a document that runs to the end, where it breaks
        text = "[1," * 1_000 + "x"
        seen: list[int] = []

        class Counted(str):
            def __getitem__(self, key: Any) -> str:
                seen.append(0)
                return super().__getitem__(key)

        list(documents(Counted(text)))
        self.assertLess(len(seen), 3 * len(text))

    def test_lines_without_values_count_too(self) -> None:
        text = "info: started\n" * (MAX_VALUES + 1) + "a=1\n"
        found = extract_metrics(payload(OutputFormat.KEY_VALUE), text, "")
        self.assertEqual(found.metrics, ())
        self.assertIn(f"more than {MAX_VALUES} values", found.notes[0])

    @parameterized.parameters("a", " ", "a=b", "a = ", ": ", "a: 1e", "=")
    def test_key_value(self, piece: str) -> None:
        text = piece * ((16 << 20) // len(piece))
        found = extract_metrics(payload(OutputFormat.KEY_VALUE), text, "")
        self.assertEqual(found.metrics, ())


if __name__ == "__main__":
    absltest.main()
