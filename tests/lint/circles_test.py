# SPDX-License-Identifier: Apache-2.0
"""The lint on circles finds them wherever imports stand."""

from absl.testing import absltest

from tools.lint import circles

_CIRCLE = {
    "ktstr/model/a.py": "from ktstr.model.b import b",
    "ktstr/model/b.py": "import sys\ndef f():\n    from ktstr.guest import c",
    "ktstr/guest/c.py": "if TYPE_CHECKING:\n    from ktstr.model.a import A",
    "ktstr/guest/__init__.py": "",
    "ktstr/guest/d.py": "from ktstr.model.a import A",
}


class CirclesTest(absltest.TestCase):
    def test_a_circle_is_found_with_its_places(self) -> None:
        (finding,) = circles.check(_CIRCLE)
        self.assertEqual(
            finding,
            "a circle of modules: "
            "ktstr.guest.c -> ktstr.model.a -> ktstr.model.b -> ktstr.guest.c "
            "(ktstr/guest/c.py:2, ktstr/model/a.py:1, ktstr/model/b.py:3)",
        )

    def test_a_package_is_a_module(self) -> None:
        texts = {
            "ktstr/x/__init__.py": "from ktstr.x.y import y",
            "ktstr/x/y.py": "from ktstr.x import z",
        }
        (finding,) = circles.check(texts)
        self.assertIn("ktstr.x -> ktstr.x.y -> ktstr.x", finding)

    def test_others_may_import_each_other(self) -> None:
        texts = {name.replace("ktstr", "tests"): text for name, text in _CIRCLE.items()}
        self.assertEmpty(list(circles.check(texts)))


if __name__ == "__main__":
    absltest.main()
