# SPDX-License-Identifier: Apache-2.0
"""From an expression over kernel state to a program.

An expression is Python's, read by `ast` and never run as Python:

    numbers, + - * // & | ^ << >>, comparisons, and, or, not, a if c else b
    rq.cfs.h_nr_queued          a member, through embedded structs and arrays: rq.uclamp[0].value
    task_struct(rq.curr)        an address as a pointer to that struct
    container(a, "task_struct", "se")    the struct whose member lies at an address
    address(rq.cfs)             where a member lies
    symbol("x"), per_cpu("x", c), enumerator("e", "X"), word(a) (the u64 at a)
    length("rq", "a[0].b")      how many elements the array has that is that member
    argument(0), result()       of the function, as it was called and as it returns
    cpu(), cpus()               this CPU's number, how many there are
    NAME := e                   a name for what is used again
    all(c for x in I if d), any(..), sum(e for x in I), count(I)

I is one of entries(head, "struct", "member") of a list_head, nodes(root, "struct", "member") of an
rb_root in order, upwards(first, "struct", "member") until a NULL, range(n).

// divides towards 0, as C does; comparisons are of signed 64 bits, so that times are to be compared
by the sign of their difference.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ktstr.introspect.invariants.code import Code
from ktstr.introspect.invariants.expression import (
    ARGUMENTS,
    argument_of,
    names_in,
    no_language,
    parsed,
    path_of,
    text_of,
)
from ktstr.introspect.invariants.layout import Field, Layout, Windows, find
from ktstr.introspect.invariants.loops import Loops, Name
from ktstr.introspect.invariants.program import LARGEST, NAMES, SIGNED, Op, Program
from ktstr.model.errors import UsageError

_OPERATORS: Mapping[type[ast.operator], Op] = {
    ast.Add: Op.ADD,
    ast.Sub: Op.SUB,
    ast.Mult: Op.MUL,
    ast.FloorDiv: Op.DIV,
    ast.BitAnd: Op.AND,
    ast.BitOr: Op.OR,
    ast.BitXor: Op.XOR,
    ast.LShift: Op.SHL,
    ast.RShift: Op.SHR,
}
_COMPARISONS: Mapping[type[ast.cmpop], Op] = {
    ast.Eq: Op.EQ,
    ast.NotEq: Op.NE,
    ast.Lt: Op.LT,
    ast.LtE: Op.LE,
    ast.Gt: Op.GT,
    ast.GtE: Op.GE,
}


@dataclass(frozen=True)
class Compiled:
    """A program, and what its terms are in the words of the expression."""

    program: Program
    terms: tuple[str, ...]


def compile_predicate(
    holds: str,
    layout: Layout,
    *,
    given: str = "",
    names: Mapping[str, str] | None = None,
    constants: Mapping[str, int] | None = None,
    windows: Windows | None = None,
    shared: dict[tuple[str, str], int] | None = None,
) -> Compiled:
    """The program that says whether `holds` does.

    Args:
        given: what it speaks of; where this is 0, the program says nothing.
        names: expressions for names that both use, each by those before it.
        constants: numbers by name, such as macros of the kernel.
        windows: which bytes of each struct one read is to get; None reads each member by itself.
        shared: numbers of names, by them and their expressions, for all programs of one instant.

    Raises:
        UsageError: it is no expression of the language, or the kernel lacks what it speaks of.
    """
    return _Compiler(layout, constants or {}, windows, shared=shared).whole(
        holds, given, names or {}
    )


def watched(
    holds: str,
    layout: Layout,
    windows: Windows,
    *,
    given: str,
    names: Mapping[str, str],
    constants: Mapping[str, int],
) -> None:
    """Adds the members that an expression speaks of to `windows`."""
    compiler = _Compiler(layout, constants, None, windows)
    compiler.whole(holds, given, names)


class _Compiler:
    def __init__(
        self,
        layout: Layout,
        constants: Mapping[str, int],
        windows: Windows | None,
        sees: Windows | None = None,
        shared: dict[tuple[str, str], int] | None = None,
    ) -> None:
        self.layout, self.code = layout, Code()
        self.names: dict[str, Name] = {}
        self._constants, self._windows, self._sees = constants, windows, sees
        self._shared = {} if shared is None else shared
        # terms are said where they have one value, which in a sum they have not, and to who hears
        self.quiet = 0 if sees is None else 1
        self._loops = Loops(self)
        self._calls: dict[str, Callable[[ast.Call], None]] = {
            "address": self._address,
            "argument": lambda call: self.code.add(Op.REG, ARGUMENTS[argument_of(call, 0)]),
            "cpu": lambda call: self.code.add(Op.CPU),
            "cpus": lambda call: self.code.add(Op.CPUS),
            "result": lambda call: self.code.add(Op.RESULT),
            "symbol": lambda call: self.code.number(layout.symbol(text_of(call, 0))),
            "enumerator": lambda call: self.code.number(
                layout.enumerator(text_of(call, 0), text_of(call, 1))
            ),
            "length": self._length,
            "per_cpu": self._per_cpu,
            "word": self._word,
            "container": self._container,
        }

    def whole(self, holds: str, given: str, names: Mapping[str, str]) -> Compiled:
        trees = [parsed(text) for text in (given, holds) if text]
        needed = names_in(holds) | (names_in(given) if given else frozenset())
        for name, text in reversed(list(names.items())):
            spoken_of = names_in(text)
            needed |= spoken_of if name in needed else frozenset()
        self.quiet += 1
        for name, text in names.items():
            if name in needed:
                self._share(name, parsed(text), text)
        self.quiet -= 1
        for number, tree in enumerate(trees):
            self.value(tree)
            self.code.add(Op.END if number == len(trees) - 1 else Op.GIVEN)
        return Compiled(*self.code.program())

    def bind(self, name: str, tree: ast.expr) -> Name:
        """Has `name` mean a value from here on."""
        self.value(tree)
        known = self.names.get(name)
        slot = known.slot if known else self.code.local()
        self.code.add(Op.SET, slot)
        self.code.changed(slot)
        self.names[name] = Name(slot, self._struct(tree))
        return self.names[name]

    def _share(self, name: str, tree: ast.expr, text: str) -> None:
        """Binds a name that other programs of the instant may have found out already."""
        key = self._shared.setdefault((name, text), len(self._shared))
        if key >= NAMES:
            self.bind(name, tree)
            return
        known, slot = self.code.place(), self.code.local()
        self.names[name] = Name(slot, self._struct(tree))
        self.code.add(Op.KNOWN, slot, key, known)
        with self.code.maybe():
            self.value(tree)
        self.code.add(Op.SET, slot)
        self.code.add(Op.BIND, slot, key)
        self.code.here(known)

    def value(self, tree: ast.expr) -> None:
        """Pushes what an expression gives."""
        match tree:
            case ast.Constant(value=int(number)):
                self.code.number(number)
            case ast.Name(id=name) if name in self.names:
                self.code.add(Op.GET, self.names[name].slot)
            case ast.Name(id=name) if name in self._constants:
                self.code.number(self._constants[name])
            case ast.Attribute() | ast.Subscript():
                self._member(tree)
            case ast.Call(func=ast.Name(id=name)) if name in self._calls:
                self._calls[name](tree)
            case ast.Call(func=ast.Name(id=name)) if name in Loops.NAMES:
                self._loops.value(tree)
            case ast.Call(func=ast.Name(id=name), args=[pointer]):
                self.layout.size_of(name)
                self.value(pointer)
            case ast.NamedExpr(target=ast.Name(id=name), value=given):
                self.code.add(Op.GET, self.bind(name, given).slot)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                self.value(left)
                self.value(right)
                self.code.add(_OPERATORS[type(op)])
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                self.value(operand)
                self.code.add(Op.NEG)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                self.value(operand)
                self.code.add(Op.NOT)
            case ast.BoolOp():
                self._logic(tree)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                self._choice(test, body, orelse)
            case ast.Compare():
                self._comparison(tree)
            case _:
                raise no_language(tree)

    def _choice(self, test: ast.expr, body: ast.expr, orelse: ast.expr) -> None:
        other, end = self.code.place(), self.code.place()
        self.value(test)
        self.code.jump(Op.UNLESS, other)
        with self.code.maybe():
            self.value(body)
        self.code.jump(Op.JUMP, end)
        self.code.here(other)
        with self.code.maybe():
            self.value(orelse)
        self.code.here(end)

    def _logic(self, tree: ast.BoolOp) -> None:
        """`and` and `or` give 0 or 1, and stop as soon as they know."""
        stops, end = self.code.place(), self.code.place()
        is_and = isinstance(tree.op, ast.And)
        first, *others = tree.values
        self._until(first, is_and, stops)
        with self.code.maybe():
            for each in others:
                self._until(each, is_and, stops)
        self.code.number(int(is_and))
        self.code.jump(Op.JUMP, end)
        self.code.here(stops)
        self.code.number(int(not is_and))
        self.code.here(end)

    def _until(self, tree: ast.expr, is_and: bool, stops: int) -> None:
        self.value(tree)
        if not is_and:
            self.code.add(Op.NOT)
        self.code.jump(Op.UNLESS, stops)

    def _comparison(self, tree: ast.Compare) -> None:
        pairs = list(zip(tree.ops, tree.comparators, strict=True))
        if any(type(op) not in _COMPARISONS for op, _ in pairs):
            raise no_language(tree)
        self.value(tree.left)
        if len(pairs) == 1:
            self.value(pairs[0][1])
            self.code.add(_COMPARISONS[type(pairs[0][0])])
            return
        middle, stops, end = self.code.local(), self.code.place(), self.code.place()
        with self.code.maybe():
            for op, right in pairs:
                self.value(right)
                self.code.add(Op.SET, middle)
                self.code.add(Op.GET, middle)
                self.code.add(_COMPARISONS[type(op)])
                self.code.jump(Op.UNLESS, stops)
                self.code.add(Op.GET, middle)
        # what is left on the stack is the last operand, and nothing where a pair stopped
        self.code.add(Op.SET, middle)
        self.code.number(1)
        self.code.jump(Op.JUMP, end)
        self.code.here(stops)
        self.code.number(0)
        self.code.here(end)
        self.code.give_back(middle)

    def _member(self, tree: ast.expr) -> None:
        name, found = self._located(tree)
        if found.size not in (1, 2, 4, 8):
            raise UsageError(f"{ast.unparse(tree)} has {found.size} bytes and is no number")
        how = found.size | (SIGNED if found.signed and not found.bit_size else 0)
        self.code.add(Op.FIELD, how, name.slot, found.offset)
        if found.bit_size:
            self.code.number(found.bit_offset)
            self.code.add(Op.SHR)
            self.code.number((1 << found.bit_size) - 1)
            self.code.add(Op.AND)
        self._release(name)
        if not self.quiet:
            self.code.term(ast.unparse(tree))

    def _address(self, call: ast.Call) -> None:
        base, path = path_of(call.args[0])
        struct = self._struct(base)
        offset = find(self.layout, struct, path).offset
        self.value(base)
        self.code.number(offset)
        self.code.add(Op.ADD)

    def _located(self, tree: ast.expr) -> tuple[Name, Field]:
        """The local that a member's struct is behind, what lies there read, and the member."""
        base, path = path_of(tree)
        struct = self._struct(base)
        if not struct:
            raise UsageError(f"{ast.unparse(base)} is a number, and has no {path}")
        found = find(self.layout, struct, path)
        if self._sees is not None:
            self._sees.saw(struct, found)
        if isinstance(base, ast.Name):
            name = self.names[base.id]
        else:
            self.value(base)
            name = Name(self.code.local(), struct)
            self.code.add(Op.SET, name.slot)
        self.keep(name)
        return name, found

    def _release(self, name: Name) -> None:
        if name not in self.names.values():
            self.code.give_back(name.slot)

    def keep(self, name: Name) -> None:
        """Reads at once what is looked at of the struct that a name points to."""
        span = self._windows.spans.get(name.struct) if self._windows else None
        if span and span[1] - span[0] <= LARGEST:
            self.code.keep(name.slot, span[0], span[1] - span[0])

    def saw(self, struct: str, found: Field) -> None:
        if self._sees is not None:
            self._sees.saw(struct, found)

    def _length(self, call: ast.Call) -> None:
        struct, path = text_of(call, 0), text_of(call, 1)
        each = find(self.layout, struct, f"{path}[0]").size
        self.code.number(find(self.layout, struct, path).size // each)

    def _per_cpu(self, call: ast.Call) -> None:
        self.value(call.args[1])
        self.code.add(Op.PERCPU)
        self.code.number(self.layout.symbol(text_of(call, 0)))
        self.code.add(Op.ADD)

    def _word(self, call: ast.Call) -> None:
        self.value(call.args[0])
        self.code.add(Op.LOAD, 8)

    def _container(self, call: ast.Call) -> None:
        self.value(call.args[0])
        offset = find(self.layout, text_of(call, 1), text_of(call, 2)).offset
        if offset:
            self.code.number(offset)
            self.code.add(Op.SUB)

    def _struct(self, tree: ast.expr) -> str:
        """The struct that an expression points to; empty for a number."""
        match tree:
            case ast.Name(id=name) if name in self.names:
                return self.names[name].struct
            case ast.NamedExpr(value=value):
                return self._struct(value)
            case ast.Call(func=ast.Name(id="container")):
                return text_of(tree, 1)
            case ast.Call(func=ast.Name(id=name)) if name not in {*self._calls, *Loops.NAMES}:
                return name
        return ""
