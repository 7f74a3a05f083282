# SPDX-License-Identifier: Apache-2.0
"""The part of the compiler that goes along lists, trees, chains and numbers."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ktstr.introspect.invariants.code import Code
from ktstr.introspect.invariants.layout import Field, Layout, find
from ktstr.introspect.invariants.program import Op
from ktstr.model.errors import UsageError


@dataclass(frozen=True)
class Name:
    """A local, and the struct that it points to; empty for a number."""

    slot: int
    struct: str = ""


class Compiler(Protocol):
    """What going along something needs of the rest of the compiler.

    quiet: above 0 while no terms are said, as where a member has many values.
    """

    layout: Layout
    code: Code
    names: dict[str, Name]
    quiet: int

    def value(self, tree: ast.expr) -> None: ...
    def keep(self, name: Name) -> None: ...
    def saw(self, struct: str, found: Field) -> None: ...


class Loops:
    """all, any, sum and count."""

    NAMES = ("all", "any", "sum", "count")

    def __init__(self, compiler: Compiler) -> None:
        self._compiler, self._code = compiler, compiler.code

    def value(self, call: ast.Call) -> None:
        """Pushes what one of NAMES gives."""
        kind, element, generators = _parts(call)
        code, result, end = self._code, self._code.local(), self._code.place()
        code.number(int(kind == "all"))
        code.add(Op.SET, result)
        quiet = int(kind != "all")

        def body() -> None:
            if kind in ("sum", "count"):
                code.add(Op.GET, result)
                self._compiler.value(element)
                code.add(Op.ADD)
                code.add(Op.SET, result)
                return
            goes_on = code.place()
            self._compiler.value(element)
            if kind == "all":
                code.add(Op.NOT)
            code.jump(Op.UNLESS, goes_on)
            for each in generators if kind == "all" and not self._compiler.quiet else ():
                # which one it was
                code.add(Op.GET, self._compiler.names[_target(each)].slot)
                code.term(_target(each))
                code.add(Op.SET, result)
            code.number(int(kind == "any"))
            code.add(Op.SET, result)
            code.jump(Op.JUMP, end)
            code.here(goes_on)

        self._compiler.quiet += quiet
        self._nested(generators, body)
        self._compiler.quiet -= quiet
        code.here(end)
        code.add(Op.GET, result)
        code.give_back(result)
        if quiet and not self._compiler.quiet:
            code.term(ast.unparse(call))

    def _nested(self, generators: Sequence[ast.comprehension], body: Callable[[], None]) -> None:
        if not generators:
            body()
            return
        first, *others = generators
        code = self._code
        top, goes_on, end = code.place(), code.place(), code.place()
        way = self._way(first.iter)
        slot = code.local()
        before = self._compiler.names.get(_target(first))
        self._compiler.names[_target(first)] = name = Name(slot, way.struct)
        way.start(slot)
        code.here(top)
        way.check(slot)
        code.jump(Op.UNLESS, end)
        with code.maybe():
            way.arrive(slot)
            code.changed(slot)
            if name.struct:
                self._compiler.keep(name)
            for condition in first.ifs:
                self._compiler.value(condition)
                code.jump(Op.UNLESS, goes_on)
            self._nested(others, body)
        code.here(goes_on)
        way.step(slot)
        code.jump(Op.JUMP, top)
        code.here(end)
        code.give_back(slot)
        way.end()
        del self._compiler.names[_target(first)]
        if before:
            self._compiler.names[_target(first)] = before

    def _way(self, tree: ast.expr) -> _Way:
        match tree:
            case ast.Call(func=ast.Name(id="range"), args=[most]):
                return _Numbers(self._compiler, most)
            case ast.Call(
                func=ast.Name(id=kind),
                args=[first, ast.Constant(value=str(struct)), ast.Constant(value=str(member))],
            ) if kind in _WAYS:
                found = find(self._compiler.layout, struct, member)
                self._compiler.saw(struct, found)
                return _WAYS[kind](self._compiler, first, struct, found.offset)
        raise UsageError(f"{ast.unparse(tree)!r} is nothing to go along")


class _Way:
    """How one goes along something: each part is code that is written."""

    struct = ""

    def start(self, slot: int) -> None:
        """Before the first."""
        raise NotImplementedError

    def check(self, slot: int) -> None:
        """Pushes whether there is one more."""
        raise NotImplementedError

    def arrive(self, slot: int) -> None:
        """Has `slot` be it, where it is not yet."""

    def step(self, slot: int) -> None:
        """To the next."""
        raise NotImplementedError

    def end(self) -> None:
        """Gives back what was needed."""


class _Numbers(_Way):
    """range(n)."""

    def __init__(self, compiler: Compiler, most: ast.expr) -> None:
        self._compiler, self._code, self._most = compiler, compiler.code, most
        self._bound = compiler.code.local()

    def start(self, slot: int) -> None:
        self._compiler.value(self._most)
        self._code.add(Op.SET, self._bound)
        self._code.number(0)
        self._code.add(Op.SET, slot)

    def check(self, slot: int) -> None:
        self._code.add(Op.GET, slot)
        self._code.add(Op.GET, self._bound)
        self._code.add(Op.LT)

    def step(self, slot: int) -> None:
        self._code.add(Op.GET, slot)
        self._code.number(1)
        self._code.add(Op.ADD)
        self._code.add(Op.SET, slot)

    def end(self) -> None:
        self._code.give_back(self._bound)


class _Links(_Way):
    """What goes from struct to struct by a member of each."""

    def __init__(self, compiler: Compiler, first: ast.expr, struct: str, offset: int) -> None:
        self._compiler, self._code, self._first = compiler, compiler.code, first
        self.struct, self._offset = struct, offset

    def _back(self) -> None:
        """From the address of the member to that of its struct."""
        if self._offset:
            self._code.number(self._offset)
            self._code.add(Op.SUB)


class _Entries(_Links):
    """Those of a list_head, which its last leads back to."""

    def __init__(self, compiler: Compiler, first: ast.expr, struct: str, offset: int) -> None:
        super().__init__(compiler, first, struct, offset)
        self._head = compiler.code.local()

    def start(self, slot: int) -> None:
        self._compiler.value(self._first)
        self._code.add(Op.SET, self._head)
        self._code.add(Op.FIELD, 8, self._head)
        self._back()
        self._code.add(Op.SET, slot)
        self._code.add(Op.GET, self._head)
        self._back()
        self._code.add(Op.SET, self._head)

    def check(self, slot: int) -> None:
        self._code.add(Op.GET, slot)
        self._code.add(Op.GET, self._head)
        self._code.add(Op.NE)

    def step(self, slot: int) -> None:
        self._code.add(Op.FIELD, 8, slot, self._offset)
        self._back()
        self._code.add(Op.SET, slot)

    def end(self) -> None:
        self._code.give_back(self._head)


class _Nodes(_Links):
    """Those of an rb_root, in order."""

    def __init__(self, compiler: Compiler, first: ast.expr, struct: str, offset: int) -> None:
        super().__init__(compiler, first, struct, offset)
        self._node = compiler.code.local()

    def start(self, slot: int) -> None:
        self._compiler.value(self._first)
        self._code.add(Op.RBFIRST)
        self._code.add(Op.SET, self._node)

    def check(self, slot: int) -> None:
        self._code.add(Op.GET, self._node)

    def arrive(self, slot: int) -> None:
        self._code.add(Op.GET, self._node)
        self._back()
        self._code.add(Op.SET, slot)

    def step(self, slot: int) -> None:
        self._code.add(Op.GET, self._node)
        self._code.add(Op.RBNEXT)
        self._code.add(Op.SET, self._node)

    def end(self) -> None:
        self._code.give_back(self._node)


class _Upwards(_Links):
    """Parents of parents, until there is none."""

    def start(self, slot: int) -> None:
        self._compiler.value(self._first)
        self._code.add(Op.SET, slot)

    def check(self, slot: int) -> None:
        self._code.add(Op.GET, slot)

    def step(self, slot: int) -> None:
        self._code.add(Op.FIELD, 8, slot, self._offset)
        self._code.add(Op.SET, slot)


_WAYS: dict[str, type[_Entries | _Nodes | _Upwards]] = {
    "entries": _Entries,
    "nodes": _Nodes,
    "upwards": _Upwards,
}


def _parts(call: ast.Call) -> tuple[str, ast.expr, Sequence[ast.comprehension]]:
    """Which of NAMES it is, what it asks of each, and what it goes along."""
    assert isinstance(call.func, ast.Name)
    kind = call.func.id
    match call.args:
        case [ast.GeneratorExp(elt=element, generators=generators)] if kind != "count":
            return kind, element, generators
        case [ast.Call() as way] if kind == "count":
            each = ast.comprehension(ast.Name("_"), way, [], 0)
            return kind, ast.Constant(1), [each]
    raise UsageError(f"{ast.unparse(call)!r} is nothing that an invariant can say")


def _target(generator: ast.comprehension) -> str:
    if not isinstance(generator.target, ast.Name):
        raise UsageError(f"{ast.unparse(generator.target)!r} is no name")
    return generator.target.id
