# SPDX-License-Identifier: Apache-2.0
"""A page: one file that holds its styles, programs and data, and asks no network for anything.

Text from guests is data.  Templates escape all text and show control characters as text; data are
JSON whose `<`, `>` and `&` are escaped, so that no `</script>` ends them; and a content security
policy names each program by its digest, so that a browser would run nothing else.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import re
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from ktstr.model.errors import InfraError
from ktstr.result.characters import printable

_ASSETS = Path(__file__).parent / "assets"
_VEGA = ("vega.min.js", "vega-interpreter.min.js")
_SOURCE_MAP = re.compile(r"^//# sourceMappingURL=.*$", re.MULTILINE)
_LEVEL = 9


def page(template: str, title: str, *, programs: Sequence[str], **values: Any) -> str:
    """The page that a template of assets makes.

    programs: files of assets that it runs, after Vega and what all pages run.

    Raises:
        InfraError: a part of it is not there.
    """
    texts = [_program(name) for name in (*_VEGA, "page.js", "kinds.js", "charts.js", *programs)]
    hashes = " ".join(f"'sha256-{_digest(text)}'" for text in texts)
    policy = (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    return (
        environment()
        .get_template(template)
        .render(
            title=title,
            policy=policy,
            style=Markup(_asset("page.css")),
            programs=[Markup(text) for text in texts],
            **values,
        )
    )


def fragment(template: str, **values: Any) -> Markup:
    """A part of a page."""
    return Markup(environment().get_template(template).render(**values))


@functools.cache
def environment() -> jinja2.Environment:
    """Of the templates: all that they put in is escaped, and printable."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_ASSETS),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    made.filters["data"] = embedded
    return made


def embedded(value: Any) -> Markup:
    """JSON that can stand within a script element, its strings printable."""
    text = json.dumps(_cleaned(value), allow_nan=False, separators=(",", ":"))
    for each in "<>&":
        text = text.replace(each, f"\\u{ord(each):04x}")
    return Markup(text)


def packed(text: str) -> str:
    """`text` in few characters: base64 of zlib, which browsers unpack (`deflate`)."""
    return base64.b64encode(zlib.compress(text.encode(), _LEVEL)).decode()


def _shown(value: Any) -> Any:
    """What a template puts in; what is markup by now was made of printable text."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, Mapping):
        return {printable(str(key)): _cleaned(each) for key, each in value.items()}
    if isinstance(value, Sequence):
        return [_cleaned(each) for each in value]
    return value


@functools.cache
def _asset(name: str) -> str:
    try:
        return (_ASSETS / name).read_text(encoding="utf-8")
    except OSError as error:
        raise InfraError(f"a part of the page is not there: {name}: {error.strerror}") from error


@functools.cache
def _program(name: str) -> str:
    """A program; of where its map is, which no browser is to look for, it says nothing."""
    return _SOURCE_MAP.sub("", _asset(name)).strip()


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
