# SPDX-License-Identifier: Apache-2.0
"""docs/ci.md: its examples are what the services take, and their commands exist."""

from __future__ import annotations

import importlib.resources
import io
import json
import re
import shlex
import subprocess
from typing import Any

import check_jsonschema
import jsonschema
import ruamel.yaml
from absl.testing import absltest, parameterized

from ktstr.command.parser import parser_of
from tests.docs.sources import sources

_EXAMPLES = {
    ".github/workflows/ktstr.yml": "github-workflows.json",
    ".gitlab-ci.yml": "gitlab-ci.json",
    ".buildkite/pipeline.yml": "buildkite.json",
}
_PAGES = ("docs/ci.md", "docs/history.md", "docs/running.md", "README.md")
_BLOCK = re.compile(r"(?:^    .*\n|^\n(?=    ))+", re.MULTILINE)
# A command of ours, up to where the shell goes on with something else.
_CALL = re.compile(r"^\s*ktstr ([a-z-]+(?:\\\n|[^\n|&;#])*)", re.MULTILINE)


def page(name: str) -> str:
    """A page's text."""
    return (sources() / name).read_text(encoding="utf-8")


def example(name: str) -> str:
    """The example that begins with a comment of its file's name."""
    for block in _BLOCK.findall(page("docs/ci.md")):
        text = "".join(line[4:] or "\n" for line in block.splitlines(keepends=True))
        if text.lstrip("\n").startswith(f"# {name}\n"):
            return text.lstrip("\n")
    raise AssertionError(f"docs/ci.md has no example of {name}")


def scripts(data: Any) -> list[str]:
    """What is run, in any of the three forms."""
    if isinstance(data, dict):
        found = []
        for key, value in data.items():
            if key in ("run", "script", "before_script", "after_script", "command"):
                found += [value] if isinstance(value, str) else list(value)
            else:
                found += scripts(value)
        return found
    return [each for part in data for each in scripts(part)] if isinstance(data, list) else []


def loaded(name: str) -> Any:
    """An example as YAML 1.2 has it."""
    return ruamel.yaml.YAML(typ="safe", pure=True).load(io.StringIO(example(name)))


def calls(text: str) -> list[list[str]]:
    """The words behind `ktstr` of each call in a script or page, without redirections."""
    found = []
    for match in _CALL.finditer(text):
        words = shlex.split(re.sub(r"\s\d?>>?\s*\S+", "", match[1].replace("\\\n", " ")))
        found.append([word.strip("`") for word in words])
    return found


class CiPageTest(parameterized.TestCase):
    @parameterized.parameters(*_EXAMPLES.items())
    def test_the_service_takes_it(self, name: str, schema: str) -> None:
        folder = importlib.resources.files(check_jsonschema) / "builtin_schemas" / "vendor"
        known = json.loads((folder / schema).read_text(encoding="utf-8"))
        validator = jsonschema.validators.validator_for(known)(known)
        data = loaded(name)
        errors = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(data)]
        self.assertEqual(errors, [])
        broken = {**data, next(iter(data)): 7, "jobs": 7, "steps": 7, "test": 7}
        self.assertNotEmpty(list(validator.iter_errors(broken)))

    @parameterized.parameters(*_EXAMPLES)
    def test_its_scripts_are_shell(self, name: str) -> None:
        found = scripts(loaded(name))
        self.assertNotEmpty(found)
        for script in found:
            # Buildkite makes a dollar of two
            text = script.replace("$$", "$").replace("${{", "${")
            subprocess.run(["bash", "-n"], input=text, text=True, check=True)

    @parameterized.parameters(*_EXAMPLES)
    def test_its_commands_exist(self, name: str) -> None:
        found = [words for script in scripts(loaded(name)) for words in calls(script)]
        self.assertContainsSubset({"import", "show", "compare"}, {words[0] for words in found})
        for words in found:
            parser_of().parse_args(words)

    @parameterized.parameters(*_EXAMPLES)
    def test_no_call_keeps_the_next_one_from_its_turn(self, name: str) -> None:
        # their shells have -e, and exit codes of ktstr's say more than that something is wrong
        for script in scripts(loaded(name)):
            lines = [line.strip() for line in script.splitlines()]
            for line in [line for line in lines if line.startswith("ktstr ")][:-1]:
                self.assertRegex(line, r"\|")

    @parameterized.parameters(*_PAGES)
    def test_commands_of_pages_exist(self, name: str) -> None:
        blocks = "".join(_BLOCK.findall(page(name)))
        for words in calls(blocks):
            own = words[: words.index("--")] if "--" in words else words
            with self.subTest(" ".join(own)):
                parser_of().parse_args(own)

    @parameterized.parameters(*_EXAMPLES)
    def test_an_example_keeps_caches_history_and_comments(self, name: str) -> None:
        text = example(name)
        for each in ("history", "--config=ci", "compare main last", "comment"):
            self.assertIn(each, text)


if __name__ == "__main__":
    absltest.main()
