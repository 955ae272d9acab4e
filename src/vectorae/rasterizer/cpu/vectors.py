"""Loops over the pixels of a tile's row, or over sixteen samples, as operations on vectors.

LLVM makes no vectors of a loop of so few turns: it writes the turns one after the other, each for one number.

Indices are tuples, not negative. The last axis of arrays is contiguous.
"""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from vectorae.rasterizer.cpu.scratch import SAMPLES, TILE_WIDTH

FLAGS = ("contract", "reassoc", "nsz", "nnan")
"""As those of all kernels."""


class _Vector:
    """Numbers in a vector register, and arithmetic with them."""

    def __init__(self, builder: ir.IRBuilder, value: ir.Value) -> None:
        self.builder, self.value = builder, value

    def __add__(self, other: _Vector) -> _Vector:
        return _Vector(self.builder, self.builder.fadd(self.value, other.value, flags=FLAGS))

    def __sub__(self, other: _Vector) -> _Vector:
        return _Vector(self.builder, self.builder.fsub(self.value, other.value, flags=FLAGS))

    def __mul__(self, other: _Vector) -> _Vector:
        return _Vector(self.builder, self.builder.fmul(self.value, other.value, flags=FLAGS))

    def clamp(self, low: _Vector, high: _Vector) -> _Vector:
        """Each number, but not below ``low`` or above ``high``."""
        return self.larger(low).smaller(high)

    def smaller(self, other: _Vector) -> _Vector:
        """The smaller number in each place."""
        return self._where("<", other)

    def larger(self, other: _Vector) -> _Vector:
        """The larger number in each place."""
        return self._where(">", other)

    def _where(self, comparison: str, other: _Vector) -> _Vector:
        is_own = self.builder.fcmp_ordered(comparison, self.value, other.value, flags=FLAGS)
        return _Vector(self.builder, self.builder.select(is_own, self.value, other.value))

    def total(self) -> ir.Value:
        """The sum of all places."""
        sums, count = self, self.value.type.count
        while count > 1:  # one half plus the other
            count //= 2
            halves = (_constant(ir.IntType(32), [*range(at, at + count)]) for at in (0, count))
            one, other = (self.builder.shuffle_vector(sums.value, sums.value, half) for half in halves)
            sums = _Vector(self.builder, one) + _Vector(self.builder, other)
        return self.builder.extract_element(sums.value, ir.Constant(ir.IntType(32), 0))


def _constant(kind: ir.Type, numbers: list[Any]) -> ir.Constant:
    return ir.Constant(ir.VectorType(kind, len(numbers)), numbers)


class _Part:
    """As many numbers of an array as a vector holds, from an index on."""

    def __init__(self, context, builder, array_type, array, index_type, index, length) -> None:
        indices = [
            context.cast(builder, one, index_type.dtype, types.intp) for one in cgutils.unpack_tuple(builder, index)
        ]
        view = context.make_array(array_type)(context, builder, array)
        first = cgutils.get_item_pointer(context, builder, array_type, view, indices, wraparound=False)
        self.builder, self.kind = builder, ir.VectorType(context.get_data_type(array_type.dtype), length)
        self.pointer, self.align = (
            builder.bitcast(first, self.kind.as_pointer()),
            context.get_abi_sizeof(self.kind.element),
        )

    def load(self) -> _Vector:
        return _Vector(self.builder, self.builder.load(self.pointer, align=self.align))

    def store(self, numbers: _Vector) -> None:
        self.builder.store(numbers.value, self.pointer, align=self.align)

    def constant(self, *numbers: float) -> _Vector:
        """The numbers, or one of them in all places."""
        count = self.kind.count
        return _Vector(
            self.builder, _constant(self.kind.element, [*numbers] if len(numbers) > 1 else [*numbers] * count)
        )

    def filled(self, number: ir.Value) -> _Vector:
        """The same number in all places."""
        none = ir.Constant(self.kind, ir.Undefined)
        first = self.builder.insert_element(none, number, ir.Constant(ir.IntType(32), 0))
        places = _constant(ir.IntType(32), [0] * self.kind.count)
        return _Vector(self.builder, self.builder.shuffle_vector(first, none, places))


def _copy_row(context, source, at, target, into):
    """Copy the pixels of a row from index ``at`` of array ``source`` on to index ``into`` of ``target`` on."""

    def generate(context, builder, signature, arguments):
        (from_type, from_index, to_type, to_index), (read, read_at, written, write_at) = signature.args, arguments
        numbers = _Part(context, builder, from_type, read, from_index, read_at, TILE_WIDTH).load()
        _Part(context, builder, to_type, written, to_index, write_at, TILE_WIDTH).store(numbers)
        return context.get_dummy_value()

    return types.void(source, at, target, into), generate


