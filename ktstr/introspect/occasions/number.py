# SPDX-License-Identifier: Apache-2.0
"""A number of the kernel's that may change: where it lies, and when a relation holds of it."""

from __future__ import annotations

from dataclasses import dataclass

from ktstr.introspect.asking.declared import is_of_each_cpu, place_of_variable, type_of_variable
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.kernel.layout import Field, Place, field_of, place_of
from ktstr.model.errors import NoSuchName
from ktstr.model.scenario.inside import Changed
from ktstr.model.verdict.claims import Relation
from ktstr.model.wire.places import parse_variable

_NUMBER_BYTES = (1, 2, 4, 8)
_OPERATORS = {
    "at_least": ">=",
    "at_most": "<=",
    "above": ">",
    "below": "<",
    "equals": "==",
    "differs_from": "!=",
}


@dataclass(frozen=True)
class NumberPlace:
    """`symbol` with `field` of it.  cpu: whose it is, of a variable that each CPU has."""

    symbol: str
    address: int
    field: Field
    cpu: int | None

    @property
    def start(self) -> int:
        """Its address, or its offset in the CPU's area."""
        return self.address + self.field.offset

    def expression(self) -> str:
        """Its value, in the language of `ktstr.introspect.invariants.compiler`."""
        base = f'symbol("{self.symbol}")'
        if self.cpu is not None:
            base = f'per_cpu("{self.symbol}", {self.cpu})'
        bits = self.field.bit_size or 8 * self.field.size
        value = f"word({base} + {self.field.offset})"
        if bits == 64:
            return value
        sign = 1 << (bits - 1) if self.field.signed else 0
        return f"((({value} >> {self.field.bit_offset} & {(1 << bits) - 1}) ^ {sign}) - {sign})"


def number_of(kernel: Kernel, changed: Changed) -> NumberPlace:
    """Where the number is.

    Raises:
      UnknownName: the kernel has no such variable, type or member.
      NoSuchName: it is no number, or it is not said whose.
    """
    name, way = parse_variable(changed.name)
    symbol = place_of_variable(kernel, name)
    cpu = changed.cpu if is_of_each_cpu(kernel, name, symbol.start, changed.cpu) else None
    number = type_of_variable(kernel, name, changed.type)
    if number is None:
        if way or len(symbol) not in _NUMBER_BYTES:
            raise NoSuchName(
                f"kernel {kernel.release} does not say what {name!r} is ({len(symbol)} bytes): "
                f"give its structure, e.g. type='task_struct'"
            )
        return NumberPlace(name, symbol.start, Field(0, len(symbol)), cpu)
    place = place_of(kernel.btf, number, list(way)) if way else Place(number)
    if place is None:
        part = changed.name.removeprefix(name).removeprefix(".")
        struct = kernel.btf.resolve(number).name
        if struct:
            kernel.field(struct, part)  # it says which are near
        raise NoSuchName(f"kernel {kernel.release}: {name} has no part {part!r}")
    field = field_of(kernel.btf, place)
    if field.size not in _NUMBER_BYTES:
        raise NoSuchName(
            f"kernel {kernel.release}: {changed.name} has {field.size} bytes and is no number"
        )
    return NumberPlace(name, symbol.start, field, cpu)


def condition(relation: Relation, value: str) -> str:
    """That the relation holds of an expression, as one; relations as `COMPARED` has them."""
    if relation.parts:
        glue = " or " if relation.op == "any_of" else " and "
        return f"({glue.join(condition(part, value) for part in relation.parts)})"
    if relation.op == "between":
        low, high = relation.bounds
        return f"({low} <= {value} and {value} <= {high})"
    if relation.op == "near":
        target, eps = relation.bounds
        return f"({target} - {eps} <= {value} and {value} <= {target} + {eps})"
    return f"({value} {_OPERATORS[relation.op]} {relation.bounds[0]})"
