"""Copies of as many numbers as a tile is wide, by one vector: a loop of so few turns numba does not vectorise."""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from vectorae.rasterizer.cpu.scratch import TILE_WIDTH


def _copy_row(context, source, at, target, into):
    """Copy the numbers from index ``at`` of array ``source`` on to index ``into`` of ``target`` on.

    Indices are tuples, not negative. The last axis of both arrays is contiguous.
    """

    def generate(context, builder, signature, arguments):
        row = ir.VectorType(context.get_data_type(signature.args[0].dtype), TILE_WIDTH)
        (from_type, from_index, to_type, to_index), (read, read_at, written, write_at) = signature.args, arguments
        bytes_apart = context.get_abi_sizeof(row.element)

        def pointer(kind, array, index, index_type):
            indices = [
                context.cast(builder, one, index_type.dtype, types.intp) for one in cgutils.unpack_tuple(builder, index)
            ]
            view = context.make_array(kind)(context, builder, array)
            first = cgutils.get_item_pointer(context, builder, kind, view, indices, wraparound=False)
            return builder.bitcast(first, row.as_pointer())

        loaded = builder.load(pointer(from_type, read, read_at, from_index), align=bytes_apart)
        builder.store(loaded, pointer(to_type, written, write_at, to_index), align=bytes_apart)
        return context.get_dummy_value()

    return types.void(source, at, target, into), generate


copy_row: Any = intrinsic(_copy_row)