def _shift_samples(context, source, at, by, target, into):
    """Copy sixteen numbers from index ``at`` of ``source`` on, each plus ``by``, to index ``into`` of ``target`` on."""

    def generate(context, builder, signature, arguments):
        from_type, from_index, _, to_type, to_index = signature.args
        read, read_at, by, written, write_at = arguments
        part = _Part(context, builder, from_type, read, from_index, read_at, SAMPLES)
        shifted = part.load() + part.filled(by)
        _Part(context, builder, to_type, written, to_index, write_at, SAMPLES).store(shifted)
        return context.get_dummy_value()

    return types.void(source, at, source.dtype, target, into), generate


def _cover_evenly(context, covered, at, x, height):
    """Add the area to the right of an upright segment to the pixels of the row that begins ``at``.

    Args:
        covered: of float64.
        x: of the segment, from the row's left side; height: signed.
    """

    def generate(context, builder, signature, arguments):
        row, (x, height) = _row(context, builder, signature, arguments)
        to_right = _right_sides(row) - row.filled(x)
        row.store(row.load() + row.filled(height) * to_right.clamp(row.constant(0.0), row.constant(1.0)))
        return context.get_dummy_value()

    return types.void(covered, at, types.float64, types.float64), generate


def _cover_slanted(context, covered, at, low, across, slope):
    """Add the area to the right of a segment to the pixels of the row that begins ``at``.

    That is its height times the mean of u, the way from it to a pixel's right side, clamped to [0, 1]. The integral of
    u by x is u² / 2 there, and u − ½ above.

    Args:
        covered: of float64.
        low, across: where the segment begins along x, from the row's left side, and how wide it is there, > 0.
        slope: height per width, signed.
    """

    def generate(context, builder, signature, arguments):
        row, (low, across, slope) = _row(context, builder, signature, arguments)
        zero, half, one = row.constant(0.0), row.constant(0.5), row.constant(1.0)
        far = _right_sides(row) - row.filled(low)
        near = far - row.filled(across)
        within, within_near = far.clamp(zero, one), near.clamp(zero, one)
        beyond = far.larger(one) - near.larger(one)
        area = (within - within_near) * (within + within_near) * half + beyond
        row.store(row.load() + row.filled(slope) * area)
        return context.get_dummy_value()

    return types.void(covered, at, types.float64, types.float64, types.float64), generate


def _sum_along(context, weights, at, x, inverse, begin, finish):
    """∫ w dt and ∫ w t dt along a segment within a row: w is the weight of the pixel that it passes at t.

    Args:
        weights: of float64, those of the row's pixels begin ``at``.
        x: where the segment starts, from the row's left side; inverse: the part of it that is one pixel wide.
        begin, finish: the part of it that lies in the row.
    """

    def generate(context, builder, signature, arguments):
        row, (x, inverse, *ends) = _row(context, builder, signature, arguments)
        inverse, begin, finish = (row.filled(number) for number in (inverse, *ends))
        from_start = _right_sides(row) - row.filled(x)
        at_left, at_right = (from_start - row.constant(1.0)) * inverse, from_start * inverse
        enter = at_left.smaller(at_right).clamp(begin, finish)
        leave = at_left.larger(at_right).clamp(begin, finish)
        weighted = row.load() * (leave - enter)
        moment = weighted * (leave + enter) * row.constant(0.5)
        return context.make_tuple(builder, signature.return_type, [weighted.total(), moment.total()])

    number = types.float64
    return types.UniTuple(number, 2)(weights, at, number, number, number, number), generate


def _row(context, builder, signature, arguments) -> tuple[_Part, list[ir.Value]]:
    """The pixels of the row that the first two arguments give, and the other arguments."""
    (array_type, index_type, *_), (array, index, *numbers) = signature.args, arguments
    return _Part(context, builder, array_type, array, index_type, index, TILE_WIDTH), numbers


def _right_sides(row: _Part) -> _Vector:
    """Of the pixels of a row."""
    return row.constant(*(1.0 + i for i in range(TILE_WIDTH)))


copy_row: Any = intrinsic(_copy_row)
shift_samples: Any = intrinsic(_shift_samples)
cover_evenly: Any = intrinsic(_cover_evenly)
cover_slanted: Any = intrinsic(_cover_slanted)
sum_along: Any = intrinsic(_sum_along)
