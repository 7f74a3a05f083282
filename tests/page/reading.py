# SPDX-License-Identifier: Apache-2.0
"""A page as a reader of HTML has it: its elements, its text, and what it would run or fetch."""

from __future__ import annotations

import base64
import json
import zlib
from html.parser import HTMLParser
from typing import Any

_EMPTY = frozenset({"br", "hr", "img", "input", "link", "meta"})


class Read(HTMLParser):
    """elements: name and attributes of each, in order; scripts: type and text; text: the rest."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[tuple[str, str]] = []
        self.text = ""
        self.open: list[str] = []
        self.unbalanced = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append((dict(attrs).get("type") or "", ""))
        if tag not in _EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.unbalanced = True

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            kind, text = self.scripts[-1]
            self.scripts[-1] = (kind, text + data)
        elif not self.open or self.open[-1] != "style":
            self.text += data

    def named(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of all elements of a name."""
        return [attributes for name, attributes in self.elements if name == tag]

    def data(self) -> list[Any]:
        """What its scripts of JSON hold."""
        return [json.loads(text) for kind, text in self.scripts if kind == "application/json"]


def unpacked(packs: dict[str, Any]) -> list[str]:
    """The bodies that a suite's packs hold."""
    return [
        body
        for pack in packs["packs"]
        for body in json.loads(zlib.decompress(base64.b64decode(pack)))
    ]
