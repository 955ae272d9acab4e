"""Subnormal numbers flushed to zero while kernels run: on many processors each of them takes a hundred cycles.

The state belongs to a thread. It is restored afterwards, so that others' results do not change. On processors other
than x86-64 and ARM64 nothing is done.
"""

# Compiled by numba, which infers the types of arguments; see docstrings.
# mypy: allow-untyped-defs

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from vectorae.rasterizer.cpu.compiled import kernel

MACHINE = platform.machine().lower()

_BYTES, _WORD = ir.IntType(8).as_pointer(), ir.IntType(32)

_FLUSH_X86 = 0x8040
"""Bits of MXCSR: results (flush to zero) and operands (denormals are zero)."""

_FLUSH_ARM = 1 << 24
"""Bit of FPCR: flush to zero."""


def _call_x86(builder: Any, name: str, slot: Any) -> None:
    kind = ir.FunctionType(ir.VoidType(), [_BYTES])
    builder.call(cgutils.get_or_insert_function(builder.module, kind, name), [builder.bitcast(slot, _BYTES)])


def _read(builder: Any) -> Any:
    """The floating-point state of this thread, an int64."""
    if MACHINE in ("x86_64", "amd64"):
        slot = cgutils.alloca_once(builder, _WORD)
        _call_x86(builder, "llvm.x86.sse.stmxcsr", slot)
        return builder.zext(builder.load(slot), ir.IntType(64))
    if MACHINE in ("arm64", "aarch64"):
        return builder.asm(ir.FunctionType(ir.IntType(64), []), "mrs $0, fpcr", "=r", [], True)
    return ir.Constant(ir.IntType(64), 0)


def _write(builder: Any, state: Any) -> None:
    if MACHINE in ("x86_64", "amd64"):
        slot = cgutils.alloca_once(builder, _WORD)
        builder.store(builder.trunc(state, _WORD), slot)
        _call_x86(builder, "llvm.x86.sse.ldmxcsr", slot)
    elif MACHINE in ("arm64", "aarch64"):
        builder.asm(ir.FunctionType(ir.VoidType(), [ir.IntType(64)]), "msr fpcr, $0", "r", [state], True)


def _flush(context):
    """Begin to flush; returns the state before, for ``_restore``."""

    def generate(context, builder, signature, arguments):
        state = _read(builder)
        bits = _FLUSH_ARM if MACHINE in ("arm64", "aarch64") else _FLUSH_X86
        _write(builder, builder.or_(state, ir.Constant(ir.IntType(64), bits)))
        return state

    return types.int64(), generate


def _restore(context, state):
    """Go on as before ``_flush``, whose result is ``state``."""

    def generate(context, builder, signature, arguments):
        _write(builder, arguments[0])
        return context.get_dummy_value()

    return types.void(types.int64), generate


_flush_intrinsic: Any = intrinsic(_flush)
_restore_intrinsic: Any = intrinsic(_restore)


@kernel
def _begin():
    return _flush_intrinsic()


@kernel
def _end(state):
    _restore_intrinsic(state)


@contextmanager
def subnormals_flushed() -> Iterator[None]:
    """Within it results and operands of this thread that are subnormal are zero."""
    state = _begin()
    try:
        yield
    finally:
        _end(state)
