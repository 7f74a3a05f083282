# SPDX-License-Identifier: Apache-2.0
"""BTF as drgn's types, each made when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable

import drgn

from ktstr.introspect.kernel.btf import COMPOUND, ENUMS, Btf, BtfType, Kind, Member
from ktstr.introspect.kernel.errors import BtfError

_QUALIFIERS = {
    Kind.CONST: drgn.Qualifiers.CONST,
    Kind.VOLATILE: drgn.Qualifiers.VOLATILE,
    Kind.RESTRICT: drgn.Qualifiers.RESTRICT,
    Kind.TYPE_TAG: drgn.Qualifiers.NONE,
}
# which kinds of drgn's a type of BTF answers to, when it is looked for by name
KINDS = {
    Kind.INT: (drgn.TypeKind.INT, drgn.TypeKind.BOOL),
    Kind.FLOAT: (drgn.TypeKind.FLOAT,),
    Kind.STRUCT: (drgn.TypeKind.STRUCT,),
    Kind.UNION: (drgn.TypeKind.UNION,),
    Kind.ENUM: (drgn.TypeKind.ENUM,),
    Kind.ENUM64: (drgn.TypeKind.ENUM,),
    Kind.TYPEDEF: (drgn.TypeKind.TYPEDEF,),
}


class Types:
    """The types of one BTF, for one program."""

    def __init__(self, program: drgn.Program, btf: Btf) -> None:
        self._program = program
        self._btf = btf
        self._made: dict[int, drgn.Type] = {}
        self._being_made: set[int] = set()

    def type(self, number: int) -> drgn.Type:
        """drgn's type of a number.

        Raises:
          BtfError: it is not there, or a type needs itself to be made.
        """
        found = self._made.get(number)
        if found is None:
            if number in self._being_made:
                raise BtfError(f"BTF: type {number} is part of itself")
            self._being_made.add(number)
            try:
                found = self._made[number] = self._make(self._btf.type(number))
            finally:
                self._being_made.discard(number)
        return found

    def _make(self, found: BtfType) -> drgn.Type:
        program = self._program
        if found.kind in _QUALIFIERS:
            return self._qualified(found)
        if found.kind is Kind.INT:
            make = program.bool_type if found.boolean else None
            if make is not None:
                return make(found.name, found.size)
            return program.int_type(found.name, found.size, found.signed)
        if found.kind is Kind.FLOAT:
            return program.float_type(found.name, found.size)
        if found.kind is Kind.PTR:
            return program.pointer_type(self.type(found.target))
        if found.kind is Kind.ARRAY:
            return program.array_type(self.type(found.target), found.count)
        if found.kind is Kind.TYPEDEF:
            return program.typedef_type(found.name, self.type(found.target))
        if found.kind in COMPOUND:
            return self._compound(found)
        if found.kind in ENUMS:
            return self._enum(found)
        if found.kind is Kind.FWD:
            name = found.name or None
            return program.union_type(name) if found.flag else program.struct_type(name)
        if found.kind is Kind.FUNC_PROTO:
            return self._function(found)
        if found.kind is Kind.FUNC:
            return self.type(found.target)
        return program.void_type()

    def _qualified(self, found: BtfType) -> drgn.Type:
        """An array's qualifiers are its elements': C has no others."""
        target = self._btf.type(found.target)
        inner = self.type(found.target)
        if target.kind is Kind.ARRAY:
            return inner
        return inner.qualified(inner.qualifiers | _QUALIFIERS[found.kind])

    def _compound(self, found: BtfType) -> drgn.Type:
        make = self._program.struct_type if found.kind is Kind.STRUCT else self._program.union_type
        members = [
            drgn.TypeMember(self._member(member), member.name or None, member.bit_offset)
            for member in found.members
        ]
        return make(found.name or None, found.size, members)

    def _member(self, member: Member) -> Callable[[], drgn.Type | drgn.Object]:
        if not member.bit_size:
            return lambda: self.type(member.type)
        return lambda: drgn.Object(
            self._program, self.type(member.type), bit_field_size=member.bit_size
        )

    def _enum(self, found: BtfType) -> drgn.Type:
        size = found.size if found.size in (1, 2, 4, 8) else 4
        name = {1: "char", 2: "short", 4: "int", 8: "long"}[size]
        name = name if found.signed or size == 1 else f"unsigned {name}"
        compatible = self._program.int_type(name, size, found.signed)
        values = [drgn.TypeEnumerator(label, value) for label, value in found.values]
        return self._program.enum_type(found.name or None, compatible, values)

    def _function(self, found: BtfType) -> drgn.Type:
        # the last parameter of a variadic function has neither name nor type
        parameters = list(found.members)
        variadic = bool(parameters) and not parameters[-1].type
        parameters = parameters[:-1] if variadic else parameters
        return self._program.function_type(
            self.type(found.target),
            [
                drgn.TypeParameter(self._member(parameter), parameter.name or None)
                for parameter in parameters
            ],
            variadic,
        )
