# SPDX-License-Identifier: Apache-2.0
"""py_proto generates modules that import each other by their path in the repository."""

from pathlib import Path

from absl.testing import absltest

from tests.proto import inner_pb2, outer_pb2


class PyProtoTest(absltest.TestCase):
    def test_round_trip_through_an_imported_message(self) -> None:
        message = outer_pb2.Outer(inner=[inner_pb2.Inner(name="a")])
        message.elapsed.FromMilliseconds(1500)
        again = outer_pb2.Outer.FromString(message.SerializeToString())
        self.assertEqual(again.inner[0].name, "a")
        self.assertEqual(again.elapsed.ToMilliseconds(), 1500)

    def test_stubs_lie_beside_the_modules(self) -> None:
        stub = Path(outer_pb2.__file__).with_suffix(".pyi")
        self.assertIn("class Outer(", stub.read_text(encoding="utf-8"))


if __name__ == "__main__":
    absltest.main()
